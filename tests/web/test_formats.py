from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from batchbook.web.formatting import bytesize, moment_filter, number


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234567, "1,234,567"), (-1234, "-1,234"), (Decimal("1234.50"), "1,234.50"), (None, "")],
)
def test_numbers_are_grouped(value: Decimal | int | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1536, "1.5 kB"),
        (999_949, "999.9 kB"),
        (999_951, "1 MB"),
        (50_000_000, "50 MB"),
        (200_000_000, "200 MB"),
        (3_210_000_000, "3.2 GB"),
        (7_000_000_000_000_000, "7,000 TB"),
        (None, ""),
    ],
)
def test_sizes_are_rounded_to_a_unit(value: int | None, text: str) -> None:
    assert bytesize(value) == text


def test_moments_are_shown_in_the_time_zone_and_marked_up_in_utc() -> None:
    shown = moment_filter(ZoneInfo("Europe/Berlin"))(datetime(2026, 7, 1, 22, 30, 15, tzinfo=UTC))
    assert shown == (
        '<time datetime="2026-07-01T22:30:15Z" title="2026-07-02 00:30:15 CEST">2026-07-02 00:30</time>'
    )
    assert isinstance(shown, Markup)


def test_no_moment_is_nothing() -> None:
    assert moment_filter(ZoneInfo("UTC"))(None) == ""
