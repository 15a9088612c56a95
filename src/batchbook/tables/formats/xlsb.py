"""Reader of binary Excel workbooks (XLSB): a library reads the cells, once they were counted and measured here.

As with XLSX, the library never sees the uploaded file but a workbook of our own with the parts that were checked.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, BinaryIO

from python_calamine import CalamineSheet, CalamineWorkbook

from batchbook.tables.errors import (
    MAX_CELL,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    TEXT_TOO_LONG,
    InvalidWorkbook,
    LimitExceeded,
    ReachesTooFar,
    bad_input_for,
    rows_at_once,
    sheet_too_large_message,
)
from batchbook.tables.formats import Block, MergedRange, OpenedFile
from batchbook.tables.formats.archive import PACKAGE, Archive, feed_xml
from batchbook.tables.formats.biff import ERRORS
from batchbook.tables.formats.cell_values import ColumnTexts, SheetFindings, percent_text
from batchbook.tables.formats.far_cells import FarCells
from batchbook.tables.formats.sheet_xml import PERCENT_FORMATS, is_percent, leading_zeros_shown
from batchbook.tables.layout.sheets import choose_sheet
from batchbook.tables.report import Note, Reading

_WHAT = "a binary Excel workbook"
_BOOK, _RELATIONS, _TEXTS, _STYLES = (
    "xl/workbook.bin", "xl/_rels/workbook.bin.rels", "xl/sharedStrings.bin", "xl/styles.bin",
)  # fmt: skip
# The kinds of records; [MS-XLSB] 2.3.2. Those of cells are 1 to 11, of which 3 and 11 are errors, and from 8 on formulas.
_ROW, _CELLS, _BLANK, _ERROR, _INLINE, _SHARED, _FORMULA_TEXT, _FORMULA_ERROR = (
    0, range(1, 12), 1, 3, 6, 7, 8, 11,
)  # fmt: skip
_TEXT, _FORMAT, _STYLE, _COLUMN, _SHEET, _MERGED, _STYLES_BEGIN, _STYLES_END = (
    19, 44, 47, 60, 156, 176, 617, 618,
)  # fmt: skip
_HIDDEN_ROW = 0x10
# The largest part, in bytes: each is held in memory.
_LARGEST_PART = 64 * 1024 * 1024

_Cell = tuple[int, str]


def records(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yield the kind and the data of each record; raise :class:`InvalidWorkbook` where the last one is cut."""
    view, place, size = memoryview(data), 0, len(data)
    while place < size:
        kind = data[place]
        place += 1
        if kind & 0x80 and place < size:
            kind = kind & 0x7F | (data[place] & 0x7F) << 7
            place += 1
        length = shift = 0
        for _ in range(4):
            if place >= size:
                raise InvalidWorkbook("its end is missing")
            byte = data[place]
            place += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        if place + length > size:
            raise InvalidWorkbook("its end is missing")
        yield kind, view[place : place + length]
        place += length


def _wide_text(data: memoryview, start: int) -> tuple[str, int]:
    """Return the text at ``start`` that begins with its length, and where it ends."""
    (length,) = struct.unpack_from("<I", data, start)
    end = start + 4 + length * 2
    if length > MAX_CELL or end > len(data):
        raise InvalidWorkbook("a text is cut")
    return bytes(data[start + 4 : end]).decode("utf-16-le", "replace"), end


@dataclass
class _SheetScan:
    """The findings in the records of a sheet: its extent, and the cells that its values alone do not show."""

    findings: SheetFindings = field(default_factory=SheetFindings)
    shown: dict[int, list[_Cell]] = field(default_factory=dict)
    rows: int = 0
    columns: int = 0


