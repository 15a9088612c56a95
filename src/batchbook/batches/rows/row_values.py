"""Values of rows as handlers yield them, one by one or in blocks, and the check that their columns can store them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from sqlalchemy import ClauseElement, Column, Connection, Dialect, Table, event, inspect

from batchbook.batches.models import Batch
from batchbook.batches.rows.issues import Issue, issue, sound_issues
from batchbook.db.base import scalar_defaults
from batchbook.db.stored_values import raw_text, storable_values
from batchbook.errors import Conflict
from batchbook.grid import label_of
from batchbook.grid.parsers import quoted
from batchbook.statuses import Status

#: A row as ``populate`` yields it: values by column, and perhaps the ``issues`` of its cells.
RowValues = Mapping[str, Any]


class Block:
    """Many rows with values for the same ``columns``; ``records`` has a sequence of values for each row.

    For handlers that have a sequence of values for each column instead, all of the same length, :meth:`of_columns` makes a
    block without turning them into rows. Raises ``ValueError`` if lengths differ, at the latest when the block is written.
    """

    def __init__(self, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
        self.columns = columns
        self._records: Sequence[Sequence[Any]] | None = records

    @classmethod
    def of_columns(cls, values: Mapping[str, Sequence[Any]]) -> Self:
        """Return a block of ``values`` by column; they may be ranges."""
        block = cls([*values], ())
        block._records, block.values = None, values
        return block

    def __len__(self) -> int:
        """Return the number of rows."""
        if self._records is not None:
            return len(self._records)
        return max(map(len, self.values.values()), default=0)

    @cached_property
    def values(self) -> Mapping[str, Sequence[Any]]:
        """The values by column."""
        turned = zip(*self._records or (), strict=True)
        return dict(zip(self.columns, turned, strict=True)) if self._records else {}

    def rows(self) -> Iterator[RowValues]:
        """Yield the rows one by one."""
        records = zip(*self.values.values(), strict=True) if self._records is None else self._records
        for record in records:
            yield dict(zip(self.columns, record, strict=True))


#: The code of issues for values that their columns cannot store.
NOT_STORED = "not-stored"

_ISSUES, _STATUS = "issues", "status"
# The first type that matches counts: in Python, bool is a subclass of int, and datetime one of date.
_KINDS: tuple[tuple[type[Any] | tuple[type[Any], ...], str], ...] = (
    (bool, "yes or no"),
    ((int, float, Decimal), "a number"),
    (str, "text"),
    (datetime, "a date and time"),
    (date, "a date"),
    (bytes, "binary data"),
)


def not_stored(column: Column[Any], value: Any, wanted: str) -> str:
    """Return the sentence on a ``value`` that ``column`` cannot store, because it takes ``wanted``, such as "a number"."""
    label = column.info.get("label") or label_of(column.key)
    kinds = (words for known, words in _KINDS if isinstance(value, known))
    kind = next(kinds, f"an object of the type {type(value).__name__}")
    return f"{quoted(raw_text(value))} came as {kind}, but {label} takes {wanted}, so it was not stored."


class CellCheck:
    """Checks values before they are stored in rows of ``table``; the status must be one of ``statuses``, if given."""

    def __init__(self, table: Table, dialect: Dialect, statuses: type[Status] | None = None) -> None:
        self._table, self._dialect = table, dialect
        self._statuses = statuses
        self._declared = (
            None if statuses is None else frozenset({None, *(status.value for status in statuses)})
        )
        self._defaults = scalar_defaults(table.columns)

    def column(self, name: str, values: Sequence[Any]) -> tuple[Sequence[Any], Mapping[int, Issue]]:
        """Return the ``values`` of a column as they can be stored, and issues, by position, for those that cannot.

        Raises ``ValueError`` for a value that cannot be stored in a column that must not be empty and has no default, and
        for a status that the type does not declare.
        """
        stored, unfit = storable_values(self._table.c[name].type, values, self._dialect)
        if name == _STATUS and self._declared is not None:
            self._refuse_undeclared(values)
        column = self._table.c[name]
        if not column.nullable and None in values:
            stored = self._without_nothing(name, stored)
        if not unfit:
            return stored, {}
        found = {
            at: issue(name, NOT_STORED, not_stored(column, values[at], wanted), raw=raw_text(values[at]))
            for at, wanted in unfit.items()
        }
        empty = self._empty(name, next(iter(found.values())))
        return [empty if at in unfit else value for at, value in enumerate(stored)], found

    def _refuse_undeclared(self, values: Sequence[Any]) -> None:
        """Raise ``ValueError`` for a status that the type does not declare: it is its code that is wrong, not a value."""
        declared = self._declared or frozenset()
        with suppress(TypeError):  # A value that has no hash is no status either.
            if declared.issuperset(values):
                return
        strange = next(
            value for value in values if not isinstance(value, str | None) or value not in declared
        )
        known = ", ".join(status.value for status in self._statuses or ())
        name = getattr(self._statuses, "__name__", "")
        raise ValueError(
            f"the status {quoted(raw_text(strange))} is none of {name}: declare it there, or set one of {known}"
        )

    def columns(self, values: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        """Return ``values`` by column as they can be stored; the issues of those that cannot are added to them."""
        fitted: dict[str, Sequence[Any]] = {}
        found: dict[int, list[Issue]] = {}
        for name in (name for name in values if name != _ISSUES):
            fitted[name], unfit = self.column(name, values[name])
            for at, one in unfit.items():
                found.setdefault(at, []).append(one)
        noted = (
            self.issues(values[_ISSUES])
            if _ISSUES in values
            else [None] * max(map(len, values.values()), default=0)
        )
        if _ISSUES in values or found:
            fitted[_ISSUES] = [
                [*(of_row or ()), *found[at]] if at in found else of_row for at, of_row in enumerate(noted)
            ]
        return fitted

    def issues(self, values: Sequence[Any]) -> list[list[Issue] | None]:
        """Return valid issues for ``values`` of the column ``issues``, whatever they are."""
        stored, unfit = self.column(_ISSUES, values)
        return [[unfit[at]] if at in unfit else sound_issues(value) for at, value in enumerate(stored)]

    def _without_nothing(self, name: str, stored: Sequence[Any]) -> Sequence[Any]:
        """Return ``stored`` with the default of the column ``name``, which must not be empty, where a value is missing."""
        if name not in self._defaults:
            raise ValueError(f"a row has no value for {name}, which must not be empty and has no default")
        return [self._defaults[name] if value is None else value for value in stored]

    def _empty(self, name: str, why: Issue) -> Any:
        """Return the value of an empty cell of the column."""
        if self._table.c[name].nullable:
            return None
        if name not in self._defaults:
            raise ValueError(f"{why['message']} The column {name} cannot be left empty.")
        return self._defaults[name]


@event.listens_for(Batch, "before_insert", propagate=True)
@event.listens_for(Batch, "before_update", propagate=True)
def refuse_unstorable(_mapper: Any, connection: Connection, batch: Batch) -> None:
    """Raise ``Conflict`` for a changed value of a header that its column cannot store.

    Headers have no issues. Values that are stored already are left alone.
    """
    state = inspect(batch)
    for attribute in state.mapper.column_attrs:
        value = state.dict.get(attribute.key)
        if (
            value is None
            or isinstance(value, ClauseElement)
            or not state.attrs[attribute.key].history.has_changes()
        ):
            continue
        column: Any = attribute.columns[0]
        _, unfit = storable_values(column.type, [value], connection.dialect)
        if unfit:
            raise Conflict(f"{not_stored(column, value, unfit[0])} Nothing of the batch was changed.")
