"""The job service of an application, ``services.get(JobService)``: enqueue, cancel and retry jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import URL
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.engine import database_url
from batchbook.db.transactions import is_busy
from batchbook.errors import Conflict
from batchbook.jobs import lease
from batchbook.jobs.enqueue import JobRequest, add_job
from batchbook.jobs.job_progress import request_cancel, request_process_end, unresponsive_notes
from batchbook.jobs.models import Job, JobState
from batchbook.jobs.notify import notify_workers
from batchbook.jobs.settings import MODE, JobSettings, Mode
from batchbook.jobs.store import JobStore
from batchbook.jobs.supervision import RunningAttempts
from batchbook.jobs.tasks import JobContext, JobResult, Tasks
from batchbook.progress import NoProgress
from batchbook.services import Services


class JobService:
    """The jobs of one application: settings, tasks, and what is enqueued.

    ``running`` has the attempts that run in this process, and ``worker`` runs them, if anything in this process does.
    ``upkeep`` is called with the services when a process that runs jobs starts, and every hour. ``clock`` returns the
    time by which schedules are kept. ``enqueued`` is set whenever this process has enqueued a job.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self.settings = JobSettings.read(settings)
        self.tasks = Tasks()
        self.running = RunningAttempts(self.settings)
        self.upkeep: list[Callable[[Services], None]] = []
        self.worker: Any = None
        self.clock: Callable[[], datetime] = utc_now
        self.enqueued = threading.Event()

    @property
    def in_background(self) -> bool:
        """Whether jobs run outside the request."""
        return self.settings.mode is not Mode.INLINE

    def refuse_inline(self, consequence: str) -> None:
        """Raise ``Conflict``, with the ``consequence`` in words, where actions run in the request and never as jobs."""
        if not self.in_background:
            raise Conflict(f"The setting {MODE.name} is “{Mode.INLINE}”, {consequence}. Nothing was done.")

    def is_big(self, rows: int) -> bool:
        """Return whether work on that many rows is too much to wait for, so that a job does it."""
        return self.in_background and rows > self.settings.big_rows

    @property
    def url(self) -> URL:
        """The address of the application's database."""
        return database_url(self._settings)

    @cached_property
    def store(self) -> JobStore:
        """The store for progress, heartbeats and cancel requests."""
        return JobStore(self.url)

    def enqueue(self, session: Session, job_request: JobRequest) -> Job:
        """Enqueue a job in the transaction of ``session``: it runs if, and only if, that is committed.

        Raises :class:`~batchbook.errors.Conflict` if another job holds the batch.
        """
        job = add_job(session, job_request, self.tasks[job_request.task].done)
        notify_workers(session, self.enqueued.set)
        return job

    def request_cancel(self, job: Job, by: str) -> None:
        """Note that the user ``by`` wants the job cancelled, wherever it runs."""
        request_cancel(self.store, job, by)

    def close(self) -> None:
        """Close the connections; what is enqueued after that opens new ones."""
        store: JobStore | None = self.__dict__.pop("store", None)
        if store is not None:
            store.close()


def cancel_job(services: Services, session: Session, job: Job, by: str) -> str:
    """Cancel a job for the user ``by``: at once if it has not begun, else as soon as it notices.

    While it runs, ``session`` is not touched: on SQLite that would wait for the very job.

    Returns the sentence that says which. Raises :class:`~batchbook.errors.Conflict` for a job that has ended.
    """
    if job.has_ended:
        raise Conflict(f"That has ended already. {job.message}")
    services.get(JobService).request_cancel(job, by)
    cancelled = None
    if job.state != JobState.RUNNING:
        try:
            cancelled = cancel_unstarted_job(services, session, job, by)
        except Exception as error:
            if not is_busy(error):
                raise
            # The cancel request is noted all the same: whoever takes the job ends it before it begins.
    return cancelled or "It stops as soon as it can, and nothing of it is kept."


def end_process(services: Services, job: Job, by: str) -> str:
    """Have the process ended that runs a job which does not react; return the sentence for that.

    Raises :class:`~batchbook.errors.Conflict` for a job that does not run, or that may still end by itself.
    """
    jobs: JobService = services.get(JobService)
    note = unresponsive_notes(jobs.store, [job]).get(job.id)
    if job.state != JobState.RUNNING or note is None or note.since is None:
        raise Conflict(
            f"The process that runs {job} need not be ended: the job has ended, or still reacts. Nothing was done."
        )
    request_process_end(jobs.store, job, by)
    return f"The process {job.owner} will be ended within seconds, and the job with it."


def force_cancel(services: Services, session: Session, job: Job, by: str) -> str:
    """Cancel a job as :func:`cancel_job` does, and have its process ended if it does not react."""
    if job.state != JobState.RUNNING:
        return cancel_job(services, session, job, by)
    request_process_end(services.get(JobService).store, job, by)
    message = cancel_job(services, session, job, by)
    return f"{message} If it does not react, the process {job.owner} is ended."


def cancel_unstarted_job(services: Services, session: Session, job: Job, by: str) -> str | None:
    """Cancel a job that waits or is scheduled; return the sentence for that, ``None`` if it has begun."""
    message = f"{job.subject} was not {job.done}: {by} cancelled that before it began."
    jobs: JobService = services.get(JobService)
    if not lease.cancel_unstarted(session, job, message, jobs.settings.keep):
        return None
    jobs.tasks[job.task].note_result(JobContext(services, session, job, NoProgress()), JobResult(message))
    return message


def retry_job(services: Services, session: Session, job: Job, by: str) -> Job:
    """Enqueue ``job`` once more, for the user ``by``; return the new job.

    Raises :class:`~batchbook.errors.Conflict` for a job that neither failed nor was cancelled and where jobs run inline,
    else what the task's ``retry`` raises.
    """
    jobs: JobService = services.get(JobService)
    jobs.refuse_inline("so no job can be asked for")
    if not job.went_wrong:
        raise Conflict(
            f"{str(job).capitalize()} is {JobState(job.state).label.lower()}; only what failed or was cancelled can be tried"
            " again. Nothing was done."
        )
    return jobs.tasks[job.task].retry(services, session, job, by)
