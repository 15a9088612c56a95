"""What must be true of every import when all is over, whatever happened to the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import func, select

from batchbook.batches import State
from batchbook.batches.effects.models import BatchEffect
from batchbook.batches.models import Batch, Operation
from batchbook.catalog.models import Product
from batchbook.db.transactions import make_session
from batchbook.jobs import Job
from batchbook.jobs.models import ACTIVE, JobState
from batchbook.services import Services
from soak.data import code
from soak.network.imports import Import
from soak.verdict import count, unless


def complaints(services: Services, imports: Sequence[Import]) -> list[str]:
    """Return what is wrong, in sentences; empty if every import was done once."""
    with make_session(services.get(sqlalchemy.Engine), read_only=True) as session:
        return [
            *unless(count(session, Batch.type == "import"), len(imports), "batches of imports"),
            *unless(count(session, Job.state.in_(ACTIVE)), 0, "jobs that never ended"),
            *(said for one in imports if one.batch_id for said in _about(session, one)),
        ]


def _about(session: Any, one: Import) -> Iterator[str]:
    batch = session.get_one(Batch, one.batch_id)
    yield from unless(batch.state, State.EXECUTED, f"state of {batch}")
    yield from unless(batch.row_count, one.rows, f"rows of {batch}")
    codes = Product.item_code.between(code(one.number, 0), code(one.number, one.rows - 1))
    yield from unless(count(session, codes), one.rows, f"products created by {batch}")
    yield from unless(count(session, BatchEffect.batch_id == batch.id), one.rows, f"effects of {batch}")
    created = select(func.count(func.distinct(BatchEffect.record_id))).where(BatchEffect.batch_id == batch.id)
    yield from unless(session.scalar(created), one.rows, f"records changed by {batch}")
    for kind in ("populate", "complete", "execute"):
        done = (Operation.batch_id == batch.id) & (Operation.kind == kind)
        yield from unless(count(session, done), 1, f"operations “{kind}” of {batch}")
    for task in ("populate", "execute"):
        ended = (Job.batch_id == batch.id) & (Job.task == task) & (Job.state == JobState.DONE)
        yield from unless(count(session, ended), 1, f"jobs “{task}” of {batch} that were done")
