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
    """One attempt at a job: its ``session``, in whose transaction the job's end is written as well, and the job.

    ``prepared`` is what the task's ``prepare`` yielded.
    """

    services: Services
    session: Session
    job: Job
    progress: Progress
    prepared: Any = None


@dataclass(frozen=True)
class JobResult:
    """How a job ended: the sentence for people, whether it failed, and what pages need to lead on from there."""

    message: str
    failed: bool = False
    result: Mapping[str, Any] = field(default_factory=dict)


def _ignore_result(_turn: JobContext, _ending: JobResult) -> None:
    """Do nothing."""


def _prepare_nothing(_turn: JobContext) -> AbstractContextManager[Any]:
    return nullcontext()


def _no_url(_request: Any, _job: Job) -> str | None:
    return None


def _visible_to_nobody(_request: Any, _job: Job) -> bool:
    return False


def _refuse_retry(_services: Services, _session: Session, job: Job, _by: str) -> Job:
    raise Conflict(f"{job.subject} cannot simply be tried again; ask for it anew where you did before.")


@dataclass(frozen=True)
class Task:
    """Something that jobs do.

    ``prepare`` does what only reads and takes long, with a session that cannot write, before the transaction begins that
    keeps other writers out of SQLite; what it yields is the turn's ``prepared``, and it is left when ``run`` is over.
    ``label`` names it on a page, ``done`` is the participle for sentences about its subject, as in "was executed". ``run`` does it,
    within the transaction of the turn; what it raises undoes that: a :class:`~batchbook.errors.BatchbookError` is a
    sentence, anything else is a failure. ``ended`` is told of an end that ``run`` could not write itself: what it
    raised, and a cancellation. ``url`` says where, for a request, what came of the job is to be seen, and ``seen`` whether
    who asks may see what it is about. ``again`` asks for a job once more, for somebody, after it failed.
    """

    name: str
    label: str
    done: str
    run: Callable[[JobContext], JobResult]
    prepare: Callable[[JobContext], AbstractContextManager[Any]] = field(
        default=_prepare_nothing, kw_only=True
    )
    ended: Callable[[JobContext, JobResult], None] = _ignore_result
    url: Callable[[Any, Job], str | None] = _no_url
    seen: Callable[[Any, Job], bool] = _visible_to_nobody
    again: Callable[[Any, Session, Job, str], Job] = _refuse_retry


class Tasks:
    """The tasks of the application, by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def add(self, task: Task) -> None:
        """Register ``task``; raise ``ConfigurationError`` if the name is taken."""
        if task.name in self._tasks:
            raise ConfigurationError(f"There are two tasks of jobs called {task.name!r}.")
        self._tasks[task.name] = task

    def __getitem__(self, name: str) -> Task:
        """Return the task called ``name``; a stand-in that fails for one that this installation does not have."""
        return self._tasks.get(name) or Task(
            name, name.replace("_", " ").capitalize(), "worked on", _run_unknown
        )


def _run_unknown(job_context: JobContext) -> JobResult:
    return JobResult(
        f"This installation does not know how to do “{job_context.job.task}”; a plug-in may be missing. Nothing was done.",
        failed=True,
    )
