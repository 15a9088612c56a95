"""Reader of old Excel workbooks (XLS), row by row."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.errors import (
    MAX_COLUMNS,
    InvalidWorkbook,
    LimitExceeded,
    SheetSize,
    bad_input_for,
    sheet_too_large_message,
)
from batchbook.tables.formats import Block, MergedRange, NumberedRow, OpenedFile, biff, blocks_of
from batchbook.tables.formats.biff import (
    COMPOUND_MAGIC,
    MAX_COMPOUND_FILE,
    WORKBOOK_STREAMS,
    CompoundFile,
)
from batchbook.tables.formats.book_texts import BookTexts, book_texts
from batchbook.tables.formats.cell_values import (
    SheetFindings,
    duration_text,
    number_text,
    percent_text,
)
from batchbook.tables.formats.file_type import password_message
from batchbook.tables.formats.sheet_xml import PERCENT_FORMATS, is_percent, leading_zeros_shown
from batchbook.tables.layout.sheets import choose_sheet
from batchbook.tables.report import Note, Reading

# The numbers of the formats that every program knows as days or times; [MS-XLS] 2.4.126.
_KNOWN_DAYS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_HIDDEN_ROW = 0x20
_KNOWN_DURATION, _DURATION = 46, re.compile(r"\[(?:h+|m+|s+)\]")
_NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.I)


@dataclass(frozen=True)
class XlsSheet:
    """A worksheet: its name, where it begins, and whether people see it."""

    name: str
    start: int
    visible: bool


@dataclass
class XlsGlobals:
    """Data that all sheets share. ``days``, ``durations``, ``percent`` and ``zeros`` are about the formats of cells, by number."""

    decoder: BookTexts
    sheets: list[XlsSheet] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    durations: set[int] = field(default_factory=set)
    percent: set[int] = field(default_factory=set)
    zeros: dict[int, int] = field(default_factory=dict)
    from_1904: bool = False
    is_protected: bool = False


def read_globals(stream: memoryview) -> XlsGlobals:
    """Return the data that a workbook's stream has for all of its sheets."""
    found = XlsGlobals(book_texts(stream))
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
            codes[struct.unpack_from("<H", data)[0]] = found.decoder.code(data[2:])
        elif record.kind == biff.XF:
            formats.append(struct.unpack_from("<H", data, 2)[0])
        elif record.kind == biff.BOUNDSHEET:
            start, hidden, kind = struct.unpack_from("<IBB", data)
            if kind == 0:  # Others are charts and macros.
                found.sheets.append(XlsSheet(found.decoder.name(data, 6), start, not hidden & 3))
        elif record.kind == biff.SST:
            _add_texts(found, stream, record)
    codes.pop(0, None)  # That of numbers as such, which versions in other languages call by another word.
    _sort_formats(found, codes, formats)
    return found


def _add_texts(found: XlsGlobals, stream: memoryview, record: biff.Record) -> None:
    (count,) = struct.unpack_from("<I", record.data, 4)
    texts = biff.BiffTexts(biff.continued(stream, record))
    texts.skip(8)
    found.texts = texts.all(count)


def _sort_formats(found: XlsGlobals, codes: dict[int, str], formats: list[int]) -> None:
    for number, code in enumerate(formats):
        text = codes.get(code, "")
        symbols = _NO_CODE.sub("", text.split(";")[0]).lower()
        if _DURATION.search(symbols) if text else code == _KNOWN_DURATION:
            found.durations.add(number)
        elif any(mark in symbols for mark in "dmyhs") if text else code in _KNOWN_DAYS:
            found.days.add(number)
        elif is_percent(text) if text else str(code) in PERCENT_FORMATS:
            found.percent.add(number)
        elif leading_zeros_shown(text):
            found.zeros[number] = leading_zeros_shown(text)


_Cell = tuple[int, int, str]

# Excel takes 1900 for a leap year, as a program before it did: days before its March come one too late.
_LEAP_DAY = 60
_LAST_DAY = 2_958_465  # The end of the year 9999.
_MILLISECONDS = 86_400_000


