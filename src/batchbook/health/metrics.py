"""Metrics of jobs for Prometheus at ``/metrics``, read from the database, so that any web process can answer."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import ColumnElement, Engine, case, func, select
from sqlalchemy.orm import Session

from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, JobService
from batchbook.jobs.models import ENDED, JobState
from batchbook.jobs.store import HEARTBEAT, JobStore
from batchbook.services import Services, services_of
from batchbook.settings import Setting


@dataclass(frozen=True)
class _Observation:
    beats: int
    at: float
    alive: bool


class LiveWorkers:
    """The live processes that run jobs, found by comparing their heartbeats with those of the previous scrape.

    A process counts as alive when it is first observed, and as dead once it had no heartbeat for ``dead`` seconds between
    two scrapes. With a scrape every minute, a dead process is noticed at the second one.
    """

    def __init__(self, store: JobStore, dead: float) -> None:
        self._store = store
        self._dead = dead
        self._observations: Mapping[str, _Observation] = {}

    def workers(self) -> dict[str, int]:
        """Return the number of job threads of each live process; commands that run their own job have none."""
        if not self._store.is_there:
            return {}
        with self._store.connection() as connection:
            rows = connection.execute(
                select(HEARTBEAT.c.executor, HEARTBEAT.c.beats, HEARTBEAT.c.threads)
            ).all()
        self._observations = {row.executor: self._observe(row.executor, row.beats) for row in rows}
        return {
            row.executor: row.threads
            for row in rows
            if row.threads and self._observations[row.executor].alive
        }

    def _observe(self, executor: str, beats: int) -> _Observation:
        now, last = time.monotonic(), self._observations.get(executor)
        if last is None or last.beats != beats:
            return _Observation(beats, now, alive=True)
        # Between two scrapes within one interval there need not be a heartbeat, so the previous verdict stands.
        return _Observation(beats, last.at, last.alive and now - last.at <= self._dead)


#: Upper bounds of the buckets of durations, in seconds.
BOUNDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)
#: The period over which durations are counted. Jobs are purged, so they cannot be counted from the beginning.
_WINDOW = timedelta(hours=1)


class JobCollector(Collector):
    """The collector that measures the jobs of an application."""

    def __init__(self, engine: Engine, jobs: JobService) -> None:
        self._engine = engine
        self._jobs = jobs
        self._living = LiveWorkers(jobs.store, jobs.settings.dead)

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that the database is not queried when the application starts."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the current metrics."""
        with transaction_scope(self._engine, read_only=True) as session:
            yield _by_state(session)
            yield self._oldest_waiting(session)
            yield self._durations(session)
            yield _attempts(session)
        yield from self._workers()

    def _oldest_waiting(self, session: Session) -> Metric:
        since = session.scalar(
            select(func.min(func.coalesce(Job.run_at, Job.asked_at))).where(Job.state == JobState.QUEUED)
        )
        age = max(0.0, (self._jobs.clock() - since).total_seconds()) if since else 0.0
        text = "Seconds that the oldest queued job has waited."
        return GaugeMetricFamily("batchbook_jobs_oldest_waiting_seconds", text, value=age)

    def _durations(self, session: Session) -> Metric:
        text = "Durations of the jobs that ended in the last hour, in seconds."
        found = GaugeHistogramMetricFamily("batchbook_job_duration_seconds", text, labels=("task", "state"))
        seconds = _seconds(session)
        counts = [func.sum(case((seconds <= bound, 1), else_=0)) for bound in BOUNDS]
        lately = Job.ended_at >= self._jobs.clock() - _WINDOW
        rows = session.execute(
            select(Job.task, Job.state, func.count(), func.sum(seconds), *counts)
            .where(Job.state.in_(ENDED), Job.started_at.is_not(None), lately)
            .group_by(Job.task, Job.state)
        )
        bounds = [*map(str, map(float, BOUNDS)), "+Inf"]
        for task, state, count, total, *below in rows:
            buckets = [*zip(bounds, map(float, [*below, count]), strict=True)]
            found.add_metric((task, state), buckets=buckets, gsum_value=float(total))
        return found

    def _workers(self) -> Iterator[Metric]:
        living = self._living.workers()
        text = "Live processes that run jobs."
        yield GaugeMetricFamily("batchbook_workers", text, value=len(living))
        text = "Number of jobs that these processes can run at the same time."
        yield GaugeMetricFamily("batchbook_worker_threads", text, value=sum(living.values()))


def _by_state(session: Session) -> Metric:
    found = GaugeMetricFamily(
        "batchbook_jobs", "Number of stored jobs by state and task.", labels=("state", "task")
    )
    counts = session.execute(select(Job.state, Job.task, func.count()).group_by(Job.state, Job.task))
    known = {(row[0], row[1]): row[2] for row in counts}
    for state, task, count in _with_zeros(known):
        found.add_metric((state, task), count)
    return found


def _with_zeros(counts: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, str, int]]:
    """Yield the counts of every state for each task, zeros included: an alert on failures needs the zeros before them."""
    for task in sorted({task for _state, task in counts}):
        for state in JobState:
            yield state.value, task, counts.get((state.value, task), 0)


def _attempts(session: Session) -> Metric:
    text = "Number of times that stored jobs were started again because their process was gone."
    found = GaugeMetricFamily("batchbook_job_further_attempts", text, labels=("task",))
    again = select(Job.task, func.sum(Job.attempts - 1)).where(Job.attempts > 1).group_by(Job.task)
    for task, count in session.execute(again):
        found.add_metric((task,), float(count))
    return found


def _seconds(session: Session) -> ColumnElement[Any]:
    """Return the SQL expression for the seconds that a job ran."""
    if session.get_bind().dialect.name == "sqlite":
        return (func.julianday(Job.ended_at) - func.julianday(Job.started_at)) * 86400.0
    return func.extract("epoch", Job.ended_at - Job.started_at)


TOKEN = Setting(
    "batchbook.metrics_token",
    "",
    "The bearer token with which Prometheus reads /metrics. Without one, there is no such page.",
)

SETTINGS = (TOKEN,)


class Metrics:
    """The view of the metrics, for clients that know the ``token``."""

    def __init__(self, services: Services, token: str) -> None:
        self._token = token.encode()
        # A registry of its own, because a process may have several applications.
        self._collected = CollectorRegistry()
        self._collected.register(JobCollector(services.get(Engine), services.get(JobService)))

    def __call__(self, request: Any) -> Response:
        """Answer with the metrics, or with 401 if the token is missing or wrong."""
        if not self._has_token(request):
            headers = {"WWW-Authenticate": "Bearer"}
            return Response(
                "The token is missing or wrong.\n", 401, content_type="text/plain", headers=headers
            )
        response = Response(generate_latest(self._collected))
        response.headers["Content-Type"] = CONTENT_TYPE_LATEST
        return response

    def _has_token(self, request: Any) -> bool:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        # A header is text in Latin-1, whatever its bytes meant.
        received = token.strip().encode("latin-1", "replace")
        return kind.lower() == "bearer" and hmac.compare_digest(received, self._token)


def includeme(config: Any) -> None:
    """Register the view, with the token of the settings."""
    view = Metrics(services_of(config.registry), TOKEN.text(config.registry.settings))
    config.add_view(view, route_name="metrics", request_method="GET", permission=NO_PERMISSION_REQUIRED)
