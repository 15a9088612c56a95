"""Cells that are merged over several rows: their note, and filling their value down where somebody chose that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from batchbook.statuses import Severity
from batchbook.tables.formats import Block, MergedRange, is_blank
from batchbook.tables.report import Merged, Note
from batchbook.words import counted

#: The code of the note about cells that are merged over several rows.
MERGED_DOWN = "merged-down"

#: The most ranges of a sheet that are kept.
MOST_RANGES = 100_000

# The number of ranges that a note names.
_SHOWN = 10

_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def range_of(reference: str) -> MergedRange | None:
    """Return the range that a reference such as A1:C2 names; ``None`` for anything else."""
    found = _RANGE.fullmatch(reference)
    if found is None:
        return None
    left, right = (_column(found[group]) for group in (1, 3))
    return MergedRange(int(found[2]), int(found[4]), left, right)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def merged_notes(ranges: Sequence[MergedRange]) -> Iterator[Note]:
    """Yield the notes about merged cells, if there are any."""
    if not ranges:
        return
    named = ", ".join(map(str, ranges[:_SHOWN])) + (" and others" if len(ranges) > _SHOWN else "")
    yield Note(
        "merged-cells",
        f"Merged cells: {named}. The value of each range is in its first cell; the others are empty.",
        Severity.WARNING,
    )
    down = [one for one in ranges if one.bottom > one.top]
    if down:
        yield Note(
            MERGED_DOWN,
            f"{counted(len(down), 'range is', 'ranges are')} merged over several rows, such as {down[0]}: only the first of"
            " them has the value. Choose whether to fill it down into the others.",
            Severity.WARNING,
            rows=tuple(one.top for one in down[:_SHOWN]),
        )


def decided(note: Note, merged: Merged) -> Note:
    """Return a note about merged cells as it is once somebody chose what becomes of them."""
    if not merged or note.code not in ("merged-cells", MERGED_DOWN):
        return note
    message = note.message.partition(" Choose whether")[0]
    if note.code == MERGED_DOWN:
        message += " It is filled down into the others." if merged == "filled" else " The others stay empty."
    return Note(note.code, message, rows=note.rows)


class FillDown:
    """A filler of merged cells in the rows below their first, fed with the blocks of a sheet in their order.

    Ranges that begin in the first ``above`` rows belong to headings, and those beyond ``width`` columns to nothing.
    ``ranges`` returns those that are known so far.
    """

    def __init__(self, ranges: Callable[[], Sequence[MergedRange]], above: int, width: int) -> None:
        self._ranges, self._above, self._width, self._taken = ranges, above, width, 0
        self._by_top: dict[int, list[MergedRange]] = {}
        # By column, of which each has one range at a time; a file may claim that more of them overlap.
        self._open: dict[int, tuple[MergedRange, str]] = {}

    def filled(self, block: Block) -> Block:
        """Return ``block`` with the values of merged cells in all of their rows; blank rows stay blank."""
        known = self._ranges()
        for one in known[self._taken :]:
            if one.bottom > one.top > self._above and one.left < self._width:
                self._by_top.setdefault(one.top, []).append(one)
        self._taken = len(known)
        if not self._by_top and not self._open:
            return block
        return Block(
            block.first, [self._row(number, row) for number, row in enumerate(block.rows, block.first)]
        )

    def _row(self, number: int, row: Sequence[str]) -> Sequence[str]:
        for one in self._by_top.pop(number, ()):
            self._open[one.left] = one, row[one.left] if one.left < len(row) else ""
        self._open = {left: found for left, found in self._open.items() if found[0].bottom >= number}
        if not self._open or is_blank(row):
            return row
        cells = [*row]
        for one, text in self._open.values():
            if one.top < number and text:
                cells.extend([""] * (one.left + 1 - len(cells)))
                cells[one.left] = cells[one.left] if cells[one.left].strip() else text
        return tuple(cells)
