"""Limits of files and errors in them, and the sentences about both for the person who uploaded the file."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from python_calamine import CalamineError

from batchbook.errors import BadInput
from batchbook.tables.report import Reading


class InvalidCompoundFile(Exception):  # noqa: N818 - It becomes a sentence before it leaves this room.
    """The compound file is damaged; the message is a part of a sentence."""


class InvalidWorkbook(Exception):  # noqa: N818 - It becomes a sentence before it leaves this room.
    """The workbook is damaged, or states what no workbook states; the message is a part of a sentence."""


class LimitExceeded(Exception):  # noqa: N818 - It becomes a sentence before it leaves this room.
    """A limit is exceeded; the message is the end of a sentence about the file."""


class ReachesTooFar(LimitExceeded):
    """A sheet has cells further down or out than a table may reach."""


class Unreadable(BadInput):
    """The table cannot be read by ``reading``, as far as that is known, and may be readable by another."""

    def __init__(self, message: str, reading: Reading) -> None:
        super().__init__(message)
        self.reading = reading


#: The most text in all cells together, in characters.
MAX_TEXT = 100 * 1024 * 1024

#: The largest table.
MAX_COLUMNS, MAX_ROWS, MAX_TEXT_ROWS = 16_384, 1_000_000, 5_000_000

#: The most cells of a workbook, counted as the rectangle that holds them.
MAX_CELLS = 5_000_000

#: The most text in a cell, in characters.
MAX_CELL = 1024 * 1024

#: The message about a text that is longer, where its row is not known.
TEXT_TOO_LONG = f"holds a text with more than {MAX_CELL:,} characters; no cell may be that long"

# The approximate number of cells that are held at a time: as many as the processor's cache takes, since more are slower;
# and the least number of rows, however wide they are.
_HELD_CELLS, _HELD_ROWS = 8_000, 100


def rows_at_once(size: int, width: int) -> int:
    """Return the number of rows, each of ``width`` cells, to hold at a time where ``size`` rows are wanted."""
    return max(1, min(size, max(_HELD_ROWS, _HELD_CELLS // max(1, width))))


def sheet_too_large_message(rows: int, columns: int) -> str:
    """Return the message about a cell in this row and column, counted from 1, as the end of a sentence about the file."""
    return (
        f"has cells down to row {rows:,} and out to column {columns:,}, which is further than a table may reach here:"
        f" {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns, {MAX_CELLS:,} cells in all. Delete the cells far below or"
        " beside the table, or save it as CSV"
    )


def cell_too_long_message(row: int) -> str:
    """Return the message about a text in ``row`` that is too long, as the end of a sentence about the file."""
    return f"has a cell with more than {MAX_CELL:,} characters in row {row:,}; no cell may be that long"


#: The most cells, or rows, far below a table or beside it that are marks and no part of it.
MOST_MARKS = 10
# The fewest rows of a table.
_FEWEST_ROWS = 2


class SheetSize:
    """Size of a sheet, added up row by row while it is read."""

    def __init__(self) -> None:
        self._cells, self._text, self._rows = 0, 0, 0
        #: The numbers of the rows far below the table that hold a mark and are skipped.
        self.far_rows: list[int] = []

    def add(self, number: int, cells: Sequence[str], times: int = 1) -> bool:
        """Add the row with this ``number``, which is repeated ``times`` times; return whether it may be part of the table.

        A blank row is not, nor are a few rows behind the last that a table may have. Raises :class:`LimitExceeded` where the
        sheet reaches too far or holds too much text.
        """
        if not any(cells) or not "".join(cells).strip():
            return False
        last, width = number + times - 1, len(cells)
        if number > MAX_ROWS and self._rows >= _FEWEST_ROWS and len(self.far_rows) + times <= MOST_MARKS:
            self.far_rows += range(number, last + 1)
            return False
        self._rows += times
        self._cells += times * width
        self._text += times * sum(map(len, cells))
        if last > MAX_ROWS or width > MAX_COLUMNS or self._cells > MAX_CELLS:
            raise LimitExceeded(sheet_too_large_message(last, width))
        if self._text > MAX_TEXT:
            raise LimitExceeded(
                f"repeats its texts so often that its cells hold more than {MAX_TEXT:,} characters"
            )
        return True


# The errors that are raised for invalid workbooks, whatever is wrong with them.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, CalamineError, InvalidWorkbook, InvalidCompoundFile, struct.error, LookupError, OSError, EOFError,
    ValueError, RuntimeError, NotImplementedError, StopIteration,
)  # fmt: skip


@contextmanager
def bad_input_for(name: str, kind: str) -> Iterator[None]:
    """Raise ``BadInput`` in place of the errors of reading the file ``name`` as ``kind``, such as "an Excel workbook"."""
    try:
        yield
    except BadInput:
        raise
    except LimitExceeded as error:
        raise BadInput(f"“{name}” {error}. Nothing was taken from it.") from None
    except _UNREADABLE as error:
        raise BadInput(
            f"“{name}” cannot be read as {kind} ({error}). Open it in your spreadsheet program, save it once more as"
            " XLSX, and upload that."
        ) from None
