"""Detection of the header row: headings differ from records by their own cells and by those below them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from batchbook.statuses import Severity
from batchbook.tables.formats import NumberedRow
from batchbook.tables.report import Note, Reading
from batchbook.words import quoted_list

# A text with a digit and without a letter: a number, an amount, a date, a code of digits.
_DATA = re.compile(r"[\W_]*\d[\W\d_]*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")

# The share of the cells below that must look alike.
_MOST = 0.8


def is_data(text: str) -> bool:
    """Return whether ``text`` is a number, an amount, a day or digits of another kind, as no heading is."""
    return bool(_DATA.fullmatch(text.strip())) and not _LETTER.search(text)


def is_label(text: str) -> bool:
    """Return whether ``text`` is made of words alone."""
    return bool(_LETTER.search(text)) and not _DIGIT.search(text)


def is_comment(text: str) -> bool:
    """Return whether ``text`` begins as comments do in files for programs."""
    return text.lstrip().startswith(("#", "//", "--", ";"))


_RULER = re.compile(r"(?:[-=_*~+.:|\s\u2010-\u2015\u2500-\u257f]{3,}|\x1a+)")


def is_ruler(cells: Sequence[str]) -> bool:
    """Return whether a row holds nothing but marks that make a line between rows, or the mark of a text's end."""
    filled = [text for cell in cells if (text := cell.strip())]
    return bool(filled) and all(map(_RULER.fullmatch, filled)) and (len(filled[0]) > 2 or "\x1a" in filled[0])


def without_comments(rows: Sequence[NumberedRow]) -> Sequence[NumberedRow]:
    """Return ``rows`` without rulers and those that begin as comments and are narrower than the table; all of them where most do."""
    rows = [(number, cells) for number, cells in rows if not is_ruler(cells)] or rows
    kept = [(number, cells) for number, cells in rows if not (cells and is_comment(cells[0]))]
    width = max((len(cells) for _, cells in kept), default=0)
    if len(kept) * 2 < len(rows):
        return rows
    return [(n, cells) for n, cells in rows if not is_comment(cells[0]) or sum(map(bool, cells)) >= width]


def resembles_record(head: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether ``head`` holds the same kinds of values as the rows below it, so that it is no row of headings."""
    against, for_it = 0, 0
    for place, text in enumerate(head):
        column = _column_below(below, place)
        if is_data(text):
            against += (_mostly_data(column) or not column) and not _is_year_above(text, column)
        elif text.strip():
            for_it += _mostly_data(column)
    return against > for_it


def resembles_second_header(head: Sequence[str], row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether ``row``, right below ``head``, goes on with headings: words where numbers are further below.

    One such word may be a record's “missing”; so there must be two, or one below a place that ``head`` leaves empty.
    """
    texts = [text for text in row if text.strip()]
    if not texts or not all(map(is_label, texts)) or any(map(is_data, head)) or len(texts) * 2 < len(head):
        return False
    words = [
        place for place, text in enumerate(row) if text.strip() and _mostly_data(_column_below(below, place))
    ]
    fills = any(place >= len(head) or not head[place].strip() for place in words)
    return len(words) > 1 or (fills and len(words) == 1)


def _column_below(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place] for row in rows if place < len(row) and row[place].strip()]


def _mostly_data(column: Sequence[str]) -> bool:
    return bool(column) and sum(map(is_data, column)) >= _MOST * len(column)


def _is_year_above(text: str, column: Sequence[str]) -> bool:
    """Return whether a year stands above amounts, as in a table with a column for each year."""
    return bool(_YEAR.fullmatch(text.strip())) and not all(map(_YEAR.fullmatch, column)) and bool(column)


# Characters of no width that programs leave at the ends of a text.
_NO_WIDTH = "\u200b\ufeff"


def header_names(header: Sequence[str]) -> tuple[str, ...]:
    """Return the names that a header row gives, in lower case and without surrounding blanks."""
    return tuple(name.strip().strip(_NO_WIDTH).strip().lower() for name in header)


# The number of blank columns between a table and marks far beside it, and the most marks.
_BETWEEN, _MOST_MARKS = 10, 10

# The number of rows among which the headings are searched, and the share of a table's width that they fill.
_AMONG, _FILLED = 50, 0.6


@dataclass(frozen=True)
class Headings:
    """The header row: its number, 0 for none; how many rows the headings take; their texts; notes."""

    row: int
    rows: int
    texts: tuple[str, ...]
    notes: tuple[Note, ...] = ()


def find_headings(
    sample: Sequence[NumberedRow], requested: Reading, expected: Collection[str], *, ragged: bool
) -> Headings:
    """Return the headings, found in the ``sample`` of the first rows that are not blank; ``requested`` options win.

    ``expected`` are headings that are known, in lower case. A ``ragged`` table has as many columns as its header row has cells;
    others have as many as the widest row of the sample.
    """
    row, notes = (requested.header_row, ()) if requested.header_row is not None else _guess(sample, expected)
    if not row:
        return Headings(0, 0, _numbered_headings(_width(sample, trimmed=not ragged)), notes)
    count = requested.header_rows
    if count is None:
        count = 2 if requested.header_row is None and _is_second(sample, row) else 1
        notes += _two_header_rows_note(row) if count == 2 else ()
    heads = [cells for number, cells in sample if row <= number < row + count]
    width = max(map(len, heads), default=0) if ragged else _width(sample, trimmed=True)
    return Headings(row, count, _joined(heads, width, expected), notes + _beside_note(row, heads, width))


