"""What must be true of every batch when all is over, whatever was killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, func, select

from batchbook.batches import State
from batchbook.batches.models import Batch, Operation
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import make_session
from batchbook.jobs import Job
from batchbook.jobs.models import ACTIVE, JobState
from batchbook.types.price_change.models import PriceChangeRow


def complaints(engine: Engine, batch_ids: list[int], rows: int) -> list[str]:
    """Return what is wrong, in sentences; empty if everything is as it should be."""
    with make_session(engine, read_only=True) as session:
        found = [said for batch_id in batch_ids for said in _about(session, batch_id, rows)]
        active = session.scalar(select(func.count()).select_from(Job).where(Job.state.in_(ACTIVE)))
        changed = session.scalar(select(func.count()).select_from(Product).where(Product.price != 10))
        return [
            *found,
            *unless(active, 0, "jobs that never ended"),
            *unless(changed, rows * len(batch_ids), "products with a new price"),
        ]


def _about(session: Any, batch_id: int, rows: int) -> Iterator[str]:
    batch = session.get_one(Batch, batch_id)
    row, history = PriceChangeRow, PriceHistory
    yield from unless(batch.state, State.EXECUTED, f"state of {batch}")
    yield from unless(batch.row_count, rows, f"rows that {batch} says it has")
    yield from unless(count(session, row.batch_id == batch_id), rows, f"rows of {batch}")
    yield from unless(
        session.scalar(select(func.count(func.distinct(row.item_code))).where(row.batch_id == batch_id)),
        rows,
        f"different products in {batch}",
    )
    yield from unless(count(session, history.batch_id == batch_id), rows, f"price changes by {batch}")
    for kind in ("populate", "refresh", "complete", "execute"):
        done = (Operation.batch_id == batch_id) & (Operation.kind == kind)
        yield from unless(count(session, done), 1, f"operations “{kind}” of {batch}")
        if kind != "complete":
            ended = (Job.batch_id == batch_id) & (Job.task == kind) & (Job.state == JobState.DONE)
            yield from unless(count(session, ended), 1, f"jobs “{kind}” of {batch} that were done")


def count(session: Any, condition: Any) -> int:
    """Return the number of records that meet ``condition``."""
    found: int = session.scalar(select(func.count()).where(condition)) or 0
    return found


def unless(found: Any, right: Any, what: str) -> Iterator[str]:
    """Yield a complaint unless what was found is what is right."""
    if found != right:
        yield f"{what}: {found} instead of {right}."
