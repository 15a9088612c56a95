"""The refresh after an edit: edited rows and their peers brought up to date and counted anew."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, tuple_

from batchbook.batches.engine.actions import around, refresh_in_chunks
from batchbook.batches.engine.context import ActionContext, Tally, keep
from batchbook.batches.engine.engine import Engine
from batchbook.batches.lifecycle import Action
from batchbook.batches.rows.scope import Rows
from batchbook.db.transactions import is_transient
from batchbook.errors import BatchbookError, Conflict, reason_of

log = logging.getLogger(__name__)


@contextmanager
def all_or_nothing(engine: Engine, batch_id: int) -> Iterator[ActionContext]:
    """Lock a batch for an edit and yield what the block, which is the edit, works with.

    If the block raises, nothing of the edit is left, however late it was refused and whatever the caller does with
    the error. Raises as :meth:`~batchbook.batches.engine.engine.Engine.lock` does.
    """
    with engine.session.begin_nested():
        yield engine.lock(batch_id, Action.EDIT)


def rows_and_peers(
    work: ActionContext, sequences: Sequence[int], peers: Iterable[Sequence[Any]]
) -> ColumnElement[bool]:
    """Return the condition for the rows with these numbers, and for all with one of ``peers`` in the peer columns."""
    row, names = work.row, work.handler.peer_columns
    groups = list(dict.fromkeys(tuple(values) for values in peers if None not in values)) if names else []
    # Each side names the batch: only so does SQLite look for both by an index, instead of at every row.
    whole = row.batch_id == work.batch.id
    sides: list[ColumnElement[bool]] = [row.sequence.in_(sequences)]
    if groups:
        sides.append(_has_one_of(work, groups))
    return or_(*(and_(whole, side) for side in sides))


def _has_one_of(work: ActionContext, groups: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    columns = [getattr(work.row, name) for name in work.handler.peer_columns]
    if len(columns) == 1:
        single: ColumnElement[bool] = columns[0].in_([value for (value,) in groups])
        return single
    return tuple_(*columns).in_(groups)


def peer_values(work: ActionContext, row: Any) -> tuple[Any, ...]:
    """Return what ``row`` (anything with columns as attributes) has in the peer columns."""
    return tuple(getattr(row, name) for name in work.handler.peer_columns)


@contextmanager
def bring_up_to_date(
    work: ActionContext, touched: ColumnElement[bool], *, refresh: bool = True
) -> Iterator[None]:
    """Run the block, which changes rows within ``touched``; then refresh those rows and adjust the header's counts.

    ``touched`` must select the same rows before and after the block.
    """
    others = Tally.said_by(work) - Tally.of(work, touched)
    yield
    if refresh:
        refresh_touched(work, [touched])
    keep(work, others + Tally.of(work, touched))


def refresh_touched(work: ActionContext, touched: Iterable[ColumnElement[bool]]) -> None:
    """Bring the rows that satisfy each of the conditions ``touched`` up to date, one condition after the other.

    Raises ``Conflict`` where the handler fails.
    """
    try:
        with around(Action.REFRESH, work):
            for condition in touched:
                refresh_in_chunks(work, _kept_rows(work, condition), edited=True)
    except BatchbookError:
        raise
    except Exception as error:  # A handler is somebody's code and may raise anything.
        if is_transient(error):
            raise  # Nobody's fault: the same edit may be done again.
        log.exception("Refreshing rows of %s after an edit failed", work.batch)
        raise Conflict(
            f"Nothing was changed, because the handler failed to bring the rows up to date ({reason_of(error)})."
            " Try again, or ask for help with this message."
        ) from error


def _kept_rows(work: ActionContext, touched: ColumnElement[bool]) -> Rows:
    row = work.row
    return Rows(work.session, work.batch, row, and_(touched, ~row.removed), work.now, work.handler.statuses)
