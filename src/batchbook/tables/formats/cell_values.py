"""Conversion of workbook values to the texts a person would have typed, and notes about sheets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from batchbook.statuses import Severity
from batchbook.tables.errors import MAX_CELL, MAX_COLUMNS, LimitExceeded, cell_too_long_message
from batchbook.tables.formats import MergedRange
from batchbook.tables.layout.merged_cells import MOST_RANGES, merged_notes
from batchbook.tables.report import Note
from batchbook.words import counted

#: From here on a number has more digits than spreadsheet programs keep.
LONG_NUMBER = 1e15

# The most hidden rows that are noted.
_MOST_HIDDEN = 100_000
# The number of rows, or ranges of cells, that a note names.
_SHOWN = 10


def cell_text(value: Any) -> str:
    """Return a workbook's value as a person would have typed it; an empty text for an empty cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, time):
        part = timedelta(microseconds=value.microsecond)
        return duration_text(timedelta(hours=value.hour, minutes=value.minute, seconds=value.second) + part)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, int) else ""


def number_text(value: float) -> str:
    """Return a number as digits. A workbook stores 7 as 7.0, and an article number must not get an exponent."""
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def percent_text(value: float) -> str:
    """Return a number as a cell shows it that is formatted as a percentage: 7.5% for 0.075."""
    if abs(value) >= float("inf") or value != value:
        return ""
    return format((Decimal(repr(value)) * 100).normalize(), "f") + "%"


