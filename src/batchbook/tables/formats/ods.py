"""Reader of OpenDocument spreadsheets, row by row, in which a few bytes may repeat a row a million times."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import BinaryIO

from batchbook.tables.errors import (
    MAX_CELL,
    MAX_COLUMNS,
    InvalidWorkbook,
    LimitExceeded,
    SheetSize,
    bad_input_for,
    cell_too_long_message,
    sheet_too_large_message,
)
from batchbook.tables.formats import Block, NumberedRow, OpenedFile, blocks_of
from batchbook.tables.formats.archive import OPENDOCUMENT, Archive, feed_xml, parsed_xml, without_long_texts
from batchbook.tables.formats.cell_values import SheetFindings, duration_text, number_text, percent_text
from batchbook.tables.layout.sheets import choose_sheet
from batchbook.tables.layout.text_scan import file_pieces
from batchbook.tables.report import Note, Reading

_BLANKS = re.compile(r"[ \t\r\n]+")
_TIME = re.compile(r"(-)?PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})(?:[.,](\d{1,9}))?S)?")
_DIGITS = re.compile(r"0[0-9]{1,20}")
# A comment on a cell is not part of its text.
_ASIDE = "office:annotation"
_CELLS = frozenset(["table:table-cell", "table:covered-table-cell"])
_BLANK_ELEMENTS = frozenset(["text:s", "text:tab", "text:line-break"])
_HIDDEN = ("collapse", "filter")
_NUMBERS = ("float", "currency", "percentage")


class OdsCellReader:
    """Collector of the cells of a row from the elements of the document; it counts formulas, errors and the like."""

    def __init__(self) -> None:
        #: Counts of what was noticed in the cells.
        self.findings = SheetFindings()
        self._row, self._cells, self._empty = 0, list[str](), 0
        self._attributes: dict[str, str] | None = None
        self._paragraphs: list[list[str]] = []
        self._length, self._aside, self._in_paragraph, self._after_blank = 0, 0, 0, True

    def begin_row(self, number: int) -> None:
        """Begin the row with the number ``number``."""
        self._row, self._cells, self._empty = number, [], 0

    def end_row(self) -> Sequence[str]:
        """Return the cells of the row, up to the last one that is not empty."""
        return tuple(self._cells)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element within a row."""
        if tag in _CELLS:
            self._attributes, self._paragraphs, self._length = attributes, [], 0
        elif tag == _ASIDE:
            self._aside += 1
        elif self._attributes is None or self._aside:
            return
        elif tag == "text:p":
            self._paragraphs.append([])
            self._in_paragraph += 1
            self._after_blank = True
        elif self._in_paragraph and tag in _BLANK_ELEMENTS:
            self._blank(tag, attributes)
            self._after_blank = False

    def end(self, tag: str) -> None:
        """Take the end of an element within a row."""
        if tag in _CELLS:
            self._end_cell()
        elif tag == _ASIDE:
            self._aside -= 1
        elif tag == "text:p" and self._in_paragraph and not self._aside:
            self._in_paragraph -= 1

    def text(self, part: str) -> None:
        """Take a part of a text."""
        if self._in_paragraph and not self._aside:
            text = _BLANKS.sub(" ", part)
            # One of several blanks counts, and none at the start: those that are meant have elements of their own.
            self._add(text.removeprefix(" ") if self._after_blank else text)
            self._after_blank = text.endswith(" ")

    def _blank(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "text:s":
            count = attributes.get("text:c", "1")
            self._add(" " * (int(count) if count.isdigit() and len(count) < 8 else 1))
        else:
            self._add("\t" if tag == "text:tab" else "\n")

    def _add(self, text: str) -> None:
        self._length += len(text)
        if self._length > MAX_CELL:
            raise LimitExceeded(cell_too_long_message(self._row))
        if text:
            self._paragraphs[-1].append(text)

    def _end_cell(self) -> None:
        attributes, self._attributes = self._attributes or {}, None
        times = repeat_count(attributes, "columns")
        text = self._value(attributes)
        if not text:
            self._empty += times
            return
        if len(self._cells) + self._empty + times > MAX_COLUMNS:
            raise LimitExceeded(sheet_too_large_message(self._row, len(self._cells) + self._empty + times))
        self._cells += [*[""] * self._empty, *[text] * times]
        self._empty = 0

    def _value(self, attributes: dict[str, str]) -> str:
        displayed = "\n".join(map("".join, self._paragraphs))
        kind = attributes.get("office:value-type", "")
        if not kind and not displayed:
            return ""
        self._count(attributes)
        if kind in _NUMBERS:
            return self._number(attributes.get("office:value", ""), displayed, kind)
        if kind == "date":
            return attributes.get("office:date-value", displayed)
        if kind == "time":
            return _time(attributes.get("office:time-value", "")) or displayed
        if kind == "boolean":
            return attributes.get("office:boolean-value", displayed)
        return displayed if self._paragraphs else attributes.get("office:string-value", "")[: MAX_CELL + 1]

    def _number(self, value: str, displayed: str, kind: str) -> str:
        try:
            number = float(value)
        except ValueError:
            raise InvalidWorkbook(f"{value[:40]!r} is no number") from None
        self.findings.long.look(self._row, [number])
        if kind == "percentage":
            return percent_text(number) or displayed
        if _DIGITS.fullmatch(displayed) and float(displayed) == number:
            self.findings.zeros += 1
            return displayed
        return number_text(number) if abs(number) < float("inf") else displayed

    def _count(self, attributes: dict[str, str]) -> None:
        self.findings.formulas += "table:formula" in attributes
        if attributes.get("calcext:value-type") == "error":
            self.findings.add_error(self._row)
        spanned = [attributes.get(f"table:number-{unit}-spanned", "1") for unit in ("columns", "rows")]
        if spanned != ["1", "1"]:
            self.findings.merged.append(f"{spanned[0]} by {spanned[1]} cells in row {self._row:,}")


def _time(value: str) -> str:
    """Return a duration such as PT26H30M00S, as which times of a day are stored too; empty for anything else."""
    found = _TIME.fullmatch(value)
    if found is None or not any(found.groups()[1:4]):
        return ""
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:4])
    length = timedelta(hours=hours, minutes=minutes, seconds=float(f"{seconds}.{found[5] or 0}"))
    return duration_text(-length if found[1] else length)


