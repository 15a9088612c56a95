"""What is told of a sheet beside its cells, whichever program wrote it."""

from __future__ import annotations

from batchbook.statuses import Severity
from batchbook.tables.report import Note

_SHOWN = 10


def merged_note(ranges: list[str]) -> Note:
    """Return what is told of merged cells, given as ranges such as A1:C1."""
    shown = ", ".join(ranges[:_SHOWN]) + (" and others" if len(ranges) > _SHOWN else "")
    return Note(
        "merged-cells",
        f"Merged cells: {shown}. The value of each range stands in its first cell, the others are empty.",
        Severity.WARNING,
    )


def formulas_note(count: int, without_value: int = 0) -> Note:
    """Return what is told of formulas, of which some may come without the value that they had."""
    said = f"{_cells(count)} a formula. The values from when the file was saved are taken."
    if not without_value:
        return Note("formulas", said)
    return Note(
        "formulas",
        f"{said} {without_value:,} without a value: open the file in your spreadsheet program and save it, so that it is"
        " computed.",
        Severity.WARNING,
    )


def errors_note(count: int, rows: set[int]) -> Note:
    """Return what is told of error values."""
    return Note(
        "error-values",
        f"{_cells(count)} an error value such as #N/A instead of what was meant. It is kept as a text.",
        Severity.WARNING,
        rows=tuple(sorted(rows)[:_SHOWN]),
    )


def zeros_note(count: int) -> Note:
    """Return what is told of numbers whose format shows zeros."""
    return Note(
        "zero-format",
        f"{_cells(count)} a number that its format shows with zeros in front. It is taken as shown.",
    )


def _cells(count: int) -> str:
    return "1 cell holds" if count == 1 else f"{count:,} cells each hold"
