"""Routes of jobs and of groups of jobs.

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

from batchbook.jobs.group_views import GroupsView
from batchbook.jobs.views import VIEW, JobsView


def includeme(config: Any) -> None:
    """Register the pages, and link the list of jobs in the navigation of users with the permission ``jobs:view``."""
    config.add_master_view(GroupsView)
    config.add_master_view(JobsView)
    config.add_navigation(JobsView.title, "jobs.index", VIEW, group="Administration", order=70)
