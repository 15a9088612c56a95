"""The cells of one column, from the texts of a file to values: as they stand, else tidied, else refused by name.

Nothing is changed in silence: of each cell whose text was not taken as it stands that text is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from batchbook.batches.intake.fields import IntakeField
from batchbook.batches.intake.mapping import IntakeMapping
from batchbook.batches.intake.quick import KEPT, quick_reader
from batchbook.batches.issues import Issue, issue
from batchbook.grid import CellError, Column, parser_for
from batchbook.tables.choices import ColumnReading
from batchbook.tables.textmarks import unmarker
from batchbook.tables.tidy import conventions_of, tidier


@dataclass
class Cells:
    """The values of some cells, and by their place: issues of those refused, texts of those taken otherwise."""

    values: list[Any]
    issues: dict[int, Issue] = field(default_factory=dict)
    otherwise: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """What one text means: its ``value``, the ``issue`` if it was refused, whether it was taken ``otherwise``."""

    value: Any
    issue: Issue | None = None
    otherwise: bool = False


class CellsReader:
    """Reads the cells of one column for the field that it fills, with what a mapping says of their texts."""

    def __init__(self, wanted: IntakeField, reading: ColumnReading, mapping: IntakeMapping) -> None:
        self.column: Column = wanted.column
        conventions = conventions_of(reading)
        self._parse = parser_for(self.column, conventions)
        self._quick = quick_reader(self.column, conventions)
        self._tidy = tidier(self.column.kind, reading)
        self._values = mapping.values.get(wanted.name, {})
        self._unmark = unmarker(reading.text_marks)
        self._width = mapping.widths.get(wanted.name, 0)
        self._cells: dict[str, Cell] = {}

    def read(self, texts: Sequence[str]) -> Cells:
        """Return the cells of ``texts``: all at once where none of them is refused, else one by one."""
        try:
            return self._all_at_once(texts)
        except CellError:
            cells = [*map(self.read_one, texts)]
        return Cells(
            [cell.value for cell in cells],
            {at: cell.issue for at, cell in enumerate(cells) if cell.issue is not None},
            {at: texts[at] for at, cell in enumerate(cells) if cell.otherwise},
        )

    def _all_at_once(self, texts: Sequence[str]) -> Cells:
        if not (self._values or self._width or self._unmark):
            return Cells(self._quick(texts))
        plain = [*map(str.strip, texts)]
        wanted = [*map(self._as_said, plain)]
        otherwise = {at: texts[at] for at, (a, b) in enumerate(zip(plain, wanted, strict=True)) if a != b}
        return Cells(self._quick(wanted), otherwise=otherwise)

    def read_one(self, text: str) -> Cell:
        """Return the cell of ``text``."""
        known = self._cells.get(text)
        if known is None:
            if len(self._cells) >= KEPT:
                self._cells.clear()
            known = self._cells[text] = self._read(text)
        return known

    def _read(self, text: str) -> Cell:
        wanted = self._as_said(text.strip())
        try:
            return Cell(self._parse(wanted), otherwise=wanted != text.strip())
        except CellError as error:
            return self._read_tidied(text, wanted, error)

    def _read_tidied(self, text: str, wanted: str, error: CellError) -> Cell:
        tidied = self._tidy(wanted)
        if tidied != wanted:
            try:
                return Cell(self._parse(tidied), otherwise=True)
            except CellError as still:
                error = still
        return Cell(self.column.blank, issue(self.column.name, error.code, error.message, raw=text))

    def _as_said(self, text: str) -> str:
        """Return what is taken for ``text``: another that the mapping says, or without its mark, padded with zeros."""
        if text in self._values:
            text = self._values[text]
        elif self._unmark is not None:
            text = self._unmark(text)
        if len(text) < self._width and text.isdigit() and text.isascii():
            return text.zfill(self._width)
        return text
