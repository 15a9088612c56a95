"""What an old Excel workbook keeps for all of its sheets: their names, the texts, and the formats of numbers."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from batchbook.tables import biff
from batchbook.tables.styles import zeros_of

# The numbers of the formats that every program knows as days or times; [MS-XLS] 2.4.126.
_KNOWN_DAYS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.I)


@dataclass(frozen=True)
class XlsSheet:
    """A worksheet: its name, where it begins, and whether people see it."""

    name: str
    start: int
    visible: bool


@dataclass
class Globals:
    """What all sheets need. ``days`` and ``zeros`` are about the formats of cells, by number."""

    sheets: list[XlsSheet] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    zeros: dict[int, int] = field(default_factory=dict)
    from_1904: bool = False
    is_protected: bool = False


def read_globals(stream: memoryview) -> Globals:
    """Return what the stream of a workbook says for all of its sheets."""
    found = Globals()
    codes: dict[int, str] = {}
    formats: list[int] = []
    for record in biff.records(stream, 0):
        data = record.data
        if record.kind == biff.FILEPASS:
            found.is_protected = True
            return found
        if record.kind == biff.DATEMODE:
            found.from_1904 = data[0] == 1
        elif record.kind == biff.FORMAT:
            codes[struct.unpack_from("<H", data)[0]] = biff.Texts([data[2:]]).text()
        elif record.kind == biff.XF:
            formats.append(struct.unpack_from("<H", data, 2)[0])
        elif record.kind == biff.BOUNDSHEET:
            _add_sheet(found, data)
        elif record.kind == biff.SST:
            _add_texts(found, stream, record)
    _sort_formats(found, codes, formats)
    return found


def _add_sheet(found: Globals, data: memoryview) -> None:
    start, hidden, kind = struct.unpack_from("<IBB", data)
    if kind == 0:  # Others are charts and macros.
        found.sheets.append(XlsSheet(biff.short_text(data, 6), start, not hidden & 3))


def _add_texts(found: Globals, stream: memoryview, record: biff.Record) -> None:
    (count,) = struct.unpack_from("<I", record.data, 4)
    texts = biff.Texts(biff.continued(stream, record))
    texts.skip(8)
    found.texts = texts.all(count)


def _sort_formats(found: Globals, codes: dict[int, str], formats: list[int]) -> None:
    for number, code in enumerate(formats):
        text = codes.get(code, "")
        if code in _KNOWN_DAYS if not text else _is_day(text):
            found.days.add(number)
        elif zeros_of(text):
            found.zeros[number] = zeros_of(text)


def _is_day(code: str) -> bool:
    return any(mark in _NO_CODE.sub("", code.split(";")[0]).lower() for mark in "dmyhs")
