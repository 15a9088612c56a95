from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import plaster
import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.settings import Setting, all_settings
from batchbook.web.settings import WebSettings, read_settings

ROOT = Path(__file__).parents[2]
FLAG = Setting("x.flag", "true", "")
WHOLE = Setting("x.whole", "7", "")


def test_defaults() -> None:
    assert read_settings({}) == WebSettings(
        max_upload_bytes=50_000_000, max_form_bytes=5_000_000, timezone=ZoneInfo("UTC"), development=False
    )


@pytest.mark.parametrize("zone", ["Nowhere/Land", "", "../../etc/passwd"])
def test_an_unknown_time_zone_stops_the_start(zone: str) -> None:
    with pytest.raises(ConfigurationError, match=r"batchbook\.timezone"):
        read_settings({"batchbook.timezone": zone})


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


def test_the_settings_of_a_package_are_collected_from_its_modules() -> None:
    names = [setting.name for setting in all_settings("batchbook.web")]
    assert names == ["batchbook.max_form_bytes", "batchbook.max_upload_bytes", "batchbook.timezone"]
    assert all(setting.meaning.endswith(".") for setting in all_settings("batchbook.security"))


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_server_takes_a_little_more_than_the_largest_upload(name: str) -> None:
    """What the server refuses has no sentence, and what it takes lies on the disk before Batchbook is asked."""
    loader = plaster.get_loader(str(ROOT / name), protocols=["wsgi"])
    taken = int(loader.get_settings("server:main")["max_request_body_size"])
    upload = read_settings(loader.get_wsgi_app_settings("main")).max_upload_bytes
    assert upload * 1.1 < taken < upload * 1.25
