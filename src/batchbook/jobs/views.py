"""The list of jobs, the pages of a job, and their permissions."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import Engine, select

from batchbook.db.transactions import transaction_scope
from batchbook.errors import BatchbookError, Missing, Refused
from batchbook.grid import Column, Kind, Sort, Verb, choices_of
from batchbook.jobs.exports import job_file_chunks
from batchbook.jobs.heartbeat import threads_of
from batchbook.jobs.models import ACTIVE, SHOWN_STATE, SHOWN_STATES, Job, JobFile, JobGroup, JobState
from batchbook.jobs.service import JobService, cancel_job, end_process, retry_job
from batchbook.jobs.settings import Mode
from batchbook.jobs.view_models import JobReport, duration, report_on
from batchbook.master import Index, IndexWindow, MasterView, Page, RecordContext, Remember, RememberLayout
from batchbook.master.record_pages import file_response
from batchbook.master.records import find
from batchbook.security.identity import Identity
from batchbook.security.policy import demand_recent_password
from batchbook.web.flash import Kind as FlashKind
from batchbook.web.flash import flash
from batchbook.web.json_bodies import json_answer

#: The permission to see all jobs.
VIEW = "jobs:view"
#: The permissions on a job that come with access to its subject.
_OPEN_TO_VIEWERS = frozenset({VIEW})
#: The permission to download the file that a job made.
_FILE = "jobs:file"
#: The permission to end the process that runs a job. That affects other jobs, so requesting the job does not grant it.
END_PROCESS = "jobs:end-process"


def may_change(identity: Identity, record: Job | JobGroup, permission: str) -> bool:
    """Return whether ``identity`` has ``permission`` on a job or group, by a role or because they requested it."""
    return record.asked_by == identity.name or identity.may(permission)


def active_jobs_url(request: Any) -> str:
    """Return the address of the list of all jobs that wait or run; empty for a person who may not see it."""
    if not request.identity.may(VIEW):
        return ""
    query = [(f"f.state.{Verb.ANY_OF}", state.value) for state in ACTIVE]
    return str(request.route_path("jobs.index", _query=query))


class RequestedRecordContext(RecordContext):
    """The context of the addresses of a job or a group of jobs."""

    @cached_property
    def record(self) -> Any:
        """The record that the address identifies; raises ``Missing`` if there is none.

        It is read in a separate read-only transaction: a job that writes keeps other writers out of SQLite, and a user
        who wants to cancel it must not have to wait for it.
        """
        request = self.view.request
        with transaction_scope(request.services.get(Engine), read_only=True) as session:
            return find(session, self.view.model, self.view.lookup, request.matchdict["id"])


class JobRecordContext(RequestedRecordContext):
    """The context of the addresses of one job."""

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        """Return the error that refuses ``permission`` on the job to ``identity``, or ``None``."""
        return None if self._permits(identity, permission) else Refused()

    def _permits(self, identity: Identity, permission: str) -> bool:
        if permission == _FILE:  # Only for the user who requested it, and only while they may see the data.
            return bool(self.record.asked_by == identity.name) and self._sees_subject()
        if permission == END_PROCESS:
            return identity.may(permission)
        if may_change(identity, self.record, permission):
            return True
        return permission in _OPEN_TO_VIEWERS and self._sees_subject()

    def _sees_subject(self) -> bool:
        request = self.view.request
        return bool(request.services.get(JobService).tasks[self.record.task].may_see(request, self.record))


#: The time for which a page waits for a new job, so that small ones seem immediate, and the interval between checks, in seconds.
_AWAIT_SECONDS, _PAUSE = 0.8, 0.04

#: The kinds of messages that show the results of jobs.
_KINDS: Mapping[JobState, FlashKind] = {
    JobState.DONE: "success",
    JobState.FAILED: "error",
    JobState.CANCELLED: "warning",
}


class JobPage(Page):
    """A page of one job."""

    on_record = True
    permission = "view"

    @property
    def job(self) -> Job:
        """The job that the address identifies."""
        job: Job = self.record
        return job

    @property
    def jobs(self) -> JobService:
        """The job service of the application."""
        jobs: JobService = self.request.services.get(JobService)
        return jobs

    def report(self) -> JobReport:
        """Return a report on the current state of the job."""
        return report_on(self.jobs, self.job)


def outcome_url(request: Any, job: Job) -> str | None:
    """Return the address of the page that shows the outcome of ``job``, or ``None`` if its own page does."""
    jobs: JobService = request.services.get(JobService)
    return jobs.tasks[job.task].outcome_url(request, job)


class JobDetail(JobPage):
    """The page of a job: its state, progress and outcome."""

    name = "view"
    pattern = ""
    template = "batchbook.templates:jobs/job.jinja2"

    def get(self) -> dict[str, Any]:
        """Return the values of the template."""
        report = self.report()
        return self.template_values(
            report=report,
            listed=self.request.identity.may(VIEW),
            took=duration(self.job),
            next_url=outcome_url(self.request, self.job),
            file_url=self._file_url(),
            may_cancel=self.job.is_active and self.view.may("cancel", self.job),
            others=self._jobs_of_process() if (stuck := report.is_unresponsive) else (),
            where=self._kind_of_process() if stuck else "",
            may_end_process=stuck and self.view.may("end-process", self.job),
            may_retry=RetryJob.offered(self.view, self.job) and self.view.may("retry", self.job),
        )

    def _jobs_of_process(self) -> Sequence[Job]:
        """Return the other jobs that are running in the same process."""
        same = select(Job).where(
            Job.state == JobState.RUNNING, Job.owner == self.job.owner, Job.id != self.job.id
        )
        others: Sequence[Job] = self.request.db.scalars(same.order_by(Job.id)).all()
        return others

    def _kind_of_process(self) -> str:
        """Return the kind of process that runs the job: ``command``, ``server`` or ``worker``."""
        if not threads_of(self.jobs.store, self.job.owner):
            return "command"
        return "server" if self.jobs.settings.mode is Mode.EMBEDDED else "worker"

    def _file_url(self) -> str | None:
        made = self.request.db.get(JobFile, self.job.id)
        return (
            self.view.url("file", self.job) if made is not None and self.view.may("file", self.job) else None
        )


class FetchFile(JobPage):
    """The file that a job made, for the user who requested the job."""

    name = "file"
    pattern = "/file"
    permission = "file"

    def get(self) -> Response:
        """Send the file as an attachment."""
        record = self.request.db.get(JobFile, self.job.id)
        if record is None:
            raise Missing("This job has no file. If it is still running, try again when it is done.")
        chunks = partial(job_file_chunks, record=record)
        return file_response(self.request, record.name, record.size, record.content_type, chunks)


class JobStatus(JobPage):
    """The state of a job, for scripts that poll it."""

    name = "status"
    pattern = "/status.json"

    def get(self) -> Response:
        """Return the report as JSON."""
        next_url = outcome_url(self.request, self.job) or self.view.url("view", self.job)
        answer = self.report().as_json() | {"next_url": next_url}
        return json_answer(answer)


class AwaitJob(JobPage):
    """Redirects to the page of a job or, if the job ends within a moment, to its outcome."""

    name = "await"
    pattern = "/await"

    def get(self) -> HTTPSeeOther:
        """Wait a moment, then redirect; the next page shows the result once."""
        job = self._awaited()
        if job.has_ended:
            kind = "warning" if job.was_refused else _KINDS[JobState(job.state)]
            flash(self.request, job.message or "", kind)
        return HTTPSeeOther(outcome_url(self.request, job) or self.view.url("view", job))

    def _awaited(self) -> Job:
        until = time.monotonic() + _AWAIT_SECONDS
        job = self.job
        while not job.has_ended and job.run_at is None and time.monotonic() < until:
            time.sleep(_PAUSE)
            with transaction_scope(self.request.services.get(Engine), read_only=True) as session:
                job = session.get(Job, self.job.id) or self.job
        return job


class CancelJob(JobPage):
    """Cancels a job: at once if it has not started, else at its next report."""

    name = "cancel"
    pattern = "/cancel"
    permission = "cancel"

    def post(self) -> HTTPSeeOther:
        """Cancel the job, and redirect to the page that waits for its end."""
        request = self.request
        message = cancel_job(request.services, request.db, self.job, request.authenticated_userid)
        return self.done(message, self.view.url("await", self.job))


class EndProcess(JobPage):
    """Ends the process that runs a job which does not respond."""

    name = "end-process"
    pattern = "/end-process"
    permission = "end-process"

    def post(self) -> HTTPSeeOther:
        """Request the end of the process, and redirect to the job."""
        request = self.request
        message = end_process(request.services, self.job, request.authenticated_userid)
        return self.done(message, self.view.url("view", self.job))


def demand_password_for(request: Any, job: Job) -> None:
    """Raise ``PasswordNeeded`` if the settings ask for the password again for the work of ``job``, which is to be retried."""
    permission = request.services.get(JobService).tasks[job.task].permission(job)
    if permission:
        demand_recent_password(request, permission)


class RetryJob(JobPage):
    """Retries a job that failed or was cancelled."""

    name = "retry"
    pattern = "/retry"
    permission = "retry"

    @classmethod
    def offered(cls, view: MasterView, record: Job) -> bool:  # noqa: ARG003 - The signature of every page.
        """Return whether the job failed or was cancelled; what was refused would be refused again."""
        return record.went_wrong and not record.was_refused

    def post(self) -> HTTPSeeOther:
        """Enqueue the job again, and redirect to the page that waits for it."""
        request = self.request
        demand_password_for(request, self.job)
        again = retry_job(request.services, request.db, self.job, request.authenticated_userid)
        return HTTPSeeOther(self.view.url("await", again))


class JobsView(MasterView):
    """The pages of all jobs."""

    model = Job
    prefix = "jobs"
    path = "/jobs"
    title = "Jobs"
    title_one = "job"
    description = "Work in the background: waiting, running and ended jobs with their outcomes."
    grid_columns = (
        Column("id", "Number", Job.id, Kind.INTEGER),
        Column("subject", "Subject", Job.subject, Kind.TEXT),
        Column("done", "Action", Job.done, Kind.TEXT),
        Column("state", "State", SHOWN_STATE, Kind.CHOICE, choices=choices_of(SHOWN_STATES)),
        Column("asked_by", "Requested by", Job.asked_by, Kind.USER),
        Column("asked_at", "Requested", Job.asked_at, Kind.DATETIME, seconds=True),
        Column("started_at", "Started", Job.started_at, Kind.DATETIME, seconds=True),
        Column("ended_at", "Ended", Job.ended_at, Kind.DATETIME, seconds=True),
        Column("message", "Outcome", Job.message, Kind.TEXT),
    )
    default_sort = (Sort("id", descending=True),)
    pages = (
        Index,
        IndexWindow,
        Remember,
        RememberLayout,
        JobDetail,
        JobStatus,
        AwaitJob,
        CancelJob,
        EndProcess,
        RetryJob,
        FetchFile,
    )
    record_context_factory: ClassVar = JobRecordContext
    templates: ClassVar = {"index": "batchbook.templates:jobs/index.jinja2"}

    def label_of(self, record: Job) -> str:
        """Return the name of a job in a sentence."""
        return str(record)
