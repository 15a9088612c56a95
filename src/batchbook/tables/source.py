"""Opening a file that somebody sent as one table: what kind of file it is, where its table begins, and its records."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.choices import Chunk, Format, Reading
from batchbook.tables.csvfile import open_text
from batchbook.tables.headings import find_headings, notes_about
from batchbook.tables.kept import KEPT, Opener
from batchbook.tables.kinds import find_kind
from batchbook.tables.ods import open_ods
from batchbook.tables.records import Records
from batchbook.tables.report import Note, SheetReport, TextReading
from batchbook.tables.rows import MAX_COLUMNS, Opened, first_rows, rows_at_once
from batchbook.tables.xls import open_xls
from batchbook.tables.xlsx import open_xlsx

_WORKBOOKS: dict[Format, Opener] = {"xlsx": open_xlsx, "xls": open_xls, "ods": open_ods}

#: Everything is guessed.
NOTHING_SAID = Reading()


def open_source(
    name: str,
    file: BinaryIO,
    said: Reading = NOTHING_SAID,
    expected: Collection[str] = (),
) -> Source:
    """Open ``file``, called ``name``, as a table. What is empty in ``said`` is guessed, as far as structure goes.

    ``expected`` are headings that are known, in lower case: they help to find the delimiter, the sheet and the row with
    the headings. Raises ``BadInput`` for what cannot be read, in a sentence that says what it is and what to do.
    """
    kind, notes = find_kind(name, file, said.format)
    opened = _opened(kind, name, file, said, expected)
    sample = first_rows(opened.rows)
    if not sample:
        raise BadInput(
            f"“{name}” has no rows at all: there is nothing but blanks in it. Nothing was taken from it."
        )
    headings = find_headings(sample, said, expected, ragged=opened.ragged)
    _check_width(name, headings.texts)
    reading = replace(opened.reading, header_row=headings.row, header_rows=headings.rows)
    notes = (*notes, *opened.notes, *headings.notes, *(notes_about(headings.texts) if headings.row else ()))
    return Source(name, replace(opened, reading=reading, notes=notes), headings.texts)


class Source:
    """A file that is open as a table. Its ``reading`` is complete for the structure."""

    def __init__(self, name: str, opened: Opened, headings: tuple[str, ...]) -> None:
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
        return self._chunks(Records(len(self.headings), self._above(), self.reading.left_out or ()), size)

    def ragged_records(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the number and the cells of each record: as many as the file has, not as the table is wide."""
        records = Records(len(self.headings), self._above(), self.reading.left_out or (), fitting=False)
        for chunk in self._chunks(records, 5_000):
            yield from zip(chunk.numbers, chunk.records, strict=True)

    def _chunks(self, records: Records, size: int) -> Iterator[Chunk]:
        for block in self._opened.rows.blocks(rows_at_once(size, len(self.headings))):
            chunk = records.chunk(block)
            if chunk.numbers:
                yield chunk
        self._blank_rows = records.blank

    def _above(self) -> int:
        """Return how many rows stand above the first record."""
        reading = self.reading
        return (reading.header_row or 0) + max(1, reading.header_rows or 1) - 1 if reading.header_row else 0


def _opened(kind: Format, name: str, file: BinaryIO, said: Reading, expected: Collection[str]) -> Opened:
    if kind == "csv":  # It is read faster than it could be kept.
        return open_text(name, file, said, expected)
    return KEPT.opened(kind, _WORKBOOKS[kind], name, file, said, expected)


def _check_width(name: str, headings: Sequence[str]) -> None:
    if len(headings) > MAX_COLUMNS:
        raise BadInput(
            f"“{name}” has {len(headings):,} columns, and a table may have {MAX_COLUMNS:,} at most here. Remove columns"
            " that are not needed."
        )
