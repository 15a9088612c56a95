"""The review of the cells of many rows one by one: what changes, what is refused, and what somebody else has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from batchbook.batches.editing.field_changes import (
    Change,
    Entered,
    change_of,
    editable_by_name,
    is_unchanged,
    text_in,
)
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.rows.scope import RowProxy
from batchbook.grid import CANONICAL, CellError, Column, Conventions, label_of, shown_text
from batchbook.grid.number_formats import seen_text

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

    Numbers in all texts are written by the ``conventions`` of the edit's author.

    ``refused`` and ``overtaken`` count the cells that cannot be changed and those in conflict, of which ``refusals`` and
    ``conflicts`` have the first ones; ``removed`` counts the removed rows,
    and ``rounded`` the results that were rounded.
    """

    columns: Mapping[str, Column]
    seen: Mapping[int, Mapping[str, str]]
    conventions: Conventions = CANONICAL
    refused: int = 0
    overtaken: int = 0
    rounded: int = 0
    removed: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    conflicts: list[CellConflict] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        context: ActionContext,
        seen: Mapping[int, Mapping[str, str]],
        conventions: Conventions = CANONICAL,
    ) -> Self:
        """Return the review for the person who acts in ``context``."""
        return cls(editable_by_name(context.row, context.access), seen, conventions)

    def changes(self, row: RowProxy, texts: Mapping[str, str]) -> list[Change]:
        """Return the changes that ``texts``, by field, make to ``row``; note the cells that are left as they are."""
        sequence = row.sequence
        if row.removed:
            self.removed += 1
            return []
        seen, issues, conventions = self.seen.get(sequence, _NO_TEXTS), row.issues, self.conventions
        found = []
        for name, text in texts.items():
            column = self.columns.get(name)
            if column is None:
                self.refuse_read_only(sequence, name)
                continue
            old = text_in(column, getattr(row, name), issues)
            if name in seen:
                before = seen_text(column, seen[name], old, conventions)
                if not is_unchanged(column, before, old):
                    self._overtaken(sequence, column, text, old, before)
                    continue
            try:
                change = change_of(column, row, old, text, conventions)
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
        entered = Entered.of(column, text, before, self.conventions)
        if entered.is_unchanged(column, before) or entered.is_unchanged(column, current):
            return
        self.overtaken += 1
        if len(self.conflicts) < CONFLICTS_TOLD:
            theirs, based = (shown_text(column, one, self.conventions) for one in (current, before))
            self.conflicts.append(CellConflict(sequence, column.name, text, theirs, based))
