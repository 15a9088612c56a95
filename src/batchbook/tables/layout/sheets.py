"""Choice of the sheet of a workbook that has the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.errors import LimitExceeded
from batchbook.tables.formats import NumberedRow, RawRows, first_rows
from batchbook.tables.layout.header_heuristics import header_names
from batchbook.tables.report import Note, SheetReport
from batchbook.words import quoted_list

# The number of sheets that are searched for known headings, and of the rows of each.
_LOOKED_AT, _AMONG = 10, 50
# The most rows of a single cell that a cover sheet has.
_LONG_COVER = 8


class SheetRows(RawRows, Protocol):
    """The rows of a sheet, and their number."""

    @property
    def height(self) -> int | None:
        """The number of the last row, where it is known."""
        ...


R = TypeVar("R", bound=SheetRows)


@dataclass(frozen=True)
class ChosenSheet(Generic[R]):
    """The sheet that was chosen: its name and rows, a report on each sheet, and notes about the choice."""

    name: str
    rows: R
    reports: tuple[SheetReport, ...]
    notes: tuple[Note, ...] = ()


def choose_sheet(
    name: str,
    sheets: Sequence[tuple[str, bool]],
    load: Callable[[int], R],
    requested: str,
    expected: Collection[str],
) -> ChosenSheet[R]:
    """Return one of the ``sheets`` of the file ``name``, each with its name and whether it is visible.

    It is the one ``requested``, or the first with ``expected`` headings, or the first with records, or the first that is not empty. ``load`` returns the rows
    of the sheet at a position. Raises ``BadInput`` where no sheet has the name requested.
    """
    if requested:
        return _requested_sheet(name, sheets, load, requested)
    best: tuple[int, R] | None = None
    best_is_table = False
    heights: dict[int, int | None] = {}
    for place, rows in _load_each(_search_order(sheets), load):
        heights[place] = rows.height
        sample = first_rows(rows, _AMONG)
        if not sample:
            heights[place] = 0
            continue
        known = any(not set(expected).isdisjoint(header_names(row)) for _, row in sample)
        is_table = _may_be_table(sample)
        if best is None or known or (is_table and not best_is_table):
            best, best_is_table = (place, rows), is_table or known
        if known or (is_table and not expected):
            break
    place, rows = best or (_search_order(sheets)[0], load(_search_order(sheets)[0]))
    reports = tuple(SheetReport(title, heights.get(at)) for at, (title, _) in enumerate(sheets))
    return ChosenSheet(sheets[place][0], rows, reports, _notes(sheets, place, heights))


def _may_be_table(sample: Sequence[NumberedRow]) -> bool:
    """Return whether two rows have several cells, or three have one: a cover sheet has a title and some notes."""
    filled = [sum(map(bool, map(str.strip, cells))) for _, cells in sample]
    return sum(count > 1 for count in filled) > 1 or (max(filled) == 1 and len(filled) > _LONG_COVER)


def _requested_sheet(
    name: str, sheets: Sequence[tuple[str, bool]], load: Callable[[int], R], requested: str
) -> ChosenSheet[R]:
    titles = [title for title, _ in sheets]
    if requested not in titles:
        raise BadInput(
            f"“{name}” has no sheet {quoted_list([requested])}. It has: {quoted_list(titles[:20])}."
        )
    place = titles.index(requested)
    rows = load(place)
    return ChosenSheet(
        requested,
        rows,
        tuple(SheetReport(title, rows.height if title == requested else None) for title in titles),
    )


def _search_order(sheets: Sequence[tuple[str, bool]]) -> list[int]:
    """Return the positions of the sheets to look at, visible ones first."""
    return sorted(range(len(sheets)), key=lambda place: not sheets[place][1])[:_LOOKED_AT]


def _load_each(places: Sequence[int], load: Callable[[int], R]) -> Iterator[tuple[int, R]]:
    for place in places:
        try:
            yield place, load(place)
        except LimitExceeded:
            if place == places[0]:
                raise
            return  # All of them together are too large; those before it have to do.


def _notes(
    sheets: Sequence[tuple[str, bool]], chosen: int, heights: Mapping[int, int | None]
) -> tuple[Note, ...]:
    """Return the note about the choice, where another sheet comes before the one chosen."""
    before = [(title, heights.get(place)) for place, (title, _) in enumerate(sheets[:chosen])]
    if not before:
        return ()
    empty = [title for title, height in before if height == 0]
    title = quoted_list([sheets[chosen][0]])
    if len(empty) == len(before):
        return (
            Note("sheet", f"The sheet {title} is used: {quoted_list(empty[:10])} before it has no cells."),
        )
    return (
        Note(
            "sheet",
            f"The sheet {title} is used, and not {quoted_list([title for title, _ in before][:10])} before it: it is the"
            " first that people see with data, or with headings that are known.",
            Severity.WARNING,
        ),
    )
