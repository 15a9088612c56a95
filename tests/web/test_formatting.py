from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup
from sqlalchemy import column

from batchbook.grid import Choice, Column, Kind
from batchbook.web.formatting import (
    EMPTY,
    bytesize,
    link_rows,
    moment_filter,
    number,
    severity_sign,
    status_chip,
    value_writer,
)


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
    order = moment_filter(ZoneInfo("UTC"))(datetime(2026, 7, 1, 22, 30, 15, tzinfo=UTC), seconds=True)
    assert order.endswith(">2026-07-01 22:30:15</time>")


def test_no_moment_is_nothing() -> None:
    assert moment_filter(ZoneInfo("UTC"))(None) == ""


TOKYO = ZoneInfo("Asia/Tokyo")
CHOICES = (Choice("ok", "<Fine>", "success", "✓"), Choice("odd", "Odd & rare"), Choice(3, "Three"))


def written(kind: Kind, value: Any, **parts: Any) -> str:
    return str(value_writer(Column("x", "X", column("x"), kind, **parts), TOKYO)(value))


@pytest.mark.parametrize("kind", list(Kind))
def test_an_empty_value_is_a_dash_whatever_the_kind(kind: Kind) -> None:
    assert written(kind, None) == str(EMPTY)


@pytest.mark.parametrize(
    ("kind", "value", "markup"),
    [
        (Kind.TEXT, "<b>&", "&lt;b&gt;&amp;"),
        (Kind.USER, "o'neil", "o&#39;neil"),
        (Kind.INTEGER, 1234567, "1,234,567"),
        (Kind.INTEGER, "<i>", "“&lt;i&gt;” (not readable)"),
        (Kind.BOOLEAN, True, '<span class="yesno yesno-yes"><span aria-hidden="true">✓</span> Yes</span>'),
        (Kind.BOOLEAN, "maybe", "“maybe” (not readable)"),
        (Kind.DATETIME, "<now>", "“&lt;now&gt;” (not readable)"),
    ],
)
def test_a_value_is_written_as_markup_and_escaped(kind: Kind, value: Any, markup: str) -> None:
    assert written(kind, value) == markup


def test_a_moment_is_written_in_the_zone_given() -> None:
    assert ">2026-01-02 05:00</time>" in written(Kind.DATETIME, datetime(2026, 1, 1, 20, tzinfo=UTC))


def test_choices_are_chips_or_words() -> None:
    assert written(Kind.CHOICE, "ok", choices=CHOICES) == str(status_chip(CHOICES[0]))
    assert "&lt;Fine&gt;" in status_chip(CHOICES[0])
    assert written(Kind.CHOICE, "odd", choices=CHOICES) == "Odd &amp; rare"
    assert written(Kind.CHOICE, 3, choices=CHOICES) == "Three"
    assert written(Kind.CHOICE, "<?>", choices=CHOICES) == "&lt;?&gt;"


def test_a_sign_of_its_own_comes_before_that_of_the_severity() -> None:
    assert (severity_sign("error"), severity_sign("error", "≠"), severity_sign(None)) == ("✕", "≠", "–")  # noqa: RUF001


def test_rows_named_in_a_sentence_are_links() -> None:
    linked = link_rows("Kept row 12, <removed> row 3 & rows 4; Row 0 row 5x.", "/b/1/rows/0")
    assert linked == (
        'Kept row <a href="/b/1/rows/12">12</a>, &lt;removed&gt; row <a href="/b/1/rows/3">3</a> &amp; rows 4;'
        " Row 0 row 5x."
    )
    assert link_rows("<b>", "/0") == "&lt;b&gt;"
