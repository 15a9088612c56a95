"""Detection of delimiters."""

from __future__ import annotations

import pytest
from tests.tables.sources import opened, records, refusal

from batchbook.tables.report import Reading


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
    for requested in ('"', "\n", "ab"):
        assert "cannot separate cells" in refusal("a,b\n", requested=Reading(delimiter=requested))


def test_a_mark_that_comes_late_separates_nothing() -> None:
    lines = [f"{number},Item {number},1.50" for number in range(80)]
    source = opened("\n".join(["code,name,price", *lines, "81,Left | right,2.50"]))
    assert source.reading.delimiter == ","
    assert records(source)[-1] == ["81", "Left | right", "2.50"]
