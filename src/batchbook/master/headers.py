"""What a grid's headers say about the order of its rows, and what a click on one does to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchbook.grid import Sort

#: Keys by which clicks sort at once; a link written by hand may name more.
KEYS_KEPT = 3


@dataclass(frozen=True)
class SortMark:
    """How a column takes part in the order: its ``place`` among the keys, 1 for the first, and its direction.

    ``alone`` says that it is the only key, so that its place need not be told.
    """

    place: int
    descending: bool
    alone: bool


def mark_of(sorts: Sequence[Sort], column: str) -> SortMark | None:
    """Return how ``sorts`` order by ``column``, or None if they do not."""
    for place, sort in enumerate(sorts, start=1):
        if sort.column == column:
            return SortMark(place, sort.descending, len(sorts) == 1)
    return None


def clicked(sorts: Sequence[Sort], column: str) -> tuple[Sort, ...]:
    """Return the keys after a click on the header of ``column``.

    The column becomes the first key, upwards, and the present keys stay behind it. Where it is the first already it
    turns downwards, and after that it is no key any more.
    """
    first = sorts[0] if sorts else None
    others = [sort for sort in sorts if sort.column != column]
    if first == Sort(column, descending=True):
        return tuple(others)
    return (Sort(column, descending=first == Sort(column)), *others)[:KEYS_KEPT]
