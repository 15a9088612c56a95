"""Dry runs: what an execution would do, found out by executing the batch and undoing that, at once or by a job."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from sqlalchemy import Row, literal
from sqlalchemy.orm import Session

from batchbook.batches.concurrency import refuse_stale
from batchbook.batches.effects.models import Effect, count_effects, effects_of
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.preview import unconfirmed_warnings, without_confirmations
from batchbook.batches.engine.scheduled_execution import held_job
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.policies.field_access import refuse_if_limited
from batchbook.batches.running.action_tasks import demand, engine_for, may_see_batch
from batchbook.errors import Missing
from batchbook.grid import Column, Kind, label_of, rows_of
from batchbook.jobs import Job, JobContext, JobResult, JobService, Task
from batchbook.jobs.exports import job_file_chunks, store_job_file
from batchbook.jobs.models import JobFile

_IN_MEMORY = 4 * 1024 * 1024
_CONTENT_TYPE = "application/x-ndjson"


@dataclass(frozen=True)
class DryRun:
    """The result of a dry run: the summary of the execution, the warnings it has to confirm, and counts of its effects.

    ``counts`` are the number of records by their name and the kind of effect; ``effects`` are all of them, or the first.
    """

    summary: str
    warnings: str
    counts: Sequence[tuple[str, str, int]]
    effects: Sequence[Effect] = ()

    @property
    def total(self) -> int:
        """The number of records on which the execution has an effect."""
        return sum(count for _target, _kind, count in self.counts)


#: Reads the effects of an executed batch while they are there: called with an iterator over them.
Reader = Callable[[Iterator[Effect]], Sequence[Effect]]


def dry_run(
    engine: Engine,
    batch_id: int,
    options: Mapping[str, Any],
    read: Reader,
    version: int | None = None,
) -> DryRun:
    """Execute a batch with the texts ``options``, have ``read`` read the effects, and undo it; return what it did.

    Raises what refuses the execution. Warnings are no reason to refuse: they are told.
    """
    chosen = without_confirmations(options)
    context = engine.lock(batch_id, Action.DRY_RUN)
    refuse_if_limited(context.access, "A dry run")
    warnings = unconfirmed_warnings(context, chosen)

    def found(session: Session, batch: Batch) -> DryRun:
        summary = (batch.execution_outcome or {}).get("summary", "")
        counts = [(*key, count) for key, count in count_effects(session, batch.id).items()]
        return DryRun(summary, warnings, counts, read(effects_of(session, batch.id)))

    return engine.dry_run(batch_id, chosen, found, version)


def first(most: int) -> Reader:
    """Return the reader that keeps the first ``most`` effects."""
    return lambda effects: [*islice(effects, most)]


# --- By a job --------------------------------------------------------------------------------------------------------


def enqueue_dry_run(
    jobs: JobService, engine: Engine, batch_id: int, options: Mapping[str, Any], version: int
) -> Job:
    """Enqueue the job for a dry run; its file has the effects. Raises as locking the batch does."""
    batch = engine.lock(batch_id, Action.DRY_RUN).batch
    refuse_stale(batch, Action.DRY_RUN, version)
    arguments = {"options": without_confirmations(options)}
    return jobs.enqueue(engine.session, held_job(batch, engine.actor, TASK.name, arguments))


def _run(context: JobContext) -> JobResult:
    demand(context, Action.DRY_RUN)
    batch_id = context.job.batch_id or 0
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:

        def write(effects: Iterator[Effect]) -> Sequence[Effect]:
            file.writelines(
                f"{json.dumps(asdict(effect), ensure_ascii=False)}\n".encode() for effect in effects
            )
            return ()

        done = dry_run(engine_for(context), batch_id, context.job.arguments["options"], write)
        name = f"dry-run-{batch_id:08d}.jsonl"
        store_job_file(context.session, context.job.id, name, _CONTENT_TYPE, cast("BinaryIO", file))
    data = {"summary": done.summary, "warnings": done.warnings, "counts": [list(one) for one in done.counts]}
    return JobResult(f"Nothing was changed. An execution would do this: {done.summary}", data=data)


def result_of(session: Session, job_id: int, batch: Batch, most: int) -> DryRun:
    """Return the result of the dry run of ``batch`` by a job, with the first ``most`` effects; raise ``Missing`` without."""
    job = _job_of(session, job_id, batch)
    found = job.result or {}
    effects = [*islice(kept_effects(session, job_id, batch), most)]
    counts = [(str(target), str(kind), int(count)) for target, kind, count in found["counts"]]
    return DryRun(found["summary"], found["warnings"], counts, effects)


def kept_effects(session: Session, job_id: int, batch: Batch) -> Iterator[Effect]:
    """Yield the effects in the file of the dry run of ``batch`` by a job; raise ``Missing`` if there is none."""
    file = session.get(JobFile, _job_of(session, job_id, batch).id)
    if file is None:
        raise Missing("The result of this dry run is no longer there. Run it again.")
    rest = b""
    for chunk in job_file_chunks(session, file):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (Effect(**json.loads(line)) for line in lines)


def _job_of(session: Session, job_id: int, batch: Batch) -> Job:
    job = session.get(Job, job_id)
    if (
        job is None
        or job.task != TASK.name
        or job.batch_id != batch.id
        or not (job.result or {}).get("summary")
    ):
        raise Missing(f"There is no dry run of {str(batch).lower()} with this number. Run it again.")
    return job


def _page(request: Any, job: Job) -> str | None:
    prefix, found = f"batches.{job.batch_type}", (job.result or {}).get("summary")
    query = {"job": job.id} if found else {}
    page = "dry-run" if found else "view"
    return str(request.route_path(f"{prefix}.{page}", id=job.batch_id, _query=query))


TASK = Task(
    name=Action.DRY_RUN.value,
    label=Action.DRY_RUN.label,
    done=Action.DRY_RUN.done,
    run=_run,
    outcome_url=_page,
    may_see=may_see_batch,
)

# --- Files -----------------------------------------------------------------------------------------------------------

#: The columns of a file with effects, which has a line for each value.
EFFECT_COLUMNS = tuple(
    Column(name, label, literal(None), kind)
    for name, label, kind in (
        ("target", "Records", Kind.TEXT),
        ("record_key", "Key", Kind.TEXT),
        ("sequence", "Row", Kind.INTEGER),
        ("kind", "Effect", Kind.TEXT),
        ("field", "Field", Kind.TEXT),
        ("before", "Before", Kind.TEXT),
        ("after", "After", Kind.TEXT),
    )
)


def effect_lines(effects: Iterable[Effect]) -> Iterator[Row[Any]]:
    """Yield the lines of a file with ``effects``: one for each value before and after."""
    return rows_of(
        EFFECT_COLUMNS,
        (
            (
                label_of(effect.target),
                effect.label,
                effect.sequence,
                effect.kind.capitalize(),
                label_of(name),
                value_text(before),
                value_text(after),
            )
            for effect in effects
            for name, before, after in effect.changes
        ),
    )


def value_text(value: Any) -> str | None:
    """Return a kept value as text; ``None`` for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)