class XlsCells:
    """Reader of the cells of a sheet; it counts formulas, errors and the like."""

    def __init__(self, book: XlsGlobals) -> None:
        self._book = book
        #: Counts of what was noticed in the cells.
        self.findings = SheetFindings()

    def found(self, stream: memoryview, start: int) -> Iterator[_Cell]:
        """Yield the row and column, counted from 0, and the text of each cell of the sheet at ``start``."""
        waiting: tuple[int, int] | None = None
        style = 0
        for record in biff.records(stream, start):
            kind, data = record.kind, record.data
            if kind == biff.MULRK:
                yield from self._numbers(data)
            elif kind == biff.STRING and waiting:
                yield (*waiting, self._book.decoder.cell(biff.continued(stream, record), style))
                waiting = None
            elif kind == biff.FORMULA:
                self.findings.formulas += 1
                row, column, style = struct.unpack_from("<HHH", data)
                waiting = (row, column)
                text = self._result(data)
                if text is not None:
                    yield (*waiting, text)
                    waiting = None
            elif kind == biff.ROW and data[12] & _HIDDEN_ROW:
                number = struct.unpack_from("<H", data)[0] + 1
                self.findings.hide_rows(number, number)
            elif kind == biff.COLINFO and data[8] & 1:
                self.findings.hide_columns(*struct.unpack_from("<HH", data))
            elif kind == biff.MERGEDCELLS:
                self.merge(data)
            else:
                yield from self._simple(kind, data)

    def _simple(self, kind: int, data: memoryview) -> Iterator[_Cell]:
        if kind not in (biff.NUMBER, biff.RK, biff.LABELSST, biff.LABEL, biff.RSTRING, biff.BOOLERR):
            return
        row, column, style = struct.unpack_from("<HHH", data)
        if kind == biff.NUMBER:
            yield row, column, self._number(row, style, struct.unpack_from("<d", data, 6)[0])
        elif kind == biff.RK:
            yield row, column, self._number(row, style, biff.rk_number(struct.unpack_from("<I", data, 6)[0]))
        elif kind == biff.LABELSST:
            yield row, column, self._book.texts[struct.unpack_from("<I", data, 6)[0]]
        elif kind == biff.BOOLERR:
            yield row, column, self._error(row, data[6]) if data[7] else _yes_or_no(data[6])
        elif kind == biff.LABEL:
            yield row, column, self._book.decoder.cell([data[6:]], style)
        else:
            yield row, column, self._book.decoder.rich([data[6:]], style)

    def _numbers(self, data: memoryview) -> Iterator[_Cell]:
        row, column = struct.unpack_from("<HH", data)
        for place in range(4, len(data) - 2, 6):
            style, value = struct.unpack_from("<HI", data, place)
            yield row, column + (place - 4) // 6, self._number(row, style, biff.rk_number(value))

    def _result(self, data: memoryview) -> str | None:
        """Return the result of a formula; None where it is a text, which comes in a record of its own."""
        row, _, style = struct.unpack_from("<HHH", data)
        if bytes(data[12:14]) != b"\xff\xff":
            return self._number(row, style, struct.unpack_from("<d", data, 6)[0])
        kind, value = data[6], data[8]
        if kind == 0:
            return None
        return _yes_or_no(value) if kind == 1 else self._error(row, value) if kind == 2 else ""

    def _number(self, row: int, style: int, value: float) -> str:
        if style in self._book.durations and abs(value) <= _LAST_DAY:
            return duration_text(timedelta(days=value))
        if style in self._book.percent:
            return percent_text(value)
        if style in self._book.days:
            day = _day(value, from_1904=self._book.from_1904)
            if day:
                return day
        self.findings.long.look(row + 1, [value])
        # NaN and infinity have no text.
        text = number_text(value) if abs(value) < float("inf") else ""
        width = self._book.zeros.get(style, 0)
        if text.isdigit() and len(text) < width:
            self.findings.zeros += 1
            return text.rjust(width, "0")
        return text

    def _error(self, row: int, code: int) -> str:
        self.findings.add_error(row + 1)
        return biff.ERRORS.get(code, "#N/A")

    def merge(self, data: memoryview) -> None:
        """Note the ranges of merged cells in a record."""
        (count,) = struct.unpack_from("<H", data)
        for place in range(count):
            top, bottom, left, right = struct.unpack_from("<HHHH", data, 2 + place * 8)
            self.findings.merge(MergedRange(top + 1, bottom + 1, left, right))


def _yes_or_no(value: int) -> str:
    return "true" if value else "false"


