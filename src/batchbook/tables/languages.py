"""Likelihood of a text in a language, by the letters that stand beside each other in its words.

Likelihoods are natural logarithms. Those of two readings of the same bytes can be compared, whatever the languages and
however many bytes a character takes: each says how likely all of the bytes are.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from itertools import pairwise
from math import log

from batchbook.tables.vocabularies import CHARACTERS, WORDS

# What stands between ASCII characters that are no letters, and has another character.
_TOKEN = re.compile(r"[A-Za-z]*[^\x00-\x7f][A-Za-z\u0080-\U0010ffff]*")
_EDGE = "^"
# Romanian has a comma below these letters, which older encodings have with a cedilla only.
_COMMA_BELOW = str.maketrans("șțȘȚ", "şţŞŢ")
_WITH_COMMA = frozenset("șțȘȚ")
# How much of a character's likelihood is told by the one before, by its own frequency, and by what it is.
_PAIR, _ONE, _ELSE = 0.62, 0.33, 0.05
# Typographic marks that lists of any language have, and how likely another character is by what it is.
_USUAL_MARKS = frozenset("“”„‘’‚«»‹›–—…€£¥°²³½¼¾®™©·•×µ§№±\u00a0\u200b、。・「」ー")  # noqa: RUF001 - They are meant.
_AROUND = "".join(_USUAL_MARKS)
_ALONE, _MARK, _STRANGE, _NEVER = 0.05, 2e-3, 1e-6, 1e-10
_CASE_CHANGE, _ALL_CAPITALS, _ONE_LETTER = log(2e-3), log(0.2), log(1e-3)
# Where standard character sets have the characters that are used every day, by the first byte of two.
_EVERYDAY = {
    "Japanese": ("euc_jp", range(0xB0, 0xD0), 2965), "Simplified Chinese": ("gb2312", range(0xB0, 0xD8), 3755),
    "Traditional Chinese": ("big5", range(0xA4, 0xC7), 5401), "Korean": ("euc_kr", range(0xB0, 0xC9), 2350),
}  # fmt: skip
_FREQUENT, _ORDINARY, _RARE = 0.75, 0.2, 1e-6
# How many pairs of characters are remembered for a language; a file may have any of them.
_REMEMBERED = 50_000


def tokens_of(text: str) -> list[str]:
    """Return the words of ``text`` that have a character beyond ASCII, each as it is usually written."""
    tokens = _TOKEN.findall(unicodedata.normalize("NFC", text))
    return [token.translate(_COMMA_BELOW) for token in tokens] if _WITH_COMMA.intersection(text) else tokens


def likeliest(tokens: Sequence[str]) -> tuple[float, str]:
    """Return how likely ``tokens`` are in the language that fits them best, and that language; empty for none."""
    letters = Counter(_script(char) for token in tokens for char in token if char > "\x7f" and char.isalpha())
    script = letters.most_common(1)[0][0] if letters else "LATIN"
    fitting = [language for language in LANGUAGES if script in language.scripts]
    scores = [(language.likelihood(tokens), language.name if letters else "") for language in fitting]
    return max(scores, default=(sum(map(len, tokens)) * log(_STRANGE), ""))


class Language:
    """A language whose letters are known by some of its words, or by the characters that are frequent in it."""

    def __init__(self, name: str, words: str = "", characters: str = "") -> None:
        self.name = name
        self._words, self._characters = words.translate(_COMMA_BELOW).split(), characters
        self._known: dict[tuple[str, str], float] = {}

    @cached_property
    def scripts(self) -> frozenset[str]:
        """The first words of what Unicode calls its letters."""
        if self._characters:
            return frozenset({"CJK", "HANGUL", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH"})
        return frozenset(_script(char) for word in self._words for char in word if char > "\x7f")

    def likelihood(self, tokens: Iterable[str]) -> float:
        """Return how likely ``tokens`` are in this language."""
        return sum(_case(token) + self._of(token.lower()) for token in tokens)

    def _is_word(self, token: str) -> bool:
        return len(token) > 1 or bool(self._characters) or not token.isalpha() or token in self._words

    def _of(self, token: str) -> float:
        if _has_marks_only(token):
            return len(token) * log(_ALONE)
        total, before, known = 0.0 if self._is_word(token) else _ONE_LETTER, _EDGE, self._known
        for char in (*token, _EDGE):
            found = known.get((before, char))
            if found is None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                found = known[before, char] = log(self._probability(before, char))
            total, before = total + found, char
        return total

    def _probability(self, before: str, char: str) -> float:
        if self._characters:
            return 1.0 if char == _EDGE else self._of_character(char)
        pairs, starts, singles, total = self._counts
        seen = _PAIR * pairs[before, char] / starts[before] if starts[before] else 0.0
        return seen + _ONE * singles[char] / total + _ELSE * self._unseen(char)

    @cached_property
    def _counts(self) -> tuple[Counter[tuple[str, str]], Counter[str], Counter[str], int]:
        pairs: Counter[tuple[str, str]] = Counter()
        for word in self._words:
            pairs.update(zip((_EDGE, *word), (*word, _EDGE), strict=True))
        starts, singles = Counter[str](), Counter[str]()
        for (before, char), count in pairs.items():
            starts[before] += count
            singles[char] += count
        return pairs, starts, singles, singles.total()

    def _unseen(self, char: str) -> float:
        if char < "\x80":
            return 1 / 60
        if char.isalpha() or unicodedata.combining(char):
            return 1e-3 if not self._characters and _script(char) in self.scripts else _STRANGE
        return _of_mark(char)

    def _of_character(self, char: str) -> float:
        if char in self._characters:
            return _FREQUENT / len(self._characters)
        if char < "\x80":
            return 1e-3
        if not char.isalpha():
            return _of_mark(char)
        codec, rows, count = _EVERYDAY[self.name]
        try:
            first = char.encode(codec)[0]
        except UnicodeEncodeError:
            return _RARE / 10
        if _script(char) not in self.scripts or _script(char) == "HALFWIDTH":
            return _RARE
        return _ORDINARY / count if first in rows else _RARE * 5


def _has_marks_only(token: str) -> bool:
    """Tell whether all of ``token`` that is beyond ASCII are usual marks around it, as amounts and quotations have them."""
    inside = token.strip(_AROUND).replace("\u2019", "")
    return inside.isascii()


def _of_mark(char: str) -> float:
    if char in _USUAL_MARKS:
        return _MARK
    return _NEVER if unicodedata.category(char)[0] == "C" else _STRANGE


def _case(token: str) -> float:
    """Return how likely the capitals of a word are: at its start, or all through it."""
    if token.islower() or token == token.lower() or token[1:] == token[1:].lower():
        return 0.0
    if token == token.upper():
        return _ALL_CAPITALS
    return _CASE_CHANGE * sum(a.islower() and b.isupper() for a, b in pairwise(token)) + _ALL_CAPITALS


@cache
def _script(char: str) -> str:
    return unicodedata.name(char, "NONE").split()[0]


#: The languages whose letters are known.
LANGUAGES = (
    *(Language(name, words) for name, words in WORDS.items()),
    *(Language(name, characters=characters) for name, characters in CHARACTERS.items()),
)
