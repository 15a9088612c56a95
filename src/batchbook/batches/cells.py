"""From text to a row's values: what can be stored is stored, what cannot is kept as an issue that names the cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchbook.batches.issues import issue
from batchbook.batches.models import BatchRow
from batchbook.grid import CellError, Column, columns_of, parser_for


class CellReader:
    """Turns texts into the values of a row's ``fields``, by the columns' own parsers.

    Made once for a file, called for each of its rows.
    """

    def __init__(self, model: type[BatchRow], fields: Sequence[str]) -> None:
        columns: tuple[Column, ...] = columns_of(model, fields)
        self._parsers = [(column.name, parser_for(column), column.blank) for column in columns]

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
