"""References in rows, such as a department by its name: what a text may mean, and what would do in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from batchbook.db import folded
from batchbook.types.imports.closeness import CloseTexts
from batchbook.types.imports.targets import Lookup

#: How many texts are looked up in one statement.
_TOGETHER = 400
#: Among how many records close ones are looked for; in more of them the first that come near are of little worth.
_MOST = 20_000
#: For how many texts something close is looked for: whoever has more that are unknown has another problem.
_SOUGHT = 300
#: How many texts are remembered; a file may have a million of them.
_REMEMBERED = 50_000


@dataclass
class References:
    """What texts refer to by one lookup; what was looked up is remembered.

    ``found`` has for each text the keys of the records that it may mean: one, several if it is ambiguous, or none.
    """

    session: Session
    lookup: Lookup
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _suggested: dict[str, list[str]] = field(default_factory=dict)

    def look_up(self, texts: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return what :attr:`found` has for ``texts``, after looking up those that are not known yet."""
        if len(self.found) > _REMEMBERED:
            self.found.clear()
        unknown = [text for text in dict.fromkeys(texts) if text not in self.found]
        for start in range(0, len(unknown), _TOGETHER):
            self._ask(unknown[start : start + _TOGETHER])
        return self.found

    def suggestions(self, text: str) -> list[str]:
        """Return the keys that ``text`` may have been meant for, the best first."""
        found = self.found.get(text)
        if found:
            return list(found)
        if text not in self._suggested:
            if len(self._suggested) >= _SOUGHT:
                return []
            self._suggested[text] = self._known.closest(text)
        return self._suggested[text]

    def _ask(self, texts: Sequence[str]) -> None:
        by, others = self.lookup.by, self.lookup.also
        # A file may write a name in other letters; what is the same but for these is meant.
        lower = [text.lower() for text in texts]
        letters = "".join(lower)
        wanted = or_(by.in_(texts), *(folded(column, letters).in_(lower) for column in (by, *others)))
        rows = self.session.execute(select(by, *others).where(wanted)).all()
        for text in texts:
            self.found[text] = _meant(text, rows)

    @cached_property
    def _known(self) -> CloseTexts:
        by = self.lookup.by
        known = self.session.scalars(select(by).order_by(by).limit(_MOST + 1)).all()
        return CloseTexts([] if len(known) > _MOST else [str(key) for key in known])


def _meant(text: str, rows: Collection[Sequence[str | None]]) -> tuple[str, ...]:
    """Return the keys of the records that ``text`` may mean: that of its own key, else those that are called so."""
    exact = [row[0] for row in rows if row[0] == text]
    plain = text.casefold()
    called = [row[0] for row in rows if any(name and name.casefold() == plain for name in row)]
    return tuple(key for key in dict.fromkeys(exact or called) if key is not None)
