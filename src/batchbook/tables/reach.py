"""How far a sheet reaches at most, told at the cost of one search where its cells are plain, as most cells are."""

from __future__ import annotations

import re

from batchbook.tables.archive import TooMuch
from batchbook.tables.extent import Extent, QuickScan
from batchbook.tables.rows import MAX_CELLS

# The fewest bytes that a cell takes.
_SHORTEST = len("<c><v/></c>")

# A cell that is not plain: one that lies further out than the bounds, has an error value or a formula, or is written in
# a way that no program has. The rectangle of each bounds is as large as a sheet may be.
_ELSE = rb"""<c(?=[\s>/])(?! r="%s"(?: s="[0-9]+")?(?: t="(?:s|str|n|b|inlineStr)")?(?:/>|>(?!<f)))"""
_BOUNDS = (
    (re.compile(_ELSE % rb"[A-E][1-9][0-9]{0,5}"), 999_999, 5),
    (re.compile(_ELSE % rb"[A-J](?:[1-9][0-9]{0,4}|[1-4][0-9]{5})"), 499_999, 10),
    (re.compile(_ELSE % rb"[A-Y](?:[1-9][0-9]{0,4}|1[0-9]{5})"), 199_999, 25),
    (re.compile(_ELSE % rb"(?:[A-Z]|A[A-X])[1-9][0-9]{0,4}"), 99_999, 50),
)


class Reach:
    """Finds the extent of a sheet in its bytes, fed in pieces that cut no cell."""

    def __init__(self) -> None:
        self._scan = QuickScan()
        self._rows, self._columns, self._cells, self._size = 0, 0, 0, 0

    def feed(self, piece: bytes) -> bool:
        """Look at the next piece, and tell whether all of its cells are plain.

        Raises :class:`~batchbook.tables.archive.TooMuch` once there are more plain cells than a sheet may have.
        """
        if b":c" not in piece:
            for unlike, rows, columns in _BOUNDS:
                if not unlike.search(piece):
                    self._add(piece.count(b"<c "), rows, columns)
                    return True
        self._size += len(piece)
        self._scan.feed(piece)
        return False

    @property
    def most_cells(self) -> int:
        """How many cells there are at most."""
        return self._cells + self._size // _SHORTEST

    @property
    def extent(self) -> Extent | None:
        """How far the cells reach at most; nothing where that takes a better look."""
        if self._scan.unsure:
            return None
        found = self._scan.extent
        rows, columns = max(self._rows, found.rows), max(self._columns, found.columns)
        return Extent(rows, columns, self._cells + found.cells)

    def _add(self, cells: int, rows: int, columns: int) -> None:
        self._cells += cells
        if cells:
            self._rows, self._columns = max(self._rows, rows), max(self._columns, columns)
        if self._cells > MAX_CELLS:
            raise TooMuch(f"has more than {MAX_CELLS:,} cells. Save its table as CSV, and upload that")
