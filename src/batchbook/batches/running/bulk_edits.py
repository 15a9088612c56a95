"""Edits of many rows as jobs: their common part, and the edits that ship with Batchbook."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from batchbook.batches.concurrency import Token
from batchbook.batches.editing import HeaderEditor, RowRemover, Undoer
from batchbook.batches.editing.change_rules import ColumnChange
from batchbook.batches.editing.column_changer import ColumnChanger
from batchbook.batches.editing.duplicates import DuplicateRemover, Keep
from batchbook.batches.editing.merging import Replacements, ValueMerger
from batchbook.batches.editing.problems import SimilarCells, SimilarFixer, fixed_message
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.engine.scheduled_execution import held_job
from batchbook.batches.handler import REASON
from batchbook.batches.history import REDO, UNDO
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.policies.edit_reasons import demand_reason_beforehand
from batchbook.batches.policies.field_access import has_field_rules
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.action_tasks import (
    batch_page,
    demand,
    demand_again,
    engine_for,
    may_see_batch,
    record_result,
)
from batchbook.batches.running.runner import reason_in
from batchbook.grid.number_formats import NUMBER_FORMAT, NumberFormat
from batchbook.jobs import Job, JobContext, JobResult, JobService, Task
from batchbook.master import Caller, GridReference, OpenGrid
from batchbook.security.identity import identity_called
from batchbook.services import Services
from batchbook.words import counted


@dataclass(frozen=True)
class BulkEdit:
    """An edit by a job: the ``engine``, which acts for the user who requested it, the batch, and the ``arguments``."""

    job_context: JobContext
    engine: Engine
    batch_id: int
    arguments: Mapping[str, Any]

    def open_grid(self) -> OpenGrid:
        """Return the grid of the argument ``grid``, opened for the user who requested the edit."""
        context = self.job_context
        caller = Caller(
            context.services, context.session, identity_called(context.session, self.engine.actor)
        )
        return GridReference.from_json(self.arguments.get("grid") or {}).open(caller)


#: The name of the grid source of a batch's rows; its argument is ``batch_id``.
BATCH_ROWS = "batch_rows"


def rows_reference(batch: Batch) -> GridReference:
    """Return the grid of a batch's rows as plain data."""
    return GridReference(BATCH_ROWS, {"batch_id": batch.id})


def is_big(services: Services, rows: int) -> bool:
    """Return whether an edit of that many rows is left to a job."""
    jobs: JobService = services.get(JobService)
    return jobs.is_big(rows)


def enqueue_edit(
    services: Services,
    engine: Engine,
    batch_id: int,
    task: str,
    arguments: Mapping[str, Any],
    fields: Collection[str] | None = (),
) -> Result:
    """Enqueue the edit ``task`` of a batch; ``arguments`` are plain data.

    A ``version`` among them is the batch's version on which the edit is based. ``fields`` are those whose values it may
    change, ``None`` for any. Raises as :meth:`~batchbook.batches.engine.engine.Engine.lock` does, and as
    :func:`~batchbook.batches.policies.edit_reasons.demand_reason_beforehand`.
    """
    context = engine.lock(batch_id, Action.EDIT)
    demand_reason_beforehand(context, fields)
    batch = context.batch
    if engine.reason:
        arguments = {**arguments, REASON: engine.reason}
    job = services.get(JobService).enqueue(engine.session, held_job(batch, engine.actor, task, arguments))
    return Result(f"{batch} is going to be changed.", job_id=job.id)


def edit_task(name: str, label: str, edit: Callable[[BulkEdit], str]) -> Task:
    """Return the task with the ``name`` and the ``label`` that performs ``edit``, which returns a sentence.

    ``edit`` reports to ``engine.progress`` and raises as editors do; nothing of it is stored then.
    """

    def run(job_context: JobContext) -> JobResult:
        demand(job_context, Action.EDIT)
        job, engine = job_context.job, engine_for(job_context)
        engine.reason = reason_in(job.arguments)
        done = edit(BulkEdit(job_context, engine, job.batch_id or 0, job.arguments))
        # Lists of jobs show the result to people who may not see the columns that it tells of.
        restricted = job.batch_type and has_field_rules(job_context.session, engine.types[job.batch_type])
        return JobResult("Done: the batch's history tells what was changed." if restricted else done)

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
    if by != job.asked_by:
        arguments.pop(REASON, None)  # Nobody gives a reason for somebody else.
    if "version" in arguments:
        # The only change of the batch since then is the record of the job's result.
        arguments["version"] = batch.version
    engine = Engine(session, services.get(BatchTypes), services.settings, by)
    engine.lock(batch.id, Action.EDIT)
    again: Job = services.get(JobService).enqueue(
        session, held_job(batch, by, job.task, arguments, retry_of=job.id)
    )
    return again


