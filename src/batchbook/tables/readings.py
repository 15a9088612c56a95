"""The same texts of a file in each encoding that it may be in, to be compared by a person."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from batchbook.tables.encoding import Encoded
from batchbook.tables.report import TextReading

# How many texts are shown, and how much of each.
_TEXTS, _LONGEST = 5, 60


def readings_of(text: Encoded, delimiter: str) -> tuple[TextReading, ...]:
    """Return some cells of ``text`` in each encoding that is offered, the same ones in each; nothing where none is."""
    if not text.offered:
        return ()
    lines = [[text.read(line, candidate) for line in text.samples] for candidate in text.offered]
    places = _places(lines[0], delimiter)
    return tuple(
        TextReading(candidate.encoding, candidate.language, tuple(_cells(read, places, delimiter)))
        for candidate, read in zip(text.offered, lines, strict=True)
    )


def _places(lines: Sequence[str], delimiter: str) -> list[tuple[int, int]]:
    """Return the lines and columns of some different cells with characters beyond ASCII, from all over the lines."""
    places: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(lines):
        for place, cell in enumerate(_parted(line, delimiter)):
            if not cell.isascii():
                places.setdefault(cell, (number, place))
    found = list(places.values())
    return found[:: max(1, len(found) // _TEXTS)][:_TEXTS]


def _cells(lines: Sequence[str], places: Sequence[tuple[int, int]], delimiter: str) -> Iterator[str]:
    for number, place in places:
        cells = _parted(lines[number], delimiter)
        text = cells[place] if place < len(cells) else lines[number]
        yield "".join(char if char.isprintable() else "\ufffd" for char in text.strip()[:_LONGEST])


def _parted(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [line])
    except csv.Error:
        return [line]
