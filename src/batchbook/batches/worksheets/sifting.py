"""Sifting the rows of a worksheet: those with changed cells are looked at, and what cannot be taken is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from batchbook.batches.worksheets.keys import Checks
from batchbook.batches.worksheets.layout import Layout
from batchbook.batches.worksheets.reading import SheetRow, Worksheet

_NAMED = 5


@dataclass
class Sifted:
    """The rows in which cells to be edited are others than when the sheet was downloaded, by sequence.

    The rest are numbers of rows in the sheet: without a key, with the key of another row, and with changes of cells
    that only show something.
    """

    changed: dict[int, SheetRow] = field(default_factory=dict)
    keyless: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    locked: list[int] = field(default_factory=list)


def sift(sheet: Worksheet, layout: Layout) -> Sifted:
    """Read all rows of ``sheet``, which was written with ``layout``; a row that stands there twice is not taken."""
    checks, found = Checks(layout.columns), Sifted()
    seen: dict[int, int] = {}
    doubled: set[int] = set()
    for row in sheet.rows():
        if row.key is None:
            found.keyless.append(row.line)
        elif row.key.sequence in seen:
            doubled |= {seen[row.key.sequence], row.line}
            found.changed.pop(row.key.sequence, None)
        else:
            seen[row.key.sequence] = row.line
            _look(row, layout, checks, found)
    found.doubled = sorted(doubled)
    return found


def _look(row: SheetRow, layout: Layout, checks: Checks, found: Sifted) -> None:
    key = row.key
    if key is None:
        return
    if checks.of(row.texts, edited=True) != key.edited:
        # All changed rows are held at a time, so no more of them than what may be taken.
        texts = [
            text if column.field else None for text, column in zip(row.texts, layout.columns, strict=True)
        ]
        found.changed[key.sequence] = SheetRow(row.line, key, texts)
    if checks.of(row.texts, edited=False) not in (key.shown, None):
        found.locked.append(row.line)


def notes(sheet: Worksheet, sifted: Sifted, gone: Sequence[int]) -> Iterator[str]:
    """Yield sentences about what is not taken from ``sheet``; ``gone`` are its rows that the batch does not have."""
    if sheet.missing:
        names = ", ".join(f"“{heading[:60]}”" for heading in sheet.missing[:_NAMED])
        yield f"Columns that the sheet does not have any more, or under another heading, are left as they are: {names}."
    if sifted.keyless:
        yield (
            f"{_rows(sifted.keyless)} of the sheet: not taken, because the hidden key is missing. Add rows on the batch's"
            " page."
        )
    if sifted.doubled:
        yield f"{_rows(sifted.doubled)} of the sheet: not taken, because several of them have the key of one row."
    if gone:
        yield f"{_rows(gone)} of the sheet: not taken, because the batch does not have them, or they were removed since."
    if sifted.locked:
        yield f"{_rows(sifted.locked)} of the sheet: changes of grey cells are not taken; these only show what is there."


def _rows(lines: Sequence[int]) -> str:
    """Name rows of the sheet, the first of them if they are many."""
    named = ", ".join(f"{line:,}" for line in lines[:_NAMED])
    more = len(lines) - _NAMED
    word = "Row" if len(lines) == 1 else "Rows"
    return f"{word} {named} and {more:,} more" if more > 0 else f"{word} {named}"
