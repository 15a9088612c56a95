"""Progress of jobs, cancel requests, and notes about jobs that do not react: what runs and who watches exchange in the store."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from batchbook.jobs.models import Job, JobState
from batchbook.jobs.store import CANCEL_REQUEST, PROGRESS, UNRESPONSIVE, JobStore

#: How often, at the most, progress is written and wishes are looked for, in seconds.
_WRITE_INTERVAL = 0.25
#: How many characters of a phase are kept.
_LONGEST_PHASE = 40


log = logging.getLogger(__name__)


class Stopped(BaseException):
    """Stops a job from within its progress. No exception of the work itself, so that no handler swallows it."""


class Cancelled(Stopped):
    """Somebody wished the job to be cancelled: ``by`` whom, and after how much of its ``phase``."""

    def __init__(self, by: str, phase: str = "", done: int = 0) -> None:
        super().__init__(by)
        self.by = by
        self.phase = phase
        self.done = done


class HandedBack(Stopped):
    """The process must end, so the job is given back to the queue."""


@dataclass(frozen=True)
class Step:
    """How far a job is: ``done`` of ``total`` rows of its ``phase``, at ``rate`` rows a second.

    ``total`` and ``seconds_left`` are ``None`` where nobody knows; ``seconds_left`` is about the phase.
    """

    phase: str
    done: int
    total: int | None
    rate: float
    seconds_left: float | None
    #: When that was reported, in seconds since 1970; ``None`` where it does not matter.
    seen: float | None = None

    @property
    def percent(self) -> int | None:
        """How much of the phase is done."""
        return min(100, self.done * 100 // self.total) if self.total else None


class JobProgress:
    """Writes how far a job is, and raises where somebody wants it cancelled or its process must end."""

    def __init__(self, store: JobStore, job: Job, stopping: StopSignal) -> None:
        self._store = store
        self._job = job
        self._stopping = stopping
        self._phase = ""
        self._began = self._written = 0.0

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Note how far the job is; raise :class:`Stopped` if it shall not go on."""
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
        try:
            by = self._exchange(values)
        except DBAPIError as error:
            log.info("Progress of %s could not be told: %s", self._job, error.orig)
            return  # The work goes on; next time, perhaps.
        if by:
            raise Cancelled(by, phase, done)

    def settle(self) -> None:
        """Raise :class:`Cancelled` if somebody wants the job cancelled, now that all of it is done and nothing kept yet."""
        try:
            by = cancel_requests_of(self._store, [self._job]).get(self._job.id)
        except DBAPIError as error:
            log.info("Whether %s is to be cancelled could not be asked: %s", self._job, error.orig)
            return  # What is done is not given up for that.
        if by:
            raise Cancelled(by)

    def _exchange(self, values: Mapping[str, Any]) -> str | None:
        """Write how far the job is; return who wants it cancelled."""
        with self._store.connection() as connection:
            mine = PROGRESS.c.nonce == self._job.nonce
            if not connection.execute(update(PROGRESS).where(mine).values(**values)).rowcount:
                connection.execute(insert(PROGRESS).values(nonce=self._job.nonce, **values))
            return connection.scalar(
                select(CANCEL_REQUEST.c.cancelled_by).where(CANCEL_REQUEST.c.nonce == self._job.nonce)
            )


class StopSignal(Protocol):
    """Says whether a process must end, as :class:`threading.Event` does."""

    def is_set(self) -> bool:
        """Return whether it must."""


def steps_of(store: JobStore, jobs: Iterable[Job]) -> Mapping[int, Step]:
    """Return how far the jobs are that have reported anything."""
    wanted = {job.nonce: job.id for job in jobs}
    if not wanted or not store.is_there:
        return {}
    with store.connection() as connection:
        rows = connection.execute(select(PROGRESS).where(PROGRESS.c.nonce.in_(wanted))).all()
    return {
        wanted[row.nonce]: replace(
            step_at(row.phase, row.done, row.total, row.seen - row.phase_began), seen=row.seen
        )
        for row in rows
    }


