"""Changes of cells after an operation: who changed what the operation left, where that was not undone again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.models import CellChange, Operation

#: A cell by the sequence of its row, 0 for the header, and its field.
CellKey = tuple[int, str]


@dataclass(frozen=True)
class _Later:
    operation: int
    reverses: int | None
    actor: str


class LaterChanges:
    """The changes, after the operation ``number``, of the cells in the rows with the numbers ``sequences``."""

    def __init__(self, context: ActionContext, number: int, sequences: Sequence[int]) -> None:
        self._number = number
        self._by_cell = self._read(context, sequences)

    def _read(
        self, context: ActionContext, sequences: Sequence[int]
    ) -> Mapping[int, Mapping[str, list[_Later]]]:
        change, of = CellChange, Operation
        statement = (
            select(change.sequence, change.field, of.number, of.reverses, of.actor)
            .join(of, and_(of.batch_id == change.batch_id, of.number == change.operation))
            .where(
                change.batch_id == context.batch.id,
                change.sequence.in_(sequences),
                change.operation > self._number,
            )
            .order_by(change.operation.desc(), change.position.desc())
        )
        found: dict[int, dict[str, list[_Later]]] = {}
        for sequence, field, number, reverses, actor in context.session.execute(statement):
            found.setdefault(sequence, {}).setdefault(field, []).append(_Later(number, reverses, actor))
        return found

    def author_of(self, cell: CellKey) -> str | None:
        """Return who has changed ``cell`` since; ``None`` if nobody has, or if all of it was undone."""
        sequence, field = cell
        before: int | None = None
        for later in self._by_cell.get(sequence, {}).get(field, ()):
            if before is not None and later.operation >= before:
                continue  # Reversed, or done and reversed in between.
            if later.reverses is None or later.reverses <= self._number:
                return later.actor
            before = later.reverses
        return None

    def author_in(self, sequence: int) -> str | None:
        """Return who has changed a cell of the row with the number ``sequence`` since; ``None`` as :meth:`author_of`."""
        fields = self._by_cell.get(sequence, {})
        return next((author for field in fields if (author := self.author_of((sequence, field)))), None)
