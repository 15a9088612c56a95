"""Reports on jobs in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batchbook.batches import Action
from batchbook.db import utc_now
from batchbook.jobs import Job
from batchbook.jobs.job_progress import Step, request_cancel
from batchbook.jobs.view_models import duration, report_on, step_text

from .harness import JobHarness

NOW = utc_now()


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step("write_rows", 0, None, 0, None), "Write rows …"),
        (Step("refresh", 1, None, 0.5, None), "Refresh: 1 row"),
        (
            Step("refresh", 1500, 3000, 100, 15),
            "Refresh: 1,500 of 3,000 rows, 100 a second, about 15 seconds left",
        ),
        (Step("refresh", 1, 900, 1, 899), "Refresh: 1 of 900 rows, 1 a second, about 15 minutes left"),
    ],
)
def test_a_step_in_words(step: Step, text: str) -> None:
    assert step_text(step) == text


@pytest.mark.parametrize(
    ("began", "seconds", "text"), [(None, 1, ""), (NOW, 1.24, "1.2 seconds"), (NOW, 71, "71 seconds")]
)
def test_the_duration_of_the_last_attempt(began: object, seconds: float, text: str) -> None:
    assert duration(Job(started_at=began, ended_at=NOW + timedelta(seconds=seconds))) == text


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_report_for_a_script(harness: JobHarness) -> None:
    job = harness.job(harness.ask(harness.create(), Action.POPULATE))
    report = report_on(harness.jobs, job)
    assert report.as_json() | {"title": ""} == {
        "id": job.id, "title": "", "state": "queued", "state_label": "Waiting", "ended": False,
        "unresponsive": False, "phase": None, "done": None, "total": None, "percent": None, "rate": None,
        "seconds_left": None, "progress": "Waiting for its turn.", "message": None,
    }  # fmt: skip
    assert report.title == f"Populate: Batch {job.batch_id:08d}"
    request_cancel(harness.jobs.store, job, "ann")
    assert report_on(harness.jobs, job).progress == "ann cancelled the job; it will stop as soon as possible."
