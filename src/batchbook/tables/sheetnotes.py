"""What is told of a sheet beside its cells, whichever program wrote it."""

from __future__ import annotations

from collections.abc import Sequence

from batchbook.statuses import Severity
from batchbook.tables.report import Note
from batchbook.words import counted

_SHOWN = 10


def merged_note(ranges: Sequence[str]) -> Note:
    """Return what is told of merged cells, given as ranges such as A1:C1."""
    shown = ", ".join(ranges[:_SHOWN]) + (" and others" if len(ranges) > _SHOWN else "")
    return Note(
        "merged-cells",
        f"Merged cells: {shown}. The value of each range stands in its first cell, the others are empty.",
        Severity.WARNING,
    )


def formulas_note(count: int, without_value: int = 0) -> Note:
    """Return what is told of formulas, of which some may come without the value that they had."""
    said = f"{counted(count, 'cell holds a formula', 'cells hold formulas')}. The values from when the file was saved are taken."
    if not without_value:
        return Note("formulas", said)
    return Note(
        "formulas",
        f"{said} {counted(without_value, 'has no value', 'have no value')}: open the file in your spreadsheet program and"
        " save it, so that it is computed.",
        Severity.WARNING,
    )


def errors_note(count: int, rows: set[int]) -> Note:
    """Return what is told of error values."""
    return Note(
        "error-values",
        f"{counted(count, 'cell holds an error value', 'cells hold error values')} such as #N/A instead of what was meant."
        " What the cell shows is kept as a text.",
        Severity.WARNING,
        rows=tuple(sorted(rows)[:_SHOWN]),
    )


def zeros_note(count: int) -> Note:
    """Return what is told of numbers whose format shows zeros."""
    return Note(
        "zero-format",
        f"{counted(count, 'number is', 'numbers are')} shown with zeros in front by the format of the cell, and taken as"
        " shown.",
    )
