"""Edits of very many rows as jobs: the small common part of all of them.

A kind of edit is one line, ``task = edit_task("paste_cells", "Paste cells", edit)``, where ``edit(edit)`` does it and
returns what it did, in a sentence; ``config.add_job_task(task)`` registers it, and a page asks for it with
:func:`ask_edit` where :func:`is_big` says that nobody should wait for it. The batch is held from then on, so what was
checked when the job was asked for still holds when it runs, and the edit is done as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyramid.registry import Registry
from sqlalchemy.orm import Session

from batchbook.batches.background import order_on
from batchbook.batches.engine import Engine, Result
from batchbook.batches.lifecycle import Action
from batchbook.batches.tasks import (
    batch_page,
    demand,
    demand_again,
    engine_of,
    note_ending,
    sees_batch,
)
from batchbook.batches.types import BatchTypes
from batchbook.jobs import Ending, Job, Jobs, Task, Turn
from batchbook.jobs.offline import identity_of, page_at
from batchbook.services import Services


@dataclass(frozen=True)
class BulkEdit:
    """An edit that a job does: the ``engine`` that acts for who asked, the batch, and the ``arguments`` as asked for."""

    turn: Turn
    engine: Engine
    batch_id: int
    arguments: Mapping[str, Any]

    @contextmanager
    def page(self) -> Iterator[Any]:
        """Yield the page whose address is the argument ``address``, as it is for who asked."""
        identity = identity_of(self.turn.session, self.engine.actor)
        with page_at(self.turn.services.get(Registry), self.turn.session, identity, self.turn.job) as page:
            yield page


def is_big(services: Services, rows: int) -> bool:
    """Return whether an edit that touches that many rows is for a job to do."""
    jobs: Jobs = services.get(Jobs)
    return jobs.is_big(rows)


def ask_edit(
    services: Services, engine: Engine, batch_id: int, task: str, arguments: Mapping[str, Any]
) -> Result:
    """Ask for the edit ``task`` of a batch; ``arguments`` are plain data.

    If they have a ``version``, it is the batch's that was looked at. Raises as
    :meth:`~batchbook.batches.engine.Engine.lock` does.
    """
    batch = engine.lock(batch_id, Action.EDIT).batch
    job = services.get(Jobs).ask(engine.session, order_on(batch, engine.actor, task, arguments))
    return Result(f"{batch} is going to be changed.", job_id=job.id)


def edit_task(name: str, label: str, edit: Callable[[BulkEdit], str]) -> Task:
    """Return the task called ``name``, for people ``label``, that does ``edit``.

    That reports to ``engine.progress`` and raises as editors do; whatever it raises, nothing of it is kept.
    """

    def run(turn: Turn) -> Ending:
        demand(turn, Action.EDIT)
        return Ending(edit(BulkEdit(turn, engine_of(turn), turn.job.batch_id or 0, turn.job.arguments)))

    return Task(name, label, Action.EDIT.done, run, note_ending, batch_page, sees_batch, _again)


def _again(services: Services, session: Session, job: Job, by: str) -> Job:
    batch = demand_again(services, session, job, by, Action.EDIT)
    arguments = dict(job.arguments)
    if "version" in arguments:
        # Nothing was done with the batch since but to write down how the job ended.
        arguments["version"] = batch.version
    engine = Engine(session, services.get(BatchTypes), services.settings, by)
    engine.lock(batch.id, Action.EDIT)
    again: Job = services.get(Jobs).ask(session, order_on(batch, by, job.task, arguments, retry_of=job.id))
    return again