class XlsbWorkbook:
    """The sheets of the workbook in ``file``.

    Raises the errors of :func:`~batchbook.tables.errors.bad_input_for`, which makes sentences of them.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._archive = Archive(file)
        self._parts = {
            path: self._part(path) for path in (_BOOK, _RELATIONS, _TEXTS, _STYLES) if path in self._archive
        }
        targets: dict[str, str] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                targets[attributes["Id"]] = posixpath.normpath(
                    posixpath.join("/xl", attributes["Target"])
                ).lstrip("/")

        feed_xml([self._parts[_RELATIONS]], PACKAGE, start)
        #: The name of each sheet, its path, and whether people see it.
        self.sheets: list[tuple[str, str, bool]] = []
        for kind, data in records(self._parts[_BOOK]):
            if kind == _SHEET:
                relation, end = _wide_text(data, 8)
                path = targets.get(relation, "")
                if path in self._archive and "/worksheets/" in f"/{path}".lower():
                    self.sheets.append((_wide_text(data, end)[0], path, not data[0]))
        if not self.sheets:
            raise InvalidWorkbook("it has no sheet")
        self._lengths = self._text_lengths()
        self._percent, self._zeros = self._styles()

    def load(self, place: int) -> tuple[CalamineSheet, _SheetScan]:
        """Return the cells of the sheet at ``place``, and what was found in its records."""
        name, path, _ = self.sheets[place]
        data = self._part(path)
        try:
            scan = self._scan(data)
        except ReachesTooFar:
            far = self._far_cells(data)
            rows, columns = far.table()
            if not rows:
                raise
            data = _cells_within(data, rows, columns)
            scan = self._scan(data)
            scan.findings.far = far.note()
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as written:
            for part, content in {**self._parts, path: data}.items():
                written.writestr(part, content)
        copy.seek(0)
        return CalamineWorkbook.from_filelike(copy).get_sheet_by_name(name), scan

    def _part(self, path: str) -> bytes:
        held, size = list[bytes](), 0
        for piece in self._archive.pieces(path):
            size += len(piece)
            if size > _LARGEST_PART:
                raise LimitExceeded(f"has a part that unpacks to more than {_LARGEST_PART // 2**20} MB")
            held.append(piece)
        return b"".join(held)

    def _text_lengths(self) -> list[int]:
        lengths: list[int] = [struct.unpack_from("<I", data, 1)[0] for _, data in self._texts()]
        if max(lengths, default=0) > MAX_CELL:
            raise LimitExceeded(TEXT_TOO_LONG)
        return lengths

    def _styles(self) -> tuple[frozenset[int], dict[int, int]]:
        """Return the styles that show percentages, and those that show zeros in front with the width, by number."""
        codes: dict[int, str] = {}
        formats: list[int] = []
        inside = False
        for kind, data in records(self._parts.get(_STYLES, b"")):
            if kind == _FORMAT:
                codes[struct.unpack_from("<H", data)[0]] = _wide_text(data, 2)[0]
            elif kind in (_STYLES_BEGIN, _STYLES_END):
                inside = kind == _STYLES_BEGIN
            elif kind == _STYLE and inside:
                formats.append(struct.unpack_from("<H", data, 2)[0])
        known = {int(number) for number in PERCENT_FORMATS}
        percent = {
            n
            for n, code in enumerate(formats)
            if (is_percent(codes[code]) if code in codes else code in known)
        }
        zeros = {
            n: width for n, code in enumerate(formats) if (width := leading_zeros_shown(codes.get(code, "")))
        }
        return frozenset(percent), zeros

    def _scan(self, data: bytes) -> _SheetScan:
        scan, row, cells, text = _SheetScan(), 0, 0, 0
        for kind, record in records(data):
            if kind == _ROW:
                row = struct.unpack_from("<I", record)[0] + 1
                if len(record) > 11 and record[11] & _HIDDEN_ROW:
                    scan.findings.hide_rows(row, row)
            elif kind in _CELLS:
                column, style = struct.unpack_from("<II", record)
                cells += 1
                scan.rows, scan.columns = max(scan.rows, row), max(scan.columns, column + 1)
                self._note_cell(scan, kind, record, row, column, style & 0xFFFFFF)
                text += self._text_length(kind, record)
                if cells > MAX_CELLS or text > MAX_TEXT:
                    raise LimitExceeded(
                        f"has more than {MAX_CELLS:,} cells, or more than {MAX_TEXT:,} characters in them"
                    )
            elif kind == _MERGED:
                top, bottom, left, right = struct.unpack_from("<IIII", record)
                scan.findings.merge(MergedRange(top + 1, bottom + 1, left, right))
            elif kind == _COLUMN and len(record) > 16 and record[16] & 1:
                scan.findings.hide_columns(*struct.unpack_from("<II", record))
        if scan.rows > MAX_ROWS or scan.columns > MAX_COLUMNS or scan.rows * scan.columns > MAX_CELLS:
            raise ReachesTooFar(sheet_too_large_message(scan.rows, scan.columns))
        return scan

    def _far_cells(self, data: bytes) -> FarCells:
        found, row = FarCells(), 0
        blank = {
            number for number, (_, text) in enumerate(self._texts()) if not _wide_text(text, 1)[0].strip()
        }
        for kind, record in records(data):
            if kind == _ROW:
                row = struct.unpack_from("<I", record)[0] + 1
            elif kind in _CELLS and kind != _BLANK:
                is_blank = (kind == _SHARED and struct.unpack_from("<I", record, 8)[0] in blank) or (
                    kind in (_INLINE, _FORMULA_TEXT) and not _wide_text(record, 8)[0].strip()
                )
                if not is_blank:
                    found.add(row, struct.unpack_from("<I", record)[0] + 1)
        return found

    def _texts(self) -> Iterator[tuple[int, memoryview]]:
        return (record for record in records(self._parts.get(_TEXTS, b"")) if record[0] == _TEXT)

    def _text_length(self, kind: int, record: memoryview) -> int:
        if kind == _SHARED:
            return self._lengths[int(struct.unpack_from("<I", record, 8)[0])]
        return len(_wide_text(record, 8)[0]) if kind in (_INLINE, _FORMULA_TEXT) else 0

    def _note_cell(
        self, scan: _SheetScan, kind: int, record: memoryview, row: int, column: int, style: int
    ) -> None:
        scan.findings.formulas += kind >= _FORMULA_TEXT
        if kind in (_ERROR, _FORMULA_ERROR):
            scan.findings.add_error(row)
            scan.shown.setdefault(row, []).append((column, ERRORS.get(record[8], "#N/A")))
        elif style in self._percent:
            scan.shown.setdefault(row, []).append((column, "%"))
        elif style in self._zeros:
            scan.shown.setdefault(row, []).append((column, "0" * self._zeros[style]))


def _cells_within(data: bytes, rows: int, columns: int) -> bytes:
    """Return the records of a sheet without the cells behind this last row and column."""
    kept, row = list[bytes](), 0
    for kind, record in records(data):
        if kind == _ROW:
            row = struct.unpack_from("<I", record)[0] + 1
        if row > rows and kind in (_ROW, *_CELLS):
            continue
        if kind not in _CELLS or struct.unpack_from("<I", record)[0] < columns:
            kept.append(_record(kind, record))
    return b"".join(kept)


def _record(kind: int, data: memoryview) -> bytes:
    """Return a record as it is written, for a sheet without the cells outside of its table."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    for shift in (0, 7, 14, 21):
        rest = size >> shift
        head += bytes([rest & 0x7F | (0x80 if rest > 0x7F else 0)])
        if rest <= 0x7F:
            break
    return head + data


