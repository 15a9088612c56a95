"""References in rows, such as a department by its name: records that a text may mean, and fuzzy matches to suggest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from itertools import chain
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from batchbook.db import folded_key, key_form
from batchbook.types.imports.targets import Lookup

#: The most texts that are returned, and the similarity they need, from 0 to 1.
_MOST_MATCHES, _CUTOFF = 3, 0.7
#: The number of candidates that are compared, and the characters of a text that count.
_COMPARED, _LONGEST = 40, 100


class FuzzyMatcher:
    """Finds those of ``texts`` that are similar to another one, without regard to case.

    Only texts that share pairs of letters with it are compared letter by letter, so thousands cost little.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = {text.casefold()[:_LONGEST]: text for text in reversed(list(texts))}
        self._with: dict[str, list[str]] = defaultdict(list)
        for plain in self._texts:
            for pair in _pairs(plain):
                self._with[pair].append(plain)

    def closest(self, text: str) -> list[str]:
        """Return the texts that are similar to ``text``, the most similar first."""
        plain = text.casefold()[:_LONGEST]
        shared = Counter(chain.from_iterable(self._with.get(pair, ()) for pair in _pairs(plain)))
        # Of two that share as much, the shorter one is more similar.
        likely = sorted(shared, key=lambda other: (-shared[other], len(other)))[:_COMPARED]
        return [self._texts[other] for other in get_close_matches(plain, likely, _MOST_MATCHES, _CUTOFF)]


def _pairs(plain: str) -> set[str]:
    """Return the pairs of adjacent letters of a text, with its ends; a wrong letter spoils only two of them."""
    framed = f"\x02{plain}\x03"
    return {framed[place : place + 2] for place in range(len(framed) - 1)}


#: The number of texts that are looked up in one statement.
_TEXTS_AT_ONCE = 400
#: The most records among which similar ones are searched; among more, matches are of little worth.
_MOST_RECORDS = 20_000
#: The most texts for which similar ones are searched: a file with more unknown ones has another problem.
_MOST_SOUGHT = 300
#: The number of texts in the cache; a file may have a million of them.
_CACHE_SIZE = 50_000


@dataclass
class References:
    """The records that texts refer to by one lookup, with a cache.

    ``found`` has for each text the keys of the records that it may mean: one, several if it is ambiguous, or none.
    """

    session: Session
    lookup: Lookup
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _suggested: dict[str, list[str]] = field(default_factory=dict)
    _spellings: dict[str, str] = field(default_factory=dict)

    def find_spellings(self, written: Select[Any], texts: Iterable[str]) -> None:
        """Find out by one statement how ``texts``, records that are to be added, are spelled first in the batch.

        ``written`` is the SELECT of the batch's texts and the numbers of their rows.
        """
        unknown = {key_form(text) for text in texts} - self._spellings.keys()
        if not unknown:
            return
        spelled, number = written.selected_columns
        # Grouped by the texts, because PostgreSQL takes two calls of a function with parameters for different ones.
        first = written.with_only_columns(spelled).where(folded_key(spelled).in_(unknown))
        for text in self.session.scalars(first.group_by(spelled).order_by(func.min(number))):
            self._spellings.setdefault(key_form(text), text)

    def spelled_first(self, text: str) -> str:
        """Return the spelling of ``text`` that comes first in the batch, after :meth:`find_spellings` was called for it.

        Texts that differ in case, blanks, width or Unicode form only become one record.
        """
        return self._spellings[key_form(text)]

    def look_up(self, texts: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return :attr:`found` after looking up those of ``texts`` that are not in it yet."""
        if len(self.found) > _CACHE_SIZE:
            self.found.clear()
        unknown = [text for text in dict.fromkeys(texts) if text not in self.found]
        for start in range(0, len(unknown), _TEXTS_AT_ONCE):
            self._ask(unknown[start : start + _TEXTS_AT_ONCE])
        return self.found

    def suggestions(self, text: str) -> list[str]:
        """Return the keys that ``text`` may have been meant for, the best first."""
        found = self.found.get(text)
        if found:
            return list(found)
        if text not in self._suggested:
            if len(self._suggested) >= _MOST_SOUGHT:
                return []
            self._suggested[text] = self._known.closest(text)
        return self._suggested[text]

    def _ask(self, texts: Sequence[str]) -> None:
        by, others = self.lookup.by, self.lookup.also
        # A file may write a name in another case, or with other blanks.
        forms = {key_form(text) for text in texts}
        wanted = or_(by.in_(texts), *(folded_key(column).in_(forms) for column in (by, *others)))
        rows = self.session.execute(select(by, *others).where(wanted)).all()
        for text in texts:
            self.found[text] = _keys_meant(text, rows)

    @cached_property
    def _known(self) -> FuzzyMatcher:
        by = self.lookup.by
        known = self.session.scalars(select(by).order_by(by).limit(_MOST_RECORDS + 1)).all()
        return FuzzyMatcher([] if len(known) > _MOST_RECORDS else [str(key) for key in known])


def _keys_meant(text: str, rows: Collection[Sequence[str | None]]) -> tuple[str, ...]:
    """Return the keys of the records that ``text`` may mean: the one with that key, else those with that name."""
    exact = [row[0] for row in rows if row[0] == text]
    form = key_form(text)
    called = [row[0] for row in rows if any(name and key_form(name) == form for name in row)]
    return tuple(key for key in dict.fromkeys(exact or called) if key is not None)