def step_at(phase: str, done: int, total: int | None, seconds: float) -> Step:
    """Return how far a job is whose phase began so many ``seconds`` ago."""
    rate = done / seconds if seconds > 0 else 0.0
    left = max(0, total - done) / rate if total and rate else None
    return Step(phase, done, total, rate, left)


def request_cancel(store: JobStore, job: Job, by: str) -> None:
    """Note that ``by`` wants a job cancelled; whoever runs it looks for that after each chunk."""
    store.prepare()
    with store.connection() as connection, suppress(IntegrityError):  # Who wished it first is named.
        connection.execute(insert(CANCEL_REQUEST).values(nonce=job.nonce, cancelled_by=by))


def cancel_requests_of(store: JobStore, jobs: Iterable[Job]) -> Mapping[int, str]:
    """Return who wants which of the jobs cancelled."""
    wanted = {job.nonce: job.id for job in jobs}
    if not wanted or not store.is_there:
        return {}
    with store.connection() as connection:
        rows = connection.execute(select(CANCEL_REQUEST).where(CANCEL_REQUEST.c.nonce.in_(wanted))).all()
    return {wanted[row.nonce]: row.cancelled_by for row in rows}


def forget_progress(store: JobStore, job: Job) -> None:
    """Drop what is kept of the progress of a job that has ended."""
    with store.connection() as connection:
        for table in (PROGRESS, CANCEL_REQUEST, UNRESPONSIVE):
            connection.execute(delete(table).where(table.c.nonce == job.nonce))


@dataclass(frozen=True)
class UnresponsiveNote:
    """Notes about an unresponsive job.

    ``since`` is when it was seen not to react, in seconds since 1970, and ``requested_by`` who wants its process ended.
    ``state`` and ``message`` are how it ended with its process: ``queued`` for one that waits again.
    """

    since: float | None
    requested_by: str | None
    state: JobState | None
    message: str | None


def mark_unresponsive(store: JobStore, job: Job) -> None:
    """Note that a job does not react."""
    _upsert_note(store, job, since=time.time())


def request_process_end(store: JobStore, job: Job, by: str) -> None:
    """Note that ``by`` wants the process ended that runs the job, if the job does not react."""
    store.prepare()
    _upsert_note(store, job, requested_by=by)


def record_result(store: JobStore, job: Job, state: JobState, message: str | None = None) -> None:
    """Leave for others what becomes of a job whose process ends."""
    _upsert_note(store, job, state=state.value, message=message)


def unresponsive_notes(store: JobStore, jobs: Iterable[Job]) -> Mapping[int, UnresponsiveNote]:
    """Return what is noted of those among ``jobs`` of which anything is."""
    wanted = {job.nonce: job.id for job in jobs}
    if not wanted or not store.is_there:
        return {}
    with store.connection() as connection:
        rows = connection.execute(select(UNRESPONSIVE).where(UNRESPONSIVE.c.nonce.in_(wanted))).all()
    return {
        wanted[row.nonce]: UnresponsiveNote(
            row.since, row.requested_by, JobState(row.state) if row.state else None, row.message
        )
        for row in rows
    }


def clear_unresponsive(store: JobStore, job: Job) -> None:
    """Drop what is noted of a job."""
    with store.connection() as connection:
        connection.execute(delete(UNRESPONSIVE).where(UNRESPONSIVE.c.nonce == job.nonce))


def _upsert_note(store: JobStore, job: Job, **values: Any) -> None:
    change = update(UNRESPONSIVE).where(UNRESPONSIVE.c.nonce == job.nonce).values(**values)
    with store.connection() as connection:
        if connection.execute(change).rowcount:
            return
        try:
            connection.execute(insert(UNRESPONSIVE).values(nonce=job.nonce, **values))
        except IntegrityError:  # Somebody noted something of it in the same moment.
            connection.execute(change)
