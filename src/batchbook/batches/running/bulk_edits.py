"""Edits of very many rows as jobs: their common part, and those that ship with Batchbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, true
from sqlalchemy.orm import Session

from batchbook.batches.concurrency import Token
from batchbook.batches.editing import HeaderEditor, RowRemover
from batchbook.batches.editing.problems import SimilarCells, SimilarFixer, fixed_message
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.action_tasks import (
    batch_page,
    demand,
    demand_again,
    engine_for,
    may_see_batch,
    record_result,
)
from batchbook.batches.running.runner import order_on
from batchbook.jobs import Job, JobContext, JobResult, JobService, Task
from batchbook.master import Caller, GridReference, OpenGrid
from batchbook.security.identity import identity_called
from batchbook.services import Services
from batchbook.words import counted


@dataclass(frozen=True)
class BulkEdit:
    """An edit that a job does: the ``engine`` that acts for who asked, the batch, and the ``arguments`` as asked for."""

    job_context: JobContext
    engine: Engine
    batch_id: int
    arguments: Mapping[str, Any]

    def open_grid(self) -> OpenGrid:
        """Return the grid of the argument ``grid``, for the user who asked for the edit."""
        context = self.job_context
        caller = Caller(
            context.services, context.session, identity_called(context.session, self.engine.actor)
        )
        return GridReference.from_json(self.arguments.get("grid") or {}).open(caller)


#: The name of the source of a batch's rows as grids show them; its argument is ``batch_id``.
BATCH_ROWS = "batch_rows"


def rows_reference(batch: Batch) -> GridReference:
    """Return the grid of a batch's rows as plain data."""
    return GridReference(BATCH_ROWS, {"batch_id": batch.id})


def is_big(services: Services, rows: int) -> bool:
    """Return whether an edit that touches that many rows is for a job to do."""
    jobs: JobService = services.get(JobService)
    return jobs.is_big(rows)


def enqueue_edit(
    services: Services, engine: Engine, batch_id: int, task: str, arguments: Mapping[str, Any]
) -> Result:
    """Ask for the edit ``task`` of a batch; ``arguments`` are plain data.

    If they have a ``version``, it is the batch's that was looked at. Raises as
    :meth:`~batchbook.batches.engine.engine.Engine.lock` does.
    """
    batch = engine.lock(batch_id, Action.EDIT).batch
    job = services.get(JobService).enqueue(engine.session, order_on(batch, engine.actor, task, arguments))
    return Result(f"{batch} is going to be changed.", job_id=job.id)


def edit_task(name: str, label: str, edit: Callable[[BulkEdit], str]) -> Task:
    """Return the task called ``name``, for people ``label``, that does ``edit``.

    That reports to ``engine.progress`` and raises as editors do; whatever it raises, nothing of it is kept.
    """

    def run(job_context: JobContext) -> JobResult:
        demand(job_context, Action.EDIT)
        return JobResult(
            edit(
                BulkEdit(
                    job_context,
                    engine_for(job_context),
                    job_context.job.batch_id or 0,
                    job_context.job.arguments,
                )
            )
        )

    return Task(
        name=name,
        label=label,
        done=Action.EDIT.done,
        run=run,
        note_result=record_result,
        outcome_url=batch_page,
        may_see=may_see_batch,
        retry=_retry,
    )


def _retry(services: Services, session: Session, job: Job, by: str) -> Job:
    batch = demand_again(services, session, job, by, Action.EDIT)
    arguments = dict(job.arguments)
    if "version" in arguments:
        # Nothing was done with the batch since but to write down how the job ended.
        arguments["version"] = batch.version
    engine = Engine(session, services.get(BatchTypes), services.settings, by)
    engine.lock(batch.id, Action.EDIT)
    again: Job = services.get(JobService).enqueue(
        session, order_on(batch, by, job.task, arguments, retry_of=job.id)
    )
    return again


def removed_words(count: int) -> str:
    """Return the sentences that say how many rows were removed."""
    return f"Removed {counted(count, 'row')}. Each can be restored from its page."


def _remove_rows(edit: BulkEdit) -> str:
    condition = and_(true(), *edit.open_grid().where())
    seen = Token(edit.arguments["seen"])
    return removed_words(RowRemover(edit.engine).remove_where(edit.batch_id, condition, seen))


def _edit_header(edit: BulkEdit) -> str:
    arguments = edit.arguments
    changed = HeaderEditor(edit.engine).edit(edit.batch_id, arguments["texts"], arguments["version"])
    return f"Changed {', '.join(changed)}, and refreshed all rows." if changed else "Nothing was changed."


def _fix_alike(edit: BulkEdit) -> str:
    arguments = edit.arguments
    seen = Token(arguments["seen"])
    fixer = SimilarFixer(edit.engine)
    return fixed_message(
        fixer.fix(edit.batch_id, SimilarCells(**arguments["alike"]), arguments["text"], seen)
    )


REMOVE_ROWS = edit_task("remove_rows", "Remove rows", _remove_rows)
EDIT_HEADER = edit_task("edit_header", "Edit header", _edit_header)
FIX_ALIKE = edit_task("fix_alike", "Fix cells alike", _fix_alike)

#: The tasks of all of them.
BULK_EDITS = (REMOVE_ROWS, EDIT_HEADER, FIX_ALIKE)
