"""The records of an old Excel workbook: what its parts mean, and the texts in them.

Rules: Microsoft's [MS-XLS]. Only BIFF8 is read, which Excel wrote from 1997 on.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from batchbook.tables.archive import TooMuch
from batchbook.tables.extent import NotASheet
from batchbook.tables.rows import MAX_CELL

BOF, EOF, CONTINUE, FILEPASS, DATEMODE = 0x0809, 0x000A, 0x003C, 0x002F, 0x0022
FORMAT, XF, BOUNDSHEET, SST = 0x041E, 0x00E0, 0x0085, 0x00FC
DIMENSIONS, NUMBER, RK, MULRK, LABELSST, LABEL, RSTRING = (
    0x0200,
    0x0203,
    0x027E,
    0x00BD,
    0x00FD,
    0x0204,
    0x00D6,
)
FORMULA, STRING, BOOLERR, MERGEDCELLS = 0x0006, 0x0207, 0x0205, 0x00E5

#: How error values are written.
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}

#: How many texts a workbook may keep.
MAX_TEXTS = 1_000_000

_BIFF8 = 0x0600


class Record(NamedTuple):
    """A record: its kind, its data, and where the next one begins."""

    kind: int
    data: memoryview
    end: int


def records(stream: memoryview, start: int) -> Iterator[Record]:
    """Yield the records of one part of ``stream``, from ``start`` to its end; parts within it are passed over.

    Raises :class:`NotASheet` where there is no such part, or its end is missing.
    """
    depth = 0
    for record in _all(stream, start):
        if record.kind == BOF:
            depth += 1
            if struct.unpack_from("<H", record.data)[0] != _BIFF8:
                raise NotASheet("it was written by Excel 95 or older")
        elif depth == 0:
            raise NotASheet("a sheet is not where it should be")
        elif record.kind == EOF:
            depth -= 1
            if depth == 0:
                return
        elif depth == 1:
            yield record
    raise NotASheet("its end is missing")


def _all(stream: memoryview, start: int) -> Iterator[Record]:
    while start + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, start)
        end = start + 4 + length
        yield Record(kind, stream[start + 4 : end], end)
        start = end


def continued(stream: memoryview, record: Record) -> list[memoryview]:
    """Return the data of ``record`` and of those that continue it."""
    parts = [record.data]
    for following in _all(stream, record.end):
        if following.kind != CONTINUE:
            break
        parts.append(following.data)
    return parts


def rk_number(value: int) -> float:
    """Return the number that four bytes stand for."""
    number: float
    if value & 2:
        number = (value >> 2) - (1 << 30 if value & 0x80000000 else 0)
    else:
        (number,) = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))
    return float(number) / 100 if value & 1 else float(number)


def short_text(data: memoryview, start: int) -> str:
    """Return the text whose length is one byte at ``start``, as names of sheets are."""
    return Texts([data[start + 1 :]]).characters(data[start], data[start + 1], 1)


class Texts:
    """Reads texts from the parts of a record that goes on in others, each of which may begin within a text."""

    def __init__(self, parts: list[memoryview]) -> None:
        self._parts, self._part, self._place = parts, 0, 0

    def all(self, count: int) -> list[str]:
        """Return ``count`` texts."""
        if count > MAX_TEXTS:
            raise TooMuch(f"has more than {MAX_TEXTS:,} texts")
        return [self.text() for _ in range(count)]

    def skip(self, count: int) -> None:
        """Pass over ``count`` bytes."""
        while count:
            here = self._here(1)
            taken = min(count, len(here) - self._place)
            self._place += taken
            count -= taken

    def text(self) -> str:
        """Return the next text, whose length is two bytes."""
        length, flags = struct.unpack_from("<HB", self._here(3), self._place)
        self._place += 3
        runs = self._number("<H", 2) if flags & 8 else 0
        further = self._number("<I", 4) if flags & 4 else 0
        text = self.characters(length, flags)
        self.skip(runs * 4 + further)
        return text

    def characters(self, length: int, flags: int, skipped: int = 0) -> str:
        """Return ``length`` characters, of one byte or two by the ``flags``, behind ``skipped`` bytes."""
        self._place += skipped
        found: list[str] = []
        while length:
            here = self._parts[self._part]
            size = 2 if flags & 1 else 1
            taken = min(length, (len(here) - self._place) // size)
            data = bytes(here[self._place : self._place + taken * size])
            found.append(data.decode("utf-16-le" if flags & 1 else "latin-1", "surrogatepass"))
            self._place += taken * size
            length -= taken
            if length:  # The text goes on in the next part, which says again how wide its characters are.
                self._next()
                flags = self._here(1)[0]
                self._place = 1
        return _whole("".join(found))

    def _number(self, form: str, size: int) -> int:
        (number,) = struct.unpack_from(form, self._here(size), self._place)
        self._place += size
        return int(number)

    def _here(self, size: int) -> memoryview:
        if self._place >= len(self._parts[self._part]):
            self._next()
        here = self._parts[self._part]
        if self._place + size > len(here):
            raise NotASheet("a text is cut")
        return here

    def _next(self) -> None:
        if self._part + 1 >= len(self._parts):
            raise NotASheet("its texts end too early")
        self._part, self._place = self._part + 1, 0


def _whole(text: str) -> str:
    """Return a text without halves of characters, which nothing could store."""
    if len(text) > MAX_CELL:
        raise TooMuch(f"holds a text with more than {MAX_CELL:,} characters; no cell may be that long")
    return (
        text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if not text.isascii()
        else text
    )
