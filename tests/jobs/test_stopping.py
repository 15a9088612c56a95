"""A worker that is told to stop, and one that may do less than others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import URL, Engine, text

from batchbook.application import configure
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, JobContext, JobRequest, JobResult, Task
from batchbook.jobs.dispatcher import prepare_queue
from batchbook.jobs.service import JobService
from batchbook.jobs.store import SCHEMA, JobStore
from batchbook.jobs.worker import Worker
from batchbook.services import Services, services_of


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def services(settings: dict[str, str]) -> Iterator[Services]:
    """An application whose jobs run in a worker that a test starts."""
    config = configure(settings | {"batchbook.jobs": "workers"})
    yield services_of(config.registry)
    if services_of(config.registry).get(JobService).worker is not None:
        services_of(config.registry).get(JobService).worker.stop(0)
    services_of(config.registry).get(JobService).close()
    services_of(config.registry).get(Engine).dispose()


def ask(services: Services, task: str) -> int:
    with transaction_scope(services.get(Engine)) as session:
        return int(services.get(JobService).enqueue(session, JobRequest(task, "The shelf", "ann")).id)


def job(engine: Engine, number: int) -> Job:
    with transaction_scope(engine, read_only=True) as session:
        return session.get_one(Job, number)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_told_to_hurry_it_hands_back_at_once(services: Services, engine: Engine) -> None:
    begun = threading.Event()

    def work(job_context: JobContext) -> JobResult:
        while True:  # Until the report says to stop.
            job_context.progress.report(f"phase {time.monotonic()}", 0, None)
            begun.set()

    services.get(JobService).tasks.add(Task(name="count", label="Count", done="counted", run=work))
    worker = services.get(JobService).worker = Worker(services)
    worker.start()
    number = ask(services, "count")
    assert begun.wait(30)
    stopping = threading.Thread(target=worker.stop, args=(3600,))
    stopping.start()
    worker.hurry()
    stopping.join(30)
    assert not stopping.is_alive()
    handed_back = job(engine, number)
    assert (handed_back.state, handed_back.attempts, handed_back.owner) == ("queued", 0, None)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_role_that_may_make_nothing(settings: dict[str, str], engine: Engine, database_url: URL) -> None:
    store = JobStore(database_url)
    store.prepare()
    prepare_queue(store.url)
    store.close()
    role = f"runner_{database_url.database}"
    with transaction_scope(engine) as session:
        session.execute(text(f"CREATE ROLE {role} LOGIN"))
        for schema in ("public", SCHEMA):
            session.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {role}"))
            for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
                session.execute(text(f"GRANT ALL ON ALL {kind} IN SCHEMA {schema} TO {role}"))
    settings["sqlalchemy.url"] = database_url.set(username=role).render_as_string(hide_password=False)
    services = services_of(configure(settings | {"batchbook.jobs": "workers"}).registry)
    worker = Worker(services)
    try:
        worker.start()
        number = ask(services, "unheard of")
        wait_for(lambda: job(engine, number).has_ended)
        assert "doesn't know the task “unheard of”" in (job(engine, number).message or "")
    finally:
        worker.stop(0)
        services.get(JobService).close()
        services.get(Engine).dispose()
        with transaction_scope(engine) as session:
            session.execute(text(f"DROP OWNED BY {role}"))
            session.execute(text(f"DROP ROLE {role}"))
