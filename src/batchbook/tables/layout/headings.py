"""Detection of the header row: by its own cells, and by those below it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from batchbook.statuses import Severity
from batchbook.tables.layout import header_heuristics
from batchbook.tables.layout.header_heuristics import header_names
from batchbook.tables.raw_rows import NumberedRow
from batchbook.tables.report import Note, Reading
from batchbook.words import quoted_list

# Among how many rows the headings are looked for, and which part of a table's width they fill.
_AMONG, _FILLED = 50, 0.6


@dataclass(frozen=True)
class Headings:
    """The number of the row with the headings, 0 for none; how many rows they take; what they are; what to tell."""

    row: int
    rows: int
    texts: tuple[str, ...]
    notes: tuple[Note, ...] = ()


def find_headings(
    sample: Sequence[NumberedRow], said: Reading, expected: Collection[str], *, ragged: bool
) -> Headings:
    """Return the headings by the first rows of a table that are not blank, the ``sample``; what was ``said`` holds.

    ``expected`` are headings that are known, in lower case. Where the table is ``ragged``, its headings are as many as
    the row with them has cells; else as many as any row of the sample needs.
    """
    row, notes = (said.header_row, ()) if said.header_row is not None else _guess(sample, expected)
    if not row:
        return Headings(0, 0, _numbered_headings(_width(sample, trimmed=not ragged)), notes)
    count = said.header_rows
    if count is None:
        count = 2 if said.header_row is None and _is_second(sample, row) else 1
        notes += _two_header_rows_note(row) if count == 2 else ()
    heads = [cells for number, cells in sample if row <= number < row + count]
    width = max(map(len, heads), default=0) if ragged else _width(sample, trimmed=True)
    return Headings(row, count, _joined(heads, width, expected), notes)


def _guess(sample: Sequence[NumberedRow], expected: Collection[str]) -> tuple[int, tuple[Note, ...]]:
    known = _by_names(sample[:_AMONG], expected)
    row = known or _by_width(sample)
    if not known and header_heuristics.resembles_record(*_with_those_below(sample, row)):
        return 0, (_no_header_note(sample[0][0]),)
    passed_over = [number for number, _ in sample if number < row]
    return row, _rows_above_note(row, passed_over, known=bool(known))


def _by_names(filled: Sequence[NumberedRow], expected: Collection[str]) -> int:
    """Return the number of the first of the rows that have most of the names; 0 where none has."""
    hits = {number: len(set(header_names(cells)) & set(expected)) for number, cells in filled}
    best = max(hits, key=hits.__getitem__)
    cells = next(cells for number, cells in filled if number == best)
    # A single name may be part of a title, or be what a record says.
    sure = hits[best] > 1 or (hits[best] == 1 and not any(map(header_heuristics.is_data, cells)))
    return best if sure else 0


def _by_width(filled: Sequence[NumberedRow]) -> int:
    """Return the number of the first row that fills most of the table's width: titles above it do not."""
    counts = [sum(map(bool, map(str.strip, cells))) for _, cells in filled]
    usual = max(set(counts), key=lambda count: (counts.count(count) * count, count))
    wide = (number for (number, _), count in zip(filled, counts, strict=True) if count >= usual * _FILLED)
    return next(wide, filled[0][0])


def _with_those_below(filled: Sequence[NumberedRow], row: int) -> tuple[Sequence[str], list[Sequence[str]]]:
    head = next(cells for number, cells in filled if number == row)
    return head, [cells for number, cells in filled if number > row]


def _is_second(sample: Sequence[NumberedRow], row: int) -> bool:
    by_number = dict(sample)
    if row not in by_number or row + 1 not in by_number:
        return False
    return header_heuristics.resembles_second_header(
        by_number[row], by_number[row + 1], [cells for number, cells in sample if number > row + 1]
    )


def _joined(heads: Sequence[Sequence[str]], width: int, expected: Collection[str]) -> tuple[str, ...]:
    """Return the headings of each column: as they stand, or those of several rows behind each other."""
    rows = [(*cells[:width], *[""] * (width - len(cells))) for cells in heads]
    if len(rows) < 2:
        return rows[0] if rows else _numbered_headings(width)
    joined = tuple(
        " ".join(dict.fromkeys(filter(None, map(str.strip, parts)))) for parts in zip(*rows, strict=True)
    )
    # One of the rows may have the names by which programs know the columns; the other is for people then.
    return max((joined, *rows), key=lambda texts: len(set(header_names(texts)) & set(expected)))


def _width(sample: Sequence[NumberedRow], *, trimmed: bool) -> int:
    """Return how many cells the longest row has, up to the last with something in it where that is ``trimmed``."""
    if not trimmed:
        return max(len(cells) for _, cells in sample)
    return max(place for _, cells in sample for place, text in enumerate(cells, 1) if text)


def _numbered_headings(width: int) -> tuple[str, ...]:
    return tuple(f"Column {number}" for number in range(1, width + 1))


def heading_notes(texts: Sequence[str]) -> tuple[Note, ...]:
    """Return what is to be told about headings that are missing, or there more than once."""
    names = header_names(texts)
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    notes = [
        Note(
            "duplicate-heading",
            f"The heading {quoted_list([name])} stands above {names.count(name)} columns.",
            Severity.WARNING,
            names.index(name),
        )
        for name in doubled
    ]
    empty = [place for place, name in enumerate(names, 1) if not name]
    if empty:
        places = ", ".join(map(str, empty[:20])) + (" and others" if len(empty) > 20 else "")
        which = f"Column {places} has" if len(empty) == 1 else f"Columns {places} have"
        notes.append(Note("empty-heading", f"{which} no heading.", Severity.WARNING, empty[0] - 1))
    return tuple(notes)


def _rows_above_note(row: int, above: Sequence[int], *, known: bool) -> tuple[Note, ...]:
    if not above:
        return ()
    why = "it has headings that are known" if known else "it is the first that fills the table's width"
    what = "The row above it is" if len(above) == 1 else f"The {len(above)} rows above it are"
    return (
        Note(
            "header-row",
            f"Row {row:,} was taken for the headings: {why}. {what} left out.",
            rows=tuple(above),
        ),
    )


def _no_header_note(first: int) -> Note:
    return Note(
        "no-header",
        f"There seem to be no headings: row {first:,} holds the same kinds of values as the rows below it.",
        Severity.WARNING,
        rows=(first,),
    )


def _two_header_rows_note(row: int) -> tuple[Note, ...]:
    return (
        Note(
            "two-header-rows",
            f"Rows {row:,} and {row + 1:,} were both taken for headings: the second one holds words where all rows"
            " below it hold numbers or dates.",
            Severity.WARNING,
            rows=(row, row + 1),
        ),
    )
