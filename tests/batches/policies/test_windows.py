"""Windows of time: which moments they hold, in their zone, and when the next one begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from batchbook.batches.policies.windows import Windows
from batchbook.errors import BadInput

WEEK = Windows.read("Mon-Fri 08:00-18:00, Sat 09:00-12:00", "Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ((2026, 7, 6, 6, 0), True),  # Monday, 08:00 in summer.
        ((2026, 7, 6, 5, 59), False),
        ((2026, 1, 5, 7, 0), True),  # Monday, 08:00 in winter.
        ((2026, 1, 5, 6, 59), False),
        ((2026, 1, 5, 17, 0), False),  # 18:00 is over.
        ((2026, 1, 10, 10, 59), True),
        ((2026, 1, 11, 10, 0), False),
    ],
)
def test_moments_are_compared_in_the_zone_of_the_windows(at: tuple[int, ...], holds: bool) -> None:
    assert WEEK.hold(datetime(*at, tzinfo=UTC)) is holds  # type: ignore[misc, arg-type]


def test_the_next_window_is_named() -> None:
    begin = WEEK.next_begin(datetime(2026, 1, 10, 12, 0, tzinfo=UTC))
    assert begin is not None
    assert f"{begin:%A %H:%M}" == "Monday 08:00"
    assert Windows.read("", "UTC").next_begin(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_days_go_round_the_week_and_a_window_to_its_end() -> None:
    over_the_weekend = Windows.read("Sat-Mon 22:00-24:00", "UTC")
    assert [over_the_weekend.hold(datetime(2026, 1, day, 23, 30, tzinfo=UTC)) for day in range(9, 14)] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "zone", "sentence"),
    [
        ("Mon 8-18", "UTC", "is not a time window"),
        ("Mon 08:00-25:00", "UTC", "is not a time window"),
        ("Mon 22:00-06:00", "UTC", "ends before it begins"),
        ("Mon 08:00-09:00", "Nowhere/At_all", "There is no time zone"),
    ],
)
def test_other_texts_are_refused(text: str, zone: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Windows.read(text, zone)
