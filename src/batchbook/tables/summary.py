"""What a profile comes to: of which kind a column is, and what is seen in it, summed up over its looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

from batchbook.tables.profile import ColumnProfile
from batchbook.tables.shapes import Look
from batchbook.tables.sightings import Sightings, together

ColumnKind = Literal["text", "number", "date", "yes-no", "empty"]

# So many of the cells that say something must be of a kind to make it the column's.
_MOST = 0.75

_KINDS: tuple[tuple[str, ColumnKind], ...] = (("number", "number"), ("day", "date"), ("yes-no", "yes-no"))


class Summary:
    """What was seen in one column, by what is asked of it."""

    def __init__(self, profile: ColumnProfile) -> None:
        self.profile = profile
        self.orders = profile.orders
        self.kind = self._kind()

    def seen(self, wanted: Callable[[Look], object]) -> Sightings:
        """Return where texts stood whose look is ``wanted``."""
        return together(seen for look, seen in self.profile.looks.items() if wanted(look))

    def noted(self, code: str) -> Sightings:
        """Return where something stood that the profile notes under ``code``."""
        return self.profile.seen.get(code, Sightings())

    def counted(self, part: Callable[[Look], str]) -> dict[str, int]:
        """Return how many cells have which of a look's parts, such as a currency; the most frequent first."""
        counts: Counter[str] = Counter()
        for look, seen in self.profile.looks.items():
            if part(look):
                counts[part(look)] += seen.count
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def impossible_days(self) -> Sightings:
        """Where texts are written like days, but are none in any order."""
        return self.orders.get("none", Sightings())

    @property
    def has_sizes(self) -> bool:
        """Whether most numbers have a unit, and not all the same: without it they are not what they were."""
        units = self.counted(lambda look: look.unit)
        return (
            len(units) > 1 and sum(units.values()) > self.seen(lambda look: look.what == "number").count / 2
        )

    @property
    def lengths(self) -> dict[int, int]:
        """How many texts of nothing but digits have which length."""
        counts: Counter[int] = Counter()
        for look, seen in self.profile.looks.items():
            if look.digits:
                counts[look.digits] += seen.count
        return dict(sorted(counts.items()))

    def _kind(self) -> ColumnKind:
        saying = self.profile.filled - self.seen(lambda look: look.what in ("nothing", "error")).count
        if not self.profile.filled:
            return "empty"
        counts = self.counted(lambda look: look.what)
        counts["day"] = counts.get("day", 0) - self.impossible_days.count
        kind = next((kind for what, kind in _KINDS if counts.get(what, 0) >= max(1, _MOST * saying)), None)
        names = kind == "number" and (self._are_codes() or self.has_sizes)
        return "text" if kind is None or names else kind

    def _are_codes(self) -> bool:
        """Tell whether digits are names rather than numbers: they begin with zeros, or are too many."""
        return bool(self.noted("leading-zeros") or self.seen(lambda look: look.long and look.digits))
