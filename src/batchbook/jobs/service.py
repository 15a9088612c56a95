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
    """The jobs of one application: their settings, their tasks and their store.

    ``running`` has the attempts that run in this process, and ``worker`` is its worker, if it has one. The functions in
    ``upkeep`` are called with the services when a process that runs jobs starts, and then every hour. ``clock`` returns
    the time that schedules follow. ``enqueued`` is set whenever this process has enqueued a job.
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
        """True if jobs run outside the request."""
        return self.settings.mode is not Mode.INLINE

    def refuse_inline(self, consequence: str) -> None:
        """Raise ``Conflict``, with the ``consequence`` in words, if actions run in the request and not as jobs."""
        if not self.in_background:
            raise Conflict(f"The setting {MODE.name} is “{Mode.INLINE}”, {consequence}. Nothing was done.")

    def is_big(self, rows: int) -> bool:
        """Return whether work on that many rows is big, so that it runs as a job."""
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
        """Enqueue a job in the transaction of ``session``: it runs if, and only if, that transaction is committed.

        Raises :class:`~batchbook.errors.Conflict` if another job holds the batch.
        """
        job = add_job(session, job_request, self.tasks[job_request.task].done)
        notify_workers(session, self.enqueued.set)
        return job

    def request_cancel(self, job: Job, by: str) -> None:
        """Store a cancel request by the user ``by`` for a job, wherever it runs."""
        request_cancel(self.store, job, by)

    def close(self) -> None:
        """Close the connections; later calls open new ones."""
        store: JobStore | None = self.__dict__.pop("store", None)
        if store is not None:
            store.close()


def cancel_job(services: Services, session: Session, job: Job, by: str) -> str:
    """Cancel a job for the user ``by``: at once if it has not started, else at its next report.

    While the job runs, ``session`` is not used: on SQLite it would have to wait for that job.

    Returns a message for the user. Raises :class:`~batchbook.errors.Conflict` for a job that has ended.
    """
    if job.has_ended:
        raise Conflict(f"This job has already ended. {job.message}")
    services.get(JobService).request_cancel(job, by)
    cancelled = None
    if job.state != JobState.RUNNING:
        try:
            cancelled = cancel_unstarted_job(services, session, job, by)
        except Exception as error:
            if not is_busy(error):
                raise
            # The cancel request is stored all the same: the process that takes the job ends it before it starts.
    return cancelled or "The job will stop as soon as possible, and none of its work will be kept."


def end_process(services: Services, job: Job, by: str) -> str:
    """Request the end of the process that runs a job which does not respond; return a message for the user.

    Raises :class:`~batchbook.errors.Conflict` if the job is not running, or may still stop by itself.
    """
    jobs: JobService = services.get(JobService)
    note = unresponsive_notes(jobs.store, [job]).get(job.id)
    if job.state != JobState.RUNNING or note is None or note.since is None:
        raise Conflict(
            f"The process that runs {job} doesn't need to be ended: the job has ended, or still responds. Nothing was done."
        )
    request_process_end(jobs.store, job, by)
    return f"The process {job.owner} will be ended within seconds, and the job with it."


def force_cancel(services: Services, session: Session, job: Job, by: str) -> str:
    """Cancel a job as :func:`cancel_job` does, and request the end of its process if it does not respond."""
    if job.state != JobState.RUNNING:
        return cancel_job(services, session, job, by)
    request_process_end(services.get(JobService).store, job, by)
    message = cancel_job(services, session, job, by)
    return f"{message} If it does not respond, the process {job.owner} will be ended."


def cancel_unstarted_job(services: Services, session: Session, job: Job, by: str) -> str | None:
    """Cancel a job that is waiting or scheduled; return a message for the user, or ``None`` if it has started."""
    message = f"{job.subject} was not {job.done}: {by} cancelled the job before it started."
    jobs: JobService = services.get(JobService)
    if not lease.cancel_unstarted(session, job, message, jobs.settings.keep):
        return None
    jobs.tasks[job.task].note_result(JobContext(services, session, job, NoProgress()), JobResult(message))
    return message


def retry_job(services: Services, session: Session, job: Job, by: str) -> Job:
    """Enqueue ``job`` again, for the user ``by``; return the new job.

    Raises :class:`~batchbook.errors.Conflict` if the job neither failed nor was cancelled, or if jobs run inline; the
    task's ``retry`` may raise other errors.
    """
    jobs: JobService = services.get(JobService)
    jobs.refuse_inline("so jobs can't be retried")
    if not job.went_wrong:
        raise Conflict(
            f"{str(job).capitalize()} is {JobState(job.state).label.lower()}; only failed or cancelled jobs can be retried."
            " Nothing was done."
        )
    return jobs.tasks[job.task].retry(services, session, job, by)