def _beside_note(row: int, heads: Sequence[Sequence[str]], width: int) -> tuple[Note, ...]:
    beside = [text.strip() for cells in heads for text in cells[width:] if text.strip()]
    if not beside:
        return ()
    message = f"The header row has cells far beside the table, which are skipped: {', '.join(beside)[:100]}."
    return (Note("far-cells", message, Severity.WARNING, rows=(row,)),)


def _guess(every: Sequence[NumberedRow], expected: Collection[str]) -> tuple[int, tuple[Note, ...]]:
    sample = without_comments(every)
    known = _by_names(sample[:_AMONG], expected)
    row = known or _by_width(sample)
    by_number = dict(sample)
    below = [cells for number, cells in sample if number > row]
    if not known and resembles_record(by_number[row], below):
        return 0, (_no_header_note(sample[0][0]),)
    passed_over = [number for number, _ in every if number < row]
    return row, _rows_above_note(row, passed_over, known=bool(known))


def _by_names(filled: Sequence[NumberedRow], expected: Collection[str]) -> int:
    """Return the number of the first row with most of the expected names; 0 where there is none."""
    hits = {number: len(set(header_names(cells)) & set(expected)) for number, cells in filled}
    best = max(hits, key=hits.__getitem__)
    cells = next(cells for number, cells in filled if number == best)
    # A single name may be part of a title, or a value in a record.
    sure = hits[best] > 1 or (hits[best] == 1 and not any(map(is_data, cells)))
    return best if sure else 0


def _by_width(filled: Sequence[NumberedRow]) -> int:
    """Return the number of the first row that fills most of the table's width, which titles above it do not."""
    counts = [sum(map(bool, map(str.strip, cells))) for _, cells in filled]
    usual = max(set(counts), key=lambda count: (counts.count(count) * count, count))
    wide = (number for (number, _), count in zip(filled, counts, strict=True) if count >= usual * _FILLED)
    return next(wide, filled[0][0])


def _is_second(sample: Sequence[NumberedRow], row: int) -> bool:
    by_number = dict(sample)
    if row not in by_number or row + 1 not in by_number:
        return False
    return resembles_second_header(
        by_number[row], by_number[row + 1], [cells for number, cells in sample if number > row + 1]
    )


def _joined(heads: Sequence[Sequence[str]], width: int, expected: Collection[str]) -> tuple[str, ...]:
    """Return the headings of each column; those of several rows are joined."""
    rows = [(*cells[:width], *[""] * (width - len(cells))) for cells in heads]
    if len(rows) < 2:
        return rows[0] if rows else _numbered_headings(width)
    joined = tuple(
        " ".join(dict.fromkeys(filter(None, map(str.strip, parts)))) for parts in zip(*rows, strict=True)
    )
    # One of the rows may have the technical names of the columns, while the other is for people.
    return max((joined, *rows), key=lambda texts: len(set(header_names(texts)) & set(expected)))


def _width(sample: Sequence[NumberedRow], *, trimmed: bool) -> int:
    """Return the number of cells in the longest row, up to the last that is not empty where ``trimmed``."""
    if not trimmed:
        return max(len(cells) for _, cells in sample)
    counts = Counter[int]()
    for _, cells in sample:
        counts.update({place: bool(text.strip()) for place, text in enumerate(cells, 1) if text})
    places, beyond = sorted(counts), counts.total()
    for place, following in itertools.pairwise(places):
        beyond -= counts[place]
        if following - place > _BETWEEN and beyond <= min(_MOST_MARKS, len(sample) // 2):
            return place
    return places[-1]


def _numbered_headings(width: int) -> tuple[str, ...]:
    return tuple(f"Column {number}" for number in range(1, width + 1))


def heading_notes(texts: Sequence[str]) -> tuple[Note, ...]:
    """Return notes about headings that are missing or repeated."""
    names = header_names(texts)
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    notes = [
        Note(
            "duplicate-heading",
            f"The heading {quoted_list([name])} is used for {names.count(name)} columns.",
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
            f"Row {row:,} is used as the header row: {why}. {what} skipped.",
            rows=tuple(above),
        ),
    )


def _no_header_note(first: int) -> Note:
    return Note(
        "no-header",
        f"There seems to be no header row: row {first:,} holds the same kinds of values as the rows below it.",
        Severity.WARNING,
        rows=(first,),
    )


def _two_header_rows_note(row: int) -> tuple[Note, ...]:
    return (
        Note(
            "two-header-rows",
            f"Rows {row:,} and {row + 1:,} are both used as headings: the second one holds words where all rows"
            " below it hold numbers or dates.",
            Severity.WARNING,
            rows=(row, row + 1),
        ),
    )
