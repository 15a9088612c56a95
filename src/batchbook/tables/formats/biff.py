"""Container and records of old Excel workbooks: compound files, and the records of BIFF8 and BIFF5."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from batchbook.tables.errors import (
    MAX_CELL,
    TEXT_TOO_LONG,
    InvalidCompoundFile,
    InvalidWorkbook,
    LimitExceeded,
)

#: The first bytes of such a file.
COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

#: The streams that a workbook may be: that of Excel 97 and later, and that of Excel 5 and 95; some files have both.
WORKBOOK_STREAMS = ("workbook", "book")

#: The largest file, in bytes: all of it is held in memory. A workbook of 65,536 rows takes far less.
MAX_COMPOUND_FILE = 64 * 1024 * 1024

_HEADER, _ENTRY, _IN_HEADER = 512, 128, 109
_LAST_SECTOR = 0xFFFFFFFA  # Larger numbers end a chain, or mark a free sector.


@dataclass(frozen=True)
class _Stream:
    start: int
    size: int


class CompoundFile:
    """The streams of the compound file in ``file``, by their names in lower case.

    Raises :class:`InvalidCompoundFile` for a damaged or too large file.
    """

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._data = file.read(MAX_COMPOUND_FILE + 1)
        if len(self._data) > MAX_COMPOUND_FILE:
            raise InvalidCompoundFile(f"it has more than {MAX_COMPOUND_FILE // 2**20} MB")
        try:
            self._read_header()
            self._streams = dict(self._entries())
        except struct.error:
            raise InvalidCompoundFile("its end is missing") from None

    @property
    def names(self) -> frozenset[str]:
        """The names of the streams, in lower case."""
        return frozenset(self._streams)

    def stream(self, name: str) -> bytes:
        """Return the stream called ``name``; raise :class:`InvalidCompoundFile` where there is none, or a part of it."""
        found = self._streams.get(name)
        if found is None:
            raise InvalidCompoundFile(f"it has no part called {name}")
        if found.size < self._cutoff and name != "root entry":
            data = self._small_stream(found)
        else:
            data = b"".join(map(self._sector, self._chain(found.start, self._fat)))[: found.size]
        if len(data) < found.size:
            raise InvalidCompoundFile("its end is missing")
        return data

    def _read_header(self) -> None:
        shift, small_shift = struct.unpack_from("<HH", self._data, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise InvalidCompoundFile("its header has no valid size of sectors")
        self._size = 1 << shift
        self._directory, self._cutoff, small_fat = struct.unpack_from("<I4xII", self._data, 48)
        self._fat = self._table(self._fat_sectors())
        self._small_fat = self._table(self._chain(small_fat, self._fat))
        self._small: bytes | None = None

    def _fat_sectors(self) -> Iterator[int]:
        """Yield the sectors that hold the table of sectors: some are listed in the header, others behind it."""
        next_list, _count = struct.unpack_from("<II", self._data, 68)
        yield from struct.unpack_from(f"<{_IN_HEADER}I", self._data, 76)
        seen = 0
        while next_list < _LAST_SECTOR and seen * self._size <= len(self._data):
            seen += 1
            *sectors, next_list = struct.unpack(f"<{self._size // 4}I", self._whole_sector(next_list))
            yield from sectors

    def _table(self, sectors: Iterator[int]) -> array[int]:
        table: array[int] = array("I")
        for number in sectors:
            if number < _LAST_SECTOR:
                table.frombytes(self._whole_sector(number))
            if len(table) > len(self._data):  # An entry has four bytes, and its sector hundreds.
                raise InvalidCompoundFile("its table of sectors is longer than the file")
        return table

    def _chain(self, start: int, table: array[int]) -> Iterator[int]:
        number, steps = start, 0
        while number < _LAST_SECTOR:
            steps += 1
            if number >= len(table) or steps > len(table):
                raise InvalidCompoundFile("its sectors do not follow each other")
            yield number
            number = table[number]

    def _sector(self, number: int) -> bytes:
        start = max(_HEADER, self._size) + number * self._size
        return self._data[start : start + self._size]

    def _whole_sector(self, number: int) -> bytes:
        sector = self._sector(number)
        if len(sector) < self._size:
            raise InvalidCompoundFile("its end is missing")
        return sector

    def _small_stream(self, found: _Stream) -> bytes:
        if self._small is None:
            self._small = self.stream("root entry")
        small = self._small
        return b"".join(small[n * 64 : n * 64 + 64] for n in self._chain(found.start, self._small_fat))[
            : found.size
        ]

    def _entries(self) -> Iterator[tuple[str, _Stream]]:
        for number in self._chain(self._directory, self._fat):
            sector = self._sector(number)
            for place in range(0, len(sector) - _ENTRY + 1, _ENTRY):
                length, kind = struct.unpack_from("<HB", sector, place + 64)
                start, size = struct.unpack_from("<II", sector, place + 116)
                name = (
                    sector[place : place + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lower()
                )
                if kind == 5:
                    yield "root entry", _Stream(start, size)
                elif kind == 2:
                    yield name, _Stream(start, size)


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
ROW, COLINFO = 0x0208, 0x007D
FORMULA, STRING, BOOLERR, MERGEDCELLS = 0x0006, 0x0207, 0x0205, 0x00E5

#: The texts of error values.
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}

#: The most texts of a workbook.
MAX_TEXTS = 1_000_000

#: The versions of records that are read: Excel 5 and 95, and Excel 97 and later.
BIFF5, BIFF8 = 0x0500, 0x0600


class Record(NamedTuple):
    """A record: its kind, its data, and where the next one begins."""

    kind: int
    data: memoryview
    end: int


def records(stream: memoryview, start: int) -> Iterator[Record]:
    """Yield the records of one part of ``stream``, from ``start`` to its end; parts within it are passed over.

    Raises :class:`InvalidWorkbook` where there is no such part, or its end is missing.
    """
    depth = 0
    for record in all_records(stream, start):
        if record.kind == BOF:
            depth += 1
            version(record.data)
        elif depth == 0:
            raise InvalidWorkbook("a sheet is not where it should be")
        elif record.kind == EOF:
            depth -= 1
            if depth == 0:
                return
        elif depth == 1:
            yield record
    raise InvalidWorkbook("its end is missing")


def version(begin: memoryview) -> int:
    """Return the version that the data of a BOF record states; raise :class:`InvalidWorkbook` for one that is not read."""
    (stated,) = struct.unpack_from("<H", begin)
    if stated not in (BIFF5, BIFF8):
        raise InvalidWorkbook("it was not written by Excel 5 or a later one")
    return int(stated)


def stated_height(data: memoryview) -> int:
    """Return the number of the last row that a DIMENSIONS record states; BIFF5 has narrower numbers."""
    return int(
        struct.unpack_from("<I", data, 4)[0] if len(data) > 10 else struct.unpack_from("<H", data, 2)[0]
    )


def all_records(stream: memoryview, start: int) -> Iterator[Record]:
    """Yield all records of ``stream`` from ``start`` on, whichever part they belong to."""
    while start + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, start)
        end = start + 4 + length
        yield Record(kind, stream[start + 4 : end], end)
        start = end


def continued(stream: memoryview, record: Record) -> list[memoryview]:
    """Return the data of ``record`` and of those that continue it."""
    parts = [record.data]
    for following in all_records(stream, record.end):
        if following.kind != CONTINUE:
            break
        parts.append(following.data)
    return parts


def rk_number(value: int) -> float:
    """Return the number that the four bytes of an RK value stand for."""
    number: float
    if value & 2:
        number = (value >> 2) - (1 << 30 if value & 0x80000000 else 0)
    else:
        (number,) = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))
    return float(number) / 100 if value & 1 else float(number)


class BiffTexts:
    """Reader of texts from the parts of a record that continues in others, each of which may begin within a text."""

    def __init__(self, parts: list[memoryview]) -> None:
        self._parts, self._part, self._place = parts, 0, 0

    def all(self, count: int) -> list[str]:
        """Return ``count`` texts, or as many as there are."""
        if count > MAX_TEXTS:
            raise LimitExceeded(f"has more than {MAX_TEXTS:,} texts")
        found: list[str] = []
        while len(found) < count and not self._is_at_end:
            found.append(self.text())
        return found

    @property
    def _is_at_end(self) -> bool:
        """Whether no further text begins: programs state more texts than there are."""
        return self._part + 1 >= len(self._parts) and self._place >= len(self._parts[self._part])

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
            if length:  # The text goes on in the next part, which begins with its own flags.
                self._next()
                flags = self._here(1)[0]
                self._place = 1
        return _without_surrogates("".join(found))

    def _number(self, form: str, size: int) -> int:
        (number,) = struct.unpack_from(form, self._here(size), self._place)
        self._place += size
        return int(number)

    def _here(self, size: int) -> memoryview:
        if self._place >= len(self._parts[self._part]):
            self._next()
        here = self._parts[self._part]
        if self._place + size > len(here):
            raise InvalidWorkbook("a text is cut")
        return here

    def _next(self) -> None:
        if self._part + 1 >= len(self._parts):
            raise InvalidWorkbook("its texts end too early")
        self._part, self._place = self._part + 1, 0


def _without_surrogates(text: str) -> str:
    """Return a text without lone surrogates, which nothing could store."""
    if len(text) > MAX_CELL:
        raise LimitExceeded(TEXT_TOO_LONG)
    return (
        text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if not text.isascii()
        else text
    )
