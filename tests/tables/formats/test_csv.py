"""Delimited text."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st
from tests.tables.sources import QUICK, Table, codes, message, opened, records, tables

from batchbook.tables.layout.languages import text_encodings
from batchbook.tables.report import Reading


@QUICK
@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|", ":", "~"]),
    st.sampled_from(text_encodings()),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_texts_come_back_from_any_delimiter_and_encoding(
    table: Table, delimiter: str, encoding: str, end: str
) -> None:
    target = io.StringIO(newline="")
    # The writer does not know that a line may end otherwise than its own.
    quoting = csv.QUOTE_ALL if any(set("\r\n") & set("".join(row)) for row in table) else csv.QUOTE_MINIMAL
    csv.writer(target, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    try:
        data = target.getvalue().encode(encoding)
    except UnicodeEncodeError:
        data = target.getvalue().encode(encoding, "replace")
        table = [[cell.encode(encoding, "replace").decode(encoding) for cell in row] for row in table]
    requested = Reading("csv", encoding, delimiter, header_row=0)
    assert records(opened(data, requested=requested)) == _without_mark(table)
    requested = Reading("csv", encoding, delimiter, header_row=1)
    source = opened(data, requested=requested)
    assert ([list(source.headings)], records(source)) == (_without_mark(table)[:1], table[1:])


def _without_mark(table: Table) -> Table:
    """Return the table as it is read: a mark at the very beginning of a file is no part of its first text."""
    first, *rest = table[0]
    return [[first.removeprefix("\ufeff"), *rest], *table[1:]]


def test_marks_and_line_ends_are_told() -> None:
    source = opened("item,name\r\n7,x\n8,y\r9,z".encode("utf-8-sig"))
    assert codes(source) == ["byte-order-mark", "line-ends"]
    assert message(source, "line-ends").startswith(
        "Lines end in different ways: CR LF (1) and LF (1) and CR (1)."
    )
    assert records(source) == [["7", "x"], ["8", "y"], ["9", "z"]]


def test_cells_of_others_are_as_long_as_before() -> None:
    before = csv.field_size_limit()
    long = "x" * (before + 1)
    assert records(opened(f"item,name\n7,{long}\n")) == [["7", long]]
    assert csv.field_size_limit() == before
