"""Settings of jobs: where they run, how many at a time, and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from pyramid.exceptions import ConfigurationError

from batchbook.settings import Setting


class Mode(StrEnum):
    """Where jobs run: in the web process itself, in processes of their own, or at once, in the request."""

    EMBEDDED = "embedded"
    WORKERS = "workers"
    INLINE = "inline"


MODE = Setting(
    "batchbook.jobs",
    Mode.EMBEDDED,
    "Where actions run: “embedded” in the web process, “workers” in processes that “batchbook worker” starts, “inline” at once in the request (for tests and scripts: nothing of it survives a crash).",
)
THREADS = Setting(
    "batchbook.jobs.threads",
    "2",
    "How many jobs one process runs at a time, of each queue that it takes from.",
)
POLL = Setting(
    "batchbook.jobs.poll_seconds",
    "0.9",
    "How often a worker looks for work, in seconds. An embedded one starts what its own process was asked for at once.",
)
ATTEMPTS = Setting(
    "batchbook.jobs.attempts",
    "5",
    "How often a job is started before it is given up, when each time the process that runs it is killed, or its work meets a busy database.",
)
DEAD = Setting(
    "batchbook.jobs.dead_seconds",
    "3",
    "After how many seconds without a sign of life another process takes over the jobs of one.",
)
STOP = Setting(
    "batchbook.jobs.stop_seconds",
    "20",
    "How many seconds a process that is told to stop lets its jobs run on; then it hands them back.",
)
KEEP = Setting(
    "batchbook.jobs.keep_days",
    "90",
    "How many days jobs that have ended are kept in the list, and the files that they made. A change applies to jobs that end afterwards.",
)
BIG = Setting(
    "batchbook.jobs.big_rows",
    "20000",
    "Exports, removals and edits of the header that concern more rows than this run as jobs.",
)
TIME_LIMIT = Setting(
    "batchbook.jobs.time_limit_seconds",
    "3600",
    "After how many seconds a job is ended, and nothing of it kept; 0 for no limit.",
)
TYPE_TIME_LIMIT = Setting(
    "batchbook.jobs.time_limit_seconds.<type>",
    "",
    "The time limit for the jobs of the batch type with that key, instead of the common one.",
)
MEMORY_LIMIT = Setting(
    "batchbook.jobs.memory_limit_mib",
    "2048",
    "By how many MiB the process that runs jobs may grow while it does, before one is ended; 0 for no limit.",
)
INTERRUPT = Setting(
    "batchbook.jobs.interrupt_seconds",
    "5",
    "After how many seconds a job that does not notice a cancel request is interrupted; after as many more without effect it counts as unresponsive.",
)
QUEUE = Setting(
    "batchbook.jobs.queue.<type>",
    "",
    "The queue for the jobs of the batch type with that key, so that workers can be set apart for it; by default all share one.",
)

SETTINGS = (
    MODE,
    THREADS,
    POLL,
    ATTEMPTS,
    DEAD,
    STOP,
    KEEP,
    BIG,
    TIME_LIMIT,
    TYPE_TIME_LIMIT,
    MEMORY_LIMIT,
    INTERRUPT,
    QUEUE,
)

#: The queue of everything that has none of its own.
COMMON_QUEUE = "batchbook"
_QUEUE_PREFIX = "batchbook.jobs.queue."
_TIME_LIMIT_PREFIX = f"{TIME_LIMIT.name}."


@dataclass(frozen=True)
class JobSettings:
    """The settings of jobs, read and checked; times are in seconds."""

    mode: Mode
    threads: int
    poll: float
    attempts: int
    dead: float
    stop: float
    keep_days: int
    big_rows: int
    interrupt: float
    memory_limit: int
    time_limit: float
    time_limits: Mapping[str, float]
    queues: Mapping[str, str]

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        """Read them; raise ``ConfigurationError`` where one is not right."""
        return cls(
            mode=_mode(settings),
            threads=THREADS.whole(settings),
            poll=POLL.number(settings, 0.05),
            attempts=ATTEMPTS.whole(settings),
            dead=DEAD.number(settings, 0.5),
            stop=STOP.number(settings, 0),
            keep_days=KEEP.whole(settings),
            big_rows=BIG.whole(settings, 0),
            interrupt=INTERRUPT.number(settings, 0.5),
            memory_limit=MEMORY_LIMIT.whole(settings, 0),
            time_limit=TIME_LIMIT.number(settings),
            time_limits={
                name.removeprefix(_TIME_LIMIT_PREFIX): replace(TYPE_TIME_LIMIT, name=name).number(settings)
                for name, limit in settings.items()
                if name.startswith(_TIME_LIMIT_PREFIX) and str(limit).strip()
            },
            queues={
                name.removeprefix(_QUEUE_PREFIX): str(queue).strip()
                for name, queue in settings.items()
                if name.startswith(_QUEUE_PREFIX) and str(queue).strip()
            },
        )

    def queue_of(self, batch_type: str | None) -> str:
        """Return the queue for the jobs of a batch type; of everything else for ``None``."""
        return self.queues.get(batch_type or "", COMMON_QUEUE)

    def time_limit_of(self, batch_type: str | None) -> tuple[float, str]:
        """Return after how many seconds jobs of a batch type are ended, 0 for never, and the setting that says so."""
        if batch_type is not None and batch_type in self.time_limits:
            return self.time_limits[batch_type], f"{_TIME_LIMIT_PREFIX}{batch_type}"
        return self.time_limit, TIME_LIMIT.name

    @property
    def keep(self) -> timedelta:
        """The time for which a job is kept once it has ended."""
        return timedelta(days=self.keep_days)

    @property
    def all_queues(self) -> tuple[str, ...]:
        """Every queue that jobs are put on."""
        return tuple(sorted({COMMON_QUEUE, *self.queues.values()}))


def _mode(settings: Mapping[str, Any]) -> Mode:
    text = MODE.text(settings)
    try:
        return Mode(text)
    except ValueError:
        known = ", ".join(Mode)
        raise ConfigurationError(f"The setting {MODE.name} must be one of {known}, not {text!r}.") from None
