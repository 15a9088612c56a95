"""Settings of jobs: the processes that run them, their concurrency and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from pyramid.exceptions import ConfigurationError

from batchbook.settings import Setting


class Mode(StrEnum):
    """The place where jobs run: the web process, separate worker processes, or the request itself."""

    EMBEDDED = "embedded"
    WORKERS = "workers"
    INLINE = "inline"


MODE = Setting(
    "batchbook.jobs",
    Mode.EMBEDDED,
    "Where actions run: “embedded” in the web process, “workers” in separate processes started with “batchbook worker”, or “inline” in the request itself (for tests and scripts: a crash loses the work).",
)
THREADS = Setting(
    "batchbook.jobs.threads",
    "2",
    "The number of jobs that a process runs at a time from each of its queues.",
)
POLL = Setting(
    "batchbook.jobs.poll_seconds",
    "0.9",
    "The interval at which a worker checks for jobs, in seconds. An embedded worker starts jobs enqueued by its own process at once.",
)
ATTEMPTS = Setting(
    "batchbook.jobs.attempts",
    "5",
    "The number of times a job is started before it is given up, if its process is killed or the database is busy each time.",
)
DEAD = Setting(
    "batchbook.jobs.dead_seconds",
    "3",
    "The number of seconds without a heartbeat after which other processes take over the jobs of a process.",
)
STOP = Setting(
    "batchbook.jobs.stop_seconds",
    "20",
    "The number of seconds that running jobs have to finish when their process is stopped; after that, they are handed back to the queue.",
)
KEEP = Setting(
    "batchbook.jobs.keep_days",
    "90",
    "The number of days for which ended jobs and the files they made are kept. A change applies only to jobs that end afterwards.",
)
BIG = Setting(
    "batchbook.jobs.big_rows",
    "20000",
    "Exports, removals, changes of columns, header edits and verifications of seals that affect more rows than this run as jobs.",
)
TIME_LIMIT = Setting(
    "batchbook.jobs.time_limit_seconds",
    "3600",
    "The number of seconds after which a job is ended and its work is rolled back; 0 for no limit.",
)
TYPE_TIME_LIMIT = Setting(
    "batchbook.jobs.time_limit_seconds.<type>",
    "",
    "The time limit for jobs of the batch type with this key, in place of the general limit.",
)
MEMORY_LIMIT = Setting(
    "batchbook.jobs.memory_limit_mib",
    "2048",
    "The number of MiB by which a process may grow while it runs jobs before one of them is ended; 0 for no limit.",
)
INTERRUPT = Setting(
    "batchbook.jobs.interrupt_seconds",
    "5",
    "The number of seconds after which a job that ignores a cancel request is interrupted; if that has no effect for as long again, the job counts as unresponsive.",
)
QUEUE = Setting(
    "batchbook.jobs.queue.<type>",
    "",
    "The queue for jobs of the batch type with this key, so that workers can be dedicated to it; by default, all types share one queue.",
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

#: The queue of jobs whose type has no queue of its own.
COMMON_QUEUE = "batchbook"
_QUEUE_PREFIX = "batchbook.jobs.queue."
_TIME_LIMIT_PREFIX = f"{TIME_LIMIT.name}."


@dataclass(frozen=True)
class JobSettings:
    """The settings of jobs, validated; times are in seconds."""

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
        """Return the settings in ``settings``; raise ``ConfigurationError`` if one is invalid."""
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
        """Return the name of the queue for jobs of a batch type, or for jobs of no type if ``None``."""
        return self.queues.get(batch_type or "", COMMON_QUEUE)

    def time_limit_of(self, batch_type: str | None) -> tuple[float, str]:
        """Return the time limit for jobs of a batch type, in seconds, 0 for none, and the name of its setting."""
        if batch_type is not None and batch_type in self.time_limits:
            return self.time_limits[batch_type], f"{_TIME_LIMIT_PREFIX}{batch_type}"
        return self.time_limit, TIME_LIMIT.name

    @property
    def keep(self) -> timedelta:
        """The time for which a job is kept after it has ended."""
        return timedelta(days=self.keep_days)

    @property
    def all_queues(self) -> tuple[str, ...]:
        """The names of all queues, sorted."""
        return tuple(sorted({COMMON_QUEUE, *self.queues.values()}))


def _mode(settings: Mapping[str, Any]) -> Mode:
    text = MODE.text(settings)
    try:
        return Mode(text)
    except ValueError:
        known = ", ".join(Mode)
        raise ConfigurationError(f"The setting {MODE.name} must be one of {known}, not {text!r}.") from None
