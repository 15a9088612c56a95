"""Opening an uploaded file as one table: its format, where its table begins, its records."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.errors import MAX_COLUMNS, Unreadable, rows_at_once
from batchbook.tables.formats import Block, OpenedFile, first_rows, is_blank
from batchbook.tables.formats.csv import open_text
from batchbook.tables.formats.file_type import (
    NAMED_COLUMNS,
    SUFFIXES,
    TEXT_FORMATS,
    detect_file_type,
    unpacked,
)
from batchbook.tables.formats.sheet_cache import SHEET_CACHE
from batchbook.tables.formats.workbooks import WORKBOOKS, sheet_names
from batchbook.tables.layout.header_heuristics import find_headings, header_names, heading_notes
from batchbook.tables.layout.merged_cells import FillDown, decided
from batchbook.tables.normalise import text_cleaner
from batchbook.tables.report import (
    ASSUMED_PAGE,
    Chunk,
    ColumnReading,
    Format,
    Note,
    Reading,
    SheetReport,
    TextReading,
)
from batchbook.words import quoted_list

GUESS_ALL = Reading()  # Options by which everything is guessed.


def open_source(
    name: str, file: BinaryIO, requested: Reading = GUESS_ALL, expected: Collection[str] = ()
) -> Source:
    """Return ``file``, called ``name``, opened as a table; options of its structure that are empty in ``requested`` are guessed.

    ``expected`` are headings that are known, in lower case: they help to find the delimiter, the sheet and the header row.
    Raises ``BadInput`` for a file that cannot be read; the message names the reason and the remedy. It is
    :class:`~batchbook.tables.errors.Unreadable` where other options may help.
    """
    inner, content, notes = unpacked(name, file)
    if content is file:
        return _open_source(name, inner, file, requested, expected, notes)
    try:
        source = _open_source(name, inner, content, requested, expected, notes)
    except BaseException:
        content.close()
        raise
    weakref.finalize(source, content.close)
    return source


def _open_source(
    name: str,
    inner: str,
    file: BinaryIO,
    requested: Reading,
    expected: Collection[str],
    from_archive: tuple[Note, ...],
) -> Source:
    kind, notes = detect_file_type(inner, file, requested.format)
    if kind in NAMED_COLUMNS and requested.header_row is None:
        requested = replace(requested, header_row=1, header_rows=1)
    try:
        opened = _open_file(kind, name, file, requested, expected)
        sample = first_rows(opened.rows)
    except BadInput as error:
        if kind in TEXT_FORMATS or len(sheet_names(kind, file)) > 1:
            raise Unreadable(error.message, replace(requested, format=kind)) from None
        raise
    if not sample:
        message = f"“{name}” has no rows at all, only blanks. Nothing was taken from it."
        raise Unreadable(message, opened.reading) if len(opened.sheets) > 1 else BadInput(message)
    headings = find_headings(sample, requested, expected, ragged=opened.ragged)
    _check_width(name, headings.texts)
    reading = replace(opened.reading, header_row=headings.row, header_rows=headings.rows)
    notes = (
        *from_archive,
        *notes,
        *opened.notes,
        *headings.notes,
        *(heading_notes(headings.texts) if headings.row else ()),
    )
    return Source(name, replace(opened, reading=reading, notes=notes), headings.texts)


class Source:
    """A file that is open as a table. Its ``reading`` is complete as regards the structure."""

    def __init__(self, name: str, opened: OpenedFile, headings: tuple[str, ...]) -> None:
        #: The name of the file.
        self.name = name
        #: The headings as they are in the file: as many as the table has columns.
        self.headings = headings
        self._opened = opened
        self._blank_rows = 0

    @property
    def reading(self) -> Reading:
        """The options by which the file is read: those requested, and guesses for the rest."""
        return self._opened.reading

    @property
    def sheets(self) -> tuple[SheetReport, ...]:
        """All sheets of a workbook, in its order; empty for a text file."""
        return self._opened.sheets

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes about the structure; some are known only after all rows were read."""
        found = (*self._opened.notes, *self._opened.rows.notes())
        return tuple(decided(note, self.reading.merged) for note in found)

    @property
    def readings(self) -> tuple[TextReading, ...]:
        """Some texts of the file in each encoding that it may be in, where the encoding is a guess."""
        return self._opened.readings

    @property
    def hidden_rows(self) -> Collection[int]:
        """The numbers of the rows that are hidden in a workbook, as far as they were read."""
        return self._opened.rows.hidden_rows

    @property
    def expected_rows(self) -> int | None:
        """The approximate number of records, for progress reports; None where it is not known."""
        rows = self._opened.expected_rows
        return None if rows is None else max(0, rows - self._above())

    @property
    def blank_rows(self) -> int:
        """The number of blank rows between the records, known after all rows were read."""
        return self._blank_rows

    def chunks(self, size: int = 5_000) -> Iterator[Chunk]:
        """Yield the records in order, at most ``size`` at a time, and fewer where that is faster.

        Texts are as they are in the file. Blank rows and skipped rows are missing. Raises ``BadInput`` where the file stops being
        readable.
        """
        return self._chunks(
            RecordBuilder(len(self.headings), self._above(), self.reading.left_out or ()), size
        )

    def ragged_records(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the row number and the cells of each record: as many as the file has, not as the table is wide."""
        records = RecordBuilder(len(self.headings), self._above(), self.reading.left_out or (), fitting=False)
        for chunk in self._chunks(records, 5_000):
            yield from zip(chunk.numbers, chunk.records, strict=True)

    def _chunks(self, records: RecordBuilder, size: int) -> Iterator[Chunk]:
        rows = self._opened.rows
        fill = (
            FillDown(lambda: rows.merged, self._above(), len(self.headings))
            if self.reading.merged == "filled"
            else None
        )
        for block in rows.blocks(rows_at_once(size, len(self.headings))):
            chunk = records.chunk(fill.filled(block) if fill else block)
            if chunk.numbers:
                yield chunk
        self._blank_rows = records.blank

    def _above(self) -> int:
        """Return the number of rows above the first record."""
        reading = self.reading
        return (reading.header_row or 0) + max(1, reading.header_rows or 1) - 1 if reading.header_row else 0


def _open_file(
    kind: Format, name: str, file: BinaryIO, requested: Reading, expected: Collection[str]
) -> OpenedFile:
    if kind == "csv":  # It is read faster than it could be kept.
        return open_text(name, file, requested, expected)
    return SHEET_CACHE.opened(kind, WORKBOOKS[kind], name, file, requested, expected)


def _check_width(name: str, headings: Sequence[str]) -> None:
    if len(headings) > MAX_COLUMNS:
        raise BadInput(
            f"“{name}” has {len(headings):,} columns, and a table may have {MAX_COLUMNS:,} at most here. Remove columns"
            " that are not needed."
        )


_first_cell = itemgetter(0)


class RecordBuilder:
    """Builder of records from blocks of rows; ``blank`` counts the blank rows between records so far.

    The first ``above`` rows and the rows in ``left_out`` are no records. Without ``fitting``, records keep their own length.
    """

    def __init__(self, width: int, above: int, left_out: Collection[int], *, fitting: bool = True) -> None:
        self._width, self._above, self._left_out, self._fitting = width, above, frozenset(left_out), fitting
        self._last, self._waiting = above, 0
        self.blank = 0

    def chunk(self, block: Block) -> Chunk:
        """Return the records of ``block``."""
        first, rows = block
        if first <= self._above:
            rows = rows[self._above - first + 1 :]
            first = self._above + 1
        if not rows:
            return Chunk((), (), {})
        self._waiting += max(0, first - self._last - 1)  # Rows that the reader left out have no cell.
        self._last = first + len(rows) - 1
        if self._all_plain(first, rows):
            self._count_waiting()
            return Chunk(range(first, first + len(rows)), rows, {})
        if not any(map(any, rows)):
            self._waiting += len(rows)
            return Chunk((), (), {})
        return self._one_by_one(first, rows)

    def _all_plain(self, first: int, rows: Sequence[Sequence[str]]) -> bool:
        """Return whether all rows are as wide as the table and begin with something, which most tables' rows do."""
        if set(map(len, rows)) != {self._width} or not self._left_out.isdisjoint(
            range(first, first + len(rows))
        ):
            return False
        starts = list(map(_first_cell, rows))
        return all(starts) and not any(map(str.isspace, starts))

    def _one_by_one(self, first: int, rows: Sequence[Sequence[str]]) -> Chunk:
        numbers: list[int] = []
        records: list[Sequence[str]] = []
        surplus: dict[int, Sequence[str]] = {}
        width, left_out = self._width, self._left_out
        for number, row in enumerate(rows, first):
            if is_blank(row):
                self._waiting += 1
            elif number not in left_out:
                self._count_waiting()
                numbers.append(number)
                records.append(row if len(row) == width else self._fitted(number, row, surplus))
        return Chunk(numbers, records, surplus)

    def _fitted(self, number: int, row: Sequence[str], surplus: dict[int, Sequence[str]]) -> Sequence[str]:
        if not self._fitting:
            return row
        if len(row) < self._width:
            return (*row, *[""] * (self._width - len(row)))
        if any(map(str.strip, row[self._width :])):
            surplus[number] = row[self._width :]
        return row[: self._width]

    def _count_waiting(self) -> None:
        # Blank rows behind the last record are not between records.
        self.blank += self._waiting
        self._waiting = 0


@dataclass(frozen=True)
class Table:
    """A table with the columns that were required: the names in its header row, and an iterator over its records.

    Each record comes with its row number, counted from 1 as spreadsheet programs count. Names are in lower case, without
    surrounding blanks. A record may be shorter or longer than the header.
    """

    header: tuple[str, ...]
    records: Iterator[tuple[int, Sequence[str]]]
    #: Whether commas within numbers group digits. They do not where a comma may be the decimal sign.
    commas_group: bool = True
    #: The approximate number of records, for progress reports.
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
_clean: Callable[[str], str] = text_cleaner(ColumnReading(text_marks="codes", other_digits="plain")) or str


def read_table(name: str, file: BinaryIO, required: Sequence[str]) -> Table:
    """Open ``file``, called ``name``, as a table with the columns ``required``.

    Raises :class:`batchbook.errors.BadInput` if it is empty, no table, or if columns are missing or doubled; so may
    reading its records. Header names are compared without regard to case and surrounding blanks.
    """
    if not file.seek(0, 2):
        raise BadInput(
            f"“{name}” is empty: it has no bytes. Expected a header row with {quoted_list(required)}."
        )
    # Nobody is asked, so quotation marks always quote, and a text in which they cannot is refused.
    requested = Reading(quoting="doubled")
    source = open_source(name, file, requested, required)
    if source.readings:
        known = "; ".join(f"{one.encoding}: {quoted_list(one.texts)}" for one in source.readings)
        raise BadInput(
            f"“{name}” is not UTF-8, and what its characters are is a guess: {known}. Nothing was taken from it. Save it as"
            " “CSV UTF-8”, and send that."
        )
    if not source.reading.header_row:
        # Some row must have the headings: the first that is not blank.
        first = next((chunk.numbers[0] for chunk in source.chunks(1)), 1)
        source = open_source(name, file, replace(requested, header_row=first, header_rows=1), required)
    header = header_names([*map(_clean, source.headings)])
    check_header(name, header, required)
    # Programs separate by semicolons where the comma is the decimal sign: 1,500 may be one and a half there.
    commas_group = source.reading.delimiter != ";"
    return Table(header, _without_marks(source), commas_group, source.expected_rows)


def _without_marks(source: Source) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the records of ``source`` without spreadsheet markers for texts, as in ="000801228".

    No person decides here, so an apostrophe counts as a marker only before codes of digits, and an assumed code page is refused.
    """
    for number, record in source.ragged_records():
        yield (
            number,
            [*map(_clean, record)]
            if any(text[:1] in _FIRST_OF_MARKS or not text.isascii() for text in record)
            else record,
        )
    for note in source.notes:
        if note.code == ASSUMED_PAGE:
            raise BadInput(f"“{source.name}” is not clear. {note.message} Nothing was taken from it.")
