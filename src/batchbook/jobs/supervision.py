"""Supervision of running jobs: cancel requests, limits of time and memory, and interruption from another thread.

A thread supervises each attempt and escalates in steps, with a pause between them: the job stops itself at its next report
or SQL statement; it is interrupted; it counts as unresponsive, and only ending its process stops it. Once a limit is
reached, the first step is skipped, and the process is ended without a request.

An exception that is raised from outside can arrive between any two bytecodes. It is therefore raised only while the code of
a task runs, only if the innermost frame belongs to no package that manages locks, connections and transactions, and never
after the task has returned. Wherever it arrives, the transaction is rolled back and its connection closed.
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

#: The timeout for sending a cancel request to PostgreSQL, in seconds.
_CANCEL_TIMEOUT = 5.0
#: Packages in whose code no exception is raised from outside, because they manage locks and connections.
_SPARED_PACKAGES = (
    *("batchbook.batches", "batchbook.db", "batchbook.jobs", "sqlalchemy", "psycopg", "psycopg_pool", "dbos"),
    *("contextlib", "importlib", "_frozen_importlib", "_frozen_importlib_external", "logging", "queue"),
    *("threading", "weakref"),
)


class Interrupted(Stopped):
    """Stops a job from another thread, at any point in the code of its task."""


class Attempt:
    """One attempt at a job, shared by the thread that does the work and the thread that supervises it.

    ``reason`` is the reason to stop. Once it is set, the attempt is rolled back.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.began = time.monotonic()
        self.reason: Stopped | None = None
        self._lock = threading.Lock()
        #: The thread that runs the task's code while it may be interrupted, and its connection to the database.
        self._thread: int | None = None
        self._driver: Any = None
        self._interrupted = False

    def check(self) -> None:
        """Raise the reason to stop, if there is one."""
        if self.reason is not None:
            raise self.reason

    @contextmanager
    def interruptible(self, session: Session) -> Iterator[None]:
        """Allow interrupting the block, which uses ``session``; raise the reason to stop at its end, if there is one."""
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
                    # A late cancel request must not hit the next user of the connection.
                    connection.invalidate()
            self.check()
        except Stopped as stopped:
            if isinstance(stopped, Interrupted):
                self.check()
            raise
        except BaseException:
            self.check()  # It may come from an interrupted statement.
            raise

    def _before_statement(
        self, _connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
    ) -> None:
        # An interrupted statement may end the transaction of SQLite: later statements would be committed one by one.
        if not statement.startswith("ROLLBACK"):
            self.check()

    def _enter(self, driver: Any) -> None:
        self.check()
        with self._lock:
            self._thread, self._driver = threading.get_ident(), driver

    def _leave(self) -> None:
        with self._lock:
            self._thread = self._driver = None
            if self._interrupted:
                _discard_interrupt()  # A pending one must not arrive later.

    def interrupt(self) -> bool:
        """Interrupt the code of the task; return False if it is not running or may not be interrupted now."""
        with self._lock:
            if self._thread is None:
                return False
            _cancel_statement(self._driver)
            # No other thread runs between these two steps: this one has just acquired the interpreter lock.
            frame = sys._current_frames().get(self._thread)
            if frame is not None and not _is_spared(frame):
                self._interrupted = True
                _raise_in(self._thread, Interrupted)
            return True

    def stack(self) -> str:
        """Return the stack of the task's code for the log, empty if it is not running."""
        frame = sys._current_frames().get(self._thread or 0)
        return "".join(traceback.format_stack(frame)) if frame is not None else ""


def _cancel_statement(driver: Any) -> None:
    try:
        if isinstance(driver, sqlite3.Connection):
            driver.interrupt()
        else:
            driver.cancel_safe(timeout=_CANCEL_TIMEOUT)
    except Exception as error:  # noqa: BLE001 - The job must be stopped even if its connection is broken.
        log.info("A statement could not be cancelled: %s", error)


def _is_spared(frame: FrameType) -> bool:
    name = f"{frame.f_globals.get('__name__', '')}."
    return any(name.startswith(f"{package}.") for package in _SPARED_PACKAGES)


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Raise ``error`` in ``thread`` at its next bytecode, in place of another one that is pending there."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


class _Discarded(BaseException):
    """Takes the place of a pending interrupt, to be caught at once."""


def _discard_interrupt() -> None:
    """Drop the interrupt that is pending in this thread, if there is one.

    It is replaced by another exception, which is awaited and caught. CPython can also withdraw a pending exception, but 3.11
    then takes one for pending ever after, in all threads: it looks for it again and again, and never returns from a function
    that a debugger or a measurement of coverage traces.
    """
    try:
        _raise_in(threading.get_ident(), _Discarded)
        while True:  # It arrives at the latest when this begins anew.
            pass
    except _Discarded:
        pass


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
