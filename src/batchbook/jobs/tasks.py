"""Tasks that jobs run, registered by name with ``config.add_job_task``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy.orm import Session

from batchbook.errors import Conflict
from batchbook.jobs.models import Job
from batchbook.progress import Progress
from batchbook.services import Services


@dataclass(frozen=True)
class JobContext:
    """The context in which a task runs: one attempt at a job.

    The job's result is written in the transaction of ``session`` too. ``prepared`` is the value that the task's
    ``prepare`` yielded.
    """

    services: Services
    session: Session
    job: Job
    progress: Progress
    prepared: Any = None


@dataclass(frozen=True)
class JobResult:
    """The result of a job: a message for users, a flag for failure, and data for the pages that show the outcome."""

    message: str
    failed: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)


def _refuse_retry(_services: Services, _session: Session, job: Job, _by: str) -> Job:
    raise Conflict(
        f"{job.subject} can't be retried from here. Start it again from the page where you first started it."
    )


@dataclass(frozen=True, kw_only=True)
class Task:
    """A kind of work that jobs do, called ``name`` in the database and ``label`` on pages.

    ``done`` is the participle for sentences about a job's subject, such as "executed" in "was executed".

    ``run(context)`` does the work within the context's transaction. An exception rolls it back: the message of a
    :class:`~batchbook.errors.BatchbookError` is shown to users, any other exception is logged as a failure.

    ``prepare(context)`` is called before, outside that transaction and with a read-only session: it is for long work
    that only reads, because on SQLite the transaction keeps all other writers out. It returns a context manager, whose
    value becomes the context's ``prepared``, and which is left after ``run`` has returned.

    ``note_result(context, result)`` is called if a job failed or was cancelled, to record that with the subject of the
    job. ``outcome_url(request, job)`` returns the address of the page that shows the outcome, or ``None`` if the job's
    own page does. ``may_see(request, job)`` returns whether the request's user may see the subject of the job.
    ``retry(services, session, job, by)`` enqueues a failed job again, for the user ``by``; ``permission(job)`` returns
    the permission for the work itself, empty for none, for which the settings may ask for the password again.
    """

    name: str
    label: str
    done: str
    run: Callable[[JobContext], JobResult]
    prepare: Callable[[JobContext], AbstractContextManager[Any]] = lambda _context: nullcontext()
    note_result: Callable[[JobContext, JobResult], None] = lambda _context, _result: None
    outcome_url: Callable[[Any, Job], str | None] = lambda _request, _job: None
    may_see: Callable[[Any, Job], bool] = lambda _request, _job: False
    retry: Callable[[Services, Session, Job, str], Job] = _refuse_retry
    permission: Callable[[Job], str] = lambda _job: ""


class Tasks:
    """The tasks of an application, by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def add(self, task: Task) -> None:
        """Register ``task``; raise ``ConfigurationError`` if its name is already registered."""
        if task.name in self._tasks:
            raise ConfigurationError(f"Two job tasks are called {task.name!r}: rename one of them.")
        self._tasks[task.name] = task

    def __getitem__(self, name: str) -> Task:
        """Return the task called ``name``, or, if this installation has none, a placeholder that fails."""
        return self._tasks.get(name) or Task(
            name=name, label=name.replace("_", " ").capitalize(), done="worked on", run=_run_unknown
        )


def _run_unknown(context: JobContext) -> JobResult:
    return JobResult(
        f"This installation doesn't know the task “{context.job.task}”; a plug-in may be missing. Nothing was done.",
        failed=True,
    )
