"""Jobs: work outside the request that survives the loss of the process that runs it.

Their pages:

====================  ===============================  =====================================================
route                 address                          page
====================  ===============================  =====================================================
jobs.index            /jobs                            :class:`~batchbook.master.Index`
jobs.window           /jobs/window                     :class:`~batchbook.master.IndexWindow`
jobs.remember         /jobs/view                       :class:`~batchbook.master.Remember`
jobs.layout           /jobs/layout                     :class:`~batchbook.master.RememberLayout`
jobs.view             /jobs/{id}                       :class:`~batchbook.jobs.views.JobDetail`
jobs.status           /jobs/{id}/status.json           :class:`~batchbook.jobs.views.JobStatus`
jobs.await            /jobs/{id}/await                 :class:`~batchbook.jobs.views.AwaitJob`
jobs.cancel           /jobs/{id}/cancel                :class:`~batchbook.jobs.views.CancelJob`
jobs.end-process      /jobs/{id}/end-process           :class:`~batchbook.jobs.views.EndProcess`
jobs.retry            /jobs/{id}/retry                 :class:`~batchbook.jobs.views.RetryJob`
jobs.file             /jobs/{id}/file                  :class:`~batchbook.jobs.views.FetchFile`
job_groups.view       /jobs/groups/{id}                :class:`~batchbook.jobs.group_views.GroupDetail`
job_groups.cancel     /jobs/groups/{id}/cancel         :class:`~batchbook.jobs.group_views.CancelRest`
job_groups.retry      /jobs/groups/{id}/retry          :class:`~batchbook.jobs.group_views.RetryFailed`
====================  ===============================  =====================================================
"""

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
    """Add the job service, its directive, the pages of jobs and the export task.

    The list of jobs is in the navigation of users with the permission ``jobs:view``.
    """
    # Imported here, because what enqueues jobs needs no pages.
    from batchbook.jobs.group_views import GroupsView
    from batchbook.jobs.views import VIEW, JobsView

    include_services(config)
    config.add_master_view(GroupsView)
    config.add_master_view(JobsView)
    config.add_navigation(JobsView.title, "jobs.index", VIEW, group="Administration", order=70)
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
