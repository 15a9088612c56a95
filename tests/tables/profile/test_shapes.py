"""Shapes of texts, and what texts of a shape can be."""

from __future__ import annotations

import pytest

from batchbook.tables.profile.shapes import (
    TEXT,
    WORDS,
    ShapeClass,
    classify_shape,
    needs_classifying,
    shapes_of,
)


def classify(text: str) -> ShapeClass:
    return classify_shape(shapes_of(text.encode()))


def test_texts_of_one_shape_differ_in_their_digits_only() -> None:
    assert shapes_of(b"12.50\nA-7") == b"99.99\nA-9"


@pytest.mark.parametrize(
    ("text", "sign"), [("7", ""), ("1.5", "."), ("1,5", ","), ("1.500", ".?"), ("1,500", ",?"), ("1.500,25", ","), ("1 234.500", ".")]
)  # fmt: skip
def test_a_number_shows_its_decimal_sign_or_leaves_it_open(text: str, sign: str) -> None:
    found = classify(text)
    assert (found.what, found.sign) == ("number", sign)


@pytest.mark.parametrize(
    ("text", "what"),
    [("31.12.2017", "day"), ("3 May 2017", "day"), ("N/A", "nothing"), ("yes", "yes-no"), ("#DIV/0!", "error"), ("Total:", "total"), (" ", "blank")],
)  # fmt: skip
def test_other_texts_that_are_more_than_texts(text: str, what: str) -> None:
    assert classify(text).what == what


@pytest.mark.parametrize("text", ["Corn flakes 12 OZ box", "1.2.3.4", "A-1", "12 dozen"])
def test_what_is_nothing_more_than_a_text(text: str) -> None:
    assert classify(text) == TEXT


@pytest.mark.parametrize("text", ["7", "1.234,50 €", "31. Dezember 2017", "December 31st, 2017", "(12.00)"])
def test_no_shape_that_can_be_more_is_passed_over(text: str) -> None:
    assert needs_classifying(shapes_of(text.encode()))
    assert not needs_classifying(b"a long description of a product without digits")
    assert {b"n/a", b"Total", b"#DIV/9!"} <= WORDS
