"""Reading all of an open table once, to tell what is in it before anything is decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.choices import Chunk, Reading
from batchbook.tables.columns import completed, conclude
from batchbook.tables.encoding import GUESSED, ODD_LINES
from batchbook.tables.profile import ColumnProfile
from batchbook.tables.report import Note, Report, SheetReport, TextReading
from batchbook.tables.totals import are_sums, may_be_sums, says_total, usually_filled
from batchbook.words import counted

#: How many of the first records a report has.
FIRST_ROWS = 20

# How many rows at the end may be totals.
_LAST = 5
# How many cells are looked at together, at the most.
_CELLS = 100_000
# How many of the rows with cells behind the table are kept.
_SHOWN = 5
# What is told better of each column than of the file.
_BY_COLUMN = frozenset({"error-values"})

Row = tuple[int, Sequence[str]]


class Source(Protocol):
    """What is asked of an open table; see :func:`batchbook.tables.source.open_source`."""

    @property
    def name(self) -> str: ...
    @property
    def reading(self) -> Reading: ...
    @property
    def headings(self) -> tuple[str, ...]: ...
    @property
    def sheets(self) -> tuple[SheetReport, ...]: ...
    @property
    def notes(self) -> tuple[Note, ...]: ...
    @property
    def readings(self) -> tuple[TextReading, ...]: ...
    @property
    def blank_rows(self) -> int: ...
    def chunks(self, size: int = 5_000) -> Iterator[Chunk]: ...


def inspect_source(source: Source, size: int) -> Report:
    """Return what is in an open table whose file has ``size`` bytes; raise ``BadInput`` if that is no record."""
    survey = _Survey(source)
    survey.read()
    if not survey.rows:
        raise BadInput(
            f"“{source.name}” has a header row, and no row below it. Nothing was taken from it; add the rows and upload"
            " it again."
        )
    columns = conclude(source.headings, survey.profiles, source.reading)
    notes = _each_once(
        tuple(_placed(note, survey.profiles) for note in source.notes),
        (*survey.notes(), *(note for column in columns for note in column.notes)),
    )
    return Report(
        source.name,
        size,
        completed(source.reading, columns, survey.left_out),
        source.sheets,
        survey.rows,
        source.blank_rows,
        tuple(column.report for column in columns),
        notes,
        tuple(survey.first_rows),
        source.readings,
    )


class _Survey:
    """Reads a source once. The last rows are held back until it is known whether they are records or totals."""

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
        """The rows that are no records: those that were said, or the totals that were found."""
        said = self._source.reading.left_out
        return tuple(number for number, _ in self._totals) if said is None else said

    def read(self) -> None:
        """Read all of it."""
        numbers: list[int] = []
        records: list[Sequence[str]] = []
        for chunk in self._source.chunks(max(1, min(5_000, _CELLS // max(1, len(self.profiles))))):
            self._see_surplus(chunk)
            numbers, records = [*numbers, *chunk.numbers], [*records, *chunk.records]
            self._feed(numbers[:-_LAST], records[:-_LAST])
            numbers, records = numbers[-_LAST:], records[-_LAST:]
        if self._source.reading.left_out is None:
            self._take_totals(numbers, records)
        self._feed(numbers, records)

    def notes(self) -> Iterator[Note]:
        """Yield what is to be noted about rows."""
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
        """Take the rows that are totals from the end of the last ones; where none says so, add up what may be sums."""
        while records and self.rows + len(records) > 1 and says_total(records[-1], self._usual(records[:-1])):
            self._totals.insert(0, (numbers.pop(), records.pop()))
        if records and not self._totals:
            self._feed(numbers[:-1], records[:-1])
            del numbers[:-1], records[:-1]
            if self._is_sum(numbers[0], records[0]):
                self._totals.append((numbers.pop(), records.pop()))

    def _is_sum(self, number: int, cells: Sequence[str]) -> bool:
        """Tell whether a row that lacks what others have has sums instead; only then all is read once more."""
        columns = conclude(self._source.headings, self.profiles, self._source.reading)
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


def _each_once(structure: Sequence[Note], found: Sequence[Note]) -> tuple[Note, ...]:
    """Return all notes, without those that are found of a cell's text although the structure tells more, or less."""
    told, by_column = {note.code for note in structure}, {note.code for note in found}
    return (
        *(note for note in structure if not (note.code in _BY_COLUMN and note.code in by_column)),
        *(note for note in found if note.code in _BY_COLUMN or note.code not in told),
    )


def _placed(note: Note, profiles: Sequence[ColumnProfile]) -> Note:
    """Return a note about a guess of the encoding with the columns that have characters beyond ASCII."""
    if note.code not in (GUESSED, ODD_LINES) or note.severity is not Severity.WARNING:
        return note
    columns = tuple(place for place, profile in enumerate(profiles) if profile.beyond_ascii)
    return replace(note, columns=columns, severity=Severity.WARNING if columns else Severity.INFO)


def _totals_note(totals: Sequence[Row]) -> Note:
    numbers = tuple(number for number, _ in totals)
    which = "Row {} looks like a total" if len(numbers) == 1 else "Rows {} look like totals"
    cells = ", ".join(cell.strip() for cell in totals[0][1] if cell.strip())
    message = f"{which.format(', '.join(map(str, numbers)))} and no record, and is left out: {cells[:100]}."
    return Note("total-rows", message, Severity.WARNING, rows=numbers)


def _surplus_note(count: int, surplus: dict[int, Sequence[str]]) -> Note:
    row, cells = next(iter(surplus.items()))
    message = (
        f"{counted(count, 'row has', 'rows have')} more cells than there are headings, such as row {row}:"
        f" {', '.join(cell.strip() for cell in cells if cell.strip())[:100]}. They are not taken."
    )
    return Note("surplus-cells", message, Severity.WARNING, rows=tuple(surplus))
