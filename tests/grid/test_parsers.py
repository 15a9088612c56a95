"""Texts are parsed strictly, by the conventions of who wrote them, and refused with a sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from batchbook.grid import CellError, Column, Conventions, Kind, parse
from batchbook.grid.parsers import quoted

from .harness import AMERICAN, GERMAN, MONEY, PLAIN, STATE, WHOLE, column


def refusal(spec: Column, text: str, conventions: Conventions = PLAIN) -> tuple[str, str]:
    with pytest.raises(CellError) as caught:
        parse(spec, text, conventions)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", "12.50"),
        (" 12.50\t", "12.50"),
        ("1,234.5", "1234.50"),
        (".5", "0.50"),
        ("+7", "7.00"),
        ("1.500", "1.50"),
        ("-0", "0.00"),
    ],
)
def test_decimals_have_exactly_their_scale(text: str, value: str) -> None:
    assert str(parse(MONEY, text)) == value


@pytest.mark.parametrize(
    "text",
    [
        "12,5O",
        "1_000",
        "NaN",
        "Infinity",
        "1e3",
        "٣",
        "1²",
        "12,50",
        "1,23,456",
        "1.2.3",
        "5.",
        ".",
        "-",
        "- 5",
        "$5",
        "0x1",
        ",123",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    code, message = refusal(MONEY, text)
    assert code == "not-a-number"
    assert message == f"“{text}” is not a number: use digits, with . as the decimal sign."


def test_decimals_are_never_rounded() -> None:
    code, message = refusal(MONEY, "12.345")
    assert code == "too-many-decimals"
    assert message == "“12.345” has more than 2 digits behind the decimal sign; it is not rounded for you."


@pytest.mark.parametrize(
    ("text", "code", "bound"), [("-0.01", "too-small", "0"), ("10000", "too-large", "9999.99")]
)
def test_numbers_stay_within_the_rule_and_the_type(text: str, code: str, bound: str) -> None:
    found, message = refusal(MONEY, text)
    assert found == code
    assert bound in message


def test_a_monstrous_number_is_a_sentence_too() -> None:
    assert refusal(MONEY, "9" * 50)[0] == "too-large"
    code, message = refusal(MONEY, "9" * 100_000)
    assert code == "not-a-number"
    assert len(message) < 150
    assert refusal(WHOLE, "9" * 100_000)[0] == "not-a-whole-number"


@pytest.mark.parametrize(("text", "value"), [("12,5", "12.50"), ("1.234,50", "1234.50"), ("7", "7.00")])
def test_decimals_by_other_conventions(text: str, value: str) -> None:
    assert str(parse(MONEY, text, GERMAN)) == value


@pytest.mark.parametrize("text", ["1.5", "12.50", "1,234.5", "1.2345,0", "0.005", "-0.500"])
def test_a_group_sign_is_no_decimal_sign(text: str) -> None:
    assert refusal(MONEY, text, GERMAN)[0] == "not-a-number"


def test_whole_numbers() -> None:
    assert parse(WHOLE, "-1,234,567") == -1234567
    assert refusal(WHOLE, "12.5") == ("not-a-whole-number", "“12.5” is not a whole number: use digits only.")
    assert refusal(WHOLE, "2147483648") == ("too-large", "“2147483648” is too large: the most is 2147483647.")
    for text in ("1_000", "٣", "1,23", "+", "1e3"):
        assert refusal(WHOLE, text)[0] == "not-a-whole-number"


def test_texts_keep_zeros_inside_and_lose_space_outside() -> None:
    assert parse(column(Kind.TEXT), "  0012  ab \n") == "0012  ab"
    assert parse(column(Kind.TEXT), "a\r\nb\rc") == "a\nb\nc"
    assert refusal(column(Kind.TEXT, max_length=3), "abcd") == (
        "too-long",
        "“abcd” has 4 characters: 3 are the most.",
    )


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_texts_that_no_database_takes_are_refused(text: str) -> None:
    code, message = refusal(column(Kind.TEXT), text)
    assert code == "not-storable"
    message.encode()  # The sentence itself must be fit to be sent.


def test_yes_and_no() -> None:
    spec = column(Kind.BOOLEAN)
    assert [parse(spec, text) for text in ("Yes", "true", "1", "on")] == [True] * 4
    assert [parse(spec, text) for text in ("no", "FALSE", "0", "off")] == [False] * 4
    assert refusal(spec, "perhaps") == (
        "not-yes-or-no",
        "“perhaps” is neither yes nor no: write one of these.",
    )


def test_days() -> None:
    spec = column(Kind.DATE)
    assert parse(spec, "2026-02-28") == date(2026, 2, 28)
    assert parse(spec, "28.2.2026", GERMAN) == parse(spec, "2/28/2026", AMERICAN) == date(2026, 2, 28)
    assert parse(spec, "2026-02-28", GERMAN) == date(2026, 2, 28)
    assert refusal(spec, "2026-02-29") == ("not-a-date", "“2026-02-29” is not a day of the calendar.")
    assert (
        refusal(spec, "28.02.2026")[1]
        == "“28.02.2026” is not a date: write it as 2026-11-30 (year-month-day)."
    )


@pytest.mark.parametrize(
    "text", ["20260228", "2026-W09-6", "2026-2-28", "٢٠٢٦-02-28", "0000-01-01", "28.02/2026", "02-28-26"]
)
def test_days_are_strict(text: str) -> None:
    assert refusal(column(Kind.DATE), text)[0] == "not-a-date"


def test_day_and_month_are_never_swapped() -> None:
    assert refusal(column(Kind.DATE), "2/28/2026", GERMAN)[0] == "not-a-date"


def test_days_stay_within_their_bounds() -> None:
    spec = column(Kind.DATE, minimum=date(2026, 1, 1))
    assert refusal(spec, "2025-12-31") == ("too-small", "“2025-12-31” is too early: the first is 2026-01-01.")


def test_moments_are_in_utc() -> None:
    spec = column(Kind.DATETIME)
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert parse(spec, "2026-07-01T12:00") == parse(spec, "2026-07-01 14:00:00+02:00") == noon
    assert parse(spec, "2026-07-01 14:00", GERMAN) == noon
    for text in (
        "2026-07-01",
        "2026-07-01 25:00",
        "12:00",
        "0001-01-01 00:00+14:00",
        "2026-07-01 12:00+99:00",
    ):
        assert refusal(spec, text)[0] == "not-a-moment"


def test_choices_are_read_by_value_before_label() -> None:
    assert parse(STATE, "new") == "new"
    assert parse(STATE, "BRAND NEW") == "new"
    assert parse(STATE, "\uff22rand New") == "new"
    assert parse(STATE, "3") == 3
    assert refusal(STATE, "lost") == (
        "not-a-choice",
        "“lost” is not one of the choices: Brand new, Old, new.",
    )


def test_a_long_text_is_quoted_in_part() -> None:
    assert quoted("x" * 40) == f"“{'x' * 40}”"
    assert quoted("x" * 41) == f"“{'x' * 39}…”"
