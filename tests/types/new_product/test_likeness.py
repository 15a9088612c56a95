"""Likeness of products by size and brand, and numbers of bar codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert
from stdnum import ean
from tests.batches.harness import BatchHarness

from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.types.new_product.likeness import code_problem, codes_alike, comparable_size, plain_code

from .conftest import HEADINGS


@pytest.mark.parametrize(
    ("one", "other"),
    [("1 KG", "1000g"), ("0,5 l", "500 ML"), ("48  OZ", "48 oz."), ("2 LB", "32 OZ"), ("1 DZ", "12 CT"), (None, ""), ("6-PACK", "6-pack")],
)  # fmt: skip
def test_sizes_that_are_the_same(one: str | None, other: str | None) -> None:
    assert comparable_size(one) == comparable_size(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1 KG", "1 G"), ("12 OZ", "12 CT"), ("1.5 OZ", "15 OZ"), (None, "1 OZ")]
)
def test_sizes_that_are_not(one: str | None, other: str) -> None:
    assert comparable_size(one) != comparable_size(other)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("900,,Rye bread,500 G,,,Mill,2.00,,", "similar"),
        ("900,,Rye bread,500 G,,,MILL ,2.00,,", "similar"),
        ("900,,Rye bread,500 G,,,,2.00,,", "similar"),
        ("900,,Rye bread,500 G,,,Other,2.00,,", "new"),
        ("900,,Rye bread,750 G,,,Mill,2.00,,", "new"),
        ("900,,Rye bread,,,,Mill,2.00,,", "new"),
        ("900,,Pretzel,,,,,2.00,,", "similar"),
        ("900,,Wheat bread,500 G,,,Mill,2.00,,", "new"),
    ],
)
def test_a_product_is_similar_by_description_size_and_brand(
    harness: BatchHarness, line: str, status: str
) -> None:
    assert harness.statuses(harness.open(f"{HEADINGS}{line}\n")) == [status]


def test_words_that_several_products_share_tell_nothing(harness: BatchHarness, engine: Engine) -> None:
    line = f"{HEADINGS}900,,Candy bars,2 OZ,,,,1.00,,\n"
    for number in range(1, 5):
        with transaction_scope(engine) as session:
            values = {"item_code": f"C{number}", "description": "CANDY BARS", "size": "2 OZ", "price": 1}
            session.execute(insert(Product), [values])
        assert harness.statuses(harness.open(line)) == ["similar" if number <= 3 else "new"]


def test_a_code_is_the_same_with_and_without_zeros() -> None:
    assert plain_code(" 0 036000-29145 2") == plain_code("00036000291452") == "036000291452"
    assert plain_code("036000291452") == "036000291452"
    assert plain_code("5901234123457") == plain_code("05901234123457") == "5901234123457"
    assert "036000291452" in codes_alike("0036000291452")
    assert codes_alike("5901234123457") == {"5901234123457", "05901234123457"}


@given(st.from_regex(r"\A([0-9]{7}|[0-9]{11,13})\Z"), st.integers(0, 9))
def test_a_code_is_right_with_the_check_digit_that_the_library_computes(digits: str, last: int) -> None:
    code = digits + str(last)
    problem = code_problem(code)
    assert (problem is None) == ean.is_valid(code)
    if problem is not None:
        assert [code_problem(one) for one in problem[1]] == [None]


@given(st.text(max_size=15))
def test_what_is_suggested_for_any_text_is_right(text: str) -> None:
    problem = code_problem(plain_code(text))
    assert all(code_problem(one) is None for one in (problem[1] if problem else ()))
