"""Rows unlike the table that they are in: totals, lines of groups, notes, comments, rulers, headings once more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from batchbook.statuses import Severity
from batchbook.tables.layout.header_heuristics import header_names, is_comment, is_data, is_label, is_ruler
from batchbook.tables.normalise.number_marks import TOTALS
from batchbook.tables.report import Note

UnlikeKind = Literal["hidden", "totals", "groups", "notes", "comments", "rulers", "headings"]

#: The code of the note about each kind of rows, and what it says of one row and of several.
UNLIKE_ROWS: Mapping[UnlikeKind, tuple[str, str, str]] = {
    "hidden": ("hidden-rows", "is hidden in the workbook", "are hidden in the workbook"),
    "totals": ("total-rows", "looks like a total", "look like totals"),
    "groups": (
        "group-rows",
        "has a single cell, like the name of a group",
        "have a single cell, like names of groups",
    ),
    "notes": ("note-rows", "looks like a note below the table", "look like notes below the table"),
    "comments": ("comment-rows", "looks like a comment", "look like comments"),
    "rulers": ("ruler-rows", "holds nothing but marks", "hold nothing but marks"),
    "headings": ("heading-rows", "has the headings again", "have the headings again"),
}

#: The code of the note about hidden rows, of which somebody has to decide.
HIDDEN_ROWS = UNLIKE_ROWS["hidden"][0]

#: The most rows that are left out by a guess. There are more of a kind where it is the table.
MOST_LEFT_OUT = 5_000

Row = tuple[int, Sequence[str]]

# The number of rows that a note names.
_SHOWN = 20

# The share of filled cells from which on a column counts as filled in every record.
_USUALLY = 0.9
# The share of the first cells with digits from which on the first column holds codes.
_CODES = 0.6
# The least number of columns, and of those usually filled, of a table in which a single cell is no record.
_LEAST_WIDTH, _LEAST_FILLED = 3, 2

_FIRST_WORDS = re.compile(r"\W*([^\W\d_]+(?:-[^\W\d_]+)*)\W*(?:([^\W\d_]+)\b)?")
_TOTAL_WORD = re.compile(r"\W*([^\W\d_]+(?:-[^\W\d_]+)*)\W*")
# The beginnings of first cells that are looked at; totals begin with a letter, so their words are looked up.
_MARKED = re.compile(
    rf"\W*(?:\w+\s+)?(?:{'|'.join(map(re.escape, sorted(TOTALS)))})\b|\s*(?:#|//|--|;)", re.I
)
_RULER_STARTS = frozenset("-=_*~+|:\x1a\u2500\u2550\u250c\u251c\u2514")


def usually_filled(filled: Sequence[int], records: int) -> tuple[bool, ...]:
    """Return for each column whether nearly all of the ``records``, which are so many, fill it."""
    return tuple(count >= max(1, _USUALLY * records) for count in filled)


def has_gaps(record: Sequence[str], usual: Sequence[bool]) -> bool:
    """Return whether a cell of ``record`` is blank in a column that is usually filled."""
    return any(expected and not cell.strip() for cell, expected in zip(record, usual, strict=True))


def is_total_row(record: Sequence[str], usual: Sequence[bool]) -> bool:
    """Return whether ``record`` is called a total: by a word alone, or by its first words where cells are missing.

    ``usual`` has for each column whether it is usually filled: a product may be called “Total” too, but it has all its cells.
    """
    cells = [cell for cell in record if cell.strip()]
    if not cells:
        return False
    if _is_total_word(cells[0]):
        return True
    if not has_gaps(record, usual):
        return False
    first = _FIRST_WORDS.match(cells[0])
    begins = first is not None and not TOTALS.isdisjoint(word.casefold() for word in first.groups() if word)
    return begins or any(map(_is_total_word, cells))


def _is_total_word(cell: str) -> bool:
    found = _TOTAL_WORD.fullmatch(cell)
    return found is not None and found[1].casefold() in TOTALS


@dataclass
class UnlikeRows:
    """The rows unlike the table that were found so far, by their kind: their numbers, and the first of each."""

    numbers: dict[UnlikeKind, list[int]] = field(default_factory=dict)
    first: dict[UnlikeKind, Sequence[str]] = field(default_factory=dict)

    def add(self, kind: UnlikeKind, row: Row) -> None:
        """Add a row."""
        self.numbers.setdefault(kind, []).append(row[0])
        self.first.setdefault(kind, row[1])

    def left_out(self, taken: Collection[str]) -> tuple[int, ...]:
        """Return the numbers of the rows to skip, in order: those of all kinds that are not ``taken``."""
        return tuple(
            sorted(n for kind, numbers in self.numbers.items() if kind not in taken for n in numbers)
        )

    def notes(self, taken: Collection[str], skipped: Collection[str]) -> Iterator[Note]:
        """Yield a note about each kind; it warns unless somebody chose that such rows are ``taken`` or ``skipped``."""
        for kind, numbers in self.numbers.items():
            code, one, many = UNLIKE_ROWS[kind]
            shown = ", ".join(map(str, numbers[:_SHOWN])) + (" and others" if len(numbers) > _SHOWN else "")
            cells = ", ".join(text for cell in self.first[kind] if (text := cell.strip()))[:100]
            which = f"Row {shown} {one}" if len(numbers) == 1 else f"Rows {shown} {many}"
            which += f" ({len(numbers):,} in all)" if len(numbers) > _SHOWN else ""
            what = ("it is", "a record") if len(numbers) == 1 else ("they are", "records")
            if kind in taken:
                message = f"{which}: {what[0]} read as {what[1]}: {cells}."
            elif kind == "hidden" and kind not in skipped:
                message = f"{which}, such as: {cells}. They may not be meant: choose whether to skip them."
            else:
                message = f"{which}, so {what[0]} skipped: {cells}."
            severity = Severity.INFO if kind in (*taken, *skipped) else Severity.WARNING
            yield Note(code, message, severity, rows=tuple(numbers[:_SHOWN]))


class UnlikeFinder:
    """A search for rows unlike the table with these ``headings``, in one pass over its records."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._headings = header_names(headings)
        self._first_heading = headings[0] if headings else ""
        self._width = len(headings)
        # Whether the first column holds codes with digits, known from the first records.
        self._has_codes: bool | None = None

    def sort(
        self, rows: Iterable[Row], usual: Sequence[bool], shapes: Collection[tuple[int, str]]
    ) -> dict[int, UnlikeKind]:
        """Return the kind of those of ``rows`` that are unlike the table, by number.

        ``usual`` has for each column whether it is usually filled; ``shapes`` are columns with the shapes of codes that records have
        there, so that a row with nothing but a code is a record that lacks the rest.
        """
        kinds = ((number, self._kind(cells, usual, shapes)) for number, cells in rows)
        return {number: kind for number, kind in kinds if kind is not None}

    def candidates(self, numbers: Sequence[int], records: Sequence[Sequence[str]]) -> list[Row]:
        """Return the rows that may be unlike the table, found without looking at each of their cells."""
        if not records:
            return []
        firsts = [record[0] for record in records]
        if self._has_codes is None:
            self._has_codes = sum(map(_has_digit, firsts)) >= _CODES * len(firsts)
        places = {place for place, record in enumerate(records) if "" in record and self._may_be(record)}
        if not _RULER_STARTS.isdisjoint({text[:1] for text in firsts}):
            places.update(place for place, text in enumerate(firsts) if text[:1] in _RULER_STARTS)
        if self._first_heading and self._first_heading in firsts:
            places.update(place for place, text in enumerate(firsts) if text == self._first_heading)
        return [(numbers[place], records[place]) for place in sorted(places)]

    def _may_be(self, record: Sequence[str]) -> bool:
        first = record[0]
        if self._has_codes and not _has_digit(first):
            return True
        return not first or record.count("") * 2 >= self._width or _MARKED.match(first) is not None

    def _kind(
        self, record: Sequence[str], usual: Sequence[bool], shapes: Collection[tuple[int, str]]
    ) -> UnlikeKind | None:
        filled = {place: text for place, cell in enumerate(record) if (text := cell.strip())}
        first = next(iter(filled.values()))
        if is_ruler([*filled.values()]):
            return "rulers"
        gaps = has_gaps(record, usual)
        if gaps and is_comment(first):
            return "comments"
        if header_names(record) == self._headings and any(self._headings):
            return "headings"
        if is_total_row(record, usual) or (gaps and self._is_label_of_numbers(filled, shapes)):
            return "totals"
        return "groups" if gaps and self._is_alone(filled, usual) and not _is_code(filled, shapes) else None

    def _is_label_of_numbers(self, filled: Mapping[int, str], shapes: Collection[tuple[int, str]]) -> bool:
        """Return whether words stand where records have codes, before numbers alone: a total in some language."""
        (place, text), *rest = filled.items()
        is_code_column = bool(self._has_codes) and any(at == place for at, _ in shapes)
        return (
            is_code_column
            and place == 0
            and is_label(text)
            and bool(rest)
            and all(is_data(cell) for _, cell in rest)
        )

    def _is_alone(self, filled: Mapping[int, str], usual: Sequence[bool]) -> bool:
        return len(filled) == 1 and self._width >= _LEAST_WIDTH and sum(usual) >= _LEAST_FILLED


def _has_digit(text: str) -> bool:
    return _DIGIT.search(text) is not None


def _is_code(filled: Mapping[int, str], shapes: Collection[tuple[int, str]]) -> bool:
    return any((place, code_shape(text)) in shapes for place, text in filled.items())


_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")


def code_shape(text: str) -> str:
    """Return the shape of a code: its digits as 9 and its letters as A; empty for a text without digits."""
    plain = text.strip()
    return _LETTER.sub("A", _DIGIT.sub("9", plain)) if _DIGIT.search(plain) else ""


def code_shapes(records: Iterable[Sequence[str]]) -> set[tuple[int, str]]:
    """Return the columns with the shapes of the codes that ``records`` have in them."""
    found = {(place, code_shape(text)) for record in records for place, text in enumerate(record)}
    return {(place, shape) for place, shape in found if shape}
