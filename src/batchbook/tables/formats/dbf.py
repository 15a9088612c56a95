"""Reader of database tables of dBase and FoxPro (DBF), row by row.

It is our own: the libraries for it take a file by its name, hold no limits, and assume a code page without a word.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import BinaryIO, NamedTuple

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.errors import (
    MAX_COLUMNS,
    InvalidWorkbook,
    LimitExceeded,
    SheetSize,
    bad_input_for,
    sheet_too_large_message,
)
from batchbook.tables.formats import Block, MergedRange, NumberedRow, OpenedFile, blocks_of
from batchbook.tables.formats.cell_values import cell_text, far_rows_note
from batchbook.tables.layout.encoding import compare_readings, detect_encoding
from batchbook.tables.report import ASSUMED_PAGE, Note, Reading, TextReading
from batchbook.words import counted, quoted_list

_WHAT = "a database table (DBF)"
_HEADER, _FIELD, _END_OF_FIELDS = 32, 32, 0x0D
_DELETED, _END = b"*", b"\x1a"
_ENCODING_SAMPLE, _ROWS_AT_ONCE, _SHOWN = 2_000, 500, 10
# The first byte of files of dBase III and IV, and of Visual FoxPro, whose numbers may be binary.
_FOXPRO = {0x30, 0x31, 0x32}
_VERSIONS = {0x03, 0x43, 0x63, 0x83, 0x8B, 0x8E, 0xCB, 0xF5, 0xFB, *_FOXPRO}
_MEMOS = frozenset("MGPW")
_SYSTEM, _NULLABLE = 1, 2

# The code pages by the mark in the header.
_PAGES: Mapping[int, str] = {
    mark: page
    for page, marks in {
        "cp437": (0x01, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x15, 0x18, 0x19, 0x1B), "cp852": (0x1F, 0x22, 0x23, 0x40, 0x64, 0x87),
        "cp850": (0x02, 0x0A, 0x0E, 0x10, 0x12, 0x14, 0x16, 0x1A, 0x1D, 0x25, 0x37), "cp1252": (0x03, 0x57, 0x58, 0x59),
        "mac_roman": (0x04,), "cp865": (0x08, 0x17, 0x66), "cp932": (0x13, 0x7B), "cp863": (0x1C, 0x6C), "cp860": (0x24,),
        "cp866": (0x26, 0x65), "cp936": (0x4D, 0x7A), "cp949": (0x4E, 0x79), "cp950": (0x4F, 0x78), "cp874": (0x50, 0x7C),
        "cp861": (0x67,), "cp737": (0x6A, 0x86), "cp857": (0x6B, 0x88), "cp1255": (0x7D,), "cp1256": (0x7E,),
        "mac_cyrillic": (0x96,), "mac_latin2": (0x97,), "mac_greek": (0x98,), "cp1250": (0xC8,), "cp1251": (0xC9,),
        "cp1254": (0xCA,), "cp1253": (0xCB,), "cp1257": (0xCC,),
    }.items()
    for mark in marks
}  # fmt: skip


class _Field(NamedTuple):
    name: bytes
    kind: str
    start: int
    length: int
    flags: int


@dataclass(frozen=True)
class DbfHeader:
    """The beginning of a table: its fields, where its rows begin, how many there are, and how long each is."""

    version: int
    rows: int
    start: int
    row_length: int
    mark: int
    fields: tuple[_Field, ...]


def dbf_header(start: bytes) -> DbfHeader | None:
    """Return the header that the first bytes of a file are; None where they are none: the format has no mark of its own."""
    if len(start) < _HEADER + _FIELD or start[0] not in _VERSIONS or start[2] > 12 or start[3] > 31:
        return None
    rows, first, row_length = struct.unpack_from("<IHH", start, 4)
    fields: list[_Field] = []
    at, offset = _HEADER, 1
    while at + _FIELD < min(first, len(start)) and start[at] != _END_OF_FIELDS:
        name, kind = start[at : at + 11].split(b"\x00")[0], chr(start[at + 11])
        if not name.strip() or not re.match(r"[A-Z@+0]", kind):
            return None
        # Texts may be longer than a byte can say.
        length = struct.unpack_from("<H", start, at + 16)[0] if kind == "C" else start[at + 16]
        fields.append(_Field(name, kind, offset, length, start[at + 18]))
        offset += length
        at += _FIELD
    if not fields or offset != row_length or start[at : at + 1] != bytes([_END_OF_FIELDS]):
        return None
    return DbfHeader(start[0], rows, first, row_length, start[29], tuple(fields))


def open_dbf(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
    """Return the table in ``file``, called ``name``, opened for reading; its headings are the names of its fields.

    Raises ``BadInput`` for a table that is damaged or too wide, or that has fields whose values cannot be told.
    """
    del expected
    with bad_input_for(name, _WHAT):
        file.seek(0)
        header = dbf_header(file.read(65_536))
        if header is None:
            raise InvalidWorkbook("its header is damaged")
        size = file.seek(0, 2) - header.start
        if size < header.rows * header.row_length:
            raise InvalidWorkbook("its end is missing")
        _check_fields(name, header)
        file.seek(header.start + header.rows * header.row_length)
        more = file.read(1) not in (_END, b"", b"\x00")
        encoding, notes, readings = _encoding(name, file, header, requested.encoding)
    rows = DbfRows(name, file, header, encoding)
    return OpenedFile(
        rows,
        replace(requested, format="dbf", delimiter=""),
        header.rows + 1,
        notes=(*notes, *_notes(header, more)),
        readings=readings,
    )


def _check_fields(name: str, header: DbfHeader) -> None:
    if len(header.fields) > MAX_COLUMNS:
        raise LimitExceeded(sheet_too_large_message(header.rows + 1, len(header.fields)))
    known = {*"CNFDL0", *_MEMOS, *("IYTB" if header.version in _FOXPRO else "B")}
    unknown = [_plain(field.name) for field in header.fields if field.kind not in known]
    nullable = [
        _plain(field.name)
        for field in header.fields
        if field.flags & _NULLABLE and field.kind in "IYTB" and header.version in _FOXPRO
    ]
    if unknown or nullable:
        why = (
            "is of a type that is not read" if unknown else "may be empty in a way that cannot be told from 0"
        )
        raise BadInput(
            f"“{name}” is {_WHAT} whose column {quoted_list(unknown or nullable)} {why}. Save it as XLSX or CSV in the program"
            " that it belongs to, and upload that."
        )


def _plain(name: bytes) -> str:
    return name.decode("ascii", "replace").strip()


def _notes(header: DbfHeader, more: bool) -> Iterator[Note]:
    if more:
        message = f"The file states {counted(header.rows, 'row', 'rows')}, and holds more behind them, which are not read."
        yield Note("rows-not-stated", message, Severity.WARNING)
    memos = [_plain(field.name) for field in header.fields if _is_memo(field, header)]
    if memos:
        message = (
            f"The memos of {quoted_list(memos)} lie in another file (DBT or FPT), and are left empty. Save the table as XLSX or"
            " CSV if they are needed."
        )
        yield Note("memos", message, Severity.WARNING)


def _is_memo(field: _Field, header: DbfHeader) -> bool:
    return field.kind in _MEMOS or (field.kind == "B" and header.version not in _FOXPRO)


def _encoding(
    name: str, file: BinaryIO, header: DbfHeader, requested: str
) -> tuple[str, tuple[Note, ...], tuple[TextReading, ...]]:
    """Return the encoding of the texts: the one requested or stated, or else a guess, with a note and what others make of them."""
    stated = requested or _PAGES.get(header.mark, "")
    if stated:
        return stated, (), ()
    file.seek(header.start)
    texts = [field for field in header.fields if field.kind == "C"]
    sample = b"\n".join(
        row[field.start : field.start + field.length].rstrip(b" \x00").replace(b"\x00", b" ")
        for row in _stored_rows(file, replace(header, rows=min(header.rows, _ENCODING_SAMPLE)))
        for field in texts
    )
    if sample.isascii():
        return "cp1252", (), ()
    guess = detect_encoding(name, BytesIO(sample))
    readings = () if guess.odd_lines else compare_readings(guess, ",")
    if readings:
        return guess.encoding, guess.notes, readings
    message = (
        f"The table does not state the encoding of its texts. They were read as {guess.encoding}: choose another if they are"
        " wrong."
    )
    return guess.encoding, (Note(ASSUMED_PAGE, message, Severity.WARNING),), ()


def _stored_rows(file: BinaryIO, header: DbfHeader) -> Iterator[bytes]:
    """Yield the bytes of each row, also of those that are marked as deleted."""
    length = header.row_length
    for first in range(0, header.rows, _ROWS_AT_ONCE):
        count = min(_ROWS_AT_ONCE, header.rows - first)
        file.seek(header.start + first * length)
        data = file.read(count * length)
        if len(data) < count * length:
            raise InvalidWorkbook("its end is missing")
        yield from (data[at : at + length] for at in range(0, len(data), length))


class DbfRows:
    """The rows of a table: the names of its fields, and below them each row that is not marked as deleted."""

    hidden_rows: Collection[int] = ()
    merged: tuple[MergedRange, ...] = ()

    def __init__(self, name: str, file: BinaryIO, header: DbfHeader, encoding: str) -> None:
        self._name, self._file, self._header, self._encoding = name, file, header, encoding
        self._fields = tuple(
            field for field in header.fields if field.kind != "0" and not field.flags & _SYSTEM
        )
        self._begin()

    def _begin(self) -> None:
        self._size, self._deleted, self._odd = SheetSize(), 0, list[int]()

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``."""
        with bad_input_for(self._name, _WHAT):
            self._begin()
            yield from blocks_of(self._rows(), size)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes about deleted rows, and about characters that the encoding does not have."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[Note]:
        if self._deleted:
            what = counted(self._deleted, "row is", "rows are")
            yield Note(
                "deleted-rows", f"{what} marked as deleted in the file, and skipped.", Severity.WARNING
            )
        if self._odd:
            message = (
                f"{counted(len(self._odd), 'row has', 'rows have')} characters that {self._encoding} does not know; � stands for"
                " them. Choose the right encoding."
            )
            yield Note("odd-characters", message, Severity.WARNING, rows=tuple(self._odd[:_SHOWN]))
        far = far_rows_note(self._size.far_rows)
        if far:
            yield far

    def _rows(self) -> Iterator[NumberedRow]:
        yield 1, tuple(self._text(field.name) for field in self._fields)
        readers = [(field, self._reader(field)) for field in self._fields]
        number = 1
        for row in _stored_rows(self._file, self._header):
            if row[:1] == _DELETED:
                self._deleted += 1
                continue
            number += 1
            cells = tuple(read(row[field.start : field.start + field.length]) for field, read in readers)
            if any("\ufffd" in cell for cell in cells):
                self._odd.append(number)
            if self._size.add(number, cells):
                yield number, cells

    def _reader(self, field: _Field) -> Callable[[bytes], str]:
        if _is_memo(field, self._header):
            return lambda _value: ""
        return {"C": self._text, **_READERS}[field.kind]

    def _text(self, value: bytes) -> str:
        return value.rstrip(b" \x00").decode(self._encoding, "replace")


def _number(value: bytes) -> str:
    return value.decode("ascii", "replace").strip(" \x00")


def _day(value: bytes) -> str:
    text = _number(value)
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return "" if text.strip("0") == "" else text


def _logical(value: bytes) -> str:
    return {b"T": "true", b"Y": "true", b"F": "false", b"N": "false"}.get(value.upper(), "")


def _moment(value: bytes) -> str:
    """Return a day, counted as astronomers do, and the time in milliseconds."""
    day, milliseconds = struct.unpack("<ii", value)
    if not day:
        return ""
    moment = datetime.combine(date.fromordinal(day - 1_721_425), datetime.min.time())
    moment += timedelta(milliseconds=milliseconds)
    return moment.isoformat() if milliseconds else moment.date().isoformat()


_READERS: Mapping[str, Callable[[bytes], str]] = {
    "N": _number,
    "F": _number,
    "D": _day,
    "L": _logical,
    "I": lambda value: str(struct.unpack("<i", value)[0]),
    "Y": lambda value: format(Decimal(struct.unpack("<q", value)[0]).scaleb(-4), "f"),
    "T": _moment,
    "B": lambda value: cell_text(struct.unpack("<d", value)[0]),
}
