"""A place where tests ask for jobs and have them run, by whom and when they like."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from tests.functional.harness import PRICE_LIST, CatalogueDatabase

from batchbook.batches import Action, Batch, Callbacks
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.models import Operation
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.batches.running.schedule import schedule
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, JobService, lease
from batchbook.jobs.enqueue import scheduled_job
from batchbook.jobs.job_run import JobRun
from batchbook.jobs.service import retry_job
from batchbook.services import Services, services_of
from batchbook.testing.harness import application
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChangeRow
from batchbook.zones import LocalTime

#: The time of scheduled executions.
TOMORROW = utc_now().replace(second=0, microsecond=0) + timedelta(days=1)


@dataclass
class JobHarness:
    """Acts on price changes in a shop of five products."""

    services: Services
    catalogue: CatalogueDatabase

    @property
    def jobs(self) -> JobService:
        jobs: JobService = self.services.get(JobService)
        return jobs

    def with_handler(self, **hooks: Any) -> None:
        """Have the type's handler do otherwise."""
        types = self.services.get(BatchTypes)
        handler = type("Changed", (PriceChangeHandler,), hooks)
        types.add(replace(types["price_change"], handler=handler))

    # --- Asking ---

    def create(self, list_: str = PRICE_LIST) -> int:
        with transaction_scope(self.catalogue.engine) as session:
            engine = Engine(session, self.services.get(BatchTypes), self.services.settings, "staff")
            file = io.BytesIO(list_.encode())
            return create_batch(engine, "price_change", {"vendor_code": "V1"}, file, "list.csv").id

    def submit(self, batch_id: int, action: Action, by: str = "admin", **options: Any) -> Result:
        confirmed = {"confirm": "all"} if action is Action.EXECUTE else {}
        with transaction_scope(self.catalogue.engine) as session:
            call = ActionCall(batch_id, action, by, confirmed | options)
            result: Result = self.services.get(Runner).submit(session, call)
        return result

    def ask(self, batch_id: int, action: Action, by: str = "admin", **options: Any) -> int:
        """Ask for a job; return its number."""
        job_id = self.submit(batch_id, action, by, **options).job_id
        assert job_id is not None
        return job_id

    def plan(self, batch_id: int, at: datetime = TOMORROW, by: str = "admin", **options: Any) -> Result:
        """Schedule the execution of a batch."""
        call = ActionCall(batch_id, Action.EXECUTE, by, {"confirm": "all"} | options)
        with transaction_scope(self.catalogue.engine) as session:
            return schedule(self.services, session, call, LocalTime(at, twice=False))

    def retry(self, job_id: int, by: str = "admin") -> int:
        with transaction_scope(self.catalogue.engine) as session:
            return retry_job(self.services, session, session.get_one(Job, job_id), by).id

    # --- Running ---

    def run(self, job_id: int, owner: str = "here", stopping: threading.Event | None = None) -> bool:
        return JobRun(self.services, owner, stopping).run(job_id, self.job(job_id).dispatch)

    def do(self, batch_id: int, action: Action, **options: Any) -> Job:
        """Ask for a job and run it; return it as it ended."""
        job_id = self.ask(batch_id, action, **options)
        assert self.run(job_id)
        return self.job(job_id)

    def come_due(self, batch_id: int) -> Job:
        """Do what the dispatcher does at the time of a scheduled execution, and run the job; return it as it ended."""
        job_id = self.planned(batch_id)
        assert job_id is not None
        with transaction_scope(self.catalogue.engine) as session:
            lease.make_due(session, self.job(job_id))
        assert self.run(job_id)
        return self.job(job_id)

    def complete(self, list_: str = PRICE_LIST) -> int:
        """Return a batch that is ready for execution."""
        batch_id = self.create(list_)
        assert self.do(batch_id, Action.POPULATE).state == "done"
        self.submit(batch_id, Action.COMPLETE)
        return batch_id

    def lose(self, job_id: int) -> None:
        """Start an attempt whose process is killed, and have that noticed."""
        with transaction_scope(self.catalogue.engine) as session:
            job = lease.acquire(session, job_id, self.job(job_id).dispatch, "gone")
            assert job is not None
        self.give_back(job_id)

    def give_back(self, job_id: int) -> None:
        with transaction_scope(self.catalogue.engine) as session:
            assert lease.release(session, session.get_one(Job, job_id))

    # --- Looking ---

    def job(self, job_id: int) -> Job:
        with transaction_scope(self.catalogue.engine, read_only=True) as session:
            return session.get_one(Job, job_id)

    def planned(self, batch_id: int) -> int | None:
        """Return the number of the job of the scheduled execution."""
        with transaction_scope(self.catalogue.engine, read_only=True) as session:
            job = scheduled_job(session, batch_id)
            return job.id if job else None

    def batch(self, batch_id: int) -> Batch:
        with transaction_scope(self.catalogue.engine, read_only=True) as session:
            return session.get_one(Batch, batch_id)

    def rows(self, batch_id: int) -> int:
        with transaction_scope(self.catalogue.engine, read_only=True) as session:
            wanted = select(func.count()).where(PriceChangeRow.batch_id == batch_id)
            return session.scalar(wanted) or 0

    def operations(self, batch_id: int) -> list[tuple[str, str]]:
        wanted = select(Operation.kind, Operation.summary).where(Operation.batch_id == batch_id)
        with transaction_scope(self.catalogue.engine, read_only=True) as session:
            return [tuple(row) for row in session.execute(wanted.order_by(Operation.number))]  # type: ignore[misc]

    def count(self) -> int:
        with transaction_scope(self.catalogue.engine, read_only=True) as session:
            return session.scalar(select(func.count()).select_from(Job)) or 0


@contextmanager
def opened(settings: dict[str, str], catalogue: CatalogueDatabase) -> Iterator[JobHarness]:
    """Yield a harness with an application of its own, which is closed after it."""
    with application(settings) as app:
        services = services_of(app.registry)
        types = services.get(BatchTypes)
        shipped = types["price_change"]
        services.get(JobService).store.prepare()
        yield JobHarness(services, catalogue)
        types.add(shipped)


class Gate:
    """A point in somebody's work at which it waits until the test opens it."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        self.reached.set()
        assert self.opened.wait(30)

    def open(self) -> None:
        self.opened.set()


def in_thread(action: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=action)
    thread.start()
    return thread


def hooked(name: str, before: Callable[[], Any]) -> Mapping[str, Any]:
    """Return a handler's method, or its callbacks with one, that does ``before`` and then what it always did."""
    if name == "setup":
        return {"callbacks": Callbacks(setup=lambda *_arguments: before())}

    def method(self: Any, *arguments: Any) -> Any:
        before()
        return getattr(PriceChangeHandler, name)(self, *arguments)

    return {name: method}
