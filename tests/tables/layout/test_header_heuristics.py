"""Cells that look like headings, and cells that look like data."""

from __future__ import annotations

import pytest

from batchbook.tables.layout.header_heuristics import (
    header_names,
    is_data,
    is_label,
    resembles_record,
    resembles_second_header,
)

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
