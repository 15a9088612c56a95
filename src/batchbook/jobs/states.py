"""The life of a job: ``scheduled → queued → running → done``, or it ends failed or cancelled."""

from __future__ import annotations

from batchbook.statuses import Severity, Status


class JobState(Status):
    """Where a job is in its life."""

    SCHEDULED = "scheduled", "Scheduled", Severity.NEUTRAL, "◷"
    QUEUED = "queued", "Waiting", Severity.NEUTRAL, "…"
    RUNNING = "running", "Running", Severity.INFO, "▶"
    DONE = "done", "Done", Severity.SUCCESS, "✓"
    FAILED = "failed", "Failed", Severity.ERROR, "✗"
    CANCELLED = "cancelled", "Cancelled", Severity.WARNING, "⊘"


#: A job in one of these states keeps everybody else from acting on its batch.
ACTIVE = (JobState.QUEUED, JobState.RUNNING)
#: A job in one of these states ended otherwise than it should, and can be tried again.
WENT_WRONG = (JobState.FAILED, JobState.CANCELLED)
#: A job in one of these states has ended.
ENDED = (JobState.DONE, *WENT_WRONG)
