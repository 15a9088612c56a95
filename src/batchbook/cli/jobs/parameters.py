"""What the commands for jobs are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from batchbook.cli.batches.parameters import NUMBER
from batchbook.errors import Missing
from batchbook.jobs import Job

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: The largest number that a job can have.
_LARGEST = 2**31 - 1


def job_argument(command: _Command) -> _Command:
    """Give a command the argument ID, which it gets as ``job_id``."""
    return click.argument("job_id", metavar="ID", type=NUMBER)(command)


def find_job(session: Session, job_id: int) -> Job:
    """Return a job; raise ``Missing`` if there is none, or none any more."""
    job = session.get(Job, job_id) if job_id <= _LARGEST else None
    if job is None:
        raise Missing(f"There is no job {job_id}; one that ended long ago is not kept.")
    return job
