"""What the machinery of jobs costs: until one starts, while it runs, and while there is none."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import URL, Engine

from batchbook.batches.lifecycle import Action
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, InlineRunner
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.job_run import JobRun
from batchbook.jobs.service import JobService
from batchbook.services import Services
from benchmarks.databases import DatabaseServer
from benchmarks.parts.figures import PartFigure, PartRequest
from benchmarks.parts.job_processes import ACTOR, ask, new_batch, services_for, starts

_ROOT = Path(__file__).parents[2]
#: What is aimed at: seconds until the start, times the time without a job, and the share of a core of a process without any.
MOST_WAIT, MOST_RATIO, MOST_IDLE = 0.5, 1.03, 0.03


@dataclass(frozen=True)
class JobCosts:
    """What was found: seconds from the commit to the start, seconds of a populate both ways, a share of a core."""

    starts: list[float]
    as_job: list[float]
    inline: list[float]
    idle: float
    rows: int

    @property
    def ratio(self) -> float:
        """How many times as long as inline a populate takes as a job: the fastest of each, as other load only adds."""
        return min(self.as_job) / min(self.inline)


def measure(request: PartRequest) -> Iterator[PartFigure]:
    """Yield the figures of a populate as a job, of starts, and of a process without jobs."""
    rounds, count, seconds = (1, 5, 2) if request.is_quick else (5, 20, 20)
    costs = job_costs(request.server, request.inputs.price_list, request.inputs.rows, rounds, count, seconds)
    yield request.figure("jobs", "click to start, median", median(costs.starts), "s")
    yield request.figure("jobs", "click to start, longest", max(costs.starts), "s", MOST_WAIT)
    yield request.figure(
        "jobs", f"populate {costs.rows:,} rows as a job, to inline", costs.ratio, "times", MOST_RATIO
    )
    yield request.figure("jobs", "a process without jobs", costs.idle, "cores", MOST_IDLE)


def job_costs(
    server: DatabaseServer, price_list: Path, rows: int, rounds: int, count: int, seconds: float
) -> JobCosts:
    """Measure on ``server``: a populate of ``rows``, ``count`` starts, and ``seconds`` of idleness."""
    url = server.fresh()
    try:
        found = _starts(server, url, count)
        idle = float(_child("idle", url, seconds))
    finally:
        server.drop(url)
    as_job, inline = _populates(server, price_list, rounds)
    return JobCosts(found, as_job, inline, idle, rows)


def _starts(server: DatabaseServer, url: URL, count: int) -> list[float]:
    """On SQLite whoever asks runs the job; on PostgreSQL another process does."""
    if server.name == "SQLite":
        return [float(seconds) for seconds in _child("start", url, count)]
    services = services_for(_text(url))
    with subprocess.Popen(
        _command("work", url), cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        try:
            return starts(services, count)
        finally:
            worker.communicate("")
            _close(services)


def _populates(server: DatabaseServer, price_list: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Populate as a job and inline in turn; who goes first changes with each round."""
    times: tuple[list[float], list[float]] = ([], [])
    sides = (_as_job, _inline)
    for number in range(rounds):
        url = server.fresh()
        services = services_for(_text(url))
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            with price_list.open("rb") as file:
                batch_id = new_batch(services, file, price_list.name)
            gc.collect()
            times[side].append(sides[side](services, batch_id))
        _close(services)
        server.drop(url)
    return times


def _as_job(services: Services, batch_id: int) -> float:
    job = ask(services, batch_id, Action.POPULATE)
    start = perf_counter()
    JobRun(services, "benchmark").run(job.id, job.dispatch)
    return perf_counter() - start


def _inline(services: Services, batch_id: int) -> float:
    runner = InlineRunner(services.get(BatchTypes), services.settings)
    start = perf_counter()
    with transaction_scope(services.get(Engine)) as session:
        runner.submit(session, ActionCall(batch_id, Action.POPULATE, ACTOR))
    return perf_counter() - start


def _close(services: Services) -> None:
    services.get(JobService).close()
    services.get(Engine).dispose()


def _child(what: str, url: URL, number: float) -> Any:
    done = subprocess.run(
        [*_command(what, url), str(number)], cwd=_ROOT, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _command(what: str, url: URL) -> list[str]:
    return [sys.executable, "-m", "benchmarks.parts.job_processes", what, _text(url)]


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
