"""Jobs: work outside the request that survives the loss of the process that runs it."""

from __future__ import annotations

from typing import Any

from batchbook.jobs.enqueue import JobRequest
from batchbook.jobs.models import Job, JobGroup
from batchbook.jobs.service import JobService
from batchbook.jobs.tasks import JobContext, JobResult, Task
from batchbook.security.audit_log import collect_all, record_settings
from batchbook.services import services_of

__all__ = ["Job", "JobContext", "JobGroup", "JobRequest", "JobResult", "JobService", "Task"]


def includeme(config: Any) -> None:
    """Add the job service, its directive, the pages of jobs and the export task."""
    include_services(config)
    config.include("batchbook.jobs.routes")
    config.include("batchbook.jobs.exports")


def include_services(config: Any) -> None:
    """Add the directive ``config.add_job_task`` and the service :class:`JobService`."""
    jobs = JobService(config.registry.settings)
    services_of(config.registry).add(JobService, jobs)
    jobs.upkeep.extend((collect_all, record_settings))
    config.add_directive("add_job_task", _add_job_task)


def _add_job_task(config: Any, task: Task) -> None:
    """Register a task that jobs can run (the directive ``config.add_job_task``)."""
    config.action(
        ("job task", task.name), lambda: services_of(config.registry).get(JobService).tasks.add(task)
    )
