"""The activity of a batch: the job that holds it, or the failure of its last job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, select

from batchbook.batches.engine.context import find_batch
from batchbook.batches.lifecycle import Action, State, transition
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.db.transactions import SAFE_METHODS, brief_reading
from batchbook.jobs import Job, JobService
from batchbook.jobs.enqueue import job_holding
from batchbook.jobs.models import ACTIVE, ENDED, JobState
from batchbook.jobs.view_models import JobReport, report_on, reports_on
from batchbook.jobs.views import may_change

#: The maximum number of running jobs that a list of batches shows.
SHOWN = 10


@dataclass(frozen=True)
class LockedByJob:
    """A batch, and the job that holds it."""

    batch: Batch
    job: Job


@dataclass(frozen=True)
class Activity:
    """The job that runs on a batch, for its page: its progress, and the addresses for status, waiting and cancelling.

    ``state`` is the state that the page shows meanwhile. Without JavaScript, the page reloads ``refresh_url``.
    """

    report: JobReport
    state: State
    status_url: str
    next_url: str
    refresh_url: str
    cancel_url: str | None


@dataclass(frozen=True)
class Running:
    """A batch on which a job runs, for lists."""

    title: str
    url: str
    report: JobReport
    status_url: str


@dataclass(frozen=True)
class LastFailure:
    """The last job on a batch, if it failed, was refused or was cancelled; ``retry_url`` is set for users who may retry it."""

    job: Job
    cancelled: bool
    url: str
    retry_url: str | None


def batch_locked_by_job(request: Any, batch_id: int) -> LockedByJob | None:
    """Return the batch and the job that holds it; ``None`` if no job does.

    On SQLite, this reads in a transaction of its own, because one that may write would wait for that very job.
    """
    if request.method in SAFE_METHODS or request.db.get_bind().dialect.name != "sqlite":
        return _find_lock(request, request.db, batch_id)
    with brief_reading(request.services.get(Engine)) as session:
        return _find_lock(request, session, batch_id)


def _find_lock(request: Any, session: Any, batch_id: int) -> LockedByJob | None:
    job = job_holding(session, batch_id)
    if job is None:
        return None
    return LockedByJob(find_batch(session, request.services.get(BatchTypes), batch_id), job)


def activity_of(request: Any, lock: LockedByJob) -> Activity:
    """Return the activity for the page of a batch that a job holds."""
    jobs: JobService = request.services.get(JobService)
    job = lock.job
    next_url = request.route_path("jobs.await", id=job.id)
    mine = job.asked_by == request.authenticated_userid
    return Activity(
        report=report_on(jobs, job),
        state=_seen_as(lock),
        status_url=request.route_path("jobs.status", id=job.id),
        next_url=next_url,
        refresh_url=next_url if mine else request.path_qs,
        cancel_url=request.route_path("jobs.cancel", id=job.id) if may(request, "cancel", job) else None,
    )


def _seen_as(lock: LockedByJob) -> State:
    state = State(lock.batch.state)
    if lock.job.state != JobState.RUNNING or lock.job.task not in list(Action):
        return state
    step = transition(Action(lock.job.task), state)
    return step.through if step and step.through else state


def running_now(request: Any, *conditions: ColumnElement[bool]) -> list[Running]:
    """Return the jobs on batches that satisfy ``conditions``, the oldest first: as many as a list shows, and one more if there are more."""
    statement = (
        select(Job, Batch.description)
        .join(Batch, Batch.id == Job.batch_id)
        .where(Job.exclusive, Job.state.in_(ACTIVE), *conditions)
        .order_by(Job.id)
        .limit(SHOWN + 1)
    )
    found = request.db.execute(statement).all()
    reports = reports_on(request.services.get(JobService), [job for job, _description in found])
    types = request.services.get(BatchTypes)
    return [
        Running(
            title=f"{description or types[job.batch_type].title} {job.batch_id:08d}",
            url=request.route_path(f"batches.{job.batch_type}.view", id=job.batch_id),
            report=report,
            status_url=request.route_path("jobs.status", id=job.id),
        )
        for (job, description), report in zip(found, reports, strict=True)
    ]


def last_failure_of(request: Any, batch: Batch) -> LastFailure | None:
    """Return the last job on ``batch`` that ended, if it failed or was cancelled."""
    statement = select(Job).where(Job.batch_id == batch.id, Job.exclusive, Job.state.in_(ENDED))
    # A scheduled job may be older than others that ended before it.
    job = request.db.scalar(statement.order_by(Job.ended_at.desc(), Job.id.desc()).limit(1))
    if job is None or not job.went_wrong:
        return None
    retry = request.route_path("jobs.retry", id=job.id)
    return LastFailure(
        job=job,
        cancelled=job.state == JobState.CANCELLED,
        url=request.route_path("jobs.view", id=job.id),
        retry_url=retry if may(request, "retry", job) and not job.was_refused else None,
    )


def may(request: Any, what: str, job: Job) -> bool:
    """Return whether the user of ``request`` may perform ``what``, cancel or retry, on ``job``."""
    return may_change(request.identity, job, f"jobs:{what}")
