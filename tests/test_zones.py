from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.errors import BadInput
from batchbook.zones import (
    BadTime,
    LocalTime,
    read_local,
    start_of_day,
    zone_asked,
    zone_called,
    zone_names,
    zone_of,
)

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "hour", "twice"),
    [
        ("2026-12-01 06:00", datetime(2026, 12, 1, 5, tzinfo=UTC), False),
        ("2026-07-01T06:00:30", datetime(2026, 7, 1, 4, 0, 30, tzinfo=UTC), False),
        # The clocks are put back: the hour comes twice, and the first is taken.
        (" 2026-10-25 02:30 ", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        ("2026-10-25 03:00", datetime(2026, 10, 25, 2, tzinfo=UTC), False),
    ],
)
def test_a_time_is_read_by_the_clocks_of_its_zone(text: str, hour: datetime, twice: bool) -> None:
    assert read_local(text, BERLIN) == LocalTime(hour, twice)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2026-03-29 02:30", "There is no 02:30 on 2026-03-29 in Europe/Berlin"),
        ("2026-02-30 06:00", "no day and time of the calendar"),
        ("0001-01-01 00:00", "no day and time of the calendar"),
        ("6 o'clock", "write it as 2026-12-01 06:00"),
        ("2026-12-01 06:00+01:00", "write it as 2026-12-01 06:00"),
    ],
)
def test_what_is_no_time_there_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadTime, match=sentence):
        read_local(text, BERLIN)


def test_zones_are_known_by_name() -> None:
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} <= set(zone_names())
    assert zone_called("Europe/Berlin") == BERLIN
    for name in ("Europe/Nowhere", "../etc/passwd", ""):
        assert zone_called(name) is None
        with pytest.raises(BadInput, match="There is no time zone"):
            zone_asked(name)


@pytest.mark.parametrize(
    ("day", "zone", "moment"),
    [
        (date(2026, 12, 1), BERLIN, datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (date(2026, 7, 1), BERLIN, datetime(2026, 6, 30, 22, tzinfo=UTC)),
        # The clocks go forward at midnight there, so that the day begins at one.
        (date(2026, 9, 6), ZoneInfo("America/Santiago"), datetime(2026, 9, 6, 4, tzinfo=UTC)),
        (date.min, ZoneInfo("Asia/Tokyo"), datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_day_begins_by_the_clocks_of_its_zone(day: date, zone: ZoneInfo, moment: datetime) -> None:
    assert start_of_day(day, zone) == moment


def test_the_zone_of_the_application_is_that_of_its_settings() -> None:
    assert zone_of({}) == ZoneInfo("UTC")
    assert zone_of({"batchbook.timezone": " Europe/Berlin "}) == BERLIN
    with pytest.raises(ConfigurationError, match="is 'Nowhere', which is no time zone"):
        zone_of({"batchbook.timezone": "Nowhere"})


def test_the_names_of_zones_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are spread over hundreds of files, and each edit of a batch asks for the zone of its type's policy."""
    assert zone_called("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    monkeypatch.setattr("batchbook.zones.available_timezones", set)
    assert zone_called("Europe/Rome") == ZoneInfo("Europe/Rome")
    assert zone_called("Europe/Nowhere") is None
