from __future__ import annotations

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.settings import Setting, all_settings

FLAG = Setting("x.flag", "true", "")
WHOLE = Setting("x.whole", "7", "")
NUMBER = Setting("x.number", "0.5", "")


@pytest.mark.parametrize(
    ("text", "value"), [("TRUE", True), (" on ", True), ("1", True), ("no", False), ("0", False)]
)
def test_flags_are_plain_words(text: str, value: bool) -> None:
    assert FLAG.flag({"x.flag": text}) is value


def test_absent_settings_have_their_default() -> None:
    assert FLAG.flag({}) is True
    assert WHOLE.whole({}) == 7


@pytest.mark.parametrize("text", ["", "2", "7.5", "1_000", "x", "-8"])
def test_whole_numbers_are_digits_from_the_minimum(text: str) -> None:
    assert WHOLE.whole({"x.whole": " 12 "}, minimum=3) == 12
    with pytest.raises(ConfigurationError, match=r"x\.whole must be a whole number from 3"):
        WHOLE.whole({"x.whole": text}, minimum=3)


@pytest.mark.parametrize("text", ["", "-1", "1e3", "NaN", "1,5", ".5", "9" * 10])
def test_numbers_are_plain_and_not_below_the_minimum(text: str) -> None:
    assert NUMBER.number({}) == 0.5
    assert NUMBER.number({"x.number": " 2.25 "}, minimum=2) == 2.25
    with pytest.raises(ConfigurationError, match=r"x\.number must be a number from 0"):
        NUMBER.number({"x.number": text})


@pytest.mark.parametrize("text", ["", "maybe", "2"])
def test_a_flag_that_is_no_truth_value_stops_the_start(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.flag must be true or false"):
        FLAG.flag({"x.flag": text})


def test_the_settings_of_a_package_are_collected_from_its_modules() -> None:
    names = [setting.name for setting in all_settings("batchbook.web")]
    assert names == [
        "batchbook.allowed_hosts",
        "batchbook.max_form_bytes",
        "batchbook.max_upload_bytes",
        "batchbook.number_format",
    ]
    assert all(setting.meaning.endswith(".") for setting in all_settings("batchbook.security"))
