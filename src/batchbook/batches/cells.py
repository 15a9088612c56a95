"""From text to a row's values: what can be stored is stored, what cannot is kept as an issue that names the cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchbook.batches.issues import issue
from batchbook.batches.models import BatchRow
from batchbook.grid import CellError, Column, Conventions, Kind, columns_of, parser_for


class CellReader:
    """Turns texts into the values of a row's ``fields``, by the columns' own parsers.

    Made once for a file, called for each of its rows. ``conventions`` are those of the file.
    """

    def __init__(
        self,
        model: type[BatchRow],
        fields: Sequence[str],
        conventions: Conventions = Conventions(),  # noqa: B008 - A tuple cannot change between calls.
    ) -> None:
        columns: tuple[Column, ...] = columns_of(model, fields)
        self._parsers = [(column.name, parser_for(column, conventions), column.blank) for column in columns]
        self._names = [column.name for column in columns]
        self._blanks = {column.name: column.blank for column in columns if column.kind is not Kind.TEXT}

    def read(self, texts: Sequence[str]) -> dict[str, Any]:
        """Return the row's values for ``texts``, one per field; a bad cell is empty and has an issue instead."""
        values: dict[str, Any] = {}
        issues = []
        for (name, parse, blank), text in zip(self._parsers, texts, strict=True):
            try:
                values[name] = parse(text)
            except CellError as error:
                values[name] = blank
                issues.append(issue(name, error.code, error.message, raw=text))
        if issues:
            values["issues"] = issues
        return values

    def read_shifted(self, texts: Sequence[str], message: str) -> dict[str, Any]:
        """Return the row's values for ``texts`` of a line with too many cells, which may stand one place too far.

        An unquoted separator within a cell does that: 1,99 would be read as 1. So only texts are taken as they stand;
        the other cells are empty, and have an issue with ``message``.
        """
        values, raw = self.read(texts) | self._blanks, dict(zip(self._names, texts, strict=True))
        doubted = self._blanks or {self._names[-1]: None}
        known = [found for found in values.get("issues", ()) if found["field"] not in doubted]
        doubts = [issue(name, "too-many-cells", message, raw=raw[name]) for name in doubted]
        return values | {"issues": known + doubts}
