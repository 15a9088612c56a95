"""Supervision of running jobs: cancel requests, limits of time and memory, and interruption from another thread.

A thread supervises each attempt. It takes steps, each a while after the one before: the job stops itself at its next report
or SQL statement; it is interrupted; it counts as unresponsive, and only the end of its process ends it. Beyond a limit the
first step is left out, and the process is ended without a request.

An exception that is raised from outside can arrive between any two steps. So it is raised only while the code of a task
runs, only where the innermost frame is none of those that keep locks, connections and transactions in order, and never
once the task has returned. Whatever it meets, nothing of the transaction is kept, and its connection is closed.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from batchbook.jobs.job_progress import (
    Cancelled,
    Stopped,
    cancel_requests_of,
    mark_unresponsive,
    unresponsive_notes,
)
from batchbook.jobs.models import Job
from batchbook.jobs.settings import MEMORY_LIMIT, JobSettings
from batchbook.jobs.store import JobStore
from batchbook.words import counted

log = logging.getLogger(__name__)

#: The time that PostgreSQL has to take a cancel request, in seconds.
_CANCEL_TIMEOUT = 5.0
#: Packages in whose code nothing is raised from outside: they hold locks and connections between two steps.
_SPARED_PACKAGES = (
    *("batchbook.batches", "batchbook.db", "batchbook.jobs", "sqlalchemy", "psycopg", "psycopg_pool", "dbos"),
    *("contextlib", "importlib", "_frozen_importlib", "_frozen_importlib_external", "logging", "queue"),
    *("threading", "weakref"),
)


class Interrupted(Stopped):
    """Stops a job from another thread, wherever the code of its task happens to be."""


class Attempt:
    """One attempt at a job, shared by the thread that works and the one that supervises it.

    ``reason`` is the reason to stop. Once it is set, nothing of the attempt is kept.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.began = time.monotonic()
        self.reason: Stopped | None = None
        self._lock = threading.Lock()
        #: The thread that runs the task's code, while that may be interrupted, and its connection to the database.
        self._thread: int | None = None
        self._driver: Any = None

    def check(self) -> None:
        """Raise the reason why the job must not go on, if there is one."""
        if self.reason is not None:
            raise self.reason

    @contextmanager
    def interruptible(self, session: Session) -> Iterator[None]:
        """Let the block, which works in ``session``, be interrupted; raise the reason at its end, if there is one by then."""
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", self._before_statement)
        try:
            try:
                self._enter(connection.connection.driver_connection)
                yield
            finally:
                self._leave()
                event.remove(connection, "before_cursor_execute", self._before_statement)
                if self.reason is not None and not connection.closed:
                    # What was sent to interrupt it may arrive late, and must not meet whoever uses it next.
                    connection.invalidate()
            self.check()
        except Stopped as stopped:
            if isinstance(stopped, Interrupted):
                self.check()
            raise
        except BaseException:
            self.check()  # It may be what became of a statement that was interrupted.
            raise

    def _before_statement(
        self, _connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
    ) -> None:
        # After an interrupted statement SQLite may have no transaction any more: what came next would be kept.
        if not statement.startswith("ROLLBACK"):
            self.check()

    def _enter(self, driver: Any) -> None:
        self.check()
        with self._lock:
            self._thread, self._driver = threading.get_ident(), driver

    def _leave(self) -> None:
        with self._lock:
            self._thread = self._driver = None
            _raise_in(threading.get_ident(), None)  # None may arrive any more.

    def interrupt(self) -> bool:
        """Interrupt what the task's code does now; return whether there was anything that may be interrupted."""
        with self._lock:
            if self._thread is None:
                return False
            _cancel_statement(self._driver)
            # Between these steps no other thread runs: this one has just got its turn.
            frame = sys._current_frames().get(self._thread)
            if frame is not None and not _is_spared(frame):
                _raise_in(self._thread, Interrupted)
            return True

    def stack(self) -> str:
        """Return the stack of the task's code for the log; empty where it does not run."""
        frame = sys._current_frames().get(self._thread or 0)
        return "".join(traceback.format_stack(frame)) if frame is not None else ""


def _cancel_statement(driver: Any) -> None:
    try:
        if isinstance(driver, sqlite3.Connection):
            driver.interrupt()
        else:
            driver.cancel_safe(timeout=_CANCEL_TIMEOUT)
    except Exception as error:  # noqa: BLE001 - Whatever ails the connection, the job is still to be ended.
        log.info("A statement could not be cancelled: %s", error)


