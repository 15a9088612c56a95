"""Values are rendered for people and for fields, from which they are read back as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchbook.grid import CellError, Conventions, Kind, parse, parser_for, render, to_text

from .harness import AMERICAN, GERMAN, MONEY, PLAIN, STATE, WHOLE, column


def test_rendering() -> None:
    assert render(MONEY, Decimal("1234.5")) == "1,234.50"
    assert render(MONEY, Decimal("1234.5"), grouped=False) == "1234.50"
    assert render(MONEY, Decimal("1.005")) == "1.005"  # A page must not hide what is there.
    assert render(column(Kind.DECIMAL), Decimal("1E+3")) == "1,000"
    assert render(WHOLE, 1234567) == "1,234,567"
    assert render(STATE, "old") == "Old"
    assert render(STATE, "gone") == "gone"
    assert render(column(Kind.BOOLEAN), False) == "No"
    assert (
        render(column(Kind.DATETIME), datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)) == "2026-01-02 03:04:05"
    )
    assert render(MONEY, None) == to_text(MONEY, None) == ""


def test_empty_cells() -> None:
    assert parse(MONEY, " ") is None
    assert parse(column(Kind.TEXT, blank=""), " ") == ""
    with pytest.raises(CellError, match=r"^Price needs a value\.$") as caught:
        parse(column(Kind.TEXT, required=True), "\u00a0")
    assert caught.value.code == "required"


def test_a_field_shows_numbers_ungrouped_and_by_its_conventions() -> None:
    assert to_text(MONEY, Decimal("1234.5")) == "1234.50"
    assert to_text(MONEY, Decimal("1234.5"), GERMAN) == "1234,50"


CONVENTIONS = st.sampled_from([PLAIN, GERMAN, AMERICAN])
storable = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r"))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=9999), CONVENTIONS)
def test_decimals_survive_a_round_trip(value: Decimal, conventions: Conventions) -> None:
    assert str(parse(MONEY, to_text(MONEY, value, conventions), conventions)) == str(abs(value))
    assert parse(MONEY, render(MONEY, value)) == parse(MONEY, render(MONEY, value, grouped=False)) == value


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=8),
    CONVENTIONS,
)
def test_decimals_without_a_scale_survive_a_round_trip(value: Decimal, conventions: Conventions) -> None:
    spec = column(Kind.DECIMAL)
    assert (
        parse(spec, to_text(spec, value, conventions), conventions)
        == parse(spec, render(spec, value))
        == value
    )


@given(st.integers(-(2**31), 2**31 - 1), CONVENTIONS)
def test_whole_numbers_survive_a_round_trip(value: int, conventions: Conventions) -> None:
    assert (
        parse(WHOLE, to_text(WHOLE, value, conventions), conventions)
        == parse(WHOLE, render(WHOLE, value))
        == value
    )


@given(st.dates() | st.booleans() | st.sampled_from(["new", "old", 3]), CONVENTIONS)
def test_days_booleans_and_choices_survive_a_round_trip(value: Any, conventions: Conventions) -> None:
    spec = STATE if value in ("new", "old", 3) and not isinstance(value, bool) else column(
        Kind.BOOLEAN if isinstance(value, bool) else Kind.DATE
    )  # fmt: skip
    assert parse(spec, to_text(spec, value, conventions), conventions) == value


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), CONVENTIONS)  # noqa: DTZ001 - Made aware below.
def test_moments_survive_a_round_trip(value: datetime, conventions: Conventions) -> None:
    spec, moment = column(Kind.DATETIME), value.replace(tzinfo=UTC)
    assert parse(spec, to_text(spec, moment, conventions), conventions) == moment
    assert abs(parse(spec, render(spec, moment)) - moment) < timedelta(seconds=1)


@given(storable)
def test_texts_survive_a_round_trip(text: str) -> None:
    spec = column(Kind.TEXT)
    value = parse(spec, text)
    assert value == (text.strip() or None)
    assert parse(spec, to_text(spec, value)) == parse(spec, render(spec, value)) == value


@given(st.sampled_from(list(Kind)), st.text(), CONVENTIONS)
def test_any_text_is_a_value_or_a_sentence(kind: Kind, text: str, conventions: Conventions) -> None:
    spec = STATE if kind is Kind.CHOICE else column(kind, scale=2)
    sentence, value = "", None
    try:
        value = parser_for(spec, conventions)(text)
    except CellError as error:
        sentence = error.message
    assert sentence == "" or sentence.endswith(".")
    assert parse(spec, to_text(spec, value, conventions), conventions) == value
