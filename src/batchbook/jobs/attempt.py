"""An attempt at a job: the reason to stop it, and its interruption from another thread.

An exception that is raised from outside can arrive between any two bytecodes. It is therefore raised only while the code of
a task runs, only if the innermost frame belongs to no package that manages locks, connections and transactions, and never
after the task has returned. Wherever it arrives, the transaction is rolled back and its connection closed.
"""

from __future__ import annotations

import ctypes
import logging
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from batchbook.jobs.job_progress import Stopped
from batchbook.jobs.models import Job

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
