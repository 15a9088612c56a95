"""Whether the process lives and may be sent requests, for machines that sign in nowhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from webtest import TestApp

import batchbook
from batchbook.db.outages import Outage
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.service import JobService
from batchbook.services import services_of


def test_ready(client: TestApp) -> None:
    response = client.get("/ready")
    assert response.json == {"ready": True, "reasons": []}
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("backend", ["sqlite"])
def test_alive_whatever_the_database_does(app: Any, engine: Engine, client: TestApp) -> None:
    with transaction_scope(engine) as session:
        session.execute(text("DROP TABLE alembic_version"))
    assert client.get("/health").text == "ok\n"
    response = client.get("/ready", status=503)
    assert response.json["reasons"] == ["The database lacks migrations; “batchbook init” runs them."]


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_database_that_does_not_answer(settings: dict[str, str], engine: Engine) -> None:
    url = engine.url.set(database="s3cret_of_nobody")
    app = batchbook.main({}, **settings | {"sqlalchemy.url": url.render_as_string(hide_password=False)})
    client = TestApp(app)
    assert client.get("/health").text == "ok\n"
    response = client.get("/ready", status=503)
    assert response.json == {"ready": False, "reasons": ["The database does not answer."]}
    services_of(app.registry).get(Engine).dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_damaged_database_is_named(app: Any, engine: Engine, client: TestApp) -> None:
    services_of(app.registry).get(Engine).dispose()
    engine.dispose()
    Path(str(engine.url.database)).write_bytes(b"no database" * 1000)
    assert client.get("/ready", status=503).json["reasons"] == [Outage.DAMAGED.reason]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_full_disk_and_a_damaged_store_of_jobs_are_named(
    app: Any, client: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = services_of(app.registry).get(JobService).store
    store.prepare()
    store.close()
    Path(str(store.url.database)).write_bytes(b"no database" * 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10, 10, 0))
    full, damaged = client.get("/ready", status=503).json["reasons"]
    assert full == Outage.FULL.reason
    assert "The store of jobs, batchbook.jobs.sqlite3, is damaged." in damaged


@pytest.fixture
def embedded(settings: dict[str, str]) -> Iterator[Any]:
    """An application that runs jobs itself."""
    app = batchbook.main({}, **settings | {"batchbook.jobs": "embedded"})
    yield app
    services_of(app.registry).get(JobService).worker.stop(0)
    services_of(app.registry).get(JobService).close()
    services_of(app.registry).get(Engine).dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_without_its_threads_an_embedded_one_is_not_ready(embedded: Any) -> None:
    client = TestApp(embedded)
    assert client.get("/ready").json["ready"] is True
    services_of(embedded.registry).get(JobService).worker.stop(0)
    assert client.get("/ready", status=503).json["reasons"] == [
        "The threads that run jobs in this process have died. Restart it."
    ]
