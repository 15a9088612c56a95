"""Reading the first sheet of a workbook as text: numbers become what a person would have typed, texts keep zeros."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from batchbook.tables.table import Table
from batchbook.tables.workbook import first_sheet


def read_xlsx(name: str, file: BinaryIO) -> Table:
    """Return the table on the first sheet of ``file``, called ``name``; raise ``BadInput`` if it is no workbook."""
    sheet = first_sheet(name, file)
    return Table.below_header(_records(sheet.iter_rows()), sheet.total_height)


def _records(rows: Iterator[list[Any]]) -> Iterator[tuple[int, Sequence[str]]]:
    # The rows come from the sheet's first, also where that is blank.
    for number, row in enumerate(rows, start=1):
        texts = [_text(value) for value in row]
        if any(texts):
            yield number, texts


def _text(value: Any) -> str:
    """Return a workbook's value as a person would have typed it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # A workbook stores every number as a float; 7.0 was typed as 7, and an EAN must not get an exponent.
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, int | timedelta) else ""
