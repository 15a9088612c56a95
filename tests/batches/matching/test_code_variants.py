"""Which codes people take for the same, and which are one typing error away."""

from __future__ import annotations

import pytest

from batchbook.batches.matching.code_variants import (
    Likeness,
    check_digit,
    comparable,
    typing_errors,
    variants,
)


@pytest.mark.parametrize(
    "code",
    ["00123-45a", "123 45A", " 12345a", "\uff11\uff12\uff13\uff14\uff15\uff41", "0000-12345-A", "12.345/a"],
)
def test_codes_are_compared_without_case_blanks_width_hyphens_and_leading_zeros(code: str) -> None:
    assert comparable(code) == "12345a"


def test_a_code_of_zeros_or_signs_is_compared_too() -> None:
    assert (comparable("000"), comparable("-"), variants("-")) == ("0", "", {})


@pytest.mark.parametrize("number", ["590123412345", "03600029145", "9638507", "400638133393"])
def test_check_digits_are_those_of_gs1(number: str) -> None:
    whole = {"590123412345": "7", "03600029145": "2", "9638507": "4", "400638133393": "1"}[number]
    assert check_digit(number) == whole


def test_a_code_is_found_with_and_without_its_check_digit() -> None:
    assert variants("590123412345")["5901234123457"] is Likeness.WITH_CHECK_DIGIT
    assert variants("5-901234-123457")["590123412345"] is Likeness.WITHOUT_CHECK_DIGIT
    assert "590123412345" not in variants("5901234123450")
    # Leading zeros change nothing, so the code of a UPC is that of its EAN.
    assert variants("036000291452") == variants("0036000291452")


@pytest.mark.parametrize("other", ["12346", "1245", "123945", "13245", "1234", "123459", "l2345"])
def test_one_typing_error_is_a_wrong_missing_or_added_character_or_two_swapped(other: str) -> None:
    assert "12345" in typing_errors(other)


@pytest.mark.parametrize("other", ["12366", "345", "54321", "12345", "0012345", "1" * 30])
def test_two_errors_are_too_many(other: str) -> None:
    assert "12345" not in typing_errors(other)
