"""Reading CSV in UTF-8, whichever of the usual delimiters it has."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, TextIO

from batchbook.errors import BadInput
from batchbook.tables.table import Table, names_of

_DELIMITERS = (",", ";", "\t", "|")
#: How much of a first line without an end is looked at.
_LONGEST_HEADER = 65_536
#: How much of a file is looked at together, in bytes.
_PIECE = 1024 * 1024


def read_csv(name: str, file: BinaryIO, required: Sequence[str]) -> Table:
    """Return the table in ``file``, called ``name``; ``required`` tells which delimiter its header row has.

    Raises ``BadInput`` for what is not UTF-8 or no CSV, also while the records are read.
    """
    with _text_of(name, file) as lines:
        delimiter = _delimiter(lines, required)
    lines_in_file = _count_lines(file)
    file.seek(0)
    # Programs separate by semicolons where the comma is the decimal sign: 1,500 may be one and a half there.
    return Table.below_header(_records(name, file, delimiter), lines_in_file, commas_group=delimiter != ";")


def _count_lines(file: BinaryIO) -> int:
    """Return how many lines a file has; a record with line ends within it counts more than once."""
    file.seek(0)
    lines, last = 0, b""
    for piece in iter(lambda: file.read(_PIECE), b""):
        lines, last = lines + piece.count(b"\n"), piece[-1:]
    return lines + (last not in (b"", b"\n"))


def _records(name: str, file: BinaryIO, delimiter: str) -> Iterator[tuple[int, Sequence[str]]]:
    with _text_of(name, file) as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for record in reader:
                if any(map(str.strip, record)):
                    yield reader.line_num, record
        except csv.Error as error:
            raise BadInput(
                f"“{name}” stops being readable as CSV at line {reader.line_num}: {error}."
                " Nothing was taken from it."
            ) from None


@contextmanager
def _text_of(name: str, file: BinaryIO) -> Iterator[TextIO]:
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield lines
    except UnicodeDecodeError as error:
        found = error.object[error.start]
        raise BadInput(
            f"“{name}” is not text in UTF-8: it holds the byte 0x{found:02X} where a character was expected."
            " Save it as “CSV UTF-8” and upload it again."
        ) from None
    finally:
        if not file.closed:
            lines.detach()  # Else it closes the file at its own end; whoever opened it may want it further.


def _delimiter(lines: TextIO, required: Sequence[str]) -> str:
    """Return the delimiter of the first line."""
    first = lines.readline(_LONGEST_HEADER)
    return max(_DELIMITERS, key=lambda mark: _hits(first, mark, required))


def _hits(line: str, delimiter: str, required: Sequence[str]) -> int:
    # The delimiter is the one under which the header makes most sense; guessing from data is wrong too often.
    names = names_of(next(csv.reader([line], delimiter=delimiter), []))
    return len(set(names) & set(required)) * 100 + min(len(names), 50)
