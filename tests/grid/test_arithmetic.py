"""Numbers that are worked out when they are entered."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Integer, Numeric, String, literal

from batchbook.grid import CellError, Column, Kind
from batchbook.grid.arithmetic import WorkedOut, worked_out

PRICE = Column("price", "Price", literal(0, Numeric(8, 2)), Kind.DECIMAL, scale=2)
COUNT = Column("count", "Count", literal(0, Integer), Kind.INTEGER)
NAME = Column("name", "Name", literal("", String), Kind.TEXT)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("=1.2*3", "3.60"),
        ("= (1 + 2) * -3", "-9.00"),
        ("=2+3*4-10/5", "12.00"),
        ("=0.1+0.2", "0.30"),
        ("=1/3*3", "1.00"),
        ("=200*5%", "10.00"),
        ("=.5", "0.50"),
        ("+5%", "10.50"),
        ("-3 %", "9.70"),
        ("-100%", "0.00"),
    ],
)
def test_arithmetic_is_exact(text: str, result: str) -> None:
    assert worked_out(PRICE, text, "10.00") == WorkedOut(result)


@pytest.mark.parametrize(
    ("column", "text", "result"),
    [(PRICE, "=2/3", "0.67"), (PRICE, "=0.125", "0.13"), (PRICE, "=-0.125", "-0.13"), (COUNT, "=7/2", "4")],
)
def test_a_result_is_rounded_half_up_to_the_columns_digits_and_the_note_tells(
    column: Column, text: str, result: str
) -> None:
    assert worked_out(column, text, "") == WorkedOut(result, f"“{text}” rounded to {result}")


@pytest.mark.parametrize("text", ["+5", "-5", "5%", "5", "", "1+2", "abc", "+5%x"])
def test_what_is_no_arithmetic_is_left_to_the_parser(text: str) -> None:
    assert worked_out(PRICE, text, "10.00") is None
    assert worked_out(NAME, "=1+2", "") is None


@pytest.mark.parametrize(
    "text",
    ["=", "=1+", "=(1", "=1)", "=1/0", "=1/(2-2)", "=a", "=2**3", "=1 2", "=1,5", "=__import__('os')", "+1.2.3%", "=1e9",
     "=" + "(" * 99 + "1" + ")" * 99, "=" + "9*" * 200 + "9"],
)  # fmt: skip
def test_what_has_no_result_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(CellError, match=r"\.$"):
        worked_out(PRICE, text, "10.00")


def test_per_cent_of_nothing_is_refused() -> None:
    for current in ("", "cheap", "1/0", "NaN", "1e999999999", "1e-999999999", "9" * 300):
        with pytest.raises(CellError, match="there is none"):
            worked_out(PRICE, "+5%", current)


@given(st.text(alphabet="=+-*/()%.0123456789 x", max_size=210))
def test_any_text_ends_soon_with_a_number_or_a_refusal(text: str) -> None:
    start = time.process_time()
    with suppress(CellError):
        worked_out(PRICE, "=" + text, "10.00")
    assert time.process_time() - start < 1
