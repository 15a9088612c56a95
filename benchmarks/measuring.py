"""Measurement within one process: statements where they leave for the database, and memory at its peak.

Statements are counted in the driver, so that bulk writing past SQLAlchemy counts; ``executemany`` and COPY are one each,
however many rows they carry.
"""

from __future__ import annotations

import gc
import re
import resource
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import Engine, event

#: What Linux tells of a process, and the file by which it starts a new peak.
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")

_count = 0


@dataclass
class Measurement:
    """One measured piece of work: its seconds, the bytes at its peak above ``idle``, and its statements."""

    seconds: float = 0.0
    memory: int = 0
    statements: int = 0


@contextmanager
def measured(idle: int) -> Iterator[Measurement]:
    """Measure the block; ``idle`` are the bytes of the process before it did any work, see :func:`resident`."""
    found = Measurement()
    gc.collect()
    forget_peak()
    before, start = _count, perf_counter()
    yield found
    found.seconds = perf_counter() - start
    found.statements = _count - before
    found.memory = max(peak() - idle, 0)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Yield a list that has, after the block, the number of statements that the block made."""
    before, result = _count, [0]
    yield result
    result[0] = _count - before


def note_statement() -> None:
    """Count one statement."""
    global _count  # noqa: PLW0603 - One count per process, like the processes' clock.
    _count += 1


class _SqliteCursor(sqlite3.Cursor):
    def execute(self, *args: Any) -> Any:
        note_statement()
        return super().execute(*args)

    def executemany(self, *args: Any) -> Any:
        note_statement()
        return super().executemany(*args)


class _SqliteConnection(sqlite3.Connection):
    def executemany(self, *args: Any) -> Any:
        note_statement()
        return super().executemany(*args)

    def cursor(self, factory: Any = _SqliteCursor) -> Any:
        return super().cursor(factory)


def count_on(engine: Engine) -> None:
    """Count from now on the statements of the connections that ``engine`` opens."""
    if engine.dialect.name == "postgresql":
        _count_in_psycopg()
        return
    event.listen(engine, "do_connect", _with_counting)
    engine.dispose()


def _with_counting(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
    options["factory"] = _SqliteConnection


@cache
def _count_in_psycopg() -> None:
    """Count in all cursors of this process: Batchbook's connections make cursors of a class of their own."""
    for cursor, names in ((psycopg.Cursor, ("execute", "executemany", "copy", "stream")),
                          (psycopg.ServerCursor, ("execute", "fetchmany", "fetchall"))):  # fmt: skip
        for name in names:
            setattr(cursor, name, _counted(getattr(cursor, name)))


def _counted(method: Any) -> Any:
    @wraps(method)
    def counting(*args: Any, **options: Any) -> Any:
        note_statement()
        return method(*args, **options)

    return counting


def forget_peak() -> None:
    """Have the peak of this process start anew from what it has now.

    Loading the application takes more for a moment (hashing a password, 64 MB), behind which work could hide.
    """
    if _RESET.exists():
        _RESET.write_text("5")


def resident(process: int | str = "self") -> int:
    """Return the bytes of memory that a process has now; without Linux, the most that this one had so far."""
    return _status("VmRSS", process) if _STATUS.exists() else peak()


def peak() -> int:
    """Return the most memory that this process had since :func:`forget_peak`, in bytes."""
    if _STATUS.exists():
        # On Linux getrusage() counts in what the process was forked from; this does not.
        return _status("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(name: str, process: int | str = "self") -> int:
    match = re.search(rf"{name}:\s+([0-9]+) kB", Path(f"/proc/{process}/status").read_text())
    assert match is not None
    return int(match[1]) * 1024