def removed_words(count: int) -> str:
    """Return sentences with the number of rows that were removed."""
    return f"Removed {counted(count, 'row')}. Each can be restored from its page."


def _remove_rows(edit: BulkEdit) -> str:
    condition = edit.open_grid().where()
    seen = Token(edit.arguments["seen"])
    return removed_words(RowRemover(edit.engine).remove_where(edit.batch_id, condition, seen))


def restored_words(count: int) -> str:
    """Return a sentence with the number of rows that were restored."""
    return f"Restored {counted(count, 'row')}."


def _restore_rows(edit: BulkEdit) -> str:
    condition = edit.open_grid().where()
    seen = Token(edit.arguments["seen"])
    return restored_words(RowRemover(edit.engine).restore_where(edit.batch_id, condition, seen))


def _edit_header(edit: BulkEdit) -> str:
    arguments = edit.arguments
    seen = arguments.get("seen")  # Jobs of older versions have none.
    # The texts are as somebody typed them. Jobs of older versions tell no format.
    conventions = NumberFormat(arguments.get(NUMBER_FORMAT, NumberFormat.POINT)).conventions
    editor = HeaderEditor(edit.engine, conventions)
    changed = editor.edit(edit.batch_id, arguments["texts"], arguments["version"], seen)
    return f"Changed {', '.join(changed)}, and refreshed all rows." if changed else "Nothing was changed."


def _fix_similar(edit: BulkEdit) -> str:
    arguments = edit.arguments
    seen = Token(arguments["seen"])
    fixer = SimilarFixer(edit.engine)
    return fixed_message(
        fixer.fix(edit.batch_id, SimilarCells(**arguments["alike"]), arguments["text"], seen)
    )


def _merge_values(edit: BulkEdit) -> str:
    arguments = edit.arguments
    condition = edit.open_grid().where()
    replacements = Replacements(arguments["field"], arguments["by_value"])
    seen = Token(arguments["seen"])
    return fixed_message(ValueMerger(edit.engine).merge(edit.batch_id, condition, replacements, seen))


def _remove_duplicates(edit: BulkEdit) -> str:
    arguments = edit.arguments
    keep, sequence = arguments["keep"], arguments["sequence"]
    rule = keep if isinstance(keep, int) else Keep(keep)
    return DuplicateRemover(edit.engine).keep(edit.batch_id, rule, sequence, Token(arguments["seen"]))


def _reverse(edit: BulkEdit) -> str:
    number, undoer = edit.arguments["number"], Undoer(edit.engine)
    # What was next in line when somebody asked for it need not be so any more.
    act = {UNDO: undoer.undo, REDO: undoer.redo}.get(edit.arguments.get("next", ""))
    if act:
        return act(edit.batch_id, number).message
    return undoer.reverse(edit.batch_id, number, partly=edit.arguments["partly"]).message


def _change_column(edit: BulkEdit) -> str:
    condition = edit.open_grid().where()
    seen, change = Token(edit.arguments["seen"]), ColumnChange.from_json(edit.arguments["change"])
    return ColumnChanger(edit.engine).store(edit.batch_id, condition, change, seen, timed=False)


REMOVE_ROWS = edit_task("remove_rows", "Remove rows", _remove_rows)
RESTORE_ROWS = edit_task("restore_rows", "Restore rows", _restore_rows)
EDIT_HEADER = edit_task("edit_header", "Edit header", _edit_header)
FIX_SIMILAR = edit_task("fix_alike", "Fix cells alike", _fix_similar)
MERGE_VALUES = edit_task("merge_values", "Merge values", _merge_values)
REMOVE_DUPLICATES = edit_task("remove_duplicates", "Remove duplicates", _remove_duplicates)
REVERSE = edit_task("reverse", "Undo or redo", _reverse)
CHANGE_COLUMN = edit_task("change_column", "Change a column", _change_column)

#: All tasks of bulk edits.
BULK_EDITS = (
    REMOVE_ROWS,
    RESTORE_ROWS,
    EDIT_HEADER,
    FIX_SIMILAR,
    MERGE_VALUES,
    REMOVE_DUPLICATES,
    REVERSE,
    CHANGE_COLUMN,
)
