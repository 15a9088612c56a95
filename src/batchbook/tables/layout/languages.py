"""Candidates for a text's encoding, ranked by how likely its words are in a language."""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from importlib.resources import files
from itertools import pairwise
from math import log

# A word with at least one character beyond ASCII.
_TOKEN = re.compile(r"[A-Za-z]*[^\x00-\x7f][A-Za-z\u0080-\U0010ffff]*")
_EDGE = "^"
# Romanian has a comma below these letters, which older encodings have with a cedilla only.
_COMMA_BELOW = str.maketrans("șțȘȚ", "şţŞŢ")
_WITH_COMMA = frozenset("șțȘȚ")
# The shares of a character's likelihood that come from the character before, from its own frequency, and from its category.
_PAIR, _ONE, _ELSE = 0.62, 0.33, 0.05
# Typographic marks that lists of any language have, and the likelihood of other characters by category.
_USUAL_MARKS = frozenset("“”„‘’‚«»‹›–—…€£¥°²³½¼¾®™©·•×µ§№±\u00a0\u200b、。・「」ー")  # noqa: RUF001 - They are meant.
_AROUND = "".join(_USUAL_MARKS)
_ALONE, _MARK, _STRANGE, _CONTROL = 0.05, 2e-3, 1e-6, 1e-10
_CASE_CHANGE, _ALL_CAPITALS, _ONE_LETTER = log(2e-3), log(0.2), log(1e-3)
# The places of the characters in everyday use within standard character sets, by the first byte of two.
_EVERYDAY = {
    "Japanese": ("euc_jp", range(0xB0, 0xD0), 2965), "Simplified Chinese": ("gb2312", range(0xB0, 0xD8), 3755),
    "Traditional Chinese": ("big5", range(0xA4, 0xC7), 5401), "Korean": ("euc_kr", range(0xB0, 0xC9), 2350),
}  # fmt: skip
_FREQUENT, _ORDINARY, _RARE = 0.75, 0.2, 1e-6
# The number of pairs of characters in the cache of a language; a file may have any of them.
_MOST_PAIRS = 50_000


def non_ascii_words(text: str) -> list[str]:
    """Return the words of ``text`` that have a character beyond ASCII, in normal form."""
    tokens = _TOKEN.findall(unicodedata.normalize("NFC", text))
    return [token.translate(_COMMA_BELOW) for token in tokens] if _WITH_COMMA.intersection(text) else tokens


