"""The page of jobs that were asked for at once: how each stands, and cancelling those that have not begun."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.grid import Column, Kind
from batchbook.jobs import claims
from batchbook.jobs.models import Job, JobGroup
from batchbook.jobs.states import JobState
from batchbook.master import MasterView, Page, RecordContext
from batchbook.security.identity import Identity
from batchbook.security.permissions import grants
from batchbook.words import counted

#: The states in which a job can still be cancelled without stopping anything.
_IDLE = (JobState.SCHEDULED, JobState.QUEUED)


class GroupContext(RecordContext):
    """The context of the addresses of one group: it is for who asked, and for those who see all jobs."""

    def permits(self, identity: Identity, permission: str) -> bool:
        """Return whether ``identity`` asked for the group or may do the same with every job."""
        everywhere = permission.replace("job_groups:", "jobs:")
        return grants(identity.permissions, everywhere) or self.record.asked_by == identity.name


class GroupDetail(Page):
    """How each job of a group stands."""

    on_record = True
    permission = "view"
    name = "view"
    pattern = ""
    template = "batchbook.templates:jobs/group.jinja2"

    def get(self) -> dict[str, Any]:
        """Show it."""
        jobs = [job for job in self.record.jobs if self._seen(job)]
        count = Counter(job.state for job in self.record.jobs)
        return self.template_values(
            jobs=jobs,
            hidden=len(self.record.jobs) - len(jobs),
            counts=[(state, count[state]) for state in JobState if count[state]],
            active=any(not job.has_ended for job in self.record.jobs),
            may_cancel=any(count[state] for state in _IDLE) and self.view.may("cancel", self.record),
            states={state.value: state for state in JobState},
        )

    def _seen(self, job: Job) -> bool:
        return bool(self.request.registry["jobs"].tasks[job.task].seen(self.request, job))


class CancelRest(Page):
    """Cancels the jobs of a group that have not begun; those that run go on."""

    on_record = True
    permission = "cancel"
    name = "cancel"
    pattern = "/cancel"

    def post(self) -> HTTPSeeOther:
        """Cancel them, each with the reason."""
        dropped = sum(self._drop(job) for job in self.record.jobs if job.state in _IDLE)
        return self.done(
            f"{counted(dropped, 'job')} cancelled; what had begun goes on.",
            self.view.url("view", self.record),
        )

    def _drop(self, job: Job) -> bool:
        by = self.request.authenticated_userid
        message = f"{job.subject} was not {job.done}: {by} cancelled that before it began."
        return claims.drop(self.request.db, job, message)


class GroupsView(MasterView):
    """Jobs that were asked for at once, such as one for each batch of an index."""

    model = JobGroup
    prefix = "job_groups"
    path = "/jobs/groups"
    title = "Groups of jobs"
    title_one = "group of jobs"
    grid_columns = (Column("title", "What", JobGroup.title, Kind.TEXT),)
    pages = (GroupDetail, CancelRest)
    record_context_factory: ClassVar = GroupContext

    def label_of(self, record: JobGroup) -> str:
        """Name a group in a sentence."""
        return record.title


def includeme(config: Any) -> None:
    """Register the pages."""
    config.add_master_view(GroupsView)
