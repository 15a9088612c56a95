"""Jobs that do not react when they are interrupted: who wants their process ended, and what becomes of them then.

A process that is ended cannot write into the database what became of its jobs, because the job that it is ended for may
hold what that needs. It leaves that here, for the next process that sees to jobs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from batchbook.jobs.models import Job
from batchbook.jobs.states import JobState
from batchbook.jobs.store import UNRESPONSIVE, Store


@dataclass(frozen=True)
class Unresponsive:
    """Notes about an unresponsive job.

    ``since`` is when it was seen not to react, in seconds since 1970, and ``requested_by`` who wants its process ended.
    ``state`` and ``message`` are how it ended with its process: ``queued`` for one that waits again.
    """

    since: float | None
    requested_by: str | None
    state: JobState | None
    message: str | None


def note_unresponsive(store: Store, job: Job) -> None:
    """Note that a job does not react."""
    _note(store, job, since=time.time())


def request_process_end(store: Store, job: Job, by: str) -> None:
    """Note that ``by`` wants the process ended that runs the job, if the job does not react."""
    store.prepare()
    _note(store, job, requested_by=by)


def leave_result(store: Store, job: Job, state: JobState, message: str | None = None) -> None:
    """Leave for others what becomes of a job whose process ends."""
    _note(store, job, state=state.value, message=message)


def unresponsive_of(store: Store, jobs: Iterable[Job]) -> Mapping[int, Unresponsive]:
    """Return what is noted of those among ``jobs`` of which anything is."""
    wanted = {job.nonce: job.id for job in jobs}
    if not wanted or not store.is_there:
        return {}
    with store.connection() as connection:
        rows = connection.execute(select(UNRESPONSIVE).where(UNRESPONSIVE.c.nonce.in_(wanted))).all()
    return {
        wanted[row.nonce]: Unresponsive(
            row.since, row.requested_by, JobState(row.state) if row.state else None, row.message
        )
        for row in rows
    }


def forget_unresponsive(store: Store, job: Job) -> None:
    """Drop what is noted of a job."""
    with store.connection() as connection:
        connection.execute(delete(UNRESPONSIVE).where(UNRESPONSIVE.c.nonce == job.nonce))


def _note(store: Store, job: Job, **values: Any) -> None:
    change = update(UNRESPONSIVE).where(UNRESPONSIVE.c.nonce == job.nonce).values(**values)
    with store.connection() as connection:
        if connection.execute(change).rowcount:
            return
        try:
            connection.execute(insert(UNRESPONSIVE).values(nonce=job.nonce, **values))
        except IntegrityError:  # Somebody noted something of it in the same moment.
            connection.execute(change)
