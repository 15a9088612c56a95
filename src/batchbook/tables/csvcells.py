"""How long a cell of a text may be, and what is said of a row that cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

from batchbook.tables.rows import MAX_CELL


class TooLong(Exception):  # noqa: N818 - It becomes a sentence before it leaves this room.
    """A row takes so many lines that it is none."""


class CsvReader(Protocol):
    """What the csv module reads with, whose type has no name there."""

    @property
    def line_num(self) -> int:
        """How many lines were read."""
        ...

    def __iter__(self) -> Iterator[list[str]]:
        """Return the rows."""
        ...

    def __next__(self) -> list[str]:
        """Return the next row."""
        ...


class _Limit:
    """The limit of the csv module, which is one for the whole process: raised while anybody here reads."""

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


_limit = _Limit()


@contextmanager
def long_cells() -> Iterator[None]:
    """Let cells be as long as they may here. Others in the process find their own limit again afterwards."""
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()


def sentence_for(name: str, reader: CsvReader) -> str:
    """Return what is wrong with the first row that ``reader`` cannot read; ``name`` is that of the file."""
    row, line = 1, 1
    try:
        for row, _ in enumerate(iter(reader), 2):  # noqa: B007 - Where the error came is told by the last of them.
            line = reader.line_num + 1
    except TooLong:
        return _unclosed(name, line)
    except csv.Error as error:
        return _sentence(name, row, line, reader.line_num, str(error))
    return f"“{name}” changed while it was read. Upload it again."


def _sentence(name: str, row: int, line: int, last: int, error: str) -> str:
    if "unexpected end" in error or ("limit" in error and last > line):
        return _unclosed(name, line)
    if "limit" in error:
        return (
            f"“{name}” has a cell with more than {MAX_CELL:,} characters in row {row:,} (line {line:,})."
            " No cell may be that long. Nothing was taken from it."
        )
    where = f"line {line:,}" if line == last else f"lines {line:,} to {last:,}"
    return (
        f"“{name}” stops being readable as CSV in {where}: text stands behind a closing quotation mark. Quotation marks"
        " within a cell are written twice. Nothing was taken from it."
    )


def _unclosed(name: str, line: int) -> str:
    return (
        f"“{name}” has a quotation mark in line {line:,} that is never closed, so that the rest of the file would be"
        " one cell. Close or remove it. Nothing was taken from it."
    )
