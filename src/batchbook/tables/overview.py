"""Reading all of an open table once, to tell what is in it before anything is decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.choices import Chunk, Reading
from batchbook.tables.columns import completed, conclude
from batchbook.tables.profile import ColumnProfile
from batchbook.tables.report import Note, Report, SheetReport
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
    notes = (*source.notes, *survey.notes(), *(note for column in columns for note in column.notes))
    return Report(
        source.name,
        size,
        completed(source.reading, columns, survey.left_out),
        source.sheets,
        survey.rows,
        source.blank_rows,
        tuple(column.report for column in columns),
        notes,
        tuple((number, tuple(cells)) for number, cells in survey.first_rows),
    )


class _Survey:
    """Reads a source once. The last rows are held back until it is known whether they are records or totals."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.profiles = [ColumnProfile() for _ in source.headings]
        self.rows = 0
        self.first_rows: list[Row] = []
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
        held: list[Row] = []
        for chunk in self._source.chunks(max(1, min(5_000, _CELLS // max(1, len(self.profiles))))):
            self._see_surplus(chunk)
            rows = [*held, *zip(chunk.numbers, chunk.records, strict=True)]
            self._feed(rows[:-_LAST])
            held = rows[-_LAST:]
        if self._source.reading.left_out is None:
            held = self._without_totals(held)
        self._feed(held)

    def notes(self) -> Iterator[Note]:
        """Yield what is to be noted about rows."""
        if self._totals:
            yield _totals_note(self._totals)
        if self._surplus_rows:
            yield _surplus_note(self._surplus_rows, self._surplus)

    def _feed(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        self.rows += len(rows)
        self.first_rows += rows[: FIRST_ROWS - len(self.first_rows)]
        numbers = [number for number, _ in rows]
        for profile, texts in zip(
            self.profiles, zip(*(cells for _, cells in rows), strict=True), strict=True
        ):
            profile.feed(numbers, texts)

    def _see_surplus(self, chunk: Chunk) -> None:
        self._surplus_rows += len(chunk.surplus)
        for row, cells in chunk.surplus.items():
            if len(self._surplus) == _SHOWN:
                return
            self._surplus[row] = cells

    def _without_totals(self, last: list[Row]) -> list[Row]:
        """Return the ``last`` rows without those at their end that are totals."""
        while last and self.rows + len(last) > 1 and says_total(last[-1][1], self._usual(last[:-1])):
            self._totals.insert(0, last.pop())
        if self._totals or not last:
            return last
        self._feed(last[:-1])
        if self._is_sum(*last[-1]):
            self._totals = last[-1:]
            return []
        return last[-1:]

    def _is_sum(self, number: int, cells: Sequence[str]) -> bool:
        """Tell whether a row that lacks what others have has sums instead; only then all is read once more."""
        columns = conclude(self._source.headings, self.profiles, self._source.reading)
        numeric = {
            place: column.reading for place, column in enumerate(columns) if column.report.kind == "number"
        }
        if not may_be_sums(cells, self._usual(()), numeric):
            return False
        return are_sums(number, cells, self._source.chunks(), numeric)

    def _usual(self, unfed: Sequence[Row]) -> tuple[bool, ...]:
        filled = [
            profile.filled + sum(bool(cells[place].strip()) for _, cells in unfed)
            for place, profile in enumerate(self.profiles)
        ]
        return usually_filled(filled, self.rows + len(unfed))


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
