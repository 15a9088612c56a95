"""Tasks: registered once, and a sentence where one is missing."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.errors import Conflict
from batchbook.jobs import Job, JobContext, JobResult, Task
from batchbook.jobs.tasks import Tasks
from batchbook.progress import NoProgress


def work(_context: JobContext) -> JobResult:
    return JobResult("Counted.")


COUNT = Task(name="count", label="Count", done="counted", run=work)


def test_a_name_is_taken_once() -> None:
    tasks = Tasks()
    tasks.add(COUNT)
    assert tasks["count"] is COUNT
    with pytest.raises(ConfigurationError, match="Two job tasks are called 'count'"):
        tasks.add(COUNT)


def test_a_task_that_is_not_installed_fails_with_a_sentence() -> None:
    task = Tasks()["weigh_all"]
    nothing: Any = None
    result = task.run(JobContext(nothing, nothing, Job(task="weigh_all"), NoProgress()))
    assert (task.label, result.failed) == ("Weigh all", True)
    assert "doesn't know the task “weigh_all”" in result.message


def test_by_default_nobody_sees_it_and_it_is_not_retried() -> None:
    job, nothing = Job(subject="The shelf"), None
    assert COUNT.outcome_url(nothing, job) is None
    assert not COUNT.may_see(nothing, job)
    with pytest.raises(Conflict, match="The shelf can't be retried"):
        COUNT.retry(nothing, nothing, job, "ann")  # type: ignore[arg-type]


def test_all_of_a_task_is_named() -> None:
    with pytest.raises(TypeError, match="positional"):
        Task("count", "Count", "counted", work)  # type: ignore[call-arg, misc]
