"""Rows that sum up the rows above them: known by their words, or by what their numbers come to."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from batchbook.grid.kinds import Kind
from batchbook.tables.choices import Chunk, ColumnReading
from batchbook.tables.tidy import tidier
from batchbook.tables.vocabulary import TOTALS

# A column of which so much is filled is blank in no record.
_USUALLY = 0.9
# Sums of floats come this close to the sum that a program printed.
_CLOSE, _LEAST = 1e-9, 0.005

_FIRST_WORD = re.compile(r"\W*([^\W\d_]+(?:-[^\W\d_]+)*)\W*")

Record = Sequence[str]


def usually_filled(filled: Sequence[int], records: int) -> tuple[bool, ...]:
    """Tell of each column whether hardly any of so many ``records`` leaves it blank."""
    return tuple(count >= max(1, _USUALLY * records) for count in filled)


def says_total(record: Record, usual: Sequence[bool]) -> bool:
    """Tell whether ``record`` calls itself a total: by a word alone, or by its first one where cells are missing.

    ``usual`` tells which columns are usually filled: a product may be called “Total” too, but it has all its cells.
    """
    cells = [cell for cell in record if cell.strip()]
    if not cells:
        return False
    if _is_word(cells[0]):
        return True
    return _lacks(record, usual) and (_begins_with_word(cells[0]) or any(map(_is_word, cells)))


def may_be_sums(record: Record, usual: Sequence[bool], numeric: Iterable[int]) -> bool:
    """Tell whether ``record`` lacks what others have but for some numbers, so that it is worth adding up the others."""
    return _lacks(record, usual) and any(record[position].strip() for position in numeric)


def are_sums(
    number: int, record: Record, chunks: Iterable[Chunk], numeric: Mapping[int, ColumnReading]
) -> bool:
    """Tell whether a number in ``record``, which is row ``number``, is the sum of those above it in its column."""
    filled = {place: reading for place, reading in numeric.items() if record[place].strip()}
    values = {place: _reader(reading) for place, reading in filled.items()}
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


def _lacks(record: Record, usual: Sequence[bool]) -> bool:
    return any(expected and not cell.strip() for cell, expected in zip(record, usual, strict=True))


def _is_word(cell: str) -> bool:
    found = _FIRST_WORD.fullmatch(cell)
    return found is not None and found[1].casefold() in TOTALS


def _begins_with_word(cell: str) -> bool:
    found = _FIRST_WORD.match(cell)
    return found is not None and found[1].casefold() in TOTALS


def _reader(reading: ColumnReading) -> Callable[[str], float]:
    """Return what makes a float of a cell, 0 of what is no number. It only serves to recognise a sum."""
    tidy, sign = tidier(Kind.DECIMAL, reading), reading.decimal_sign or "."
    group = "," if sign == "." else "."

    def value(text: str) -> float:
        try:
            return float(tidy(text).replace(group, "").replace(sign, "."))
        except ValueError:
            return 0.0

    return value
