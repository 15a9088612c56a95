"""Tasks that jobs do, registered by name with ``config.add_job_task``."""

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
    """One attempt at a job, as its task sees it.

    The job's result is written in the transaction of ``session`` as well. ``prepared`` is what the task's ``prepare``
    yielded.
    """

    services: Services
    session: Session
    job: Job
    progress: Progress
    prepared: Any = None


@dataclass(frozen=True)
class JobResult:
    """The result of a job: a sentence for people, whether the job failed, and data for the pages that lead on from it."""

    message: str
    failed: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)


def _prepare_nothing(_context: JobContext) -> AbstractContextManager[Any]:
    return nullcontext()


def _note_nothing(_context: JobContext, _result: JobResult) -> None:
    """Do nothing."""


def _no_url(_request: Any, _job: Job) -> str | None:
    return None


def _visible_to_nobody(_request: Any, _job: Job) -> bool:
    return False


def _refuse_retry(_services: Services, _session: Session, job: Job, _by: str) -> Job:
    raise Conflict(
        f"{job.subject} can't be retried. Start it again from the page where you started it before."
    )


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something that jobs do, known as ``name`` to the database and as ``label`` to people.

    ``done`` is the participle for sentences about a job's subject, such as "executed" in "was executed".

    ``run(context)`` does the work within the context's transaction. An exception undoes that: the message of a
    :class:`~batchbook.errors.BatchbookError` is shown to people, any other exception is logged as a failure.

    ``prepare(context)`` comes before it, outside of that transaction and with a session that cannot write: it is for
    work that takes long and only reads, because on SQLite the transaction keeps all other writers out. It returns a
    context manager; what that yields is the context's ``prepared``, and it is left when ``run`` has returned.

    ``note_result(context, result)`` is called in place of ``run`` where a job failed or was cancelled, to keep that
    beside what the job is about. ``outcome_url(request, job)`` returns the address of the page that shows the outcome,
    ``None`` where the job's own page does. ``may_see(request, job)`` returns whether the request's user may see what
    the job is about. ``retry(services, session, job, by)`` enqueues a job that failed once more, for the user ``by``.
    """

    name: str
    label: str
    done: str
    run: Callable[[JobContext], JobResult]
    prepare: Callable[[JobContext], AbstractContextManager[Any]] = _prepare_nothing
    note_result: Callable[[JobContext, JobResult], None] = _note_nothing
    outcome_url: Callable[[Any, Job], str | None] = _no_url
    may_see: Callable[[Any, Job], bool] = _visible_to_nobody
    retry: Callable[[Services, Session, Job, str], Job] = _refuse_retry


class Tasks:
    """The tasks of an application, by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def add(self, task: Task) -> None:
        """Register ``task``; raise ``ConfigurationError`` if its name is taken."""
        if task.name in self._tasks:
            raise ConfigurationError(f"There are two tasks of jobs called {task.name!r}.")
        self._tasks[task.name] = task

    def __getitem__(self, name: str) -> Task:
        """Return the task called ``name``; for one that this installation does not have, a stand-in that fails."""
        return self._tasks.get(name) or Task(
            name=name, label=name.replace("_", " ").capitalize(), done="worked on", run=_run_unknown
        )


def _run_unknown(context: JobContext) -> JobResult:
    return JobResult(
        f"This installation doesn't know the task “{context.job.task}”; a plug-in may be missing. Nothing was done.",
        failed=True,
    )
