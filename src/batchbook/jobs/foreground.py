"""Jobs in the foreground: run by the process that enqueues them, or watched while another process runs them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from batchbook.db.transactions import transaction_scope
from batchbook.jobs import lease
from batchbook.jobs.attempt import Attempt
from batchbook.jobs.heartbeat import Heartbeat, executor_name
from batchbook.jobs.job_progress import Step, StopSignal, step_at
from batchbook.jobs.job_run import JobRun
from batchbook.jobs.models import Job, JobState
from batchbook.jobs.service import JobService
from batchbook.jobs.view_models import report_on, step_text
from batchbook.jobs.worker import exit_process, record_results
from batchbook.services import Services

log = logging.getLogger(__name__)

#: A function that shows progress: a title, the step if one is known, and the progress in words.
ShowProgress = Callable[[str, Step | None, str], None]

#: The interval at which a job that runs elsewhere is checked, in seconds.
_PAUSE = 0.5


class ForegroundRun(AbstractContextManager["ForegroundRun"]):
    """Runs jobs in the process that enqueues them, with a heartbeat, so that others take over if it is killed.

    ``stopping`` is set when the process must end; the job is then handed back. ``show`` receives the progress.
    """

    def __init__(self, services: Services, stopping: StopSignal, show: ShowProgress) -> None:
        self.services = services
        self.jobs: JobService = services.get(JobService)
        self._stopping = stopping
        self._show = show
        # It runs no jobs of other processes, and serves no queue.
        self._heartbeat = Heartbeat(self.jobs.store, executor_name(), self.jobs.settings.dead, 0, ())

    def take(self, session: Session, job_id: int) -> Job:
        """Acquire the lease of a job in the transaction that enqueues it, so that no other process can start it first.

        If this process is killed before it runs the job, other processes take it over as from any dead process.
        """
        if not self._heartbeat.is_alive():
            self.jobs.store.prepare()
            self._heartbeat.beat()  # Others must see the heartbeat before they see the job.
            self._heartbeat.start()
        job = session.get_one(Job, job_id)
        taken = lease.acquire(session, job.id, job.dispatch, self._heartbeat.executor)
        if taken is None:
            raise lease.LostLease(str(job))  # It was not enqueued in this transaction.
        return taken

    def finish(self, job: Job) -> Job:
        """Run a job that was taken; return its final state, whichever process ended it, or the job handed back."""
        title = report_on(self.jobs, job).title
        run = JobRun(
            self.services,
            self._heartbeat.executor,
            self._stopping,
            ProgressReporter(title, self._show),
            self._end_process,
        )
        run.run_taken(job)
        while not (job := self._now(job)).has_ended and not self._stopping.is_set():
            if job.state != JobState.QUEUED or not run.run(job.id, job.dispatch):
                report = report_on(self.jobs, job)
                self._show(report.title, report.step, report.progress)
                time.sleep(_PAUSE)
        return job

    def _end_process(self, attempt: Attempt) -> None:
        log.error("Job %s does not respond, so this process is being ended.", attempt.job.id)
        record_results(self.jobs, [attempt])
        self._heartbeat.end()
        exit_process()

    def _now(self, job: Job) -> Job:
        with transaction_scope(self.services.get(Engine), read_only=True) as session:
            return session.get_one(Job, job.id)

    def __exit__(self, *_error: object) -> None:
        """Stop the heartbeat."""
        if self._heartbeat.is_alive():
            self._heartbeat.end()


class ProgressReporter:
    """Progress of work in this process, shown with its rate and the time left."""

    def __init__(self, title: str, show: ShowProgress) -> None:
        self._title = title
        self._show = show
        self._phase = ""
        self._began = 0.0

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Show that ``done`` of ``total`` rows of ``phase`` are done."""
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._began = phase, now
        step = step_at(phase, done, total, now - self._began)
        self._show(self._title, step, step_text(step))
