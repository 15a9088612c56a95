"""The review of the cells of many rows one by one: what changes, what is refused, and what somebody else has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from batchbook.batches.editing.field_changes import (
    Change,
    change_of,
    editable_by_name,
    is_unchanged,
    text_in,
)
from batchbook.batches.models import BatchRow
from batchbook.batches.rows.scope import RowProxy
from batchbook.grid import CellError, Column, label_of

#: The most refusals, and the most conflicts, that are told one by one; the others are only counted.
REFUSALS_TOLD, CONFLICTS_TOLD = 20, 500

_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Refusal:
    """A cell that was not changed: the sequence of its row (0 for one that would be added), its field, and the reason."""

    sequence: int
    field: str
    error: str


@dataclass(frozen=True)
class CellConflict:
    """A cell that somebody else has changed: the submitted text, the current one, and the one on which the edit is based."""

    sequence: int
    field: str
    mine: str
    theirs: str
    before: str


@dataclass
class CellReview:
    """A review that decides cell by cell; ``columns`` are the editable ones by name, and ``seen`` the known texts by row and field.

    ``refused`` and ``overtaken`` count the cells that cannot be changed and those in conflict, of which ``refusals`` and
    ``conflicts`` have the first ones; ``removed`` counts the removed rows,
    and ``rounded`` the results that were rounded.
    """

    columns: Mapping[str, Column]
    seen: Mapping[int, Mapping[str, str]]
    refused: int = 0
    overtaken: int = 0
    rounded: int = 0
    removed: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    conflicts: list[CellConflict] = field(default_factory=list)

    @classmethod
    def of(cls, row: type[BatchRow], seen: Mapping[int, Mapping[str, str]]) -> Self:
        """Return the review for rows of the model ``row``."""
        return cls(editable_by_name(row), seen)

    def changes(self, row: RowProxy, texts: Mapping[str, str]) -> list[Change]:
        """Return the changes that ``texts``, by field, make to ``row``; note the cells that are left as they are."""
        sequence = row.sequence
        if row.removed:
            self.removed += 1
            return []
        seen, issues = self.seen.get(sequence, _NO_TEXTS), row.issues
        found = []
        for name, text in texts.items():
            column = self.columns.get(name)
            if column is None:
                self.refuse_read_only(sequence, name)
                continue
            old = text_in(column, getattr(row, name), issues)
            if name in seen and not is_unchanged(column, seen[name], old):
                self._overtaken(sequence, column, text, old, seen[name])
                continue
            try:
                change = change_of(column, row, old, text)
            except CellError as error:
                self.refuse(sequence, name, error.message)
                continue
            if change is not None:
                self.rounded += bool(change.note)
                found.append(change)
        return found

    def refuse(self, sequence: int, name: str, error: str) -> None:
        """Count a cell that is not changed."""
        self.refused += 1
        if len(self.refusals) < REFUSALS_TOLD:
            self.refusals.append(Refusal(sequence, name, error))

    def refuse_read_only(self, sequence: int, name: str) -> None:
        """Count a cell of a column that people cannot edit."""
        self.refuse(sequence, name, f"{label_of(name)} cannot be edited.")

    def _overtaken(self, sequence: int, column: Column, text: str, current: str, before: str) -> None:
        # Somebody else's change is left alone where this edit asks for none, and no conflict where both want the same.
        if is_unchanged(column, text, before) or is_unchanged(column, text, current):
            return
        self.overtaken += 1
        if len(self.conflicts) < CONFLICTS_TOLD:
            self.conflicts.append(CellConflict(sequence, column.name, text, current, before))
