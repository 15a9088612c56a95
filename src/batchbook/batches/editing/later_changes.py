"""Changes of cells after an operation: who changed what the operation left, unless it was brought back since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select

from batchbook.batches.changed_cells import ChangedCell, in_rows
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.models import Operation
from batchbook.db.number_sets import is_among


@dataclass
class _Later:
    """The later changes of a cell: its text before the first of them, and the text and the author of the last one."""

    before: str
    now: str
    author: str


class LaterChanges:
    """The changes, after the operation ``number``, of the cells in the rows with the numbers ``sequences``, which are sorted.

    They do not tell of what the handler itself makes of a cell, such as a code that it spells as the catalogue does.
    """

    def __init__(self, context: ActionContext, number: int, sequences: Sequence[int]) -> None:
        self._of_rows: dict[int, dict[str, _Later]] = {}
        if not sequences:
            return
        change, of = ChangedCell, Operation
        statement = (
            select(change.sequence, change.field, change.old, change.new, of.actor)
            .join(of, and_(of.batch_id == change.batch_id, of.number == change.operation))
            .where(
                change.batch_id == context.batch.id,
                in_rows(
                    change,
                    is_among(change.sequence, sequences, context.session.get_bind().dialect),
                    sequences,
                ),
                change.operation > number,
            )
            .order_by(change.operation, change.position)
        )
        for sequence, field, old, new, author in context.session.execute(statement):
            fields = self._of_rows.setdefault(sequence, {})
            later = fields.setdefault(field, _Later(old or "", "", ""))
            later.now, later.author = new or "", author

    @property
    def sequences(self) -> Sequence[int]:
        """The numbers of the rows of which a cell was changed, sorted."""
        return sorted(self._of_rows)

    def author_of(self, sequence: int, field: str) -> str | None:
        """Return who changed a cell last; ``None`` if it has what it had right after the operation."""
        later = self._of_rows.get(sequence, {}).get(field)
        return None if later is None or later.now == later.before else later.author

    def author_in(self, sequence: int) -> str | None:
        """Return who changed a cell of the row with the number ``sequence``; ``None`` as :meth:`author_of`."""
        fields = self._of_rows.get(sequence, {})
        return next((author for field in fields if (author := self.author_of(sequence, field))), None)