def _is_spared(frame: FrameType) -> bool:
    name = f"{frame.f_globals.get('__name__', '')}."
    return any(name.startswith(f"{package}.") for package in _SPARED_PACKAGES)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Have ``error`` raised in ``thread`` at its next step; for ``None``, drop what waits to be raised there."""
    wanted = ctypes.py_object() if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), wanted)


_MIB = 1 << 20
_STATM = Path("/proc/self/statm")
_NOTHING_KEPT = "Nothing of it was kept; everything is as it was before."


class LimitReached(Stopped):
    """A job has reached a limit of the settings; ``message`` tells it in sentences."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def time_limit_reached(settings: JobSettings, attempt: Attempt) -> LimitReached | None:
    """Return the reason to stop an attempt that has run for longer than jobs of its type may, ``None`` for any other."""
    limit, setting = settings.time_limit_of(attempt.job.batch_type)
    if not limit or time.monotonic() - attempt.began < limit:
        return None
    job = attempt.job
    return LimitReached(
        f"{job.subject} was not {job.done}: that was ended after {_duration_text(limit)}, the limit set by {setting}."
        f" {_NOTHING_KEPT} If it needs longer, have that limit raised, then try again."
    )


class RunningAttempts:
    """The attempts that run in this process, in the order in which they began, and the limit to its growth meanwhile.

    Nobody knows which of several jobs uses the memory of their process, so they are ended one after the other, the
    youngest first. What is left may then grow by as much again, because memory that was freed stays with the process.
    """

    def __init__(self, settings: JobSettings) -> None:
        self.settings = settings
        self.attempts: list[Attempt] = []
        self._limit = settings.memory_limit * _MIB
        self._lock = threading.Lock()
        self._before = 0
        self._ended: Attempt | None = None

    def begin(self, attempt: Attempt) -> None:
        """Add an attempt that begins."""
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
        """Return the reason to stop an attempt if the process has grown too much and it is the one to stop, else ``None``."""
        with self._lock:
            grown = used_memory() - self._before
            if not 0 < self._limit < grown or self._ended is not None or attempt is not self.attempts[-1]:
                return None
            self._ended = attempt
            others = len(self.attempts) - 1
        job = attempt.job
        why = (
            f" {counted(others, 'other job')} ran there as well; this one began last, so it was ended first."
            if others
            else ""
        )
        return LimitReached(
            f"{job.subject} was not {job.done}: that was ended because the process that ran it had grown by"
            f" {grown // _MIB:,} MiB, more than {MEMORY_LIMIT.name} allows.{why} {_NOTHING_KEPT} Have it done in smaller"
            " parts, or that limit raised, then try again."
        )


def used_memory() -> int:
    """Return the memory that this process uses, in bytes; where the system does not tell, the most it ever used, or 0."""
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


#: The pause between two looks, in seconds.
_INTERVAL = 0.5

#: The way to end the process for an attempt that does not react.
EndProcess = Callable[[Attempt], None]


class Supervisor(threading.Thread):
    """The thread that supervises one attempt while it is entered as a context.

    ``end_process`` ends the process for an attempt that does not react; it is ``None`` where that must not be done.
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
        #: When the reason to end it was found, since when it is interrupted in vain, and whether that was noted.
        self._found = 0.0
        self._in_vain: float | None = None
        self._noted = False

    def __enter__(self) -> Attempt:
        """Begin."""
        self._running.begin(self._attempt)
        self.start()
        return self._attempt

    def __exit__(self, *_error: object) -> None:
        """Stop looking."""
        self._over.set()
        self._running.end(self._attempt)
        self.join(timeout=self._grace)

    def run(self) -> None:
        """Look until the attempt is over."""
        while not self._over.wait(_INTERVAL):
            try:
                self._look()
            except SQLAlchemyError as error:
                log.info("%s could not be supervised at this moment: %s", self._attempt.job, error)

    def _look(self) -> None:
        attempt, now = self._attempt, time.monotonic()
        if attempt.reason is None:
            attempt.reason, self._found = self._reason(), now
        if attempt.reason is None:
            return
        if isinstance(attempt.reason, Cancelled) and now - self._found < self._grace:
            return
        if not attempt.interrupt():
            self._in_vain = None  # It waits for the database, or is about to end.
        elif self._in_vain is None:
            self._in_vain = now
            log.warning(
                "Job %s is interrupted: %s\n%s", attempt.job.id, _reason_text(attempt.reason), attempt.stack()
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
            log.warning("Job %s does not react. It is here:\n%s", attempt.job.id, attempt.stack())
        if self._end_process is None:
            return
        noted = unresponsive_notes(store, [attempt.job]).get(attempt.job.id)
        if isinstance(reason, LimitReached) or (noted is not None and noted.requested_by):
            self._end_process(attempt)


def _reason_text(reason: Stopped) -> str:
    return reason.message if isinstance(reason, LimitReached) else f"{reason} cancelled it."
