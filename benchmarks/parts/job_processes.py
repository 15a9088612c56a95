"""Processes of their own, for what can only be measured there: ``python -m benchmarks.parts.job_processes WHAT URL [NUMBER]``.

``work`` runs jobs until its input ends; ``start`` asks for jobs NUMBER times within a process that runs them, and says
how long each waited; ``idle`` says how much of a core a process that runs jobs takes in NUMBER seconds without any.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import select

from batchbook.application import configure
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.lifecycle import Action
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.service import JobService
from batchbook.jobs.worker import Worker
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User
from batchbook.services import Services, services_of

#: Who asks for everything.
ACTOR = "benchmark"
#: How many times the measured time a process runs before, and how often is looked whether a job has ended, in seconds.
_WARM, _PAUSE = 3, 0.02


def services_for(url: str) -> Services:
    """Return the services of the application on a database, in which somebody may do everything."""
    settings = {"sqlalchemy.url": url, "batchbook.development": "true", "batchbook.secure_cookies": "false"}
    services = services_of(configure(settings).registry)
    with transaction_scope(services.get(sqlalchemy.Engine)) as session:
        if session.scalar(select(User.id).where(User.name == ACTOR)) is None:
            install_default_roles(session)
            admin = session.scalars(select(Role).where(Role.name == "admin")).one()
            session.add(User(name=ACTOR, full_name="", password_hash="", roles=[admin]))
    services.get(JobService).store.prepare()
    return services


def new_batch(services: Services, *file: Any) -> int:
    """Create a price change: from a file, given as an open one and its name, or from the query of nothing."""
    with transaction_scope(services.get(sqlalchemy.Engine)) as session:
        engine = Engine(session, services.get(BatchTypes), services.settings, ACTOR)
        return create_batch(engine, "price_change", {} if file else {"percent": "1"}, *file).id


def ask(services: Services, batch_id: int, action: Action) -> Job:
    """Ask for a job that does ``action``; it is committed when this returns."""
    with transaction_scope(services.get(sqlalchemy.Engine)) as session:
        result = services.get(Runner).submit(session, ActionCall(batch_id, action, ACTOR))
        return session.get_one(Job, result.job_id)


def starts(services: Services, count: int) -> list[float]:
    """Ask for ``count`` jobs, each when the last has ended; return how many seconds each waited for its start."""
    batch_id = new_batch(services)
    _start(services, batch_id, Action.POPULATE)  # The first one warms everything up, so it is not counted.
    return [_start(services, batch_id, Action.REFRESH) for _ in range(count)]


def _start(services: Services, batch_id: int, action: Action) -> float:
    # Not always at the same point between two looks of whoever looks.
    time.sleep(0.037 * (batch_id % 7) + utc_now().microsecond / 2_000_000)
    job = ask(services, batch_id, action)
    asked = utc_now()
    while not job.has_ended:
        time.sleep(_PAUSE)
        with transaction_scope(services.get(sqlalchemy.Engine), read_only=True) as session:
            job = session.get_one(Job, job.id)
    if job.state != "done" or job.started_at is None:
        raise RuntimeError(job.message)
    return (job.started_at - asked).total_seconds()


@contextmanager
def _working(services: Services) -> Iterator[None]:
    worker = Worker(services)
    worker.start()
    try:
        yield
    finally:
        worker.stop(0)


def idle_share(seconds: float) -> float:
    """Return which share of a core this process takes in that time."""
    # The queue looks more often in its first minute.
    time.sleep(_WARM * seconds)
    began, spent = time.monotonic(), time.process_time()
    time.sleep(seconds)
    return (time.process_time() - spent) / (time.monotonic() - began)


def main(arguments: list[str]) -> int:
    """Do what the arguments say; print what was found as JSON, one line."""
    what, url, *number = arguments
    services = services_for(url)
    with _working(services):
        if what == "work":
            print(json.dumps("ready"), flush=True)
            sys.stdin.read()
        elif what == "start":
            print(json.dumps(starts(services, int(number[0]))))
        else:
            print(json.dumps(idle_share(float(number[0]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
