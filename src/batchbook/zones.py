"""Time zones: their names, the application's own, and conversion of local times to UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pyramid.exceptions import ConfigurationError

from batchbook.errors import BadInput
from batchbook.settings import Setting

TIMEZONE = Setting(
    "batchbook.timezone",
    "UTC",
    "The time zone of days in batches, and of pages for users who chose none of their own, such as Europe/Berlin.",
)
SETTINGS = (TIMEZONE,)

_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?")
_SHOWN = 40


class BadTime(BadInput):
    """A text that is not a local time of a zone; the message gives the reason."""


@dataclass(frozen=True)
class LocalTime:
    """A local time of a zone: the moment ``at`` in UTC, and whether it occurs ``twice``, as when clocks go back.

    If it does, ``at`` is the first of the two.
    """

    at: datetime
    twice: bool


@cache
def _known_names() -> frozenset[str]:
    """Return the names of all zones of this machine, which is asked once: it looks through hundreds of files."""
    return frozenset(available_timezones())


@cache
def zone_names() -> tuple[str, ...]:
    """Return the names of the zones to choose from: places, and UTC."""
    places = {name for name in _known_names() if "/" in name and not name.startswith("Etc/")}
    return tuple(sorted(places | {"UTC"}))


def zone_called(name: str) -> ZoneInfo | None:
    """Return the zone called ``name``, or ``None`` if this machine knows none."""
    try:
        return ZoneInfo(name) if name in _known_names() else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def zone_asked(name: str) -> ZoneInfo:
    """Return the zone called ``name``; raise :class:`~batchbook.errors.BadInput` if there is none."""
    zone = zone_called(name)
    if zone is None:
        raise BadInput(f"There is no time zone “{name[:_SHOWN]}”. Write it like Europe/Berlin.")
    return zone


def zone_of(settings: Mapping[str, Any]) -> ZoneInfo:
    """Return the application's time zone; raise ``ConfigurationError`` if the setting names none."""
    name = TIMEZONE.text(settings)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(
            f"The setting {TIMEZONE.name} is {name!r}, which is no time zone of this machine."
        ) from error


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of ``day`` in ``zone``, in UTC."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:  # The first and last days of the calendar lie beyond it in some zones.
        return datetime.combine(day, time(), UTC)


def read_local(text: str, zone: ZoneInfo) -> LocalTime:
    """Return the local time ``text``, such as ``2026-12-01 06:00``, of ``zone``.

    Raises :class:`BadTime` for any other text, for a date that does not exist, and for a time that the clocks skip.
    """
    text = text.strip()
    if not _LOCAL.fullmatch(text):
        raise BadTime(
            f"“{text[:_SHOWN]}” is not a day and time: write it as 2026-12-01 06:00 (year-month-day hours:minutes)."
        )
    try:
        local = datetime.fromisoformat(text)
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except (ValueError, OverflowError):
        raise BadTime(f"“{text}” is no day and time of the calendar.") from None
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise BadTime(
            f"There is no {local:%H:%M} on {local:%Y-%m-%d} in {zone.key}: the clocks go forward then. Choose"
            " another time."
        )
    return LocalTime(first, twice=first != second)
