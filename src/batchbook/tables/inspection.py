"""Inspection of a whole file before anything is decided: its columns, its totals, its notes."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.grid.columns import Kind
from batchbook.statuses import Severity
from batchbook.tables.layout.encoding import ENCODING_GUESSED, ODD_LINES
from batchbook.tables.normalise import normaliser
from batchbook.tables.normalise.number_marks import TOTALS
from batchbook.tables.profile.column import ColumnProfile
from batchbook.tables.profile.findings import conclude_columns
from batchbook.tables.report import Chunk, ColumnReading, Note, Reading, Report
from batchbook.tables.source import GUESS_ALL, Source, open_source
from batchbook.words import counted

#: The number of first records in a report.
FIRST_ROWS = 20

# The most rows at the end that may be totals.
_LAST_ROWS = 5
# The most cells that are profiled together.
_CELLS_AT_ONCE = 100_000
# The number of rows with surplus cells that are kept.
_SHOWN = 5
# The codes of notes that are better given for each column than for the file.
_BY_COLUMN = frozenset({"error-values"})

Row = tuple[int, Sequence[str]]


def inspect_table(
    name: str, file: BinaryIO, requested: Reading = GUESS_ALL, expected: Collection[str] = ()
) -> Report:
    """Return the report on ``file``, called ``name``, read by the options in ``requested``, the others guessed.

    ``expected`` are headings that are known, in lower case. Raises ``BadInput`` for a file that cannot be read, and for a table
    without records.
    """
    size = file.seek(0, os.SEEK_END)
    source = open_source(name, file, requested, expected)
    inspection = _Inspection(source)
    inspection.read()
    if not inspection.rows:
        raise BadInput(
            f"“{name}” has a header row, and no row below it. Nothing was taken from it; add the rows and upload it again."
        )
    columns = conclude_columns(source.headings, inspection.profiles, source.reading)
    notes = _without_duplicates(
        tuple(_with_columns(note, inspection.profiles) for note in source.notes),
        (*inspection.notes(), *(note for column in columns for note in column.notes)),
    )
    return Report(
        name,
        size,
        replace(
            source.reading, columns=tuple(column.reading for column in columns), left_out=inspection.left_out
        ),
        source.sheets,
        inspection.rows,
        source.blank_rows,
        tuple(column.report for column in columns),
        notes,
        tuple(inspection.first_rows),
        source.readings,
    )


class _Inspection:
    """One pass over a source. The last rows are held back until it is known whether they are records or totals."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.profiles = [ColumnProfile() for _ in source.headings]
        self.rows = 0
        self.first_rows: list[tuple[int, tuple[str, ...]]] = []
        self._totals: list[Row] = []
        self._surplus_rows = 0
        self._surplus: dict[int, Sequence[str]] = {}

    @property
    def left_out(self) -> tuple[int, ...]:
        """The numbers of rows to skip: those requested, or else the totals that were found."""
        requested = self._source.reading.left_out
        return tuple(number for number, _ in self._totals) if requested is None else requested

    def read(self) -> None:
        """Read all records once."""
        numbers: list[int] = []
        records: list[Sequence[str]] = []
        for chunk in self._source.chunks(max(1, min(5_000, _CELLS_AT_ONCE // max(1, len(self.profiles))))):
            self._see_surplus(chunk)
            numbers, records = [*numbers, *chunk.numbers], [*records, *chunk.records]
            self._feed(numbers[:-_LAST_ROWS], records[:-_LAST_ROWS])
            numbers, records = numbers[-_LAST_ROWS:], records[-_LAST_ROWS:]
        if self._source.reading.left_out is None:
            self._take_totals(numbers, records)
        self._feed(numbers, records)

    def notes(self) -> Iterator[Note]:
        """Yield the notes about rows."""
        if self._totals:
            yield _totals_note(self._totals)
        if self._surplus_rows:
            yield _surplus_note(self._surplus_rows, self._surplus)

    def _feed(self, numbers: Sequence[int], records: Sequence[Sequence[str]]) -> None:
        if not numbers:
            return
        self.rows += len(numbers)
        if (wanted := FIRST_ROWS - len(self.first_rows)) > 0:
            self.first_rows += zip(numbers[:wanted], map(tuple, records[:wanted]), strict=True)
        for profile, texts in zip(self.profiles, zip(*records, strict=True), strict=True):
            profile.feed(numbers, texts)

    def _see_surplus(self, chunk: Chunk) -> None:
        self._surplus_rows += len(chunk.surplus)
        for row, cells in chunk.surplus.items():
            if len(self._surplus) == _SHOWN:
                return
            self._surplus[row] = cells

    def _take_totals(self, numbers: list[int], records: list[Sequence[str]]) -> None:
        """Remove rows of totals from the end of these; where none is called a total, add up what may be sums."""
        while (
            records and self.rows + len(records) > 1 and is_total_row(records[-1], self._usual(records[:-1]))
        ):
            self._totals.insert(0, (numbers.pop(), records.pop()))
        if records and not self._totals:
            self._feed(numbers[:-1], records[:-1])
            del numbers[:-1], records[:-1]
            if self._is_sum(numbers[0], records[0]):
                self._totals.append((numbers.pop(), records.pop()))

    def _is_sum(self, number: int, cells: Sequence[str]) -> bool:
        """Return whether a row with gaps holds sums; only such a row has the file read once more."""
        columns = conclude_columns(self._source.headings, self.profiles, self._source.reading)
        numeric = {
            place: column.reading for place, column in enumerate(columns) if column.report.kind == "number"
        }
        if not may_be_sums(cells, self._usual(()), numeric):
            return False
        return are_sums(number, cells, self._source.chunks(), numeric)

    def _usual(self, unfed: Sequence[Sequence[str]]) -> tuple[bool, ...]:
        filled = [
            profile.filled + sum(bool(cells[place].strip()) for cells in unfed)
            for place, profile in enumerate(self.profiles)
        ]
        return usually_filled(filled, self.rows + len(unfed))


def _without_duplicates(structure: Sequence[Note], found: Sequence[Note]) -> tuple[Note, ...]:
    """Return all notes, each once: the better one where both the structure and the texts of cells gave a note."""
    by_structure, by_column = {note.code for note in structure}, {note.code for note in found}
    return (
        *(note for note in structure if not (note.code in _BY_COLUMN and note.code in by_column)),
        *(note for note in found if note.code in _BY_COLUMN or note.code not in by_structure),
    )


def _with_columns(note: Note, profiles: Sequence[ColumnProfile]) -> Note:
    """Return a note about a guessed encoding with the columns that have characters beyond ASCII."""
    if note.code not in (ENCODING_GUESSED, ODD_LINES) or note.severity is not Severity.WARNING:
        return note
    columns = tuple(place for place, profile in enumerate(profiles) if profile.beyond_ascii)
    return replace(note, columns=columns, severity=Severity.WARNING if columns else Severity.INFO)


def _totals_note(totals: Sequence[Row]) -> Note:
    numbers = tuple(number for number, _ in totals)
    which = (
        "Row {} looks like a total, so it is skipped"
        if len(numbers) == 1
        else "Rows {} look like totals, so they are skipped"
    )
    cells = ", ".join(cell.strip() for cell in totals[0][1] if cell.strip())
    message = f"{which.format(', '.join(map(str, numbers)))}: {cells[:100]}."
    return Note("total-rows", message, Severity.WARNING, rows=numbers)


def _surplus_note(count: int, surplus: dict[int, Sequence[str]]) -> Note:
    row, cells = next(iter(surplus.items()))
    message = (
        f"{counted(count, 'row has', 'rows have')} more cells than there are headings, such as row {row}:"
        f" {', '.join(cell.strip() for cell in cells if cell.strip())[:100]}. They are skipped."
    )
    return Note("surplus-cells", message, Severity.WARNING, rows=tuple(surplus))


# The share of filled cells from which on a column counts as filled in every record.
_USUALLY = 0.9
# Sums of floats come this close to the sum that a program printed.
_CLOSE, _LEAST = 1e-9, 0.005

_FIRST_WORD = re.compile(r"\W*([^\W\d_]+(?:-[^\W\d_]+)*)\W*")

Record = Sequence[str]


def usually_filled(filled: Sequence[int], records: int) -> tuple[bool, ...]:
    """Return for each column whether nearly all of the ``records``, which are so many, fill it."""
    return tuple(count >= max(1, _USUALLY * records) for count in filled)


def is_total_row(record: Record, usual: Sequence[bool]) -> bool:
    """Return whether ``record`` is called a total: by a word alone, or by its first word where cells are missing.

    ``usual`` has for each column whether it is usually filled: a product may be called “Total” too, but it has all its cells.
    """
    cells = [cell for cell in record if cell.strip()]
    if not cells:
        return False
    if _is_total_word(cells[0]):
        return True
    if not _has_gaps(record, usual):
        return False
    first = _FIRST_WORD.match(cells[0])
    begins = first is not None and first[1].casefold() in TOTALS
    return begins or any(map(_is_total_word, cells))


def may_be_sums(record: Record, usual: Sequence[bool], numeric: Iterable[int]) -> bool:
    """Return whether ``record`` has gaps but some numbers, so that adding up the records above it may be worthwhile."""
    return _has_gaps(record, usual) and any(record[position].strip() for position in numeric)


def are_sums(
    number: int, record: Record, chunks: Iterable[Chunk], numeric: Mapping[int, ColumnReading]
) -> bool:
    """Return whether a number in ``record``, which is row ``number``, is the sum of those above it in its column."""
    filled = {place: reading for place, reading in numeric.items() if record[place].strip()}
    values = {place: _number_reader(reading) for place, reading in filled.items()}
    sums, rows = dict.fromkeys(filled, 0.0), 0
    for chunk in chunks:
        above = [cells for row, cells in zip(chunk.numbers, chunk.records, strict=True) if row < number]
        rows += len(above)
        for place, value in values.items():
            sums[place] += math.fsum(value(cells[place]) for cells in above)
    return rows > 1 and any(
        math.isclose(values[place](record[place]), total, rel_tol=_CLOSE, abs_tol=_LEAST)
        for place, total in sums.items()
        if abs(total) > _LEAST
    )


def _has_gaps(record: Record, usual: Sequence[bool]) -> bool:
    return any(expected and not cell.strip() for cell, expected in zip(record, usual, strict=True))


def _is_total_word(cell: str) -> bool:
    found = _FIRST_WORD.fullmatch(cell)
    return found is not None and found[1].casefold() in TOTALS


def _number_reader(reading: ColumnReading) -> Callable[[str], float]:
    """Return a function that reads a cell as float, with 0 for anything else. It only serves to recognise sums."""
    tidy, sign = normaliser(Kind.DECIMAL, reading), reading.decimal_sign or "."
    group = "," if sign == "." else "."

    def value(text: str) -> float:
        try:
            return float(tidy(text).replace(group, "").replace(sign, "."))
        except ValueError:
            return 0.0

    return value
