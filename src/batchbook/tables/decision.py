"""What is decided about a column, with the evidence in a sentence, and what the rest of the file suggests for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from batchbook.tables.report import Note
from batchbook.tables.sightings import Sightings
from batchbook.words import counted

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


def shown_by(what: str, shown: Sightings, both: Sightings) -> str:
    """Return the sentence that says what a column's own cells show, and how many of them fit both ways."""
    fits = f"; {counted(both.count, 'value fits', 'values fit')} both" if both else ""
    return f"{what}: {shown.example} can be nothing else{fits}."
