"""The rows of a batch as they are now, and the numbers of rows that its header keeps, so that nobody counts them."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from batchbook.batches.engine.refresh import kept_problem_rows
from batchbook.batches.history import last_operation
from batchbook.batches.models import Batch
from batchbook.batches.pages.view import PROBLEMS
from batchbook.grid import Filter, GridState, Snapshot, Verb

_REMOVED, _STATUS = "removed", "status"


def snapshot_of(batch: Batch, latest: int | None = None) -> Callable[[Session], Snapshot]:
    """Return the function that tells how the rows of ``batch`` are now.

    Each change of rows is an operation; ``latest`` is the number of the last one, where the caller knows it. The header's version changes when the rows are made anew or refreshed.
    """
    number = batch.id
    # The time tells the batch from one that had its number in another database, such as before a backup was restored.
    generation = f"{batch.created_at.isoformat()}-{batch.version}-{batch.row_count}"

    def snapshot(session: Session) -> Snapshot:
        last = last_operation(session, number) if latest is None else latest
        return Snapshot(f"batch.{number}", generation, str(last))

    return snapshot


def kept_count(batch: Batch, state: GridState) -> int | None:
    """Return the number of rows of ``batch`` that ``state`` leaves, if the header has it.

    It has those of all rows, of removed ones and, among the others, of each status and of those with problems.
    """
    filters = {clause.column: clause for clause in state.filters}
    if state.search or len(filters) != len(state.filters) or any(clause.group for clause in state.filters):
        return None
    removed = filters.pop(_REMOVED, None)
    if removed is None:
        if not filters:
            return batch.row_count
        return _among_kept(batch, filters) if not batch.removed_count else None
    if removed.verb == Verb.IS_TRUE:
        return None if filters else batch.removed_count
    return _among_kept(batch, filters) if removed.verb == Verb.IS_FALSE else None


def _among_kept(batch: Batch, filters: dict[str, Filter]) -> int | None:
    """Return the number of the rows that are not removed and fit ``filters``, by column."""
    if not filters:
        return batch.kept_count
    (column, clause), *more = filters.items()
    if more:
        return None
    if column == _STATUS:
        return _of_status(batch, clause)
    problems = kept_problem_rows(batch) if column == PROBLEMS else None
    if problems is None or clause.verb not in (Verb.IS_TRUE, Verb.IS_FALSE):
        return None
    return problems if clause.verb == Verb.IS_TRUE else batch.kept_count - problems


def _of_status(batch: Batch, clause: Filter) -> int | None:
    match clause.verb:
        case Verb.EQUAL | Verb.ANY_OF:
            return batch.count_of(*dict.fromkeys(clause.values))
        case Verb.NOT_EQUAL:
            return batch.kept_count - batch.count_of(*clause.values)
        case Verb.EMPTY:
            return batch.count_of("")
        case Verb.NOT_EMPTY:
            return batch.kept_count - batch.count_of("")
        case _:
            return None
