"""From the values of a workbook to the texts that a person would have typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from batchbook.statuses import Severity
from batchbook.tables.report import Note

#: From here on a number has more digits than spreadsheet programs keep.
LONG_NUMBER = 1e15

_SHOWN = 10


def text_of(value: Any) -> str:
    """Return a workbook's value as a person would have typed it; of what is nothing, no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, int | timedelta) else ""


def number_text(value: float) -> str:
    """Return a number as digits. A workbook stores 7 as 7.0, and an article number must not get an exponent."""
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def texts_of(rows: Sequence[Sequence[Any]]) -> list[Sequence[str]]:
    """Return the texts of rows that are all as long as each other, column by column, since columns are alike."""
    return (
        list(zip(*map(_column, zip(*rows, strict=True)), strict=True))
        if rows and rows[0]
        else [()] * len(rows)
    )


def _column(values: Sequence[Any]) -> Sequence[str]:
    kinds = set(map(type, values))
    if kinds == {str}:
        return values
    if kinds == {float}:
        return _numbers(values)
    if kinds == {date}:
        return list(map(date.isoformat, values))
    return [value if type(value) is str else text_of(value) for value in values]


def _numbers(values: Sequence[float]) -> Sequence[str]:
    # All at once: the numbers of a list are written by one call, which is most of the work of a large sheet.
    written = repr(list(values))
    if "e" in written or "n" in written or "-0.0" in written:
        return list(map(number_text, values))
    return f"{written[1:-1]}, ".replace(".0, ", ", ").split(", ")[:-1]


class LongNumbers:
    """Counts numbers with more digits than spreadsheet programs keep, whose last ones may be lost."""

    def __init__(self) -> None:
        self._count = 0
        self._rows: list[int] = []

    def look(self, first: int, rows: Sequence[Sequence[Any]]) -> None:
        """Look at rows of values, of which the first has the number ``first``."""
        for column in zip(*rows, strict=True):
            numbers = (
                [value for value in column if type(value) is float] if float in set(map(type, column)) else ()
            )
            if numbers and (max(numbers) >= LONG_NUMBER or min(numbers) <= -LONG_NUMBER):
                self._add(first, column)

    def _add(self, first: int, column: Sequence[Any]) -> None:
        found = [
            number
            for number, value in enumerate(column, first)
            if type(value) is float and abs(value) >= LONG_NUMBER
        ]
        self._count += len(found)
        self._rows = sorted({*self._rows, *found})[:_SHOWN]

    def notes(self) -> Iterator[Note]:
        """Yield what is to be told."""
        if self._count:
            yield Note(
                "long-numbers",
                f"There {_numbers_are(self._count)} with more than 15 digits, too long for a spreadsheet: the last digits may"
                " be lost. Format such a column as text before it is filled.",
                Severity.WARNING,
                rows=tuple(self._rows),
            )


def _numbers_are(count: int) -> str:
    return "is 1 number" if count == 1 else f"are {count:,} numbers"
