"""Inspection of a whole file before anything is decided: its columns, its totals, its notes."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.grid.columns import Kind
from batchbook.statuses import Severity
from batchbook.tables.errors import Unreadable
from batchbook.tables.layout.encoding import ENCODING_GUESSED, ODD_LINES
from batchbook.tables.layout.header_heuristics import header_names
from batchbook.tables.layout.unlike_rows import (
    MOST_LEFT_OUT,
    UnlikeFinder,
    UnlikeKind,
    UnlikeRows,
    code_shapes,
    has_gaps,
    usually_filled,
)
from batchbook.tables.normalise import normaliser
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
# The number of rows of each part from which codes are learned, and of the codes' shapes that are kept.
_LEARNED_FROM, _MOST_SHAPES = 200, 2_000
# The number of rows with surplus cells that are kept.
_SHOWN = 5
# The codes of notes that are better given for each column than for the file.
_BY_COLUMN = frozenset({"error-values"})

Row = tuple[int, Sequence[str]]


def inspect_table(
    name: str, file: BinaryIO, requested: Reading = GUESS_ALL, expected: Collection[str] = ()
) -> Report:
    """Return the report on ``file``, called ``name``, read by the options in ``requested``, the others guessed.

    ``expected`` are headings that are known, in lower case. Raises as :func:`~batchbook.tables.source.open_source` does, and for a
    table without records.
    """
    size = file.seek(0, os.SEEK_END)
    source = open_source(name, file, requested, expected)
    inspection = _Inspection(source)
    try:
        inspection.read()
    except BadInput as error:
        raise Unreadable(error.message, source.reading) from None
    if not inspection.rows:
        message = f"“{name}” has a header row, and no row below it. Nothing was taken from it; add the rows and upload it again."
        is_known = not set(expected).isdisjoint(header_names(source.headings))
        raise (
            BadInput(message) if is_known and len(source.sheets) < 2 else Unreadable(message, source.reading)
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
        self._finder, self.unlike = UnlikeFinder(source.headings), UnlikeRows()
        self._usual_so_far: tuple[bool, ...] = ()
        self._shapes: set[tuple[int, str]] = set()
        self._surplus_rows = 0
        self._surplus: dict[int, Sequence[str]] = {}

    @property
    def left_out(self) -> tuple[int, ...]:
        """The numbers of rows to skip: those requested, or else those that were found to be unlike the table."""
        requested = self._source.reading.left_out
        return self.unlike.left_out(self._taken) if requested is None else requested

    @property
    def _taken(self) -> tuple[str, ...]:
        reading = self._source.reading
        # Hidden rows are records until somebody says otherwise.
        return reading.taken if "hidden" in reading.skipped else (*reading.taken, "hidden")

    def read(self) -> None:
        """Read all records once."""
        numbers: list[int] = []
        records: list[Sequence[str]] = []
        for chunk in self._source.chunks(max(1, min(5_000, _CELLS_AT_ONCE // max(1, len(self.profiles))))):
            self._see_surplus(chunk)
            numbers, records = [*numbers, *chunk.numbers], [*records, *chunk.records]
            self._feed_records(numbers[:-_LAST_ROWS], records[:-_LAST_ROWS])
            numbers, records = numbers[-_LAST_ROWS:], records[-_LAST_ROWS:]
        self._feed_records(numbers, records, is_end=True)

    def _feed_records(
        self, numbers: Sequence[int], records: Sequence[Sequence[str]], *, is_end: bool = False
    ) -> None:
        """Feed rows, without those that are unlike the table unless such rows are taken."""
        if self._source.reading.left_out is not None or not records:
            self._feed(numbers, records)
            return
        hidden = self._source.hidden_rows
        kinds: dict[int, UnlikeKind] = (
            {number: "hidden" for number in numbers if number in hidden} if hidden else {}
        )
        candidates = self._finder.candidates(numbers, records)
        if candidates or is_end:
            self._learn(numbers, records, {number for number, _ in candidates})
            rows = zip(numbers, records, strict=True) if is_end else candidates
            kinds |= self._finder.sort(rows, self._usual_so_far, self._shapes)
        if is_end:
            self._sort_end(numbers, kinds)
        kept = self._keep(numbers, records, kinds)
        if is_end and not self.unlike.numbers.get("totals"):
            kept = self._without_sums(*kept)
        self._feed(*kept)

    def _learn(
        self, numbers: Sequence[int], records: Sequence[Sequence[str]], unsure: Collection[int]
    ) -> None:
        """Learn from the first rows which columns are usually filled, and which codes they hold."""
        sure = [cells for number, cells in zip(numbers, records, strict=True) if number not in unsure]
        if self.rows > len(sure) or not sure:
            self._usual_so_far = self._usual(sure)
        else:
            filled = [sum(map(bool, map(str.strip, column))) for column in zip(*sure, strict=True)]
            self._usual_so_far = usually_filled(filled, len(sure))
        if len(self._shapes) < _MOST_SHAPES:
            self._shapes |= code_shapes(sure[:_LEARNED_FROM])

    def _sort_end(self, numbers: Sequence[int], kinds: dict[int, UnlikeKind]) -> None:
        """Take single cells behind the last record for notes, and nothing for totals that would be all of the table."""
        for number in reversed(numbers):
            if kinds.get(number) == "groups":
                kinds[number] = "notes"
            elif number not in kinds:
                break
        if not self.rows and all(number in kinds for number in numbers):
            kinds.clear()

    def _keep(
        self, numbers: Sequence[int], records: Sequence[Sequence[str]], kinds: Mapping[int, UnlikeKind]
    ) -> tuple[list[int], list[Sequence[str]]]:
        kept = []
        for row in zip(numbers, records, strict=True):
            kind = kinds.get(row[0])
            if kind is None or len(self.unlike.numbers.get(kind, ())) >= MOST_LEFT_OUT:
                kept.append(row)
                continue
            self.unlike.add(kind, row)
            if kind in self._taken:
                kept.append(row)
        return [number for number, _ in kept], [cells for _, cells in kept]

    def _without_sums(
        self, numbers: list[int], records: list[Sequence[str]]
    ) -> tuple[list[int], list[Sequence[str]]]:
        """Return rows without the last one where that is called no total, but adds up those above it."""
        if records:
            self._feed(numbers[:-1], records[:-1])
            numbers, records = numbers[-1:], records[-1:]
            if self._is_sum(numbers[0], records[0]):
                self.unlike.add("totals", (numbers[0], records[0]))
                return (numbers, records) if "totals" in self._taken else ([], [])
        return numbers, records

    def notes(self) -> Iterator[Note]:
        """Yield the notes about rows."""
        reading = self._source.reading
        yield from self.unlike.notes(reading.taken, reading.skipped)
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


def _surplus_note(count: int, surplus: dict[int, Sequence[str]]) -> Note:
    row, cells = next(iter(surplus.items()))
    message = (
        f"{counted(count, 'row has', 'rows have')} more cells than there are headings, such as row {row}:"
        f" {', '.join(cell.strip() for cell in cells if cell.strip())[:100]}. They are skipped."
    )
    return Note("surplus-cells", message, Severity.WARNING, rows=tuple(surplus))


# Sums of floats come this close to the sum that a program printed.
_CLOSE, _LEAST = 1e-9, 0.005

Record = Sequence[str]


def may_be_sums(record: Record, usual: Sequence[bool], numeric: Iterable[int]) -> bool:
    """Return whether ``record`` has gaps but some numbers, so that adding up the records above it may be worthwhile."""
    return has_gaps(record, usual) and any(record[position].strip() for position in numeric)


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
