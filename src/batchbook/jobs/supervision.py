"""Supervision of running jobs: cancel requests, limits of time and memory, and interruption from another thread.

A thread supervises each attempt and escalates in steps, with a pause between them: the job stops itself at its next report
or SQL statement; it is interrupted; it counts as unresponsive, and only ending its process stops it. Once a limit is
reached, the first step is skipped, and the process is ended without a request.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from batchbook.jobs.attempt import Attempt
from batchbook.jobs.job_progress import (
    Cancelled,
    Stopped,
    cancel_requests_of,
    mark_unresponsive,
    unresponsive_notes,
)
from batchbook.jobs.settings import MEMORY_LIMIT, JobSettings
from batchbook.jobs.store import JobStore
from batchbook.words import counted

log = logging.getLogger(__name__)

_MIB = 1 << 20
_STATM = Path("/proc/self/statm")
_NOTHING_KEPT = "None of its work was kept; everything is as it was before."


class LimitReached(Stopped):
    """Stops a job that has reached a limit of the settings; ``message`` explains it to users."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def time_limit_reached(settings: JobSettings, attempt: Attempt) -> LimitReached | None:
    """Return the reason to stop an attempt that has exceeded the time limit of its type, else ``None``."""
    limit, setting = settings.time_limit_of(attempt.job.batch_type)
    if not limit or time.monotonic() - attempt.began < limit:
        return None
    job = attempt.job
    return LimitReached(
        f"{job.subject} was not {job.done}: the job was ended after {_duration_text(limit)}, the limit set by {setting}."
        f" {_NOTHING_KEPT} If it needs longer, ask an administrator to raise the limit, then try again."
    )


class RunningAttempts:
    """The attempts that run in this process, in the order in which they started, and its memory limit.

    There is no telling which of several jobs uses the memory of their process, so they are ended one after the other,
    the youngest first. The others may then grow by the same amount again, because freed memory stays with the process.
    """

    def __init__(self, settings: JobSettings) -> None:
        self.settings = settings
        self.attempts: list[Attempt] = []
        self._limit = settings.memory_limit * _MIB
        self._lock = threading.Lock()
        self._before = 0
        self._ended: Attempt | None = None

    def begin(self, attempt: Attempt) -> None:
        """Add an attempt that is starting."""
        with self._lock:
            if not self.attempts:
                self._before = used_memory()
            self.attempts.append(attempt)

    def end(self, attempt: Attempt) -> None:
        """Remove an attempt that is over."""
        with self._lock:
            self.attempts.remove(attempt)
            if attempt is self._ended:
                self._ended = None
                gc.collect()
                self._before = used_memory()

    def out_of_memory(self, attempt: Attempt) -> LimitReached | None:
        """Return the reason to stop an attempt if the process has grown too much and this one is next, else ``None``."""
        with self._lock:
            grown = used_memory() - self._before
            if not 0 < self._limit < grown or self._ended is not None or attempt is not self.attempts[-1]:
                return None
            self._ended = attempt
            others = len(self.attempts) - 1
        job = attempt.job
        why = (
            f" {counted(others, 'other job')} ran there too; this one started last, so it was ended first."
            if others
            else ""
        )
        return LimitReached(
            f"{job.subject} was not {job.done}: the job was ended because its process had grown by"
            f" {grown // _MIB:,} MiB, more than {MEMORY_LIMIT.name} allows.{why} {_NOTHING_KEPT} Split the work into"
            " smaller parts, or ask an administrator to raise the limit, then try again."
        )


def used_memory() -> int:
    """Return the memory in use by this process, in bytes; its peak, or 0, where the system does not report it."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _duration_text(seconds: float) -> str:
    return counted(round(seconds / 60), "minute") if seconds >= 120 else counted(round(seconds), "second")


#: The interval between two checks, in seconds.
_INTERVAL = 0.5

#: A function that ends the process because of an attempt that does not respond.
EndProcess = Callable[[Attempt], None]


class Supervisor(threading.Thread):
    """The thread that supervises one attempt, as a context manager around it.

    ``end_process`` ends the process because of an attempt that does not respond; ``None`` if that is not allowed.
    """

    def __init__(
        self,
        running: RunningAttempts,
        store: JobStore,
        attempt: Attempt,
        end_process: EndProcess | None = None,
    ) -> None:
        super().__init__(name=f"batchbook-{attempt.job.id}", daemon=True)
        self._running, self._store = running, store
        self._attempt = attempt
        self._end_process = end_process
        self._over = threading.Event()
        self._grace = running.settings.interrupt
        #: The time of finding the reason to stop, that of the first interrupt without effect, and whether it was noted.
        self._found = 0.0
        self._in_vain: float | None = None
        self._noted = False

    def __enter__(self) -> Attempt:
        """Start supervising."""
        self._running.begin(self._attempt)
        self.start()
        return self._attempt

    def __exit__(self, *_error: object) -> None:
        """Stop supervising."""
        self._over.set()
        self._running.end(self._attempt)
        self.join(timeout=self._grace)

    def run(self) -> None:
        """Check the attempt at intervals until it is over."""
        while not self._over.wait(_INTERVAL):
            try:
                self._look()
            except SQLAlchemyError as error:
                log.info("Supervision of %s failed for now: %s", self._attempt.job, error)

    def _look(self) -> None:
        attempt, now = self._attempt, time.monotonic()
        if attempt.reason is None:
            attempt.reason, self._found = self._reason(), now
        if attempt.reason is None:
            return
        if isinstance(attempt.reason, Cancelled) and now - self._found < self._grace:
            return
        if not attempt.interrupt():
            self._in_vain = None  # It is waiting for the database, or about to end.
        elif self._in_vain is None:
            self._in_vain = now
            log.warning(
                "Interrupting job %s: %s\n%s", attempt.job.id, _reason_text(attempt.reason), attempt.stack()
            )
        elif now - self._in_vain >= self._grace:
            self._unresponsive(attempt.reason)

    def _reason(self) -> Stopped | None:
        attempt = self._attempt
        over = time_limit_reached(self._running.settings, attempt) or self._running.out_of_memory(attempt)
        if over is not None:
            return over
        by = cancel_requests_of(self._store, [attempt.job]).get(attempt.job.id)
        return Cancelled(by) if by else None

    def _unresponsive(self, reason: Stopped) -> None:
        attempt, store = self._attempt, self._store
        if not self._noted:
            mark_unresponsive(store, attempt.job)
            self._noted = True
            log.warning("Job %s does not respond. Its stack:\n%s", attempt.job.id, attempt.stack())
        if self._end_process is None:
            return
        noted = unresponsive_notes(store, [attempt.job]).get(attempt.job.id)
        if isinstance(reason, LimitReached) or (noted is not None and noted.requested_by):
            self._end_process(attempt)


def _reason_text(reason: Stopped) -> str:
    return reason.message if isinstance(reason, LimitReached) else f"{reason} cancelled the job."
