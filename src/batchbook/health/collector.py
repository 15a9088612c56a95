"""What is measured of the jobs, asked of the database once for each time that somebody reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, Engine, case, func, select
from sqlalchemy.orm import Session

from batchbook.db.session import transaction_scope
from batchbook.health.living import Living
from batchbook.jobs import Job, Jobs
from batchbook.jobs.states import ENDED, JobState

#: Upper bounds of the durations that are counted together, in seconds.
BOUNDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)
#: Over which time durations are counted. Jobs are not kept for ever, so they cannot be counted from the beginning.
_LATELY = timedelta(hours=1)


class JobCollector(Collector):
    """Measures the jobs of an application."""

    def __init__(self, engine: Engine, jobs: Jobs) -> None:
        self._engine = engine
        self._jobs = jobs
        self._living = Living(jobs.store, jobs.settings.dead)

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that nothing is asked of the database when the application starts."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the measures as they are now."""
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
        text = "How long the job has waited that has waited longest."
        return GaugeMetricFamily("batchbook_jobs_oldest_waiting_seconds", text, value=age)

    def _durations(self, session: Session) -> Metric:
        text = "How long the jobs ran that ended in the last hour."
        found = GaugeHistogramMetricFamily("batchbook_job_duration_seconds", text, labels=("task", "state"))
        seconds = _seconds(session)
        counts = [func.sum(case((seconds <= bound, 1), else_=0)) for bound in BOUNDS]
        lately = Job.ended_at >= self._jobs.clock() - _LATELY
        rows = session.execute(
            select(Job.task, Job.state, func.count(), func.sum(seconds), *counts)
            .where(Job.state.in_(ENDED), Job.started_at.is_not(None), lately)
            .group_by(Job.task, Job.state)
        )
        for task, state, count, total, *below in rows:
            found.add_metric((task, state), buckets=_buckets(below, count), gsum_value=float(total))
        return found

    def _workers(self) -> Iterator[Metric]:
        living = self._living.workers()
        text = "Processes that run jobs and give signs of life."
        yield GaugeMetricFamily("batchbook_workers", text, value=len(living))
        text = "How many jobs they can run at a time, all together."
        yield GaugeMetricFamily("batchbook_worker_threads", text, value=sum(living.values()))


def _by_state(session: Session) -> Metric:
    found = GaugeMetricFamily("batchbook_jobs", "Jobs that are kept, by state.", labels=("state", "task"))
    counts = session.execute(select(Job.state, Job.task, func.count()).group_by(Job.state, Job.task))
    known = {(row[0], row[1]): row[2] for row in counts}
    for state, task, count in _with_zeros(known):
        found.add_metric((state, task), count)
    return found


def _with_zeros(counts: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, str, int]]:
    """Yield the counts of every state for each task: an alarm on failures needs to see that there were none before."""
    for task in sorted({task for _state, task in counts}):
        for state in JobState:
            yield state.value, task, counts.get((state.value, task), 0)


def _attempts(session: Session) -> Metric:
    text = "How often jobs that are kept were started again, because their process was gone."
    found = GaugeMetricFamily("batchbook_job_further_attempts", text, labels=("task",))
    again = select(Job.task, func.sum(Job.attempts - 1)).where(Job.attempts > 1).group_by(Job.task)
    for task, count in session.execute(again):
        found.add_metric((task,), float(count))
    return found


def _seconds(session: Session) -> ColumnElement[Any]:
    """Return the expression for how long a job ran; a part of a day on SQLite, an interval on PostgreSQL."""
    if session.get_bind().dialect.name == "sqlite":
        return (func.julianday(Job.ended_at) - func.julianday(Job.started_at)) * 86400.0
    return func.extract("epoch", Job.ended_at - Job.started_at)


def _buckets(below: Sequence[int], count: int) -> list[tuple[str, float]]:
    bounds = [str(float(bound)) for bound in BOUNDS]
    return [*zip(bounds, map(float, below), strict=True), ("+Inf", float(count))]
