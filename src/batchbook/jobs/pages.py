"""The pages of one job: how it stands, waiting for it, cancelling it, trying it again, and the file that it made."""

from __future__ import annotations

import time
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from batchbook.db.session import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs.cancelling import drop_job
from batchbook.jobs.models import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.present import Report, duration, report_on
from batchbook.jobs.states import JobState
from batchbook.master import MasterView, Page
from batchbook.web.flash import flash

#: How long a page waits for a job that was just asked for, so that small ones seem to be done at once, in seconds.
_PATIENCE, _PAUSE = 0.8, 0.02

#: The kind of message that tells how a job ended.
_KINDS: dict[str, Any] = {JobState.DONE: "success", JobState.FAILED: "error", JobState.CANCELLED: "warning"}


class JobPage(Page):
    """A page of one job."""

    on_record = True
    permission = "view"

    @property
    def job(self) -> Job:
        """The job that the address names."""
        job: Job = self.record
        return job

    @property
    def jobs(self) -> Jobs:
        """What the application knows about jobs."""
        jobs: Jobs = self.request.registry["jobs"]
        return jobs

    def report(self) -> Report:
        """Return how the job stands."""
        return report_on(self.jobs, self.job)

    @property
    def next_url(self) -> str:
        """Where what came of the job is to be seen."""
        return next_url(self.request, self.job) or self.view.url("view", self.job)


def next_url(request: Any, job: Job) -> str | None:
    """Return where what came of ``job`` is to be seen; ``None`` where that is nowhere but on its own page."""
    found: str | None = request.registry["jobs"].tasks[job.task].url(request, job)
    return found


class JobDetail(JobPage):
    """How a job stands and what came of it."""

    name = "view"
    pattern = ""
    template = "batchbook.templates:jobs/job.jinja2"

    def get(self) -> dict[str, Any]:
        """Show it."""
        return self.template_values(
            report=self.report(),
            listed=self.request.identity.may("jobs:view"),
            took=duration(self.job),
            next_url=next_url(self.request, self.job),
            may_cancel=self.job.is_active and self.view.may("cancel", self.job),
            may_retry=RetryJob.offered(self.view, self.job) and self.view.may("retry", self.job),
        )


class JobStatus(JobPage):
    """How a job stands, for a script that asks again and again."""

    name = "status"
    pattern = "/status.json"

    def get(self) -> Response:
        """Tell it as JSON."""
        answer = self.report().as_json() | {"next_url": self.next_url}
        return Response(json_body=answer, content_type="application/json", charset="utf-8")


class AwaitJob(JobPage):
    """Leads on to where a job can be watched, or, if it ends in a moment, to what came of it."""

    name = "await"
    pattern = "/await"

    def get(self) -> HTTPSeeOther:
        """Wait a moment and lead on; how it ended is said once, on the next page."""
        job = self._waited_for()
        if job.has_ended:
            flash(self.request, job.message or "", _KINDS[job.state])
        return HTTPSeeOther(next_url(self.request, job) or self.view.url("view", job))

    def _waited_for(self) -> Job:
        until = time.monotonic() + _PATIENCE
        job = self.job
        while not job.has_ended and job.run_at is None and time.monotonic() < until:
            time.sleep(_PAUSE)
            job = self._now()
        return job

    def _now(self) -> Job:
        with transaction_scope(self.request.registry["engine"], read_only=True) as session:
            return session.get(Job, self.job.id) or self.job


class CancelJob(JobPage):
    """Cancels a job: at once if it has not begun, else as soon as it has done the part it is at."""

    name = "cancel"
    pattern = "/cancel"
    permission = "cancel"

    def post(self) -> HTTPSeeOther:
        """Say so to whoever runs it."""
        if self.job.has_ended:
            raise Conflict(f"That has ended already. {self.job.message}")
        by = self.request.authenticated_userid
        self.jobs.wish_cancelled(self.job, by)
        if self.job.state == JobState.RUNNING:
            return self.done("It stops as soon as it can, and nothing of it is kept.", self._watched)
        return self.done(self._dropped(by), self._watched)

    def _dropped(self, by: str) -> str:
        message = drop_job(self.request.registry, self.request.db, self.job, by)
        return message or "It has just begun; it stops as soon as it can, and nothing of it is kept."

    @property
    def _watched(self) -> str:
        return self.view.url("await", self.job)


class RetryJob(JobPage):
    """Asks for a job again that failed or was cancelled."""

    name = "retry"
    pattern = "/retry"
    permission = "retry"

    @classmethod
    def offered(cls, view: MasterView, record: Job) -> bool:  # noqa: ARG003 - As of every page.
        """Return whether the job ended otherwise than it should."""
        return record.state in (JobState.FAILED, JobState.CANCELLED)

    def post(self) -> HTTPSeeOther:
        """Ask for it again."""
        if not self.offered(self.view, self.job):
            raise Conflict("Only what failed or was cancelled can be tried again.")
        task = self.jobs.tasks[self.job.task]
        again = task.again(
            self.request.registry, self.request.db, self.job, self.request.authenticated_userid
        )
        return HTTPSeeOther(self.view.url("await", again))
