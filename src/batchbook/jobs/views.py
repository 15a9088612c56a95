"""The list of jobs, for administrators, and the pages of each."""

from __future__ import annotations

from typing import Any, ClassVar

from batchbook.grid import Column, Kind, Sort, choices_of
from batchbook.jobs.models import Job
from batchbook.jobs.pages import AwaitJob, CancelJob, EndProcess, FetchFile, JobDetail, JobStatus, RetryJob
from batchbook.jobs.resources import JobContext
from batchbook.jobs.states import JobState
from batchbook.master import Index, MasterView, Remember


class JobsView(MasterView):
    """Everything that was or is going to be done outside a request."""

    model = Job
    prefix = "jobs"
    path = "/jobs"
    title = "Jobs"
    title_one = "job"
    description = "What is done in the background: what waits, what runs, and how it ended."
    grid_columns = (
        Column("id", "Number", Job.id, Kind.INTEGER),
        Column("subject", "About", Job.subject, Kind.TEXT),
        Column("done", "What", Job.done, Kind.TEXT),
        Column("state", "State", Job.state, Kind.CHOICE, choices=choices_of(JobState)),
        Column("asked_by", "For", Job.asked_by, Kind.USER),
        Column("asked_at", "Asked", Job.asked_at, Kind.DATETIME),
        Column("started_at", "Began", Job.started_at, Kind.DATETIME),
        Column("ended_at", "Ended", Job.ended_at, Kind.DATETIME),
        Column("message", "How it ended", Job.message, Kind.TEXT),
    )
    default_sort = (Sort("id", descending=True),)
    pages = (Index, Remember, JobDetail, JobStatus, AwaitJob, CancelJob, EndProcess, RetryJob, FetchFile)
    record_context_factory: ClassVar = JobContext
    templates: ClassVar = {"index": "batchbook.templates:jobs/index.jinja2"}

    def label_of(self, record: Job) -> str:
        """Name a job in a sentence."""
        return str(record)


def includeme(config: Any) -> None:
    """Register the pages, and the list in the navigation for those who may see all."""
    config.add_master_view(JobsView)
    config.add_navigation("Jobs", "jobs.index", "jobs:view", group="Administration", order=70)
