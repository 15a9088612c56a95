"""Jobs: what is done outside the request, and survives whatever happens to the process that does it."""

from __future__ import annotations

from typing import Any

from batchbook.jobs.asking import Order
from batchbook.jobs.models import Job, JobGroup
from batchbook.jobs.office import Jobs
from batchbook.jobs.tasks import Ending, Task, Turn
from batchbook.services import services_of

__all__ = ["Ending", "Job", "JobGroup", "Jobs", "Order", "Task", "Turn"]


def includeme(config: Any) -> None:
    """Add the directive ``config.add_job_task``, and what the application knows about jobs, ``services.get(Jobs)``."""
    jobs = Jobs(config.registry.settings)
    services_of(config.registry).add(Jobs, jobs)
    config.add_directive("add_job_task", _add_job_task)
    config.include("batchbook.jobs.groups")
    config.include("batchbook.jobs.views")
    config.include("batchbook.jobs.exports")


def _add_job_task(config: Any, task: Task) -> None:
    """Directive: register a task that jobs can do."""
    config.action(("job task", task.name), lambda: services_of(config.registry).get(Jobs).tasks.add(task))