def likeliest_language(tokens: Sequence[str]) -> tuple[float, str]:
    """Return the likelihood of ``tokens`` in the language that fits them best, and its name; an empty name for none."""
    letters = Counter(_script(char) for token in tokens for char in token if char > "\x7f" and char.isalpha())
    script = letters.most_common(1)[0][0] if letters else "LATIN"
    fitting = [language for language in languages() if script in language.scripts]
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
        """The scripts of its letters: the first words of their Unicode names."""
        if self._characters:
            return frozenset({"CJK", "HANGUL", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH"})
        return frozenset(_script(char) for word in self._words for char in word if char > "\x7f")

    def likelihood(self, tokens: Iterable[str]) -> float:
        """Return the likelihood of ``tokens`` in this language."""
        return sum(_case_likelihood(token) + self._of(token.lower()) for token in tokens)

    def _is_word(self, token: str) -> bool:
        return len(token) > 1 or bool(self._characters) or not token.isalpha() or token in self._words

    def _of(self, token: str) -> float:
        if (
            token.strip(_AROUND).replace("\u2019", "").isascii()
        ):  # Usual marks, as around amounts and quotations.
            return len(token) * log(_ALONE)
        total, before, known = 0.0 if self._is_word(token) else _ONE_LETTER, _EDGE, self._known
        for char in (*token, _EDGE):
            found = known.get((before, char))
            if found is None:
                if len(known) >= _MOST_PAIRS:
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
        return _mark_likelihood(char)

    def _of_character(self, char: str) -> float:
        if char in self._characters:
            return _FREQUENT / len(self._characters)
        if char < "\x80":
            return 1e-3
        if not char.isalpha():
            return _mark_likelihood(char)
        codec, rows, count = _EVERYDAY[self.name]
        try:
            first = char.encode(codec)[0]
        except UnicodeEncodeError:
            return _RARE / 10
        if _script(char) not in self.scripts or _script(char) == "HALFWIDTH":
            return _RARE
        return _ORDINARY / count if first in rows else _RARE * 5


def _mark_likelihood(char: str) -> float:
    if char in _USUAL_MARKS:
        return _MARK
    return _CONTROL if unicodedata.category(char)[0] == "C" else _STRANGE


def _case_likelihood(token: str) -> float:
    """Return the likelihood of a word's capitals: at its start, or all through it."""
    if token.islower() or token == token.lower() or token[1:] == token[1:].lower():
        return 0.0
    if token == token.upper():
        return _ALL_CAPITALS
    return _CASE_CHANGE * sum(a.islower() and b.isupper() for a, b in pairwise(token)) + _ALL_CAPITALS


@cache
def _script(char: str) -> str:
    return unicodedata.name(char, "NONE").split()[0]


@cache
def languages() -> tuple[Language, ...]:
    """Return the languages whose letters are known, from the word lists beside this module."""
    data = tomllib.loads(files(__package__).joinpath("language_words.toml").read_text("utf-8"))
    return (
        *(Language(name, words) for name, words in data["words"].items()),
        *(Language(name, characters=characters) for name, characters in data["characters"].items()),
    )


# Codecs that Python lists as text encodings, but that serve other purposes or a single system.
_NO_TEXT = frozenset(
    {"charmap", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)

#: The encodings that are tried, the more usual ones first: of those that decode a text alike, the first is named. Each group
#: has a penalty: the logarithm by which its encodings are less likely.
_CANDIDATES: tuple[tuple[float, tuple[str, ...]], ...] = (
    (0.0, ("cp1252",)),
    (0.5, ("cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "cp1255", "cp1256", "cp874", "cp1258")),
    (0.5, ("gb18030", "big5", "cp950", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949")),
    (1.5, ("iso8859-15", "iso8859-1", "iso8859-2", "koi8-r", "koi8-u", "cp866", "cp850", "cp852", "cp437", "tis-620")),
    (2.5, ("iso8859-9", "iso8859-7", "iso8859-5", "iso8859-6", "iso8859-8", "iso8859-13", "iso8859-4", "iso8859-3", "iso8859-10",
           "iso8859-16", "iso8859-14", "iso8859-11")),
    (3.0, ("mac-roman", "mac-latin2", "mac-cyrillic", "mac-greek", "mac-turkish")),
    (4.0, ("cp855", "cp857", "cp858", "cp737", "cp869", "cp775", "cp862", "cp864", "cp860", "cp863", "cp865", "cp861", "johab",
           "big5hkscs", "mac-croatian", "mac-romanian", "mac-iceland", "ptcp154", "kz1048", "cp1125")),
)  # fmt: skip

# The escape sequences that shift to another character set, in the encodings that use ASCII bytes only.
_SHIFTS = {
    b"\x1b$)C": "iso2022_kr",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$@": "iso2022_jp",
    b"\x1b(J": "iso2022_jp",
    b"\x1b(I": "iso2022_jp_3",
}


@dataclass(frozen=True)
class Candidate:
    """An encoding that a text may be in, the language that it would have then, and the likelihood of that."""

    encoding: str
    language: str
    likelihood: float


@cache
def text_encodings() -> tuple[str, ...]:
    """Return the names of all encodings of text that Python has, in the order of the alphabet."""
    found = set[str]()
    for module in pkgutil.iter_modules(encodings.__path__):
        try:
            info = codecs.lookup(module.name)
        except LookupError:
            continue
        if info._is_text_encoding and module.name not in _NO_TEXT and info.incrementaldecoder is not None:
            found.add(info.name)
    return tuple(sorted(found - {"utf-8-sig"}, key=lambda name: name.replace("_", "-")))


def known_encoding(requested: str) -> str | None:
    """Return Python's name of the encoding called ``name``; ``None`` where there is none."""
    try:
        name = codecs.lookup(requested.strip()).name
    except (LookupError, ValueError):
        return None
    name = {"utf-8-sig": "utf-8"}.get(name, name)
    return name if name in text_encodings() else None


def shift_encoding(start: bytes) -> str:
    """Return the encoding of a text of ASCII bytes that shifts to other character sets; empty where none does."""
    return next((name for shift, name in _SHIFTS.items() if shift in start), "")


def encoding_candidates(
    lines: Sequence[bytes], reader: Callable[[str], Callable[[bytes], str]] | None = None
) -> list[Candidate]:
    """Return the encodings that ``lines`` may be in, the likeliest first, and one of those that read them alike.

    ``reader`` returns the function that decodes a line by an encoding, where it is not plain decoding.
    """
    found: dict[tuple[str, ...], Candidate] = {}
    for penalty, names in _CANDIDATES:
        for name in names:
            texts = _decode_lines(lines, reader(name) if reader else partial(str, encoding=name))
            if texts is not None and texts not in found:
                # A repeated word is no further evidence.
                tokens = dict.fromkeys(token for text in texts for token in non_ascii_words(text))
                likelihood, language = likeliest_language([*tokens])
                found[texts] = Candidate(name, language, likelihood - penalty)
    return sorted(found.values(), key=lambda candidate: -candidate.likelihood)


def _decode_lines(lines: Sequence[bytes], read: Callable[[bytes], str]) -> tuple[str, ...] | None:
    try:
        return tuple(map(read, lines))
    except UnicodeDecodeError:
        return None
