"""How much text the cells of a workbook hold: a text that is stored once may be shown in a million cells."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from batchbook.tables.archive import TooMuch
from batchbook.tables.extent import feed_xml
from batchbook.tables.namespaces import SPREADSHEET
from batchbook.tables.rows import MAX_CELL, MAX_CELLS

#: How much text all cells may hold together, in characters.
MAX_TEXT = 100 * 1024 * 1024

_REFERENCE = re.compile(rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:\w+:)?v>\s*([0-9]{1,10})""")
_HELD_BACK = 256


class TextCheck:
    """Looks at the shared texts of a workbook while they pass."""

    def __init__(self) -> None:
        self._longest, self._count, self._open = 0, 0, 0

    def passed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces; raise :class:`TooMuch` where a text is too long, or where there are too many."""
        for piece in pieces:
            # Each text ends with </si>, with or without a prefix; what lies between is at least as long as it is.
            lengths = list(map(len, piece.split(b"si>")))
            lengths[0] += self._open
            self._open = lengths[-1]
            self._longest = max(self._longest, *lengths)
            self._count += (len(lengths) - 1) // 2 + piece.count(b"si/>")
            self._check()
            yield piece

    def may_be_too_much(self, cells: int) -> bool:
        """Tell whether so many cells may hold more text than is allowed, were all of them the longest."""
        return self._longest * cells > MAX_TEXT

    def refuse_too_much(self, texts: Iterable[bytes], sheet: Iterable[bytes]) -> None:
        """Raise :class:`TooMuch` where the cells of ``sheet`` do hold too much, counted one by one."""
        counts, unknown = _references(sheet)
        if not self.may_be_too_much(counts.total() + unknown):
            return
        lengths = _lengths(texts)
        total = sum(lengths[number] * count for number, count in counts.items() if number < len(lengths))
        total += unknown * max(lengths, default=0)
        if total > MAX_TEXT:
            raise TooMuch(
                f"repeats its texts so often that its cells hold {total:,} characters, more than {MAX_TEXT:,}"
            )

    def _check(self) -> None:
        if self._longest > 8 * MAX_CELL:  # A character may be written as an escape of some bytes.
            raise TooMuch(f"holds a text with more than {MAX_CELL:,} characters; no cell may be that long")
        if self._count > MAX_CELLS:
            raise TooMuch(f"has more than {MAX_CELLS:,} texts")


def _lengths(pieces: Iterable[bytes]) -> array[int]:
    lengths = array("L")

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if tag == "si":
            lengths.append(0)

    def text(data: str) -> None:
        if lengths:
            lengths[-1] += len(data)

    feed_xml(pieces, SPREADSHEET, start, text=text)
    return lengths


def _references(pieces: Iterable[bytes]) -> tuple[Counter[int], int]:
    """Return how often cells refer to each text, and how many cells there are whose text is not told so easily."""
    counts: Counter[int] = Counter()
    marks, rest = 0, b""
    for piece in chain(pieces, [b""]):
        data = rest + piece
        cut = max(0, data.rfind(b"<", 0, max(0, len(data) - _HELD_BACK))) if piece else len(data)
        found = _REFERENCE.findall(data[:cut])
        counts.update(map(int, found))
        marks += _marks(data[:cut]) - len(found)
        rest = data[cut:]
    return counts, max(0, marks)


def _marks(data: bytes) -> int:
    return data.count(b'"s"') + data.count(b"'s'")