def repeat_count(attributes: dict[str, str], unit: str) -> int:
    """Return the repeat count of a cell or row, whose ``unit`` is columns or rows; raise :class:`InvalidWorkbook` for anything but a number."""
    text = attributes.get(f"table:number-{unit}-repeated", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidWorkbook(f"a cell or row is repeated {text[:40]!r} times")
    return int(text) or 1


_WHAT, _CONTENT = "an OpenDocument spreadsheet", "content.xml"
_TABLE = re.compile(rb"<table:table\s[^<>]*?\btable:name\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_HELD_BACK = 2_000
# The declarations of the prefix for tables, and of the usual prefix for another namespace.
_TABLES = next(name for name, prefix in OPENDOCUMENT.items() if prefix == "table:").encode()
_DECLARED = re.compile(rb"""\sxmlns(?::table\s*=\s*["']([^"']*)|(?::[\w.-]+)?\s*=\s*["']%s)""" % _TABLES)
_LONGEST_DECLARED = 100


def open_ods(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
    """Return one sheet of ``file``, called ``name``, opened for reading; ``expected`` are headings that it may have.

    Raises ``BadInput`` for a file that is no spreadsheet, or unpacks to too much, also while rows are read.
    """
    with bad_input_for(name, _WHAT):
        titles = _sheet_names(lambda: _content(file))
        if not titles:
            raise InvalidWorkbook("it has no sheet")
        sheets = [(title, True) for title in titles]
        chosen = choose_sheet(
            name, sheets, lambda place: OdsRows(name, file, place), requested.sheet, expected
        )
    reading = replace(requested, format="ods", encoding="", delimiter="", sheet=chosen.name)
    return OpenedFile(chosen.rows, reading, None, sheets=chosen.reports, notes=chosen.notes)


class OdsRows:
    """The rows of the sheet at a position."""

    #: The number of rows is known only after all of them were read.
    height: int | None = None

    def __init__(self, name: str, file: BinaryIO, place: int) -> None:
        self._name, self._file, self._place = name, file, place
        self._cells = OdsCellReader()

    @property
    def hidden_rows(self) -> Collection[int]:
        """The numbers of the rows that are hidden, as far as they were read."""
        return self._cells.findings.hidden_rows

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows with something in them, in blocks of at most ``size``."""
        with bad_input_for(self._name, _WHAT):
            yield from blocks_of(self._rows(), size)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes from reading rows so far."""
        return self._cells.findings.notes()

    def _rows(self) -> Iterator[NumberedRow]:
        reader, size = _TableReader(self._place), SheetSize()
        self._cells = reader.cells
        pieces = _content(self._file)
        for _ in chain(parsed_xml(pieces, OPENDOCUMENT, reader.start, reader.end, reader.cells.text), [None]):
            for number, times, cells in reader.take_rows():
                size.add(number, cells, times)
                yield from ((number + further, cells) for further in range(times))
            if reader.is_done:
                return


class _TableReader:
    """A follower of the document's elements to the rows of the table at a position."""

    def __init__(self, place: int) -> None:
        self.cells = OdsCellReader()
        self.is_done = False
        self._tables, self._depth = place + 1, 0
        self._number, self._times, self._columns = 1, 1, 0
        self._rows: list[tuple[int, int, Sequence[str]]] = []

    def take_rows(self) -> list[tuple[int, int, Sequence[str]]]:
        """Return the rows found since the last call: the number of each, how often it repeats, and its cells."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self._depth += 1
            self._tables -= self._depth == 1
        elif self._tables or self._depth != 1 or self.is_done:
            return
        elif tag == "table:table-row":
            self._times = repeat_count(attributes, "rows")
            self.cells.begin_row(self._number)
            if attributes.get("table:visibility") in _HIDDEN:
                self.cells.findings.hide_rows(self._number, self._number + self._times - 1)
        elif tag == "table:table-column":
            count = repeat_count(attributes, "columns")
            if attributes.get("table:visibility") in _HIDDEN and self._columns < MAX_COLUMNS:
                self.cells.findings.hide_columns(self._columns, self._columns + count - 1)
            self._columns += count
        else:
            self.cells.start(tag, attributes)

    def end(self, tag: str) -> None:
        if tag == "table:table":
            self._depth -= 1
            self.is_done = self.is_done or (not self._tables and not self._depth)
        elif self._tables or self._depth != 1 or self.is_done:
            return
        elif tag == "table:table-row":
            cells = self.cells.end_row()
            if cells:
                self._rows.append((self._number, self._times, cells))
            self._number += self._times
        else:
            self.cells.end(tag)


def _content(file: BinaryIO) -> Iterator[bytes]:
    """Return the content of a spreadsheet in pieces: of the archive, or of a document in one file (FODS)."""
    file.seek(0)
    return Archive(file).pieces(_CONTENT) if file.read(2) == b"PK" else without_long_texts(file_pieces(file))


def _sheet_names(content: Callable[[], Iterator[bytes]]) -> list[str]:
    """Return the names of all sheets: by a search where the document's prefixes are the usual ones, else by parsing it."""
    titles: list[str] = []
    rest, is_usual = b"", True
    for number, piece in enumerate(content()):
        data = rest + piece
        found = _DECLARED.findall(data, max(0, len(rest) - _LONGEST_DECLARED))
        is_usual = is_usual and (found == [_TABLES] if not number else not found)
        end = 0
        for match in _TABLE.finditer(data):
            end = match.end()
            titles.append(html.unescape((match[1] or match[2] or b"").decode("utf-8", "replace")))
        rest = data[max(end, len(data) - _HELD_BACK) :]
    return titles if is_usual else _sheet_names_by_parsing(content())


def _sheet_names_by_parsing(pieces: Iterable[bytes]) -> list[str]:
    titles, depth = list[str](), 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        if tag == "table:table":
            depth += 1
            if depth == 1:
                titles.append(attributes.get("table:name", ""))

    def end(tag: str) -> None:
        nonlocal depth
        depth -= tag == "table:table"

    feed_xml(pieces, OPENDOCUMENT, start, end)
    return titles