def duration_text(value: timedelta) -> str:
    """Return a duration as hours, minutes and seconds, whichever format it comes from; hours may be more than 24."""
    microseconds = abs(value) // timedelta(microseconds=1)
    # Workbooks store parts of a day, so that what is less than a millisecond is an error of rounding.
    seconds, thousandths = divmod((microseconds + 500) // 1000, 1000)
    part = f".{thousandths:03}".rstrip("0") if thousandths else ""
    sign = "-" if value < timedelta() else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{part}"


def far_note(places: Sequence[str], rows: Sequence[int]) -> Note:
    """Return the note about the ``places`` of marks far from a table, which are in ``rows``; where there are none, all are blank."""
    if not places:
        return Note(
            "far-cells", "Cells far below or beside the table hold nothing but blanks, and are skipped."
        )
    which = f"{places[0]} lies" if len(places) == 1 else f"{', '.join(places)} lie"
    message = (
        f"{which} far below or beside the table, so {'it is' if len(places) == 1 else 'they are'} skipped."
    )
    return Note("far-cells", message, Severity.WARNING, rows=tuple(sorted({*rows})))


def hidden_notes(columns: Collection[int]) -> Iterator[Note]:
    """Yield a note about each of the first hidden ``columns``, counted from 0."""
    for place in sorted(columns)[:_SHOWN]:
        yield Note("hidden-column", f"Column {place + 1} is hidden in the workbook.", Severity.WARNING, place)


def far_rows_note(rows: Sequence[int]) -> Note | None:
    """Return the note about ``rows`` far below a table, if there are any."""
    return far_note([f"Row {rows[0]:,}", *(f"row {row:,}" for row in rows[1:])], rows) if rows else None


class LongNumbers:
    """Counter of numbers with more digits than spreadsheet programs keep, whose last digits may be lost."""

    def __init__(self) -> None:
        self._count = 0
        self._rows: list[int] = []

    def look(self, first: int, numbers: Sequence[float]) -> None:
        """Count the long ones among ``numbers``, which are in consecutive rows from ``first`` on."""
        if max(numbers) >= LONG_NUMBER or min(numbers) <= -LONG_NUMBER:
            found = [number for number, value in enumerate(numbers, first) if abs(value) >= LONG_NUMBER]
            self._count += len(found)
            self._rows = sorted({*self._rows, *found[:_SHOWN]})[:_SHOWN]

    def notes(self) -> Iterator[Note]:
        """Yield the note about long numbers, if there are any."""
        if self._count:
            yield Note(
                "long-numbers",
                f"{counted(self._count, 'number has', 'numbers have')} more than 15 digits, too long for a spreadsheet: the last"
                " digits may be lost. Format such a column as text before it is filled.",
                Severity.WARNING,
                rows=tuple(self._rows),
            )


@dataclass
class SheetFindings:
    """Counts of formulas, errors and the like in the cells of one sheet, and the notes about them.

    ``without_value`` counts formulas whose result was not saved, ``zeros`` the numbers whose format shows zeros in front,
    ``merged`` are ranges of merged cells; ``far`` is about cells far from the table, which are skipped; ``hidden_rows`` are counted from 1, ``hidden_columns`` from 0.
    """

    formulas: int = 0
    without_value: int = 0
    errors: int = 0
    error_rows: set[int] = field(default_factory=set)
    zeros: int = 0
    merged: list[MergedRange] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    far: Note | None = None
    long: LongNumbers = field(default_factory=LongNumbers)

    def hide_rows(self, first: int, last: int) -> None:
        """Note rows that are hidden, as many as a note can be about."""
        self.hidden_rows.update(range(first, min(last, first + _MOST_HIDDEN - len(self.hidden_rows)) + 1))

    def hide_columns(self, first: int, last: int) -> None:
        """Note columns that are hidden, counted from 0."""
        self.hidden_columns.update(range(first, min(last, MAX_COLUMNS) + 1))

    def merge(self, merged: MergedRange | None) -> None:
        """Note a range of merged cells."""
        if merged is not None and len(self.merged) < MOST_RANGES:
            self.merged.append(merged)

    def add_error(self, row: int) -> None:
        """Count an error value in ``row``, counted from 1."""
        self.errors += 1
        self.error_rows.add(row)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes about all that was counted."""
        return (*self._notes(), *self.long.notes())

    def _notes(self) -> Iterator[Note]:
        if self.far is not None:
            yield self.far
        yield from hidden_notes(self.hidden_columns)
        yield from merged_notes(self.merged)
        if self.formulas:
            message = (
                f"{counted(self.formulas, 'cell holds a formula', 'cells hold formulas')}."
                " The results saved in the file are used."
            )
            if self.without_value:
                message += (
                    f" {counted(self.without_value, 'has no value', 'have no value')}: open the file in your spreadsheet"
                    " program and save it, so that it is computed."
                )
            yield Note("formulas", message, Severity.WARNING if self.without_value else Severity.INFO)
        if self.errors:
            yield Note(
                "error-values",
                f"{counted(self.errors, 'cell holds an error value', 'cells hold error values')} such as #N/A. The error is"
                " kept as text.",
                Severity.WARNING,
                rows=tuple(sorted(self.error_rows)[:_SHOWN]),
            )
        if self.zeros:
            yield Note(
                "zero-format",
                f"{counted(self.zeros, 'number is', 'numbers are')} shown with leading zeros by the format of the cell, and"
                " read as shown.",
            )


class ColumnTexts:
    """Conversion of rows of equal length to texts, column by column, since the cells of a column are alike."""

    def __init__(self) -> None:
        self.long = LongNumbers()

    def rows(self, first: int, rows: Sequence[Sequence[Any]]) -> list[Sequence[str]]:
        """Return the texts of ``rows``, the first of which has the number ``first``.

        Raises :class:`~batchbook.tables.errors.LimitExceeded` for a text that is too long.
        """
        if not rows or not rows[0]:
            return [()] * len(rows)
        return list(zip(*(self._column(first, values) for values in zip(*rows, strict=True)), strict=True))

    def _column(self, first: int, values: Sequence[Any]) -> Sequence[str]:
        kinds = set(map(type, values))
        if kinds == {date}:
            return list(map(date.isoformat, values))
        if kinds == {float}:
            self.long.look(first, values)
            return _number_texts(values)
        if float in kinds:
            self.long.look(first, [value if type(value) is float else 0.0 for value in values])
        texts = values if kinds == {str} else [cell_text(value) for value in values]
        if max(map(len, texts)) > MAX_CELL:
            raise LimitExceeded(
                cell_too_long_message(first + next(n for n, text in enumerate(texts) if len(text) > MAX_CELL))
            )
        return texts


def _number_texts(values: Sequence[float]) -> Sequence[str]:
    # All at once: the numbers of a list are written by one call, which is most of the work of a large sheet.
    written = repr(list(values))
    if "e" in written or "n" in written or "-0.0" in written:
        return list(map(number_text, values))
    return f"{written[1:-1]}, ".replace(".0, ", ", ").split(", ")[:-1]
