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
    """How often something was seen, and the first of the rows with the texts that stood there."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        """Tell whether it was seen at all."""
        return self.count > 0

    @property
    def wanted(self) -> int:
        """How many more rows are to be kept."""
        return KEPT_ROWS - len(self.first)

    @property
    def rows(self) -> tuple[int, ...]:
        """The first rows, in order."""
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
        """Keep the row and text of something that was counted, where more are wanted."""
        if self.wanted:
            self.first.append((row, text))


def merge_evidence(several: Iterable[Evidence]) -> Evidence:
    """Return several as one, with the first of their rows."""
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
    """What was decided, the sentence that says why, and what is to be noted about it."""

    value: Value
    evidence: str = ""
    notes: tuple[Note, ...] = ()


class Hint(NamedTuple):
    """What the rest of the file suggests where a column shows nothing, why, and whether that is sure."""

    value: str
    why: str = ""
    sure: bool = False


def evidence_sentence(what: str, shown: Evidence, both: Evidence) -> str:
    """Return the sentence that says what a column's own cells show, and how many of them fit both ways."""
    fits = f"; {counted(both.count, 'value fits', 'values fit')} both" if both else ""
    return f"{what}: {shown.example} can only be read that way{fits}."
