"""Limits of what is read from a file, and the messages about files beyond them."""

from __future__ import annotations

from collections.abc import Sequence

from batchbook.tables.errors import LimitExceeded

#: How much text all cells may hold together, in characters.
MAX_TEXT = 100 * 1024 * 1024


#: How far a table may reach.
MAX_COLUMNS, MAX_ROWS, MAX_TEXT_ROWS = 1_000, 1_000_000, 5_000_000


#: How many cells a workbook may have, counted as the rectangle that holds them.
MAX_CELLS = 5_000_000


#: How much text a cell may hold, in characters.
MAX_CELL = 1024 * 1024

#: The message about a text that is longer, where its row is not known.
TEXT_TOO_LONG = f"holds a text with more than {MAX_CELL:,} characters; no cell may be that long"


# About how many cells are held at a time: as many as the processor's own memory takes, since more are slower; and how
# many rows at least, however wide they are.
_HELD_CELLS, _HELD_ROWS = 8_000, 100


def rows_at_once(size: int, width: int) -> int:
    """Return how many rows of ``width`` cells are held together where ``size`` are wanted."""
    return max(1, min(size, max(_HELD_ROWS, _HELD_CELLS // max(1, width))))


def sheet_too_large_message(rows: int, columns: int) -> str:
    """Return what is said of a sheet with a cell in that row and column, as the end of a sentence."""
    return (
        f"has cells down to row {rows:,} and out to column {columns:,}, which is further than a table may reach here:"
        f" {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns, {MAX_CELLS:,} cells in all. Delete what stands far below or"
        " beside the table, or save it as CSV"
    )


def cell_too_long_message(row: int) -> str:
    """Return what is said of a cell in ``row`` that is too long, as the end of a sentence."""
    return f"has a cell with more than {MAX_CELL:,} characters in row {row:,}; no cell may be that long"


class SheetSize:
    """The cells and the text of a sheet, added up row by row while it is read."""

    def __init__(self) -> None:
        self._cells, self._text = 0, 0

    def add(self, number: int, cells: Sequence[str], times: int = 1) -> None:
        """Add the row with this ``number``, which stands there ``times`` over.

        Raises :class:`~batchbook.tables.errors.LimitExceeded` where the sheet reaches too far, or holds too much text.
        """
        last, width = number + times - 1, len(cells)
        self._cells += times * width
        self._text += times * sum(map(len, cells))
        if last > MAX_ROWS or width > MAX_COLUMNS or self._cells > MAX_CELLS:
            raise LimitExceeded(sheet_too_large_message(last, width))
        if self._text > MAX_TEXT:
            raise LimitExceeded(
                f"repeats its texts so often that its cells hold more than {MAX_TEXT:,} characters"
            )
