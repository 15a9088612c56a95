"""What Prometheus reads: only with the token, and only what the database says."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine
from webtest import TestApp

import batchbook
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.health.metrics import LiveWorkers
from batchbook.jobs import Job
from batchbook.jobs.store import HEARTBEAT, JobStore
from batchbook.services import services_of

TOKEN = "only Prometheus knows"


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"batchbook.metrics_token": TOKEN}


@pytest.fixture
def metrics(client: TestApp) -> Callable[[], dict[str, float]]:
    """Reads the page: each sample by its name and labels."""

    def read() -> dict[str, float]:
        response = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert response.content_type == "text/plain"
        assert "Set-Cookie" not in response.headers
        families = text_string_to_metric_families(response.text)
        return {
            " ".join((sample.name, *sample.labels.values())): sample.value
            for family in families
            for sample in family.samples
        }

    return read


def add(engine: Engine, state: str, seconds: float | None = None, **values: Any) -> None:
    now = utc_now()
    given: dict[str, Any] = {
        "task": "execute",
        "subject": "It",
        "done": "executed",
        "arguments": {},
        "nonce": "n",
    }
    given |= {"asked_by": "ann", "asked_at": now, "state": "queued"}
    if seconds is not None:
        given |= {"started_at": now - timedelta(seconds=seconds), "ended_at": now, "attempts": 1}
    with transaction_scope(engine) as session:
        job = Job(**(given | values))
        session.add(job)
        session.flush()
        job.state = state  # No job is born that has ended.


def test_jobs_by_state_age_and_duration(engine: Engine, metrics: Callable[[], dict[str, float]]) -> None:
    assert metrics()["batchbook_jobs_oldest_waiting_seconds"] == 0
    for seconds in (0.05, 3, 40):
        add(engine, "done", seconds)
    add(engine, "failed", 3, attempts=4)
    long_ago = utc_now() - timedelta(hours=2)
    add(engine, "done", started_at=long_ago, ended_at=long_ago, attempts=1)
    add(engine, "queued", asked_at=utc_now() - timedelta(seconds=90))
    add(engine, "queued", run_at=utc_now() - timedelta(seconds=30), asked_at=long_ago)
    found = metrics()
    assert found["batchbook_jobs done execute"] == 4
    assert found["batchbook_jobs queued execute"] == 2
    assert found["batchbook_jobs cancelled execute"] == 0
    assert 90 <= found["batchbook_jobs_oldest_waiting_seconds"] < 120
    assert found["batchbook_job_further_attempts execute"] == 3
    name = "batchbook_job_duration_seconds"
    below = {
        bound: found[f"{name}_bucket {bound} done execute"] for bound in ("0.1", "1.0", "5.0", "60.0", "+Inf")
    }
    assert below == {"0.1": 1, "1.0": 1, "5.0": 2, "60.0": 3, "+Inf": 3}
    assert found[f"{name}_gcount done execute"] == 3
    assert found[f"{name}_gsum done execute"] == pytest.approx(43.05, abs=0.01)
    assert found[f"{name}_gcount failed execute"] == 1


@pytest.mark.parametrize("backend", ["sqlite"])
def test_workers_that_beat(engine: Engine, metrics: Callable[[], dict[str, float]]) -> None:
    assert metrics()["batchbook_workers"] == 0
    store = JobStore(engine.url)
    store.prepare()
    with store.connection() as connection:
        for name, threads in (("one", 2), ("two", 3), ("a command", 0)):
            connection.execute(HEARTBEAT.insert().values(executor=name, beats=1, threads=threads, queues="q"))
        found = metrics()
        assert (found["batchbook_workers"], found["batchbook_worker_threads"]) == (2, 5)
    store.close()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_one_that_does_not_beat_is_dead_at_the_second_look(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = JobStore(engine.url)
    store.prepare()
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    seen = LiveWorkers(store, dead=3)
    with store.connection() as connection:
        connection.execute(HEARTBEAT.insert().values(executor="one", beats=1, threads=2, queues="q"))
        assert seen.workers() == {"one": 2}
        now += 1
        assert seen.workers() == {"one": 2}
        now += 60
        assert seen.workers() == {}
        connection.execute(HEARTBEAT.update().values(beats=2))
        assert seen.workers() == {"one": 2}
    store.close()


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer \xe4"])
def test_only_with_the_token(client: TestApp, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    response = client.get("/metrics", headers=headers, status=401)
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_without_a_token_there_is_no_such_page(settings: dict[str, str]) -> None:
    del settings["batchbook.metrics_token"]
    app = batchbook.main({}, **settings)
    TestApp(app).get("/metrics", headers={"Authorization": "Bearer "}, status=404)
    services_of(app.registry).get(Engine).dispose()
