"""Progress of jobs, cancel requests, and notes about jobs that do not respond.

The process that runs a job and those that watch it exchange these through the store, because the job's own transaction is
visible only once it is committed. A process that is being ended cannot write the results of its jobs to the database,
because the unresponsive job may hold the locks; it records them in the store, for the next process that dispatches jobs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import Connection, Row, Table, delete, select
from sqlalchemy.exc import DBAPIError

from batchbook.db.functions import insert_into
from batchbook.jobs.models import Job, JobState
from batchbook.jobs.store import CANCEL_REQUEST, PROGRESS, UNRESPONSIVE, JobStore

log = logging.getLogger(__name__)

#: The shortest time between two writes of a job's progress, which also check for a cancel request, in seconds.
_WRITE_INTERVAL = 0.25
#: The maximum length of a phase in the store.
_LONGEST_PHASE = 40


class Stopped(BaseException):
    """Stops a job from its progress reports; not an ``Exception``, so that no ``except Exception`` swallows it."""


class Cancelled(Stopped):
    """Stops a job that the user ``by`` cancelled, after ``done`` rows of its ``phase``."""

    def __init__(self, by: str, phase: str = "", done: int = 0) -> None:
        super().__init__(by)
        self.by = by
        self.phase = phase
        self.done = done


class HandedBack(Stopped):
    """Stops a job whose process must end; the job is handed back to the queue."""


class StopSignal(Protocol):
    """A signal that a process must end, such as :class:`threading.Event`."""

    def is_set(self) -> bool:
        """Return whether the process must end."""


# Progress.


@dataclass(frozen=True)
class Step:
    """A point in the progress of a job: ``done`` of ``total`` rows of its ``phase``, at ``rate`` rows a second.

    ``total`` and ``seconds_left``, to the end of the phase, are ``None`` if unknown. ``seen`` is the time of the report
    in seconds since 1970, ``None`` where it does not matter.
    """

    phase: str
    done: int
    total: int | None
    rate: float
    seconds_left: float | None
    seen: float | None = None

    @property
    def percent(self) -> int | None:
        """The completed share of the phase, ``None`` if its total is unknown."""
        return min(100, self.done * 100 // self.total) if self.total else None


class JobProgress:
    """The progress of a running job: each report is written to the store, and may stop the job."""

    def __init__(self, store: JobStore, job: Job, stopping: StopSignal) -> None:
        self._store = store
        self._job = job
        self._stopping = stopping
        self._phase = ""
        self._began = self._written = 0.0

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Write that ``done`` of ``total`` rows of ``phase`` are done.

        Raises :class:`Cancelled` or :class:`HandedBack` if the job must stop.
        """
        phase = phase[:_LONGEST_PHASE]
        if self._stopping.is_set():
            raise HandedBack
        now = time.time()
        fresh = phase != self._phase
        if not fresh and now - self._written < _WRITE_INTERVAL:
            return
        if fresh:
            self._phase, self._began = phase, now
        self._written = now
        values = {"phase": phase, "done": done, "total": total, "phase_began": self._began, "seen": now}
        request = CANCEL_REQUEST.c
        try:
            with self._store.connection() as connection:
                _put(connection, PROGRESS, self._job, values)
                by = connection.scalar(select(request.cancelled_by).where(request.nonce == self._job.nonce))
        except DBAPIError as error:
            log.info("Progress of %s could not be written: %s", self._job, error.orig)
            return  # The work goes on, and the next report tries again.
        if by:
            raise Cancelled(by, phase, done)

    def check_cancelled(self) -> None:
        """Raise :class:`Cancelled` for a cancel request that arrived before the finished work is committed."""
        try:
            by = cancel_requests_of(self._store, [self._job]).get(self._job.id)
        except DBAPIError as error:
            log.info("Cancel requests for %s could not be read: %s", self._job, error.orig)
            return  # Finished work is not discarded for that.
        if by:
            raise Cancelled(by)


def steps_of(store: JobStore, jobs: Iterable[Job]) -> Mapping[int, Step]:
    """Return the progress of those jobs that have reported any, by job id."""
    return {
        job_id: replace(step_at(row.phase, row.done, row.total, row.seen - row.phase_began), seen=row.seen)
        for job_id, row in _rows_of(store, PROGRESS, jobs).items()
    }


