"""Limits of what a job may take: time, by its type, and memory of the process that runs it."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from pathlib import Path

from batchbook.jobs.interrupting import Attempt
from batchbook.jobs.progress import Stopped
from batchbook.jobs.settings import MEMORY_LIMIT, JobSettings
from batchbook.words import counted

_MIB = 1 << 20
_STATM = Path("/proc/self/statm")
_NOTHING_KEPT = "Nothing of it was kept; everything is as it was before."


class LimitReached(Stopped):
    """A job has reached a limit of the settings; ``message`` tells it in sentences."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def out_of_time(settings: JobSettings, attempt: Attempt) -> LimitReached | None:
    """Return what to end an attempt with that has run for longer than jobs of its type may."""
    limit, setting = settings.time_limit_of(attempt.job.batch_type)
    if not limit or time.monotonic() - attempt.began < limit:
        return None
    job = attempt.job
    return LimitReached(
        f"{job.subject} was not {job.done}: that was ended after {_in_words(limit)}, the limit set by {setting}."
        f" {_NOTHING_KEPT} If it needs longer, have that limit raised, then try again."
    )


class RunningHere:
    """The attempts that run in this process, in the order in which they began, and by how much it may grow meanwhile.

    Nobody knows which of several jobs uses the memory of their process, so they are ended one after the other, the
    youngest first. What is left may then grow by as much again, because memory that was freed stays with the process.
    """

    def __init__(self, settings: JobSettings) -> None:
        self.attempts: list[Attempt] = []
        self._limit = settings.memory_limit * _MIB
        self._lock = threading.Lock()
        self._before = 0
        self._ended: Attempt | None = None

    def begin(self, attempt: Attempt) -> None:
        """Note that an attempt begins."""
        with self._lock:
            if not self.attempts:
                self._before = used_memory()
            self.attempts.append(attempt)

    def end(self, attempt: Attempt) -> None:
        """Note that an attempt is over."""
        with self._lock:
            self.attempts.remove(attempt)
            if attempt is self._ended:
                self._ended = None
                gc.collect()
                self._before = used_memory()

    def out_of_memory(self, attempt: Attempt) -> LimitReached | None:
        """Return what to end an attempt with if the process has grown too much and it is the one to end."""
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
    """Return how many bytes of memory this process uses; where the system does not tell, the most it ever used, or 0."""
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


def _in_words(seconds: float) -> str:
    return counted(round(seconds / 60), "minute") if seconds >= 120 else counted(round(seconds), "second")
