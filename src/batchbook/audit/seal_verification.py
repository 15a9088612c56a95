"""Verification of a batch for its page: at once, or for a large batch by a job, which reports its progress and keeps the result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.running.action_tasks import demand, may_see_batch
from batchbook.batches.seal.chain import verify_chain
from batchbook.batches.seal.models import Seal
from batchbook.batches.seal.verification import verify_batch
from batchbook.db import utc_now
from batchbook.errors import Missing
from batchbook.jobs import Job, JobContext, JobRequest, JobResult, JobService, Task
from batchbook.jobs.models import JobState
from batchbook.progress import NoProgress, Progress


@dataclass(frozen=True)
class Verified:
    """The result of verifying a batch and the chain from its seal on.

    ``at`` is the time, ``difference`` the first difference in words, empty if there is none.
    """

    at: datetime
    difference: str


def seal_of(session: Session, batch_id: int) -> Seal | None:
    """Return the seal of a batch; ``None`` if it has none."""
    return session.scalars(select(Seal).where(Seal.batch_id == batch_id)).one_or_none()


def verified(session: Session, seal: Seal, progress: Progress | None = None) -> Verified:
    """Verify the batch of ``seal``, and the chain from there on; nothing is changed."""
    verdict = verify_batch(session, seal, progress or NoProgress())
    difference = verdict.difference or next(verify_chain(session, seal.number), None)
    return Verified(utc_now(), difference.sentence if difference else "")


# --- By a job --------------------------------------------------------------------------------------------------------


def enqueue_verification(jobs: JobService, session: Session, batch: Batch, actor: str) -> Job:
    """Enqueue the job that verifies ``batch`` for ``actor``. It holds nothing: the batch is frozen."""
    request = JobRequest(TASK.name, str(batch), actor, batch_id=batch.id, batch_type=batch.type)
    return jobs.enqueue(session, request)


def result_of(session: Session, job_id: int, batch: Batch) -> Verified:
    """Return the result of the verification of ``batch`` by a job; raise ``Missing`` if there is none."""
    found = _result(session.scalars(_jobs_of(batch).where(Job.id == job_id)).one_or_none())
    if found is None:
        raise Missing(f"There is no verification of {str(batch).lower()} with this number. Verify it again.")
    return found


def last_result(session: Session, batch: Batch) -> Verified | None:
    """Return the result of the last verification of ``batch`` by a job; ``None`` if there is none, or it is no longer kept."""
    return _result(session.scalars(_jobs_of(batch).order_by(Job.id.desc()).limit(1)).one_or_none())


def _jobs_of(batch: Batch) -> Select[Job]:
    return select(Job).where(Job.batch_id == batch.id, Job.task == TASK.name, Job.state == JobState.DONE)


def _result(job: Job | None) -> Verified | None:
    found = (job.result or {}) if job else {}
    if "verified_at" not in found:
        return None
    return Verified(datetime.fromisoformat(found["verified_at"]), found["difference"])


@contextmanager
def _verify(context: JobContext) -> Iterator[Verified]:
    """Verify in a read-only session of its own, so that nobody has to wait."""
    demand(context, Action.VIEW)
    seal = seal_of(context.session, context.job.batch_id or 0)
    if seal is None:
        raise Missing(f"{context.job.subject} has no seal, so there is nothing to verify.")
    yield verified(context.session, seal, context.progress)


def _keep(context: JobContext) -> JobResult:
    found: Verified = context.prepared
    message = (
        f"{context.job.subject} or the chain of seals is NOT as it was sealed. {found.difference}"
        if found.difference
        else f"{context.job.subject} is as it was sealed."
    )
    return JobResult(message, data={"verified_at": found.at.isoformat(), "difference": found.difference})


def _page(request: Any, job: Job) -> str:
    query = {"job": job.id} if "verified_at" in (job.result or {}) else {}
    return str(request.route_path(f"batches.{job.batch_type}.seal", id=job.batch_id, _query=query))


TASK = Task(
    name="verify-seal",
    label="Verify",
    done="verified",
    run=_keep,
    prepare=_verify,
    outcome_url=_page,
    may_see=may_see_batch,
)
