"""The rows that changed since a page looked at a batch, for pages on which others' changes appear.

Every change has a number: that of its operation in the batch's history, which grows with each. What a page has seen is
such a number, and as long as it is the highest one, nothing else is looked up. Versions of rows would not do: a row whose
status changes because another row became its duplicate keeps its version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, select

from batchbook.batches.changed_cells import ChangedCell
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.refresh import peer_names, rows_and_peers
from batchbook.batches.history import last_operation
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Operation
from batchbook.grid import CellError, columns_of, parse

#: The maximum number of rows that are named; where more changed, a page loads its rows again.
MOST = 500
#: The maximum number of changed cells that are read to find these rows.
_MOST_CELLS = 5 * MOST
#: The kinds of operations that change rows without a record of their cells.
_WHOLE = (Action.POPULATE.value, Action.REFRESH.value, Action.EXECUTE.value)


@dataclass(frozen=True)
class Changes:
    """The rows that changed, by sequence with their versions; ``rows`` is None where all may have, or too many to name.

    ``last`` is the number of the last operation: what a page has seen that shows these rows.
    """

    last: int
    rows: dict[int, int] | None


class _Cell(NamedTuple):
    sequence: int
    field: str
    old: str | None


def changes_since(context: ActionContext, seen: int) -> Changes:
    """Return the rows of the batch that operations after the one with the number ``seen`` changed, and their peers."""
    last = last_operation(context.session, context.batch.id)
    if last == seen:
        return Changes(last, {})
    if last < seen or last - seen > MOST or _has_whole(context, seen):
        return Changes(last, None)
    if _count_since(context, seen) > _MOST_CELLS:
        return Changes(last, None)
    cells = _cells_since(context, seen)
    sequences = sorted({cell.sequence for cell in cells} - {0})
    if len(sequences) > MOST:
        return Changes(last, None)
    return Changes(last, _with_peers(context, sequences, cells) if sequences else {})


def _has_whole(context: ActionContext, seen: int) -> bool:
    since = (Operation.batch_id == context.batch.id, Operation.number > seen)
    wanted = select(Operation.number).where(*since, Operation.kind.in_(_WHOLE)).limit(1)
    return context.session.scalar(wanted) is not None


def _count_since(context: ActionContext, seen: int) -> int:
    of = Operation
    count = select(func.sum(of.cells)).where(of.batch_id == context.batch.id, of.number > seen)
    return context.session.scalar(count) or 0


def _cells_since(context: ActionContext, seen: int) -> list[_Cell]:
    """Return the cells that changed since, the latest first."""
    found = context.session.execute(
        select(ChangedCell.sequence, ChangedCell.field, ChangedCell.old)
        .where(ChangedCell.batch_id == context.batch.id, ChangedCell.operation > seen)
        .order_by(ChangedCell.operation.desc(), ChangedCell.position.desc())
    )
    return [_Cell(*cell) for cell in found]


def _with_peers(
    context: ActionContext, sequences: Sequence[int], cells: Sequence[_Cell]
) -> dict[int, int] | None:
    """Return the versions of the rows with these ``sequences`` and of their peers by number; ``None`` for too many."""
    row = context.row
    touched = rows_and_peers(context, sequences, _peer_values(context, sequences, cells))
    found = context.session.execute(select(row.sequence, row.version).where(touched).limit(MOST + 1)).all()
    return {one.sequence: one.version for one in found} if len(found) <= MOST else None


def _peer_values(
    context: ActionContext, sequences: Sequence[int], cells: Sequence[_Cell]
) -> Iterator[tuple[Any, ...]]:
    """Yield the values of peer columns that the rows have, and those that they had before each of the changed ``cells``."""
    row, names = context.row, peer_names(context)
    if not names:
        return
    columns = {column.name: column for column in columns_of(row, names)}
    statement = select(row.sequence, *(getattr(row, name) for name in names)).where(
        row.batch_id == context.batch.id, row.sequence.in_(sequences)
    )
    values = {
        now.sequence: dict(zip(names, now[1:], strict=True)) for now in context.session.execute(statement)
    }
    yield from (tuple(of_row.values()) for of_row in values.values())
    for cell in cells:
        of_row = values.get(cell.sequence)
        if of_row is None or cell.field not in columns:
            continue
        try:
            of_row[cell.field] = parse(columns[cell.field], cell.old or "")
        except CellError:
            continue  # A text that was no value had no peers.
        yield tuple(of_row.values())
