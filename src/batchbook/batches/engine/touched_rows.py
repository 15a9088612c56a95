"""The rows that an edit of many rows touches, and their peers: refreshed and counted once, after all of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext

from sqlalchemy import ColumnElement, and_

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.refresh import (
    Tally,
    refresh_touched,
    refuse_undeclared,
    select_peers,
    store_tally,
)
from batchbook.db import joining_by_hash
from batchbook.db.bulk_writing import chunked
from batchbook.db.number_sets import is_among

#: The number of rows that are refreshed together; their numbers are one parameter of each statement.
_AT_ONCE = 50_000
#: The number of rows up to which the peers of each are best looked up by themselves, and how often rows may be compared.
_FEW, _MOST_COMPARED = 100, 1_000_000


def rows_called(context: ActionContext, sequences: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition for the rows of the batch with the numbers ``sequences``, which are sorted and distinct."""
    row = context.row
    among = is_among(row.sequence, sequences, context.session.get_bind().dialect)
    return and_(row.batch_id == context.batch.id, among)


class TouchedRows:
    """The rows with the numbers ``sequences`` and their peers, counted as they are before an edit changes them.

    ``moves`` tells whether the edit itself may change the columns by which rows are peers. Call :meth:`refresh` when the
    edit is written.
    """

    def __init__(self, context: ActionContext, sequences: Sequence[int], *, moves: bool = True) -> None:
        self._context = context
        self._moves = moves
        self._peers = self._peers_of(sequences)
        self._others = Tally.stored(context)
        self._counted = sorted({*sequences, *self._peers})
        for before in self._tallies(self._counted):
            self._others -= before

    def refresh(self, changed: Iterable[int], added: Sequence[int] = ()) -> None:
        """Refresh the rows that the edit has ``changed`` or ``added``, and their peers; adjust the header's counts."""
        edited = sorted({*changed, *added})
        before = {*edited, *self._peers}
        touched = sorted({*before, *self._peers_of(edited)} if self._moves or added else before)
        self._refresh(touched)
        # The handler itself may change peer columns, such as a code that it spells as the catalogue does.
        later = sorted({*self._peers_of(edited)} - {*touched})
        self._refresh(later)
        self._count({*touched, *later} - {*added}, added)

    def _count(self, refreshed: set[int], added: Sequence[int]) -> None:
        context = self._context
        known, after = {*self._counted}, [*self._tallies(sorted({*refreshed, *added}))]
        # Rows that the edit has left as they are may have statuses of an earlier version of the type.
        refuse_undeclared(context, after)
        if refreshed <= known:
            after += self._tallies(sorted(known - refreshed))
            store_tally(context, sum(after, start=self._others))
        else:
            store_tally(context, Tally.of_all(context))

    def _refresh(self, sequences: Sequence[int]) -> None:
        parts = chunked(sequences, _AT_ONCE)
        refresh_touched(self._context, (rows_called(self._context, part) for part in parts))

    def _tallies(self, sequences: Sequence[int]) -> Iterable[Tally]:
        for part in chunked(sequences, _AT_ONCE):
            yield Tally.of(self._context, rows_called(self._context, part))

    def _peers_of(self, sequences: Sequence[int]) -> list[int]:
        """Return the numbers of the rows that are peers of those given."""
        found: list[int] = []
        for part in chunked(sequences, _AT_ONCE):
            # PostgreSQL may not know yet that the batch has many rows, and would compare each of them with each.
            compared = len(part) * self._context.batch.row_count
            is_costly = len(part) > _FEW and compared > _MOST_COMPARED
            with joining_by_hash(self._context.session) if is_costly else nullcontext():
                for statement in select_peers(self._context, rows_called(self._context, part)):
                    # The session's own execute() would take longer for each number than the database.
                    found += self._context.session.connection().execute(statement).scalars()
        return found
