"""Clusters of values that may be spellings of the same: by key collision, or as nearest neighbours.

Methods and their names are those of OpenRefine, which describes them at
https://openrefine.org/docs/technical-reference/clustering-in-depth: fingerprint and n-gram fingerprint collide values by a key,
nearest neighbour compares them by the Levenshtein distance. Its blocks are found by the partition of Pass-Join (Li, Deng, Wang and
Feng, "Pass-Join: A Partition-based Method for Similarity Joins", PVLDB 5(3), 2011), which misses no pair.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from unicodedata import category, combining, normalize

from batchbook.db.folding import fold

#: Characters of the n-grams of a fingerprint: the default of OpenRefine.
GRAM = 2
#: The distances that nearest neighbours may have: insertions, deletions and replacements of a character.
RADII = (1, 2, 3)
#: A text needs so many characters for each of the radius, or others that say something else would be neighbours.
_LEAST_LENGTH = 3
#: The most pairs that are compared, which takes a few seconds.
MOST_COMPARED = 200_000
#: The most characters of a text that is compared with others. Of a longer one, only the same text otherwise written is a neighbour.
_LONGEST = 200

_KEY_DIGITS = 12


class Method(StrEnum):
    """A method that finds clusters."""

    FINGERPRINT = "fingerprint"
    NGRAM = "ngram-fingerprint"
    NEAREST = "nearest-neighbour"

    @property
    def label(self) -> str:
        """Its name for people."""
        return _LABELS[self][0]

    @property
    def hint(self) -> str:
        """The differences that it overlooks, in a sentence."""
        return _LABELS[self][1]


_LABELS = {
    Method.FINGERPRINT: (
        "Fingerprint",
        "Same words, whatever their order, case, accents and punctuation.",
    ),
    Method.NGRAM: (
        "N-gram fingerprint",
        "Same pairs of letters, so blanks and doubled letters make no difference either.",
    ),
    Method.NEAREST: (
        "Nearest neighbour",
        "A few letters differ, as after a typing error; digits have to be the same.",
    ),
}


@dataclass(frozen=True)
class Cluster:
    """Values that may be the same, each with its number of rows, the most frequent first."""

    values: tuple[tuple[str, int], ...]

    @property
    def best(self) -> str:
        """The most frequent value."""
        return self.values[0][0]

    @property
    def rows(self) -> int:
        """The number of rows with one of the values."""
        return sum(count for _, count in self.values)

    @cached_property
    def key(self) -> str:
        """A short text that differs as soon as another value is in the cluster, or one is not."""
        texts = "\0".join(sorted(value for value, _ in self.values))
        return hashlib.sha256(texts.encode()).hexdigest()[:_KEY_DIGITS]


@dataclass(frozen=True)
class Clusters:
    """The clusters that were found, those with most rows first; not ``complete`` where too many values would be compared."""

    found: tuple[Cluster, ...]
    complete: bool = True


def find_clusters(counts: Mapping[str, int], method: Method, radius: int = 1) -> Clusters:
    """Return the clusters of the values in ``counts``, which has the number of rows of each.

    ``radius`` is the largest distance between neighbours. Each value is in one cluster at most: neighbours join the most
    frequent of them, and not each other, so that no chain of small differences leads far away.
    """
    ordered = sorted(counts, key=lambda value: (-counts[value], value))
    complete = True
    if method is Method.NEAREST:
        neighbours, complete = _neighbours(ordered, radius)
        groups = _stars(ordered, neighbours)
    else:
        groups = _collisions(ordered, fingerprint if method is Method.FINGERPRINT else ngram_fingerprint)
    found = [Cluster(tuple((value, counts[value]) for value in group)) for group in groups]
    return Clusters(tuple(sorted(found, key=lambda one: (-one.rows, one.best))), complete)


def fingerprint(text: str) -> str:
    """Return the key of a text: its words in small ASCII letters as far as possible, each once and sorted."""
    return " ".join(sorted(set(_plain(text).split())))


def ngram_fingerprint(text: str, size: int = GRAM) -> str:
    """Return the key of a text: its sequences of ``size`` letters, without blanks and signs, each once and sorted."""
    letters = "".join(_plain(text).split())
    return "".join(sorted({letters[at : at + size] for at in range(max(len(letters) - size + 1, 1))}))


class _PlainCharacters(dict[int, str]):
    """The form of each character in a key: nothing for signs and accents, a blank for any blank."""

    def __missing__(self, code: int) -> str:
        letters = _SPELLED.get(chr(code)) or "".join(
            c for c in normalize("NFKD", chr(code)) if not combining(c)
        )
        plain = "".join(" " if c.isspace() else "" if category(c)[0] in "PSC" else c for c in letters)
        return self.setdefault(code, plain)


#: Letters that Unicode does not take apart into a letter of ASCII and an accent.
_SPELLED = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "\u0131": "i"}
_PLAIN = _PlainCharacters()


def _plain(text: str) -> str:
    return text.lower().translate(_PLAIN)


def _collisions(ordered: Sequence[str], key_of: Callable[[str], str]) -> Iterator[Sequence[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for value in ordered:
        groups[key_of(value)].append(value)
    return (group for key, group in groups.items() if key and len(group) > 1)


def _stars(ordered: Sequence[str], neighbours: Mapping[str, Sequence[str]]) -> Iterator[Sequence[str]]:
    """Yield each value with its neighbours that no more frequent value has taken."""
    taken: set[str] = set()
    places = {value: place for place, value in enumerate(ordered)}
    for value in ordered:
        if value in taken:
            continue
        free = [other for other in neighbours.get(value, ()) if other not in taken]
        if free:
            taken.update((value, *free))
            yield (value, *sorted(free, key=places.__getitem__))


_BLANKS = re.compile(r"\s+")


def _neighbours(ordered: Sequence[str], radius: int) -> tuple[Mapping[str, Sequence[str]], bool]:
    """Return the neighbours of each value, and whether all were compared; case and width make no difference."""
    found: dict[str, list[str]] = defaultdict(list)
    by_form: dict[str, list[str]] = defaultdict(list)
    for value in ordered:
        by_form[_BLANKS.sub(" ", fold(value)).strip()].append(value)
    compared = 0
    for forms in _by_digits(by_form):
        blocks = _Blocks(radius)
        for form in sorted(forms, key=len):
            near: Collection[str] = blocks.candidates(form) if len(form) <= _LONGEST else ()
            same = len(by_form[form])
            # Values of one form are pairs, too: there may be as many of them as a column has values.
            compared += same * (same - 1) // 2 + same * sum(len(by_form[other]) for other in near)
            if compared > MOST_COMPARED:
                return found, False
            _join(found, by_form[form], by_form[form])
            for other in near:
                if within(form, other, radius):
                    _join(found, by_form[form], by_form[other])
            if len(form) <= _LONGEST:
                blocks.add(form)
    return found, True


def _by_digits(forms: Iterable[str]) -> Iterable[Sequence[str]]:
    """Return the ``forms`` in groups with the same digits: 12 OZ and 16 OZ are no spellings of the same."""
    groups: dict[str, list[str]] = defaultdict(list)
    for form in forms:
        groups["".join(filter(str.isdigit, form))].append(form)
    return groups.values()


def _join(found: dict[str, list[str]], ones: Sequence[str], others: Sequence[str]) -> None:
    for one in ones:
        for other in others:
            if other != one:
                found[one].append(other)
                if ones is not others:
                    found[other].append(one)


class _Blocks:
    """Texts by their pieces: of a text cut into one piece more than the radius, every neighbour has one piece unchanged."""

    def __init__(self, radius: int) -> None:
        self._radius = radius
        self._by_piece: dict[tuple[int, int, str], list[str]] = defaultdict(list)

    def add(self, text: str) -> None:
        """Add a text, which must not be shorter than those before."""
        for number, (start, end) in enumerate(self._pieces(len(text))):
            self._by_piece[len(text), number, text[start:end]].append(text)

    def candidates(self, text: str) -> set[str]:
        """Return the texts that may be neighbours of ``text``."""
        found: set[str] = set()
        if len(text) < _LEAST_LENGTH * self._radius:
            return found
        radius = self._radius
        for length in range(max(len(text) - radius, _LEAST_LENGTH * radius), len(text) + 1):
            for number, (start, end) in enumerate(self._pieces(length)):
                last = min(start + radius, len(text) - (end - start))
                for at in range(max(0, start - radius), last + 1):
                    found.update(self._by_piece.get((length, number, text[at : at + end - start]), ()))
        return found

    def _pieces(self, length: int) -> Sequence[tuple[int, int]]:
        count = self._radius + 1
        ends = [length * number // count for number in range(count + 1)]
        return [(ends[number], ends[number + 1]) for number in range(count)]


def _shared(one: str, other: str) -> int:
    """Return the number of characters that both texts begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def within(one: str, other: str, most: int) -> bool:
    """Return whether the Levenshtein distance of two texts is at most ``most``; no more of it is worked out."""
    if abs(len(one) - len(other)) > most:
        return False
    start = _shared(one, other)
    one, other = one[start:][::-1], other[start:][::-1]
    end = _shared(one, other)
    one, other = one[end:], other[end:]
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for place, another in enumerate(other, start=1):
            now.append(min(before[place] + 1, now[-1] + 1, before[place - 1] + (letter != another)))
        if min(now) > most:
            return False
        before = now
    return before[-1] <= most
