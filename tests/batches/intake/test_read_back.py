"""Files that Batchbook writes are read back by it to equal values, whatever texts are in them, and no formula runs."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from batchbook import tables
from batchbook.batches.intake.cell_reader import IntakeReader
from batchbook.batches.intake.field_mapping import fields_of, headings_of
from batchbook.batches.intake.file_source import inspect
from batchbook.grid import columns_of, csv_chunks, xlsx_file
from batchbook.types.price_change.models import PriceChangeRow

NAMES = ("item_code", "description", "old_price")
COLUMNS = columns_of(PriceChangeRow, NAMES)

#: Beginnings of formulas, of marks and quotations, of markup, and characters that formats treat in a way of their own.
PIECES = (
    "=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'", '"', '="', "=HYPERLINK(\"x\")", "|", ";", ",",
    "\\", "<b>", "<r><t>", "&amp;", "_x000D_", "0", "007", "1e5", "1,5", "2026-01-02", "TRUE", "None", "a", "é", "中", " ",
    "=cmd|' /C calc'!A0", "-1+1", "-2.50", "(5)", "5%", "$3", "#N/A", "%", "{", "\u200b", "\ufeff", "😀",
)  # fmt: skip
# Readers of tables leave out blanks at the end of a cell, and take an empty one for nothing.
TEXTS = (
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join).map(str.rstrip).filter(str.strip)
)
PRICES = st.decimals(Decimal("-9999.99"), Decimal("9999.99"), places=2)
#: As long as an item code may be.
CODES = TEXTS.filter(lambda text: len(text) <= 20)
ROWS = st.lists(st.tuples(CODES, TEXTS, PRICES), min_size=1, max_size=6)


def files_of(rows: Sequence[tuple[str, str, Decimal]]) -> dict[str, bytes]:
    """Return ``rows`` as files of both formats, by name."""
    found = IteratorResult(SimpleResultMetaData(NAMES), iter(rows)).all()
    with xlsx_file(COLUMNS, found) as book:
        return {"rows.csv": b"".join(csv_chunks(COLUMNS, found)), "rows.xlsx": book.read()}


def read_back(name: str, data: bytes) -> list[tuple[Any, ...]]:
    """Return the values that an upload of the file gives rows of a batch."""
    fields = fields_of(PriceChangeRow, {column.label.lower(): column.name for column in COLUMNS})
    intake = inspect(name, io.BytesIO(data), fields)
    source = tables.open_source(name, io.BytesIO(data), intake.reading, headings_of(fields))
    reader = IntakeReader(PriceChangeRow, fields, intake.reading, intake.mapping)
    found = [row for chunk in source.chunks() if chunk.records for row in reader.block(chunk).rows()]
    return [tuple(row.get(name) for name in NAMES) for row in found]


@settings(max_examples=60)
@given(ROWS)
@example([("=1+1", '=HYPERLINK("http://x")', Decimal("-2.50")), ("-1", "@SUM(A1)", Decimal("0.00"))])
@example([("'007", "'", Decimal("1.00"))])
@example([("'", "'", Decimal("0.00"))])
@example([("='", "+1'", Decimal("0.00"))])
def test_what_is_exported_is_read_back_to_equal_values(rows: list[tuple[str, str, Decimal]]) -> None:
    for name, data in files_of(rows).items():
        assert read_back(name, data) == rows, name


@settings(max_examples=60)
@given(ROWS)
def test_no_cell_is_a_formula_and_numbers_stay_numbers(rows: list[tuple[str, str, Decimal]]) -> None:
    files = files_of(rows)
    lines = list(csv.reader(io.StringIO(files["rows.csv"].decode("utf-8-sig"), newline="")))[1:]
    for (code, description, price), line in zip(rows, lines, strict=True):
        assert not line[0].startswith(
            ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
        ), code
        assert not line[1].startswith(
            ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
        ), description
        assert line[2] == str(price), "A negative number has no mark."
    with zipfile.ZipFile(io.BytesIO(files["rows.xlsx"])) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    numbers = re.findall(r"<v>([^<]*)</v>", sheet)
    assert [Decimal(number) for number in numbers] == [price for _, _, price in rows]
