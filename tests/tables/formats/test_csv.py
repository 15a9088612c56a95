"""Delimited text."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.tables.sources import QUICK, Table, codes, message, opened, records, refusal, tables

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
    # Some encodings take control characters for shifts to other character sets.
    assume(not encoding.startswith("iso2022") or not set("\x0e\x0f\x1b") & set("".join(map("".join, table))))
    requested = Reading("csv", encoding, delimiter, header_row=0, quoting="doubled")
    assert records(opened(data, requested=requested)) == _without_mark(table)
    requested = replace(requested, header_row=1)
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


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("item;price\n7;1,5\n8;2,5\n", ";"),
        ("item;price;old\n7;1,5;2,5\n8;2,5;1,5\n", ";"),
        ("name, first;price\nDoe, J;1,5\nRoe, R;2,5\n", ";"),
        ("item\tname\n7\ta, b; c\n8\td, e; f\n", "\t"),
        ("item|name\n7|a\n", "|"),
        ("item:name\n7:a\n8:b\n", ":"),
        ("item,at\n7,10:30:00\n8,11:30:00\n", ","),
        ("at\n10:30:00\n11:30:00\n", ","),
        ("remark\nso, what\nno\n, well, no\n", ";"),
        ('"a;b","c"\n"d;e","f"\n', ","),
        ("Prices;;\nof May;;\nitem;name;price\n7;x;1,5\n", ";"),
    ],
)
def test_the_delimiter_is_the_one_that_rows_agree_about(content: str, delimiter: str) -> None:
    assert opened(content).reading.delimiter == delimiter


def test_known_headings_decide_between_delimiters() -> None:
    content = "a,b;c,d\n1,2;3,4\n5,6;7,8\n"
    assert opened(content, expected=["b;c"]).reading.delimiter == ","
    assert opened(content, expected=["a,b", "c,d"]).reading.delimiter == ";"


def test_a_delimiter_that_was_said_holds() -> None:
    assert records(opened("item~name\n7~a,b\n", requested=Reading(delimiter="~"))) == [["7", "a,b"]]
    for requested in ('"', "\n", "abcd"):
        assert "cannot separate cells" in refusal("a,b\n", requested=Reading(delimiter=requested))


def test_a_mark_that_comes_late_separates_nothing() -> None:
    lines = [f"{number},Item {number},1.50" for number in range(80)]
    source = opened("\n".join(["code,name,price", *lines, "81,Left | right,2.50"]))
    assert source.reading.delimiter == ","
    assert records(source)[-1] == ["81", "Left | right", "2.50"]
