"""Opening an uploaded file as one table: its format, where its table begins, its records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.errors import MAX_COLUMNS, rows_at_once
from batchbook.tables.formats.csv import open_text
from batchbook.tables.formats.file_type import SUFFIXES, detect_file_type
from batchbook.tables.formats.ods import open_ods
from batchbook.tables.formats.sheet_cache import SHEET_CACHE, Opener
from batchbook.tables.formats.xls import open_xls
from batchbook.tables.formats.xlsx import open_xlsx
from batchbook.tables.layout.header_heuristics import find_headings, header_names, heading_notes
from batchbook.tables.normalise import mark_remover
from batchbook.tables.raw_rows import OpenedFile, RecordBuilder, first_rows
from batchbook.tables.report import Chunk, Format, Note, Reading, SheetReport, TextReading
from batchbook.words import quoted_list

_WORKBOOKS: dict[Format, Opener] = {"xlsx": open_xlsx, "xls": open_xls, "ods": open_ods}

#: Everything is guessed.
GUESS_ALL = Reading()


def open_source(
    name: str,
    file: BinaryIO,
    said: Reading = GUESS_ALL,
    expected: Collection[str] = (),
) -> Source:
    """Open ``file``, called ``name``, as a table. What is empty in ``said`` is guessed, as far as structure goes.

    ``expected`` are headings that are known, in lower case: they help to find the delimiter, the sheet and the row with
    the headings. Raises ``BadInput`` for what cannot be read, in a sentence that says what it is and what to do.
    """
    kind, notes = detect_file_type(name, file, said.format)
    opened = _open_file(kind, name, file, said, expected)
    sample = first_rows(opened.rows)
    if not sample:
        raise BadInput(
            f"“{name}” has no rows at all: there is nothing but blanks in it. Nothing was taken from it."
        )
    headings = find_headings(sample, said, expected, ragged=opened.ragged)
    _check_width(name, headings.texts)
    reading = replace(opened.reading, header_row=headings.row, header_rows=headings.rows)
    notes = (*notes, *opened.notes, *headings.notes, *(heading_notes(headings.texts) if headings.row else ()))
    return Source(name, replace(opened, reading=reading, notes=notes), headings.texts)


class Source:
    """A file that is open as a table. Its ``reading`` is complete for the structure."""

    def __init__(self, name: str, opened: OpenedFile, headings: tuple[str, ...]) -> None:
        #: The name of the file.
        self.name = name
        #: The headings as they stand in the file: as many as the table has columns.
        self.headings = headings
        self._opened = opened
        self._blank_rows = 0

    @property
    def reading(self) -> Reading:
        """How the file is read: what was said, and the guesses for the rest."""
        return self._opened.reading

    @property
    def sheets(self) -> tuple[SheetReport, ...]:
        """All sheets of a workbook, in its order; nothing for a text."""
        return self._opened.sheets

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the structure shows; some of it is known only after all was read."""
        return (*self._opened.notes, *self._opened.rows.notes())

    @property
    def readings(self) -> tuple[TextReading, ...]:
        """Some texts of the file in the encodings that it may be in, where that is a guess."""
        return self._opened.readings

    @property
    def expected_rows(self) -> int | None:
        """About how many records there are, for people who wait for them."""
        rows = self._opened.expected_rows
        return None if rows is None else max(0, rows - self._above())

    @property
    def blank_rows(self) -> int:
        """How many blank rows stand between the records; known after all was read."""
        return self._blank_rows

    def chunks(self, size: int = 5_000) -> Iterator[Chunk]:
        """Yield the records from the first on, at most ``size`` at a time, and fewer where that is faster.

        The texts are as they stand in the file. Blank rows and those that are left out are missing. Raises ``BadInput``
        where the file stops being readable.
        """
        return self._chunks(
            RecordBuilder(len(self.headings), self._above(), self.reading.left_out or ()), size
        )

    def ragged_records(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the number and the cells of each record: as many as the file has, not as the table is wide."""
        records = RecordBuilder(len(self.headings), self._above(), self.reading.left_out or (), fitting=False)
        for chunk in self._chunks(records, 5_000):
            yield from zip(chunk.numbers, chunk.records, strict=True)

    def _chunks(self, records: RecordBuilder, size: int) -> Iterator[Chunk]:
        for block in self._opened.rows.blocks(rows_at_once(size, len(self.headings))):
            chunk = records.chunk(block)
            if chunk.numbers:
                yield chunk
        self._blank_rows = records.blank

    def _above(self) -> int:
        """Return how many rows stand above the first record."""
        reading = self.reading
        return (reading.header_row or 0) + max(1, reading.header_rows or 1) - 1 if reading.header_row else 0


def _open_file(
    kind: Format, name: str, file: BinaryIO, said: Reading, expected: Collection[str]
) -> OpenedFile:
    if kind == "csv":  # It is read faster than it could be kept.
        return open_text(name, file, said, expected)
    return SHEET_CACHE.opened(kind, _WORKBOOKS[kind], name, file, said, expected)


def _check_width(name: str, headings: Sequence[str]) -> None:
    if len(headings) > MAX_COLUMNS:
        raise BadInput(
            f"“{name}” has {len(headings):,} columns, and a table may have {MAX_COLUMNS:,} at most here. Remove columns"
            " that are not needed."
        )


@dataclass(frozen=True)
class Table:
    """The names in a table's header row, and an iterator over the rows below, as text.

    Each record comes with the number of its row, counted from 1 as a spreadsheet program counts. Names are in lower
    case, without surrounding blanks. A record may be shorter or longer than the header.
    """

    header: tuple[str, ...]
    records: Iterator[tuple[int, Sequence[str]]]
    #: Whether commas within numbers group them. They do not where they may stand for the decimal point.
    commas_group: bool = True
    #: About how many records there are, for people who wait for them.
    expected_rows: int | None = None


def check_header(name: str, header: Sequence[str], required: Sequence[str]) -> None:
    """Raise ``BadInput`` where the table called ``name`` has no names, one of them twice, or lacks one ``required``."""
    if not any(header):
        raise BadInput(f"“{name}” has no rows at all. Expected a header row with {quoted_list(required)}.")
    doubled = sorted({column for column in header if column and header.count(column) > 1})
    if doubled:
        raise BadInput(
            f"“{name}” has the column {quoted_list(doubled)} more than once, so it is not clear which one counts:"
            " remove or rename one."
        )
    missing = [column for column in required if column not in header]
    if missing:
        raise BadInput(
            f"“{name}” has no column {quoted_list(missing)}. Found: {quoted_list([c for c in header if c][:20])}."
            f" Expected: {quoted_list(required)}."
        )


__all__ = ["SUFFIXES", "read_table"]

_FIRST_OF_MARKS = ("'", "=")
_remove_marks: Callable[[str], str] = mark_remover("codes") or str


def read_table(name: str, file: BinaryIO, required: Sequence[str]) -> Table:
    """Open ``file``, called ``name``, as a table with the columns ``required``.

    Raises :class:`batchbook.errors.BadInput` if it is empty, no table, or if columns are missing or doubled; so may
    reading its records. Header names are compared without regard to case and surrounding blanks.
    """
    if not file.seek(0, 2):
        raise BadInput(
            f"“{name}” is empty: it has no bytes. Expected a header row with {quoted_list(required)}."
        )
    source = open_source(name, file, expected=required)
    if source.readings:
        known = "; ".join(f"{one.encoding}: {quoted_list(one.texts)}" for one in source.readings)
        raise BadInput(
            f"“{name}” is not UTF-8, and what its characters are is a guess: {known}. Nothing was taken from it. Save it as"
            " “CSV UTF-8”, and send that."
        )
    if not source.reading.header_row:
        source = open_source(name, file, _with_header(source), required)
    header = header_names([*map(_remove_marks, source.headings)])
    check_header(name, header, required)
    # Programs separate by semicolons where the comma is the decimal sign: 1,500 may be one and a half there.
    commas_group = source.reading.delimiter != ";"
    return Table(header, _without_marks(source.ragged_records()), commas_group, source.expected_rows)


def _without_marks(records: Iterator[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield ``records`` without what tells a spreadsheet that a cell is a text, as in ="000801228".

    Nobody is asked here, so an apostrophe before anything but a code is taken for a part of its text.
    """
    for number, record in records:
        yield (
            number,
            [*map(_remove_marks, record)] if any(text[:1] in _FIRST_OF_MARKS for text in record) else record,
        )


def _with_header(source: Source) -> Reading:
    """Return how ``source`` is read if its first row that is not blank has the headings, since some row must."""
    first = next((chunk.numbers[0] for chunk in source.chunks(1)), 1)
    return Reading(header_row=first, header_rows=1)
