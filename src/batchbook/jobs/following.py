"""Running a job in the process that asks for it, while others see that process alive; and following it if it goes on elsewhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from batchbook.db.session import transaction_scope
from batchbook.jobs import claims
from batchbook.jobs.interrupting import Attempt
from batchbook.jobs.leaving import exit_process, leave_results
from batchbook.jobs.models import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.present import in_words, report_on
from batchbook.jobs.progress import Step, Stop, step_after
from batchbook.jobs.pulse import Pulse, executor_name
from batchbook.jobs.running import JobRun
from batchbook.jobs.states import JobState
from batchbook.services import Services

log = logging.getLogger(__name__)

#: Shows how far something is: its title, the step if one is known, and the same in words.
Show = Callable[[str, Step | None, str], None]

#: How often a job that runs elsewhere is looked at, in seconds.
_PAUSE = 0.5


class OwnRun(AbstractContextManager["OwnRun"]):
    """A process that takes jobs which it asks for itself, and beats meanwhile, so that others take over if it is killed.

    ``stopping`` says when the process must end; then the job is handed back. ``show`` is told how far it is.
    """

    def __init__(self, services: Services, stopping: Stop, show: Show) -> None:
        self.services = services
        self.jobs: Jobs = services.get(Jobs)
        self._stopping = stopping
        self._show = show
        # It has no threads for others, and takes from no queue.
        self._pulse = Pulse(self.jobs.store, executor_name(), self.jobs.settings.dead, 0, ())

    def take(self, session: Session, job_id: int) -> Job:
        """Take a job in the transaction that asks for it, so that nobody else can begin it first.

        If the process is killed before it runs the job, that is with a dead one, and others take it from there.
        """
        if not self._pulse.is_alive():
            self.jobs.store.prepare()
            self._pulse.beat()  # Others must see it alive before they see that it has the job.
            self._pulse.start()
        asked = session.get_one(Job, job_id)
        taken = claims.take(session, asked.id, asked.dispatch, self._pulse.executor)
        if taken is None:
            raise claims.Fenced(str(asked))  # It was not asked for in this transaction.
        return taken

    def finish(self, job: Job) -> Job:
        """Run a job that was taken, and return how it ended, wherever that was; one handed back has not ended."""
        title = report_on(self.jobs, job).title
        run = JobRun(
            self.services,
            self._pulse.executor,
            self._stopping,
            Watching(title, self._show),
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
        log.error("Job %s does not react, so this process is ended.", attempt.job.id)
        leave_results(self.jobs, [attempt])
        self._pulse.end()
        exit_process()

    def _now(self, job: Job) -> Job:
        with transaction_scope(self.services.get(Engine), read_only=True) as session:
            return session.get_one(Job, job.id)

    def __exit__(self, *_error: object) -> None:
        """Be seen no more."""
        if self._pulse.is_alive():
            self._pulse.end()


class Watching:
    """Shows the progress of something that runs here."""

    def __init__(self, title: str, show: Show) -> None:
        self._title = title
        self._show = show
        self._phase = ""
        self._began = 0.0

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Show how far it is, with the rate of this phase."""
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._began = phase, now
        step = step_after(phase, done, total, now - self._began)
        self._show(self._title, step, in_words(step))