def step_at(phase: str, done: int, total: int | None, seconds: float) -> Step:
    """Return the progress of a job whose phase started ``seconds`` ago."""
    rate = done / seconds if seconds > 0 else 0.0
    left = max(0, total - done) / rate if total and rate else None
    return Step(phase, done, total, rate, left)


def forget_progress(store: JobStore, job: Job) -> None:
    """Delete all rows of the store about a job that has ended."""
    with store.connection() as connection:
        for table in (PROGRESS, CANCEL_REQUEST, UNRESPONSIVE):
            connection.execute(delete(table).where(table.c.nonce == job.nonce))


# Cancel requests.


def request_cancel(store: JobStore, job: Job, by: str) -> None:
    """Store a cancel request by the user ``by``, which the job checks at each report. The first request of a job counts."""
    store.prepare()
    with store.connection() as connection:
        request = insert_into(connection, CANCEL_REQUEST).values(nonce=job.nonce, cancelled_by=by)
        connection.execute(request.on_conflict_do_nothing())


def cancel_requests_of(store: JobStore, jobs: Iterable[Job]) -> Mapping[int, str]:
    """Return the cancel requests for the jobs: names of users by job id."""
    return {job_id: row.cancelled_by for job_id, row in _rows_of(store, CANCEL_REQUEST, jobs).items()}


# Unresponsive jobs.


@dataclass(frozen=True)
class UnresponsiveNote:
    """A note about a job that does not respond.

    ``since`` is the time at which this was noticed, in seconds since 1970, and ``requested_by`` the user who requested
    the end of its process. ``state`` and ``message`` are the result of the job once its process has ended; the state is
    ``queued`` for a job that waits again.
    """

    since: float | None
    requested_by: str | None
    state: JobState | None
    message: str | None


def mark_unresponsive(store: JobStore, job: Job) -> None:
    """Note that a job does not respond."""
    _put_note(store, job, since=time.time())


def request_process_end(store: JobStore, job: Job, by: str) -> None:
    """Store the request of the user ``by`` to end the process that runs the job, if the job does not respond."""
    store.prepare()
    _put_note(store, job, requested_by=by)


def record_result(store: JobStore, job: Job, state: JobState, message: str | None = None) -> None:
    """Record the result of a job whose process is ending, for other processes."""
    _put_note(store, job, state=state.value, message=message)


def unresponsive_notes(store: JobStore, jobs: Iterable[Job]) -> Mapping[int, UnresponsiveNote]:
    """Return the notes about the jobs, by job id."""
    return {
        job_id: UnresponsiveNote(
            row.since, row.requested_by, JobState(row.state) if row.state else None, row.message
        )
        for job_id, row in _rows_of(store, UNRESPONSIVE, jobs).items()
    }


def clear_unresponsive(store: JobStore, job: Job) -> None:
    """Delete the note about a job."""
    with store.connection() as connection:
        connection.execute(delete(UNRESPONSIVE).where(UNRESPONSIVE.c.nonce == job.nonce))


# The tables of the store.


def _put_note(store: JobStore, job: Job, **values: Any) -> None:
    with store.connection() as connection:
        _put(connection, UNRESPONSIVE, job, values)


def _put(connection: Connection, table: Table, job: Job, values: Mapping[str, Any]) -> None:
    """Set ``values`` in the row of ``table`` about the job, inserting the row if it is missing."""
    statement = insert_into(connection, table).values(nonce=job.nonce, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[table.c.nonce], set_=dict(values)))


def _rows_of(store: JobStore, table: Table, jobs: Iterable[Job]) -> Mapping[int, Row[Any]]:
    """Return the rows of ``table`` about the jobs, by job id."""
    wanted = {job.nonce: job.id for job in jobs}
    try:
        if not wanted or not store.is_there:
            return {}
        with store.connection() as connection:
            rows = connection.execute(select(table).where(table.c.nonce.in_(wanted))).all()
    except DBAPIError as error:
        if not store.is_damaged:
            raise
        log.warning(
            "Nothing is known of the progress of jobs, because their store is damaged: %s", error.orig
        )
        return {}
    return {wanted[row.nonce]: row for row in rows}
