"""Limits of the csv module: how long a cell may be, and the sentences about rows that exceed a limit or break the syntax."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

from batchbook.tables.errors import MAX_CELL


class RowTooLong(Exception):  # noqa: N818 - It becomes a sentence before it leaves the reader.
    """A row takes so many lines that it cannot be one."""


class CsvReader(Protocol):
    """The type of the csv module's readers, which has no public name."""

    @property
    def line_num(self) -> int:
        """The number of lines read."""
        ...

    def __iter__(self) -> Iterator[list[str]]:
        """Return the rows."""
        ...

    def __next__(self) -> list[str]:
        """Return the next row."""
        ...


class _CellLimit:
    """The cell limit of the csv module, which is one for the whole process: raised while any thread reads here."""

    def __init__(self) -> None:
        self._lock, self._readers, self._before = Lock(), 0, 0

    def enter(self) -> None:
        with self._lock:
            if not self._readers:
                self._before = csv.field_size_limit()
                csv.field_size_limit(max(self._before, MAX_CELL))
            self._readers += 1

    def leave(self) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                csv.field_size_limit(self._before)


_limit = _CellLimit()


@contextmanager
def long_cells() -> Iterator[None]:
    """Allow cells of up to ``MAX_CELL`` characters. Other users of the csv module get their own limit back afterwards."""
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()


def unreadable_row_message(name: str, reader: CsvReader) -> str:
    """Return the sentence about the first row that ``reader`` cannot read; ``name`` is that of the file."""
    row, line = 1, 1
    try:
        for row, _ in enumerate(iter(reader), 2):  # noqa: B007 - The last one is the place of the error.
            line = reader.line_num + 1
    except RowTooLong:
        return _unclosed_quote_message(name, line)
    except csv.Error as error:
        return _row_message(name, row, line, reader.line_num, str(error))
    return f"“{name}” changed while it was read. Upload it again."


def _row_message(name: str, row: int, line: int, last: int, error: str) -> str:
    if "unexpected end" in error or ("limit" in error and last > line):
        return _unclosed_quote_message(name, line)
    if "limit" in error:
        return (
            f"“{name}” has a cell with more than {MAX_CELL:,} characters in row {row:,} (line {line:,})."
            " No cell may be that long. Nothing was taken from it."
        )
    where = f"line {line:,}" if line == last else f"lines {line:,} to {last:,}"
    return (
        f"“{name}” stops being readable as CSV in {where}: there is text after a closing quotation mark. Quotation marks"
        " within a cell are written twice. Nothing was taken from it."
    )


def _unclosed_quote_message(name: str, line: int) -> str:
    return (
        f"“{name}” has a quotation mark in line {line:,} that is never closed, so that the rest of the file would be"
        " one cell. Close or remove it. Nothing was taken from it."
    )
