"""Limits of what is read from a file, and the messages about files beyond them."""

from __future__ import annotations

#: How much text all cells may hold together, in characters.
MAX_TEXT = 100 * 1024 * 1024


#: How far a table may reach.
MAX_COLUMNS, MAX_ROWS, MAX_TEXT_ROWS = 1_000, 1_000_000, 5_000_000


#: How many cells a workbook may have, counted as the rectangle that holds them.
MAX_CELLS = 5_000_000


#: How much text a cell may hold, in characters.
MAX_CELL = 1024 * 1024


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
