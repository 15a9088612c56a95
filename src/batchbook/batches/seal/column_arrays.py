"""Columns that the database returns as JSON arrays: a chunk of records is one row, with an array for each column.

Fetching a value for each cell would take longer than everything else. The arrays' elements are the driver's values, or are
turned into them, so that :class:`~batchbook.batches.seal.values.Column` makes the same tokens of them. Where an element may
be something else, such as bytes in a column of texts, the cells are fetched one by one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from batchbook.batches.seal.parts import Section
from batchbook.batches.seal.values import NULL, Column

#: By kind, what an array has for a column on each database. Other kinds have no form in JSON that loses nothing.
_ON_SQLITE = dict.fromkeys(("integer", "text", "boolean", "decimal", "date", "moment", "json"), "{0}")
_ON_POSTGRESQL = {
    "integer": "{0}",
    "text": "{0}",
    "boolean": "{0}",
    "decimal": "{0}::text",
    "date": "{0}::text",
    "moment": "CASE WHEN {0} >= '0001-01-01 00:00+00' AND {0} < 'infinity'"
    " THEN to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') ELSE {0}::text END",
    "json": "{0}::text",
}
#: The most columns for which arrays are asked: SQLite's limit on the columns of a result is 2,000.
_MOST_COLUMNS = 500


class ColumnArrays:
    """Reads the chunks of a batch in ``section``, each from after a given key."""

    def __init__(self, connection: Connection, section: Section, batch_id: int) -> None:
        self._connection = connection
        self._section = section
        self._batch_id = batch_id
        self._is_postgresql = connection.dialect.name == "postgresql"
        self._forms = _ON_POSTGRESQL if self._is_postgresql else _ON_SQLITE

    @property
    def are_possible(self) -> bool:
        """Whether the database can return all columns of the section as arrays."""
        columns = self._section.columns
        kinds = {_family(column) for column in columns}
        return bool(self._section.record_key) and kinds <= {*self._forms} and len(columns) <= _MOST_COLUMNS

    def read(self, after: Sequence[Any] | None) -> Sequence[str] | None:
        """Return the arrays of the chunk after the key ``after``, or ``None`` if its cells must be fetched one by one.

        The arrays are empty if there are no more records.
        """
        try:
            arrays = self._connection.exec_driver_sql(*self._statement(after)).one()
        except DBAPIError as error:
            # The function refuses bytes, which SQLite can have in any column.
            if self._is_postgresql or getattr(error.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR:
                raise
            return None
        if self._is_postgresql and arrays[0] is None:
            return ["[]"] * len(arrays)
        pairs = zip(self._section.columns, arrays, strict=True)
        return None if any(self._is_lossy(column, array) for column, array in pairs) else arrays

    def _is_lossy(self, column: Column, array: str) -> bool:
        """Return whether ``array`` has elements that may differ from what the driver would return."""
        family = _family(column)
        if self._is_postgresql:
            return family == "decimal" and "N" in array.replace("null", "")  # NaN
        # Numbers with a fraction are written with 15 digits.
        return family in ("integer", "boolean", "decimal") and ("." in array or "e" in array or '"' in array)

    def _statement(self, after: Sequence[Any] | None) -> tuple[str, tuple[Any, ...]]:
        section = self._section
        quote = self._connection.dialect.identifier_preparer.quote
        mark = "%s" if self._is_postgresql else "?"
        array = "array_to_json(array_agg(r.{0}))::text" if self._is_postgresql else "json_group_array(r.{0})"
        arrays = ", ".join(array.format(quote(column.name)) for column in section.columns)
        columns = ", ".join(
            f"{self._forms[_family(column)].format(f't.{quote(column.name)}')} AS {quote(column.name)}"
            for column in section.columns
        )
        order = ", ".join(f"t.{quote(name)}" for name in section.key)
        where, values = f"t.{quote(section.batch_column)} = {mark}", (self._batch_id, *(after or ()))
        if after:
            key = ", ".join(f"t.{quote(name)}" for name in section.record_key)
            where += f" AND ({key}) > ({', '.join([mark] * len(after))})"
        records = f"SELECT {columns} FROM {quote(section.table)} AS t WHERE {where} ORDER BY {order}"  # noqa: S608 - Names are quoted.
        return f"SELECT {arrays} FROM ({records} LIMIT {section.chunk_rows}) AS r", values  # noqa: S608


def _family(column: Column) -> str:
    return column.kind.partition(":")[0]


#: The characters of whole numbers, of the commas between them, and of null.
_WHOLE = "-0123456789,nul"
#: Parts of an array of texts with which it is not taken apart: nulls, or texts with that word, and backslashes before which or
#: after which an escape would have to be told.
_AMBIGUOUS = (NULL, "\\\\", "\\u")
#: The character that is in place of an escaped quotation mark.
_ESCAPED_MARK = "\1"


@dataclass(frozen=True)
class ColumnTokens:
    """The tokens of a column in a chunk, which are one text if all of them are the same, and the JSON array of them."""

    tokens: str | list[str]
    array: str

    @classmethod
    def of(cls, column: Column, array: str, count: int) -> Self:
        """Return the tokens of the ``count`` elements of ``array``, as the database returned it."""
        elements = array[1:-1]
        first = elements.partition(",")[0]
        if len(elements) == count * (len(first) + 1) - 1 and elements == ",".join([first] * count):
            token = _tokens(column, [json.loads(first)])[0]
            return cls(token, array if token == first else f"[{','.join([token] * count)}]")
        if (found := _as_they_are(column, elements)) is not None and len(found) == count:
            return cls(found, array)
        tokens = _looked_up(column, elements) or _tokens(column, json.loads(array))
        return cls(tokens, f"[{','.join(tokens)}]")


def _as_they_are(column: Column, elements: str) -> list[str] | None:
    """Return the elements of an array if they are tokens as they are, such as whole numbers, or texts without rare escapes."""
    if column.kind == "integer":
        return elements.split(",")
    if column.kind == "text" and elements.startswith('"') and not any(map(elements.__contains__, _AMBIGUOUS)):
        # Without escaped ones, each quotation mark after the first one ends a text or begins one. Line breaks and other control
        # characters are always escaped.
        texts = elements[1:].replace('\\"', _ESCAPED_MARK).replace('","', '"\n"')
        return f'"{texts}'.replace(_ESCAPED_MARK, '\\"').split("\n")
    return None


def _looked_up(column: Column, elements: str) -> list[str] | None:
    """Return the tokens of the elements of an array if they are those of whole numbers, which are remembered by their texts."""
    family = _family(column)
    if family not in ("boolean", "decimal") or elements.strip(_WHOLE):
        return None
    return column.tokens_of_numbers(elements.split(","))


def _tokens(column: Column, values: list[Any]) -> list[str]:
    if column.kind.startswith("decimal") and str in set(map(type, values)):
        # PostgreSQL writes them with all their digits.
        return [NULL if value is None else f'"{value}"' for value in values]
    return column.tokens(values)
