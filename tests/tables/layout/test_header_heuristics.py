"""Cells that look like headings, and cells that look like data."""

from __future__ import annotations

import pytest
from tests.tables.sources import codes, message, opened, records

from batchbook.tables.layout.header_heuristics import (
    header_names,
    is_data,
    is_label,
    resembles_record,
    resembles_second_header,
)
from batchbook.tables.report import Reading

PRICES = [["a", "1.50"], ["b", "2.00"], ["c", "2.25"]]


@pytest.mark.parametrize("text", ["7", "1,50", "31.12.2017", " -3 ", "12:30"])
def test_digits_without_letters_are_data(text: str) -> None:
    assert is_data(text)
    assert not is_label(text)


@pytest.mark.parametrize(
    ("text", "label"), [("price", True), ("Price €", True), ("12 kg", False), ("", False)]
)
def test_words_without_digits_are_labels(text: str, label: bool) -> None:
    assert not is_data(text)
    assert is_label(text) is label


@pytest.mark.parametrize(
    ("head", "record"), [(["item", "price"], False), (["x", "1.25"], True), (["item", "2017"], False)]
)
def test_a_row_with_the_values_of_those_below_is_a_record_but_years_may_be_headings(
    head: list[str], record: bool
) -> None:
    assert resembles_record(head, PRICES) is record


def test_a_second_row_of_headings_has_words_above_numbers() -> None:
    amounts = [["a", "1.50", "2"], ["b", "2.00", "3"]]
    assert resembles_second_header(["item", "net", "gross"], ["code", "EUR", "USD"], amounts)
    assert not resembles_second_header(["item", "net", "gross"], ["x", "missing", "2"], amounts)


def test_names_of_headings_are_compared_without_case_and_blanks() -> None:
    assert header_names([" Item ", "PRICE"]) == ("item", "price")


@pytest.mark.parametrize(
    ("content", "row", "rows", "headings"),
    [
        ("item,price\n7,1.5\n", 1, 1, ("item", "price")),
        ("Prices of May\n\nitem,name,price\n7,x,1.5\n8,y,2\n", 3, 1, ("item", "name", "price")),
        ("7,x,1.5\n8,y,2.5\n", 0, None, ("Column 1", "Column 2", "Column 3")),
        ("item,2016,2017\n7,1.5,2\n8,2.5,3\n", 1, 1, ("item", "2016", "2017")),
        ("item,name,price,\n,,net,gross\n7,x,1.5,2\n8,y,2,3\n", 1, 2, None),
        ("item,net,gross\ncode,EUR,USD\n7,1.5,2\n8,2,3\n", 1, 2, ("item code", "net EUR", "gross USD")),
        ("item,price\nA,n/a\nB,2\nC,3\nD,4\nE,5\nF,6\n", 1, 1, ("item", "price")),
        ("name,city\nAnn,Paris\nBob,Rome\n", 1, 1, ("name", "city")),
    ],
)
def test_the_headings_are_found(
    content: str, row: int, rows: int | None, headings: tuple[str, ...] | None
) -> None:
    source = opened(content)
    assert source.reading.header_row == row
    if rows is not None:
        assert source.reading.header_rows == rows
    if headings is not None:
        assert source.headings == headings


def test_known_headings_are_found_below_others() -> None:
    source = opened("vendor,list,of\nitem,name,price\nA,B,C\n", expected=["item", "price"])
    assert (source.reading.header_row, records(source)) == (2, [["A", "B", "C"]])
    assert "it has headings that are known" in message(source, "header-row")


def test_of_two_rows_of_headings_the_known_ones_count() -> None:
    source = opened("item_code,net,tax\nThe code,EUR,EUR\n7,1,2\n8,2,3\n", expected=["item_code", "net"])
    assert source.reading.header_rows == 2
    assert source.headings == ("item_code", "net", "tax")
    assert "two-header-rows" in codes(source)


def test_a_row_of_headings_that_was_said_holds() -> None:
    content = "a,b\n1,2\nc,d\n3,4\n"
    source = opened(content, requested=Reading(header_row=3))
    assert (source.headings, records(source)) == (("c", "d"), [["3", "4"]])
    source = opened(content, requested=Reading(header_row=1, header_rows=2))
    assert (source.headings, records(source)) == (("a 1", "b 2"), [["c", "d"], ["3", "4"]])
    source = opened(content, requested=Reading(header_row=0))
    assert (source.headings, len(records(source))) == (("Column 1", "Column 2"), 4)


def test_headings_stay_as_they_stand_and_are_told_about() -> None:
    source = opened(" Item ,price,,PRICE,\n7,1,2,3,4\n")
    assert source.headings == (" Item ", "price", "", "PRICE", "")
    assert message(source, "duplicate-heading") == "The heading “price” is used for 2 columns."
    assert message(source, "empty-heading") == "Columns 3, 5 have no heading."
