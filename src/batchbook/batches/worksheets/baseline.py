"""What was in rows after an earlier operation: today's texts, less what people changed since."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from batchbook.batches.models import CellChange
from batchbook.batches.work import Work

#: By sequence of the row and field, the text that was there.
Earlier = dict[int, dict[str, str]]


def earlier_texts(work: Work, operation: int, sequences: Sequence[int]) -> Earlier:
    """Return the texts of those cells in the rows ``sequences`` that were changed after ``operation``, as they were then."""
    change = CellChange
    wanted = (
        select(change.sequence, change.field, change.old)
        .where(
            change.batch_id == work.batch.id,
            change.sequence.in_(sequences),
            change.operation > operation,
        )
        .order_by(change.operation, change.position)
    )
    found: Earlier = {}
    for sequence, field, old in work.session.execute(wanted):
        # The first change since is the one that says what was there before.
        found.setdefault(sequence, {}).setdefault(field, old or "")
    return found
