"""What the application knows about jobs, in ``services.get(Jobs)``: the settings, the tasks, and how to ask for one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import URL
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.engine import database_url
from batchbook.errors import Conflict
from batchbook.jobs.asking import Order, add_job, announce
from batchbook.jobs.limits import RunningHere
from batchbook.jobs.models import Job
from batchbook.jobs.progress import wish_cancelled
from batchbook.jobs.settings import MODE, JobSettings, Mode
from batchbook.jobs.store import Store
from batchbook.jobs.tasks import Tasks
from batchbook.services import Services


class Jobs:
    """The jobs of one application."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self.settings = JobSettings.read(settings)
        self.tasks = Tasks()
        #: The attempts at jobs that run in this process.
        self.running = RunningHere(self.settings)
        #: What processes that run jobs do when they start, and every hour, with its services.
        self.upkeep: list[Callable[[Services], None]] = []
        #: What runs jobs in this process, if anything does.
        self.worker: Any = None
        #: What the time is; schedules are kept by it.
        self.clock: Callable[[], datetime] = utc_now
        #: Set when a job was asked for in this process.
        self.asked = threading.Event()

    @property
    def in_background(self) -> bool:
        """Whether jobs run outside the request."""
        return self.settings.mode is not Mode.INLINE

    def refuse_inline(self, consequence: str) -> None:
        """Raise ``Conflict``, with the ``consequence`` in words, where actions run at once and never as jobs."""
        if not self.in_background:
            raise Conflict(f"The setting {MODE.name} is “{Mode.INLINE}”, {consequence}. Nothing was done.")

    def is_big(self, rows: int) -> bool:
        """Return whether what touches that many rows is more than somebody should wait for, so that a job does it."""
        return self.in_background and rows > self.settings.big_rows

    @property
    def url(self) -> URL:
        """Where the application's database is."""
        return database_url(self._settings)

    @cached_property
    def store(self) -> Store:
        """Where progress is."""
        return Store(self.url)

    def ask(self, session: Session, order: Order) -> Job:
        """Ask for a job within the caller's transaction; raises as :func:`~batchbook.jobs.asking.add_job` does."""
        job = add_job(session, order, self.tasks[order.task].done)
        announce(session, self.asked.set)
        return job

    def wish_cancelled(self, job: Job, by: str) -> None:
        """Note that ``by`` wants the job cancelled, wherever it runs."""
        wish_cancelled(self.store, job, by)

    def close(self) -> None:
        """Close the connections; what is asked for after that opens new ones."""
        store: Store | None = self.__dict__.pop("store", None)
        if store is not None:
            store.close()
