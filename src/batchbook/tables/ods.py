"""Reading a sheet of an OpenDocument spreadsheet, row by row: a few bytes may say that a row repeats a million times.

Rules: OpenDocument 1.3, part 3, "Spreadsheet documents" and "White space processing".
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from batchbook.tables.archive import Archive, TooMuch
from batchbook.tables.choices import Reading
from batchbook.tables.extent import NotASheet, feed_xml, parsed_xml
from batchbook.tables.namespaces import OPENDOCUMENT
from batchbook.tables.odscells import CellReader, repeated
from batchbook.tables.refusals import in_sentences, too_far
from batchbook.tables.report import Note
from batchbook.tables.rows import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Block, Opened
from batchbook.tables.sheetnotes import errors_note, formulas_note, merged_note, zeros_note
from batchbook.tables.sheets import choose_sheet
from batchbook.tables.texts import MAX_TEXT

_WHAT, _CONTENT = "an OpenDocument spreadsheet", "content.xml"
_TABLE = re.compile(rb"<table:table\s[^<>]*?\btable:name\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_HELD_BACK = 2_000
# Which prefix stands for tables, and for what else the usual one stands.
_TABLES = next(name for name, prefix in OPENDOCUMENT.items() if prefix == "table:").encode()
_DECLARED = re.compile(rb"""\sxmlns(?::table\s*=\s*["']([^"']*)|(?::[\w.-]+)?\s*=\s*["']%s)""" % _TABLES)
_LONGEST_DECLARED = 100


def open_ods(name: str, file: BinaryIO, said: Reading, expected: Collection[str]) -> Opened:
    """Return the rows of one sheet of ``file``, called ``name``; ``expected`` are headings that it may have.

    Raises ``BadInput`` for what is no spreadsheet, and unpacks to too much, also while the rows are read.
    """
    with in_sentences(name, _WHAT):
        titles = _titles(Archive(file))
        if not titles:
            raise NotASheet("it has no sheet")
        sheets = [(title, True) for title in titles]
        chosen = choose_sheet(name, sheets, lambda place: OdsRows(name, file, place), said.sheet, expected)
    reading = replace(said, format="ods", encoding="", delimiter="", sheet=chosen.name)
    return Opened(chosen.rows, reading, None, sheets=chosen.reports, notes=chosen.notes)


class OdsRows:
    """The rows of the sheet at a place."""

    #: How many rows there are is known only when all were read.
    height: int | None = None

    def __init__(self, name: str, file: BinaryIO, place: int) -> None:
        self._name, self._file, self._place = name, file, place
        self._found = CellReader()

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows with something in them, in blocks of at most ``size``."""
        with in_sentences(self._name, _WHAT):
            yield from _in_blocks(_limited(self._rows()), size)

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed while rows were read."""
        found = self._found
        notes = [merged_note(found.merged)] if found.merged else []
        notes += [formulas_note(found.formulas)] if found.formulas else []
        notes += [errors_note(found.errors, found.error_rows)] if found.errors else []
        notes += [zeros_note(found.zeros)] if found.zeros else []
        return (*notes, *found.long.notes())

    def _rows(self) -> Iterator[RepeatedRow]:
        reader = _TableReader(self._place)
        self._found = reader.cells
        pieces = Archive(self._file).pieces(_CONTENT)
        for _ in parsed_xml(pieces, OPENDOCUMENT, reader.start, reader.end, reader.cells.text):
            yield from reader.taken()
            if reader.is_done:
                return
        yield from reader.taken()


@dataclass(frozen=True)
class RepeatedRow:
    """A row with something in it: its number, how often it stands below itself, and its cells."""

    number: int
    times: int
    cells: Sequence[str]


class _TableReader:
    """Follows the elements of the document to the rows of the table at a place."""

    def __init__(self, place: int) -> None:
        self.cells = CellReader()
        self.is_done = False
        self._tables, self._depth = place + 1, 0
        self._number, self._times = 1, 1
        self._rows: list[RepeatedRow] = []

    def taken(self) -> list[RepeatedRow]:
        """Return the rows that were found since this was asked last."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self._depth += 1
            self._tables -= self._depth == 1
        elif self._tables or self._depth != 1 or self.is_done:
            return
        elif tag == "table:table-row":
            self._times = repeated(attributes, "rows")
            self.cells.begin_row(self._number)
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
                self._rows.append(RepeatedRow(self._number, self._times, cells))
            self._number += self._times
        else:
            self.cells.end(tag)


def _limited(rows: Iterable[RepeatedRow]) -> Iterator[RepeatedRow]:
    """Yield the rows; raise :class:`TooMuch` where they reach too far, or hold too much text."""
    cells, text = 0, 0
    for row in rows:
        last, width = row.number + row.times - 1, len(row.cells)
        cells += row.times * width
        text += row.times * sum(map(len, row.cells))
        if last > MAX_ROWS or width > MAX_COLUMNS or cells > MAX_CELLS:
            raise TooMuch(too_far(last, width))
        if text > MAX_TEXT:
            raise TooMuch(f"repeats its texts so often that its cells hold more than {MAX_TEXT:,} characters")
        yield row


def _in_blocks(rows: Iterable[RepeatedRow], size: int) -> Iterator[Block]:
    first, held = 1, list[Sequence[str]]()
    for row in rows:
        if held and row.number != first + len(held):
            yield Block(first, held)
            held = []
        for number in range(row.number, row.number + row.times):
            first = first if held else number
            held.append(row.cells)
            if len(held) == size:
                yield Block(first, held)
                held = []
    if held:
        yield Block(first, held)


def _titles(archive: Archive) -> list[str]:
    """Return the names of all sheets: found without following the document where its prefixes are the usual ones."""
    titles: list[str] = []
    rest, is_usual = b"", True
    for number, piece in enumerate(archive.pieces(_CONTENT)):
        data = rest + piece
        found = _DECLARED.findall(data, max(0, len(rest) - _LONGEST_DECLARED))
        is_usual = is_usual and (found == [_TABLES] if not number else not found)
        end = 0
        for match in _TABLE.finditer(data):
            end = match.end()
            titles.append(html.unescape((match[1] or match[2] or b"").decode("utf-8", "replace")))
        rest = data[max(end, len(data) - _HELD_BACK) :]
    return titles if is_usual else _titles_followed(archive.pieces_again(_CONTENT))


def _titles_followed(pieces: Iterable[bytes]) -> list[str]:
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
