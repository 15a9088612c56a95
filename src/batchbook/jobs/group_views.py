"""Pages of a group of jobs: progress, cancelling the remaining jobs, retrying the failed ones."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import Engine, Select, select

from batchbook.db import utc_now
from batchbook.db.transactions import is_busy, transaction_scope
from batchbook.errors import BatchbookError, Conflict, Refused
from batchbook.grid import Column, Kind
from batchbook.jobs.models import ACTIVE, SHOWN_STATES, Job, JobGroup, JobState
from batchbook.jobs.service import JobService, cancel_unstarted_job, retry_job
from batchbook.jobs.view_models import reports_on
from batchbook.jobs.views import RequestedRecordContext, demand_password_for, may_change, outcome_url
from batchbook.master import MasterView, Page
from batchbook.security.identity import Identity
from batchbook.words import counted

#: The states of jobs that can be retried.
_RETRYABLE = (JobState.FAILED, JobState.CANCELLED)
#: The states of jobs that have not ended.
_UNFINISHED = (JobState.SCHEDULED, *ACTIVE)
#: The number of running jobs whose progress is shown.
_WATCHED = 10


class GroupRecordContext(RequestedRecordContext):
    """The context of the addresses of one group: open to the user who requested it and to users who may see all jobs."""

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        """Refuse users who neither requested the group nor have the same ``permission`` on all jobs."""
        permitted = may_change(identity, self.record, permission.replace("job_groups:", "jobs:"))
        return None if permitted else Refused()


class GroupPage(Page):
    """A page of one group."""

    on_record = True

    def select_jobs(self, *states: JobState) -> Select[Any]:
        """Return a SELECT of the jobs of the group that are in one of ``states``."""
        return select(Job).where(Job.group_id == self.record.id, Job.state.in_(states)).order_by(Job.id)

    def jobs_in(self, *states: JobState) -> list[Job]:
        """Return the jobs of the group that are in one of ``states``."""
        return list(self.request.db.scalars(self.select_jobs(*states)))


class GroupDetail(GroupPage):
    """The page of a group: the state of each job."""

    permission = "view"
    name = "view"
    pattern = ""
    template = "batchbook.templates:jobs/group.jinja2"

    def get(self) -> dict[str, Any]:
        """Return the values of the template."""
        jobs = self.jobs_in(*JobState)
        count = Counter(job.shown_state for job in jobs)
        running = [job for job in jobs if job.state == JobState.RUNNING][:_WATCHED]
        rest, failed = not all(job.has_ended for job in jobs), any(map(_can_be_retried, jobs))
        return self.template_values(
            reports=reports_on(self.request.services.get(JobService), jobs),
            watched={job.id for job in running},
            counts=[(state, count[state]) for state in SHOWN_STATES if count[state]],
            active=rest,
            outcome_url=lambda job: outcome_url(self.request, job),
            may_cancel=rest and self.view.may("cancel", self.record),
            may_retry=failed and not rest and self.view.may("retry", self.record),
        )


def _can_be_retried(job: Job) -> bool:
    """Return whether the job failed or was cancelled; what was refused would be refused again."""
    return job.went_wrong and not job.was_refused


class CancelRest(GroupPage):
    """Cancels the jobs of a group that have not ended."""

    permission = "cancel"
    name = "cancel"
    pattern = "/cancel"

    def post(self) -> HTTPSeeOther:
        """Cancel waiting jobs at once, and let running ones stop at their next report."""
        by, services = self.request.authenticated_userid, self.request.services
        with transaction_scope(services.get(Engine), read_only=True) as session:
            # All cancel requests come first, because on SQLite writing has to wait for a job that writes.
            requested = session.scalars(self.select_jobs(*_UNFINISHED)).all()
            for job in requested:
                services.get(JobService).request_cancel(job, by)
        cancelled, stopping = self._cancel_unstarted(by) or (0, len(requested))
        stops = f" {counted(stopping, 'job')} will stop as soon as possible." if stopping else ""
        message = f"{counted(cancelled, 'job that had not started was', 'jobs that had not started were')} cancelled.{stops}"
        return self.done(message, self.view.url("view", self.record))

    def _cancel_unstarted(self, by: str) -> tuple[int, int] | None:
        """Return the numbers of cancelled and of running jobs; ``None`` if a running job blocks all writers."""
        try:
            jobs = self.jobs_in(*_UNFINISHED)
            cancelled = sum(
                cancel_unstarted_job(self.request.services, self.request.db, job, by) is not None
                for job in jobs
            )
        except Exception as error:
            if not is_busy(error):
                raise
            return None
        return cancelled, len(jobs) - cancelled


class RetryFailed(GroupPage):
    """Retries the jobs of a group that failed or were cancelled, as a new group."""

    permission = "retry"
    name = "retry"
    pattern = "/retry"

    def post(self) -> HTTPSeeOther:
        """Enqueue the jobs again; the new group has the reasons of those that were refused."""
        services, db, by = self.request.services, self.request.db, self.request.authenticated_userid
        retryable = [*filter(_can_be_retried, self.jobs_in(*_RETRYABLE))]
        for job in retryable:
            demand_password_for(self.request, job)
        group = JobGroup(title=f"{self.record.title}, again", asked_by=by, asked_at=utc_now(), skipped=[])
        db.add(group)
        db.flush()  # The jobs refer to it.
        enqueued, refused = 0, []
        for job in retryable:
            try:
                retry_job(services, db, job, by).group_id = group.id
                enqueued += 1
            except BatchbookError as error:
                refused.append(error.message)
        if not enqueued:
            raise Conflict(" ".join(["No job could be retried.", *refused[:1]]))
        group.skipped = refused
        return HTTPSeeOther(self.view.url("view", group))


class GroupsView(MasterView):
    """Groups of jobs that were enqueued together, such as one for each batch in a list."""

    model = JobGroup
    prefix = "job_groups"
    path = "/jobs/groups"
    title = "Groups of jobs"
    title_one = "group of jobs"
    grid_columns = (Column("title", "Title", JobGroup.title, Kind.TEXT),)
    pages = (GroupDetail, CancelRest, RetryFailed)
    record_context_factory: ClassVar = GroupRecordContext

    def label_of(self, record: JobGroup) -> str:
        """Return the name of a group in a sentence."""
        return record.title
