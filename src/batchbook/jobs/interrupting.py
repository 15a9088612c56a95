"""Interruption of a job's work from another thread: of its SQL statement, and of its Python code where that is safe.

An exception that is raised from outside can arrive between any two steps. So it is raised only while the code of a task
runs, only where the innermost frame is none of those that keep locks, connections and transactions in order, and never
once the task has returned. Whatever it meets, nothing of the transaction is kept, and its connection is closed.
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

from batchbook.jobs.models import Job
from batchbook.jobs.progress import Stopped

log = logging.getLogger(__name__)

#: How long PostgreSQL may take to be told, in seconds.
_TELLING = 5.0
#: Packages in whose code nothing is raised from outside: they hold locks and connections between two steps.
_SPARED = (
    *("batchbook.batches", "batchbook.db", "batchbook.jobs", "sqlalchemy", "psycopg", "psycopg_pool", "dbos"),
    *("contextlib", "importlib", "_frozen_importlib", "_frozen_importlib_external", "logging", "queue"),
    *("threading", "weakref"),
)


class Interrupted(Stopped):
    """Arrives from another thread, wherever the code of a task happens to be."""


class Attempt:
    """One attempt at a job, as the thread that works and the one that watches it share it.

    ``reason`` is why the job must not go on. Once it is set, nothing of the attempt is kept.
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

    def where(self) -> str:
        """Return where the task's code is, as a traceback for the log; empty where it does not run."""
        frame = sys._current_frames().get(self._thread or 0)
        return "".join(traceback.format_stack(frame)) if frame is not None else ""


def _cancel_statement(driver: Any) -> None:
    try:
        if isinstance(driver, sqlite3.Connection):
            driver.interrupt()
        else:
            driver.cancel_safe(timeout=_TELLING)
    except Exception as error:  # noqa: BLE001 - Whatever ails the connection, the job is still to be ended.
        log.info("A statement could not be cancelled: %s", error)


def _is_spared(frame: FrameType) -> bool:
    name = f"{frame.f_globals.get('__name__', '')}."
    return any(name.startswith(f"{package}.") for package in _SPARED)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Have ``error`` raised in ``thread`` at its next step; drop for ``None`` what waits to be raised there."""
    wanted = ctypes.py_object() if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), wanted)
