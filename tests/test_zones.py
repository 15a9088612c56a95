from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from batchbook.errors import BadInput
from batchbook.zones import BadTime, LocalTime, read_local, zone_asked, zone_called, zone_names

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
