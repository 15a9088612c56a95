"""What happens to workers and web servers while they work, and how long it takes until others go on with their jobs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import sqlalchemy
from sqlalchemy import select

from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, JobService
from batchbook.jobs.models import JobState
from batchbook.jobs.store import HEARTBEAT
from batchbook.services import Services
from soak.network.cluster import Cluster, Node

_PAUSE = 0.03
#: How long a job has run before its worker is harmed, at the most, in seconds.
_LATEST = 0.6
#: How long it may take until somebody goes on with a job, and until a worker that is back shows that it lives.
_LONGEST, _BACK = 30.0, 60.0


@dataclass(frozen=True)
class Harm:
    """What is done to a worker, for at least so many ``seconds``, and how it ends."""

    name: str
    seconds: float
    begin: Callable[[Node], Any]
    end: Callable[[Node], Any]


PAUSE = Harm("pause", 6.0, Node.pause, Node.resume)
CUT = Harm("cut", 8.0, lambda node: node.host.cut(), lambda node: node.host.mend())
#: Longer than connections last over which nothing arrives.
LONG_CUT = replace(CUT, name="long cut", seconds=40.0)


@dataclass(frozen=True)
class Harmed:
    """One worker that was harmed while it ran a job; times are in seconds.

    ``noticed`` is the time from the harm to the moment from which the worker counts as dead, at the earliest, ``taken_up`` that from there
    until another worker had its job; ``None`` if the job ended on the harmed worker. ``back`` is the time from the end of
    the harm until the worker showed that it lives, ``None`` if it did not.
    """

    harm: str
    job: int
    noticed: float | None
    taken_up: float | None
    back: float | None


class Tormentor:
    """Harms workers of ``cluster`` that run jobs, one at a time."""

    def __init__(self, services: Services, cluster: Cluster, seed: int = 1) -> None:
        self._engine = services.get(sqlalchemy.Engine)
        self._jobs: JobService = services.get(JobService)
        self._cluster = cluster
        self._chance = random.Random(seed)

    def harm(self, harm: Harm, over: Event) -> Harmed | None:
        """Harm a worker that runs a job, and watch what becomes of it; return ``None`` if nothing runs until ``over``."""
        while (found := self._victim()) is None:
            if over.wait(_PAUSE):
                return None
        job, node = found
        with harmed(harm, node):
            begun = time.monotonic()
            noticed, taken_up = self._watched(job, begun)
            time.sleep(max(0.0, begun + harm.seconds - time.monotonic()))
        return Harmed(harm.name, job.id, noticed, taken_up, self._back(job.owner))

    def _victim(self) -> tuple[Job, Node] | None:
        time.sleep(self._chance.random() ** 2 * _LATEST)
        with transaction_scope(self._engine, read_only=True) as session:
            running = session.scalars(select(Job).where(Job.state == JobState.RUNNING)).all()
        known = [(job, node) for job in running if (node := self._cluster.worker_called(job.owner))]
        return self._chance.choice(known) if known else None

    def _watched(self, job: Job, begun: float) -> tuple[float | None, float | None]:
        """Return when the job's worker counted as dead, after its harm, and when the job was taken up, after that."""
        # It beats three times in the time after which it counts as dead, and may have been about to.
        beats, beaten = self._beats(job.owner), begun - self._jobs.settings.dead / 3
        while (now := time.monotonic()) < begun + _LONGEST:
            if (latest := self._beats(job.owner)) != beats:
                beats, beaten = latest, now
            current = self._now(job.id)
            dead = beaten + self._jobs.settings.dead
            if current.dispatch > job.dispatch and current.owner is not None:
                return dead - begun, now - dead
            if current.dispatch == job.dispatch and current.has_ended:
                return None, None
            time.sleep(_PAUSE)
        return None, _LONGEST

    def _back(self, owner: str | None) -> float | None:
        begun, before = time.monotonic(), self._beats(owner)
        while time.monotonic() < begun + _BACK:
            if self._beats(owner) != before:
                return time.monotonic() - begun
            time.sleep(_PAUSE)
        return None

    def _beats(self, owner: str | None) -> int | None:
        with self._jobs.store.connection() as connection:
            beats: int | None = connection.scalar(
                select(HEARTBEAT.c.beats).where(HEARTBEAT.c.executor == owner)
            )
        return beats

    def _now(self, job_id: int) -> Job:
        with transaction_scope(self._engine, read_only=True) as session:
            return session.get_one(Job, job_id)


@contextmanager
def harmed(harm: Harm, node: Node) -> Iterator[None]:
    """Harm ``node`` for the block."""
    harm.begin(node)
    try:
        yield
    finally:
        harm.end(node)
