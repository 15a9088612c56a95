"""How far a sheet reaches at most, told at the cost of one search where its cells are plain, as most cells are."""

from __future__ import annotations

import re

from batchbook.tables.extent import Extent, QuickScan

# A cell that is not plain: one that lies further out than the bounds, has an error value or a formula, or is written in
# a way that no program has. The rectangle of each bounds is as large as a sheet may be.
_ELSE = rb"""<c(?=[\s>/])(?! r="%s"(?: s="[0-9]+")?(?: t="(?:s|str|n|b|inlineStr)")?(?:/>|>(?!<f)))"""
_BOUNDS = (
    (re.compile(_ELSE % rb"(?:[A-Z]|A[A-X])[1-9][0-9]{0,4}"), 99_999, 50),
    (re.compile(_ELSE % rb"[A-E][1-9][0-9]{0,5}"), 999_999, 5),
)

# The fewest bytes that a cell takes.
_SHORTEST = len("<c><v/></c>")


class Reach:
    """Finds the extent of a sheet in its bytes, fed in pieces that cut no cell."""

    def __init__(self) -> None:
        self._scan = QuickScan()
        self._rows, self._columns, self._size = 0, 0, 0

    def feed(self, piece: bytes) -> bool:
        """Look at the next piece, and tell whether all of its cells are plain."""
        self._size += len(piece)
        if b":c" not in piece:
            for unlike, rows, columns in _BOUNDS:
                if not unlike.search(piece):
                    self._rows, self._columns = max(self._rows, rows), max(self._columns, columns)
                    return True
        self._scan.feed(piece)
        return False

    @property
    def most_cells(self) -> int:
        """How many cells there are at most."""
        return self._size // _SHORTEST

    @property
    def extent(self) -> Extent | None:
        """How far the cells reach at most; nothing where that takes a better look."""
        if self._scan.unsure:
            return None
        found = self._scan.extent
        return Extent(max(self._rows, found.rows), max(self._columns, found.columns), self.most_cells)
