"""Evidence for a decision about a column: how often something was found, in which rows, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from batchbook.grid.parsers import quoted
from batchbook.tables.report import Note
from batchbook.words import counted

#: How many of the rows are kept.
KEPT_ROWS = 5


class Evidence:
    """The number of times that something was found, and the first rows with their texts."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        """Tell whether it was found at all."""
        return self.count > 0

    @property
    def wanted(self) -> int:
        """The number of further rows to keep."""
        return KEPT_ROWS - len(self.first)

    @property
    def rows(self) -> tuple[int, ...]:
        """The numbers of the first rows, in order."""
        return tuple(row for row, _ in self.first)

    @property
    def example(self) -> str:
        """The first text and its row, as part of a sentence."""
        row, text = self.first[0]
        return f"{quoted(text.strip())} in row {row}"

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the first rows, each once."""
        return tuple(dict.fromkeys(text.strip() for _, text in self.first))

    def keep(self, row: int, text: str) -> None:
        """Keep the row and text of an occurrence that was counted, unless there are enough."""
        if self.wanted:
            self.first.append((row, text))


def merge_evidence(several: Iterable[Evidence]) -> Evidence:
    """Return several pieces of evidence as one, with the first of all rows."""
    whole = Evidence()
    kept = []
    for sightings in several:
        whole.count += sightings.count
        kept += sightings.first
    whole.first = sorted(kept)[:KEPT_ROWS]
    return whole


Value = TypeVar("Value")


@dataclass(frozen=True)
class Decision(Generic[Value]):
    """A decision about a column, the sentence that gives the reason, and notes about it."""

    value: Value
    evidence: str = ""
    notes: tuple[Note, ...] = ()


class Hint(NamedTuple):
    """A value that the rest of the file suggests for a column without evidence, the reason, and whether it is sure."""

    value: str
    why: str = ""
    sure: bool = False


def evidence_sentence(what: str, shown: Evidence, both: Evidence) -> str:
    """Return the sentence about the evidence in a column's own cells, and about those that fit both ways."""
    fits = f"; {counted(both.count, 'value fits', 'values fit')} both" if both else ""
    return f"{what}: {shown.example} can only be read that way{fits}."
