"""Lists of products as bytes, and the reports on them."""

from __future__ import annotations

import io

from batchbook.tables.inspection import inspect_table
from batchbook.tables.report import Note, Reading, Report

HEAD = b"item_code,description,price\n"


def inspected(data: bytes, requested: Reading = Reading()) -> Report:  # noqa: B008 - It cannot change.
    return inspect_table("list.csv", io.BytesIO(data), requested)


def descriptions(report: Report) -> list[str]:
    return [cells[1] for _, cells in report.first_rows]


def note(report: Report, code: str) -> Note:
    (found,) = [one for one in report.notes if one.code == code]
    return found


def listed(*texts: bytes) -> bytes:
    return HEAD + b"".join(b"%09d,%s,1.09\n" % (number, text) for number, text in enumerate(texts, 801228))


MIXED = listed("Käse".encode(), b"Rye", "Café".encode("latin-1"))
