"""Windows of time in which batches of a type may be executed, such as ``Mon-Fri 08:00-18:00`` in Europe/Berlin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from batchbook.errors import BadInput
from batchbook.zones import zone_asked

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(
    rf"({'|'.join(_DAYS)})(?:-({'|'.join(_DAYS)}))? +([0-9]{{2}}:[0-9]{{2}})-([0-9]{{2}}:[0-9]{{2}})"
)
_MIDNIGHT = "24:00"
#: The days that are looked through for the next window; after a week, they repeat.
_AHEAD = 8


@dataclass(frozen=True)
class Window:
    """A part of some days of the week: from ``begin`` to just before ``end``; ``None`` is the end of the day."""

    days: frozenset[int]
    begin: time
    end: time | None

    def holds(self, local: datetime) -> bool:
        """Return whether ``local``, a time on the clock of the windows' zone, is in this window."""
        now = local.time().replace(tzinfo=None)
        return local.weekday() in self.days and self.begin <= now and (self.end is None or now < self.end)


@dataclass(frozen=True)
class Windows:
    """The windows of a type, in the time zone ``zone``; without any, every time is allowed."""

    windows: tuple[Window, ...]
    zone: str

    @classmethod
    def read(cls, text: str, zone: str) -> Windows:
        """Return the windows in ``text``, separated by commas; raise ``BadInput`` for any other text, or an unknown zone."""
        zone_asked(zone)
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return cls(tuple(map(_read_window, parts)), zone)

    def hold(self, at: datetime) -> bool:
        """Return whether the moment ``at`` is in one of the windows."""
        local = at.astimezone(zone_asked(self.zone))
        return not self.windows or any(window.holds(local) for window in self.windows)

    def next_begin(self, at: datetime) -> datetime | None:
        """Return when the next window after ``at`` begins, in the zone of the windows; ``None`` if there is none."""
        return min((begin for begin in self._begins(at) if begin > at), default=None)

    def _begins(self, at: datetime) -> Iterator[datetime]:
        zone = zone_asked(self.zone)
        first = at.astimezone(zone).date()
        for day in (first + timedelta(days=ahead) for ahead in range(_AHEAD)):
            for window in self.windows:
                if day.weekday() in window.days:
                    yield datetime.combine(day, window.begin, zone)


def _read_window(text: str) -> Window:
    found = _WINDOW.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        first, last, begin, end = found.groups()
        window = Window(
            _days(_DAYS.index(first), _DAYS.index(last or first)),
            time.fromisoformat(begin),
            None if end == _MIDNIGHT else time.fromisoformat(end),
        )
    except ValueError:
        raise BadInput(
            f"“{text[:40]}” is not a time window. Write time windows like “Mon-Fri 08:00-18:00, Sat 09:00-12:00”."
        ) from None
    if window.end is not None and window.end <= window.begin:
        raise BadInput(
            f"The window “{text}” ends before it begins. Write one that goes over midnight as two: “Mon 22:00-24:00, Tue"
            " 00:00-06:00”."
        )
    return window


def _days(first: int, last: int) -> frozenset[int]:
    count = (last - first) % len(_DAYS) + 1
    return frozenset((first + step) % len(_DAYS) for step in range(count))
