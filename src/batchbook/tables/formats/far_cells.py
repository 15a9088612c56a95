"""Cells far below or beside a table: blanks and marks that were left there, and that are no part of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from batchbook.tables.errors import MOST_MARKS
from batchbook.tables.formats import column_letters
from batchbook.tables.formats.archive import SPREADSHEET, feed_xml, parsed_xml
from batchbook.tables.formats.cell_values import far_note
from batchbook.tables.formats.sheet_extent import CellPlaces
from batchbook.tables.formats.sheet_xml import XmlWriter
from batchbook.tables.report import Note

# The rows and the columns without any cells between marks and the table, and its fewest rows.
_ROWS_BETWEEN, _COLUMNS_BETWEEN, _FEWEST_ROWS = 100, 10, 2

_Place = tuple[int, int]


class FarCells:
    """A search for marks among the cells of a sheet, which are added in the order of their rows, counted from 1.

    A table is what has at least two rows. Cells with nothing but blanks are not added, so that they are outside of it.
    """

    def __init__(self) -> None:
        self._rows, self._last = 0, 0
        self._below: list[_Place] = []
        self._counts: Counter[int] = Counter()
        self._some: dict[int, list[_Place]] = {}

    def add(self, row: int, column: int) -> None:
        """Add a cell that holds something."""
        is_far = self._rows >= _FEWEST_ROWS and row - self._last > _ROWS_BETWEEN
        if is_far and len(self._below) < MOST_MARKS:
            self._below.append((row, column))
            return
        for cell in self._below:
            self._add(*cell)
        self._below.clear()
        self._add(row, column)

    def _add(self, row: int, column: int) -> None:
        self._rows += row != self._last
        self._last = row
        self._counts[column] += 1
        known = self._some.setdefault(column, [])
        if len(known) < MOST_MARKS:
            known.append((row, column))

    def table(self) -> tuple[int, int]:
        """Return the last row and the last column of the table, after all cells were added; zeros for too small a table."""
        columns = sorted(self._counts)
        beyond, fullest = self._counts.total(), 0
        for column, following in zip(columns, [*columns[1:], *columns[-1:]], strict=True):
            beyond -= self._counts[column]
            fullest = max(fullest, self._counts[column])
            if (following - column > _COLUMNS_BETWEEN and beyond <= MOST_MARKS) or not beyond:
                return (self._last, column) if fullest >= _FEWEST_ROWS else (0, 0)
        return 0, 0

    def note(self) -> Note:
        """Return the note about the cells outside of the table."""
        _, last = self.table()
        beside = [cell for column in self._some if column > last for cell in self._some[column]]
        cells = sorted([*beside, *self._below])
        return far_note(
            [f"{column_letters(column - 1)}{row}" for row, column in cells], [row for row, _ in cells]
        )


def far_cells(sheet: Iterable[bytes], texts: Iterable[bytes] | None) -> FarCells:
    """Return the search for marks in the sheet of a workbook in XML; ``texts`` is the part with its shared texts, if it has one."""
    search = _Search(frozenset() if texts is None else _blank_texts(texts))
    feed_xml(sheet, SPREADSHEET, search.start, search.end, search.text)
    return search.found


def _blank_texts(pieces: Iterable[bytes]) -> frozenset[str]:
    """Return the numbers of the shared texts that are blank."""
    filled: set[int] = set()
    count = 0

    def start(tag: str, _attributes: dict[str, str]) -> None:
        nonlocal count
        count += tag == "si"

    def text(part: str) -> None:
        if part.strip():
            filled.add(count - 1)

    feed_xml(pieces, SPREADSHEET, start, text=text)
    return frozenset(str(number) for number in range(count) if number not in filled)


class _Search(CellPlaces):
    """A follower that adds each cell with a value or a text to the search."""

    def __init__(self, blank_texts: Collection[str]) -> None:
        super().__init__()
        self.found = FarCells()
        self._blank_texts = blank_texts
        self._kind, self._value, self._in_value = "", "", False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        if tag == "c":
            self._kind, self._value = attributes.get("t", ""), ""
        self._in_value = tag in ("v", "t")

    def text(self, part: str) -> None:
        if self._in_value:
            self._value = (self._value + part.strip())[:20]

    def end(self, tag: str) -> None:
        self._in_value = False
        if tag == "c" and self._value and not (self._kind == "s" and self._value in self._blank_texts):
            self.found.add(self.row, self.column)
        super().end(tag)


def cells_within(pieces: Iterable[bytes], rows: int, columns: int) -> Iterator[bytes]:
    """Yield a sheet rewritten, without the cells behind this last row and column."""
    cells = _CellsWithin(rows, columns)
    for _ in parsed_xml(pieces, SPREADSHEET, cells.start, cells.end, cells.text):
        yield cells.written.take()
    yield cells.written.take()


class _CellsWithin(CellPlaces):
    """A follower that writes what it takes, but for the cells outside of a table."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.written = XmlWriter()
        self._rows, self._columns, self._outside = rows, columns, False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        if tag == "c":
            self._outside = self.row > self._rows or self.column > self._columns
        if not self._outside:
            self.written.start(tag, attributes)

    def text(self, part: str) -> None:
        if not self._outside:
            self.written.text(part)

    def end(self, tag: str) -> None:
        if not self._outside:
            self.written.end(tag)
        self._outside = self._outside and tag != "c"
        super().end(tag)
