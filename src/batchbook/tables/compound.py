"""The compound file that old Excel workbooks are, and encrypted new ones: its streams by name.

Rules: Microsoft's [MS-CFB]. Everything in the file may be wrong; a chain of sectors never takes more than there are.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

#: What such a file begins with.
COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

#: How large a file may be, in bytes: all of it is held. A workbook of 65,536 rows takes far less.
MAX_SIZE = 64 * 1024 * 1024

_HEADER, _ENTRY, _IN_HEADER = 512, 128, 109
_LAST_SECTOR = 0xFFFFFFFA  # Larger numbers end a chain, or say that a sector is free.


class NotCompound(Exception):  # noqa: N818 - It becomes a sentence before it leaves this room.
    """What is wrong with the file, as a part of a sentence."""


@dataclass(frozen=True)
class _Stream:
    start: int
    size: int


class Compound:
    """The streams of the compound file in ``file``, by their names in lower case.

    Raises :class:`NotCompound` for what is damaged, and for what is too large.
    """

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._data = file.read(MAX_SIZE + 1)
        if len(self._data) > MAX_SIZE:
            raise NotCompound(f"it has more than {MAX_SIZE // 2**20} MB")
        try:
            self._read_header()
            self._streams = dict(self._entries())
        except struct.error:
            raise NotCompound("its end is missing") from None

    @property
    def names(self) -> frozenset[str]:
        """The names of the streams, in lower case."""
        return frozenset(self._streams)

    def stream(self, name: str) -> bytes:
        """Return the stream called ``name``; raise :class:`NotCompound` where there is none, or a part of it."""
        found = self._streams.get(name)
        if found is None:
            raise NotCompound(f"it has no part called {name}")
        if found.size < self._cutoff and name != "root entry":
            data = self._small_stream(found)
        else:
            data = b"".join(map(self._sector, self._chain(found.start, self._fat)))[: found.size]
        if len(data) < found.size:
            raise NotCompound("its end is missing")
        return data

    def _read_header(self) -> None:
        shift, small_shift = struct.unpack_from("<HH", self._data, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise NotCompound("it says nothing that makes sense of its size")
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
            if len(table) > len(self._data):  # Four bytes tell of a sector, which has hundreds.
                raise NotCompound("its table of sectors is longer than the file")
        return table

    def _chain(self, start: int, table: array[int]) -> Iterator[int]:
        number, steps = start, 0
        while number < _LAST_SECTOR:
            steps += 1
            if number >= len(table) or steps > len(table):
                raise NotCompound("its sectors do not follow each other")
            yield number
            number = table[number]

    def _sector(self, number: int) -> bytes:
        start = max(_HEADER, self._size) + number * self._size
        return self._data[start : start + self._size]

    def _whole_sector(self, number: int) -> bytes:
        sector = self._sector(number)
        if len(sector) < self._size:
            raise NotCompound("its end is missing")
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
