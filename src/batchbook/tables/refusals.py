"""Whatever is wrong with a workbook, as a sentence."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from python_calamine import CalamineError

from batchbook.errors import BadInput
from batchbook.tables.archive import TooMuch
from batchbook.tables.compound import NotCompound
from batchbook.tables.extent import NotASheet
from batchbook.tables.rows import MAX_CELL, MAX_CELLS, MAX_COLUMNS, MAX_ROWS

# What is raised for what is no workbook, whatever is wrong with it.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, CalamineError, NotASheet, NotCompound, struct.error, LookupError, OSError, EOFError,
    ValueError, RuntimeError, NotImplementedError, StopIteration,
)  # fmt: skip


@contextmanager
def in_sentences(name: str, what: str) -> Iterator[None]:
    """Raise ``BadInput`` instead of whatever is raised for the file ``name``, which should be ``what``."""
    try:
        yield
    except BadInput:
        raise
    except TooMuch as error:
        raise BadInput(f"“{name}” {error}. Nothing was taken from it.") from None
    except _UNREADABLE as error:
        raise BadInput(
            f"“{name}” cannot be read as {what} ({error}). Open it in your spreadsheet program, save it once more as"
            " XLSX, and upload that."
        ) from None


def too_far(rows: int, columns: int) -> str:
    """Return what is said of a sheet with a cell in that row and column, as the end of a sentence."""
    return (
        f"has cells down to row {rows:,} and out to column {columns:,}, which is further than a table may reach here:"
        f" {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns, {MAX_CELLS:,} cells in all. Delete what stands far below or"
        " beside the table, or save it as CSV"
    )


def too_long(row: int) -> str:
    """Return what is said of a cell in ``row`` that is too long, as the end of a sentence."""
    return f"has a cell with more than {MAX_CELL:,} characters in row {row:,}; no cell may be that long"
