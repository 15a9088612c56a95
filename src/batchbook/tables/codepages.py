"""The encodings of texts: which ones there are, and which of them bytes are likely in."""

from __future__ import annotations

import codecs
import encodings
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from batchbook.tables.languages import likeliest, tokens_of

# What Python calls encodings of text and is made for other things, or for one system alone.
_NO_TEXT = frozenset(
    {"charmap", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)

#: The encodings that a text may be guessed to be in, the more usual ones first: of those that read it alike, the first is
#: named. How much less likely one is than those before, as a logarithm, stands with each group.
_GUESSED: tuple[tuple[float, tuple[str, ...]], ...] = (
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

# What begins a shift to another set of characters in the encodings that use nothing but ASCII bytes.
_SHIFTS = {
    b"\x1b$)C": "iso2022_kr",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$@": "iso2022_jp",
    b"\x1b(J": "iso2022_jp",
    b"\x1b(I": "iso2022_jp_3",
}


@dataclass(frozen=True)
class Candidate:
    """An encoding that a text may be in, the language that it would have then, and how likely that is."""

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


def known_encoding(said: str) -> str | None:
    """Return Python's name of the encoding that ``said`` is one of the names of; ``None`` where there is none."""
    try:
        name = codecs.lookup(said.strip()).name
    except (LookupError, ValueError):
        return None
    name = {"utf-8-sig": "utf-8"}.get(name, name)
    return name if name in text_encodings() else None


def shifted(start: bytes) -> str:
    """Return the encoding of a text of nothing but ASCII bytes that shifts to other characters; empty where none does."""
    return next((name for shift, name in _SHIFTS.items() if shift in start), "")


def candidates(
    lines: Sequence[bytes], reader: Callable[[str], Callable[[bytes], str]] | None = None
) -> list[Candidate]:
    """Return the encodings that ``lines`` may be in, the likeliest first, and one of those that read them alike.

    ``reader`` returns what reads a line in an encoding, where that is not to decode it.
    """
    found: dict[tuple[str, ...], Candidate] = {}
    for penalty, names in _GUESSED:
        for name in names:
            texts = _decoded(lines, reader(name) if reader else partial(str, encoding=name))
            if texts is not None and texts not in found:
                # A word that comes again says nothing new.
                tokens = dict.fromkeys(token for text in texts for token in tokens_of(text))
                likelihood, language = likeliest([*tokens])
                found[texts] = Candidate(name, language, likelihood - penalty)
    return sorted(found.values(), key=lambda candidate: -candidate.likelihood)


def _decoded(lines: Sequence[bytes], read: Callable[[bytes], str]) -> tuple[str, ...] | None:
    try:
        return tuple(map(read, lines))
    except UnicodeDecodeError:
        return None