def _day(value: float, *, from_1904: bool) -> str:
    """Return a date, a date with time, or a time in ISO format; an empty text for a number that is none of them."""
    if not 0 <= value <= _LAST_DAY:
        return ""
    days, part = divmod(value, 1)
    milliseconds = round(part * _MILLISECONDS)
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - A day has no zone.
    if not from_1904 and 0 < days < _LEAP_DAY:
        days += 1
    moment = start + timedelta(days=days, milliseconds=milliseconds)
    if not days and not from_1904:
        return duration_text(timedelta(milliseconds=milliseconds))
    return moment.date().isoformat() if not milliseconds else moment.isoformat()


_WHAT = "an old Excel workbook"


def _stream(file: BinaryIO) -> memoryview:
    file.seek(0)
    if file.read(len(COMPOUND_MAGIC)) != COMPOUND_MAGIC:
        file.seek(0)
        data = file.read(MAX_COMPOUND_FILE + 1)
        if len(data) > MAX_COMPOUND_FILE:
            raise InvalidWorkbook(f"it has more than {MAX_COMPOUND_FILE // 2**20} MB")
        return memoryview(data)
    container = CompoundFile(file)
    return memoryview(container.stream(next(name for name in WORKBOOK_STREAMS if name in container.names)))


def xls_globals(file: BinaryIO) -> XlsGlobals:
    """Return the data that a workbook has for all of its sheets."""
    return read_globals(_stream(file))


def open_xls(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
    """Return one sheet of ``file``, called ``name``, opened for reading; ``expected`` are headings that it may have.

    Raises ``BadInput`` for a file that is no workbook, and for one that a password protects, also while rows are read.
    """
    with bad_input_for(name, _WHAT):
        stream = _stream(file)
        book = read_globals(stream)
        if book.is_protected:
            raise BadInput(password_message(name))
        if not book.sheets:
            raise InvalidWorkbook("it has no sheet")
        sheets = [(sheet.name, sheet.visible) for sheet in book.sheets]
        chosen = choose_sheet(
            name, sheets, lambda place: XlsRows(name, stream, book, place), requested.sheet, expected
        )
    reading = replace(requested, format="xls", encoding="", delimiter="", sheet=chosen.name)
    return OpenedFile(chosen.rows, reading, chosen.rows.height, sheets=chosen.reports, notes=chosen.notes)


class XlsRows:
    """The rows of the sheet at a position."""

    def __init__(self, name: str, stream: memoryview, book: XlsGlobals, place: int) -> None:
        self._name, self._stream, self._book = name, stream, book
        self._start = book.sheets[place].start
        self._cells = XlsCells(book)
        #: The number of its last row, where the sheet states its size.
        self.height = self._height()

    @property
    def hidden_rows(self) -> Collection[int]:
        """The numbers of the rows that are hidden, as far as they were read."""
        return self._cells.findings.hidden_rows

    @cached_property
    def merged(self) -> Sequence[MergedRange]:
        """The ranges of merged cells, which stand behind all cells."""
        found = XlsCells(self._book)
        for record in biff.records(self._stream, self._start):
            if record.kind == biff.MERGEDCELLS:
                found.merge(record.data)
        return found.findings.merged

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows with something in them, in blocks of at most ``size``."""
        with bad_input_for(self._name, _WHAT):
            self._cells = XlsCells(self._book)
            yield from blocks_of(self._rows(), size)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes from reading rows so far."""
        return (*self._cells.findings.notes(), *self._book.decoder.notes())

    def _rows(self) -> Iterator[NumberedRow]:
        """Yield the number and the texts of each row, within limits.

        Raises :class:`~batchbook.tables.errors.InvalidWorkbook` where a row comes in two parts.
        """
        number, row, size = 0, list[str](), SheetSize()
        for at, column, text in self._cells.found(self._stream, self._start):
            if at + 1 != number:
                if row and size.add(number, row):
                    yield number, tuple(row)
                if at + 1 < number:
                    raise InvalidWorkbook(f"row {at + 1:,} stands below row {number:,}")
                number, row = at + 1, []
            if column >= MAX_COLUMNS:
                raise LimitExceeded(sheet_too_large_message(number, column + 1))
            if column >= len(row):
                row.extend([""] * (column + 1 - len(row)))
            row[column] = text
        if row and size.add(number, row):
            yield number, tuple(row)

    def _height(self) -> int | None:
        for record in biff.records(self._stream, self._start):
            if record.kind == biff.DIMENSIONS:
                return min(biff.stated_height(record.data), 65_536)
        return None