def open_xlsb(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
    """Return one sheet of ``file``, called ``name``, opened for reading; ``expected`` are headings that it may have.

    Raises ``BadInput`` for a file that is no workbook, unpacks to too much, or reaches too far.
    """
    with bad_input_for(name, _WHAT):
        book = XlsbWorkbook(file)
        sheets = [(title, visible) for title, _, visible in book.sheets]
        chosen = choose_sheet(
            name, sheets, lambda place: XlsbRows(name, *book.load(place)), requested.sheet, expected
        )
    reading = replace(requested, format="xlsb", encoding="", delimiter="", sheet=chosen.name)
    return OpenedFile(chosen.rows, reading, chosen.rows.height, sheets=chosen.reports, notes=chosen.notes)


class XlsbRows:
    """The rows of a sheet that was read."""

    def __init__(self, name: str, cells: CalamineSheet, scan: _SheetScan) -> None:
        self._name, self._cells, self._scan = name, cells, scan
        #: The number of its last row.
        self.height = scan.rows
        self._texts = ColumnTexts()

    @property
    def hidden_rows(self) -> Collection[int]:
        """The numbers of the rows that are hidden."""
        return self._scan.findings.hidden_rows

    @property
    def merged(self) -> Sequence[MergedRange]:
        """The ranges of merged cells, as far as they were read."""
        return self._scan.findings.merged

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield the rows in blocks of at most ``size``; empty blocks are left out."""
        rows, first = self._cells.iter_rows(), 1
        self._texts = ColumnTexts()
        while values := list(islice(rows, rows_at_once(size, self._scan.columns))):
            for number in range(first, first + len(values)):
                if shown := self._scan.shown.get(number):
                    _show(values[number - first], shown)
            if any(map(any, values)):
                with bad_input_for(self._name, _WHAT):
                    yield Block(first, self._texts.rows(first, values))
            first += len(values)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes about the sheet."""
        return replace(self._scan.findings, long=self._texts.long).notes()


def _show(values: list[Any], shown: list[_Cell]) -> None:
    """Put the texts that cells show in place of their values: errors, percentages, numbers with zeros in front."""
    for column, how in shown:
        value = values[column]
        if how == "%":
            values[column] = percent_text(value) if isinstance(value, float) else value
        elif not how.strip("0"):
            plain = isinstance(value, float) and value.is_integer() and value >= 0
            values[column] = str(int(value)).rjust(len(how), "0") if plain else value
        else:
            values[column] = how
