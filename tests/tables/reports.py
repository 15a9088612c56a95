"""Helpers that inspect a table of some lines, or of one column."""

from __future__ import annotations

import io

from batchbook.tables.inspection import inspect_table
from batchbook.tables.report import ColumnReading, Note, Reading, Report

NOTHING_SAID = Reading()


def inspected(*lines: str, requested: Reading = NOTHING_SAID) -> Report:
    return inspect_table("list.csv", io.BytesIO("\n".join(lines).encode()), requested)


def column(*cells: str, delimiter: str = "|", requested: ColumnReading | None = None) -> Report:
    """Return the report of a table whose second column has ``cells``."""
    lines = (f"row {number}{delimiter}{cell}" for number, cell in enumerate(cells, 1))
    reading = Reading(
        delimiter=delimiter,
        header_row=1,
        header_rows=1,
        columns=(ColumnReading(), requested) if requested else (),
    )
    return inspected(f"name{delimiter}cell", *lines, requested=reading)


def note(report: Report, code: str) -> Note:
    (found,) = (note for note in report.notes if note.code == code)
    return found


def codes(report: Report) -> set[str]:
    return {note.code for note in report.notes}
