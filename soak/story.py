"""The story of one batch: made, populated, refreshed, completed, executed, while the process at work is killed."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy
from sqlalchemy.exc import DBAPIError

from batchbook.batches import Action
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.db.transactions import is_transient, transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.models import JobState
from batchbook.jobs.service import JobService
from batchbook.services import Services
from soak.crew import Crew
from soak.data import price_list

_PAUSE = 0.01
#: How long, at the most, a job works before its process is killed, in seconds.
_LATEST = 0.8
#: How long a stopped process may take to be overtaken, in seconds.
_OVERTAKEN = 8.0


class Story:
    """One batch of ``rows`` rows, its jobs run by ``crew``; ``harm`` is how likely it is that one is disturbed."""

    def __init__(
        self, services: Services, crew: Crew, number: int, rows: int, harm: float, until: float
    ) -> None:
        self._services = services
        self._engine = services.get(sqlalchemy.Engine)
        self._crew = crew
        self._number = number
        self._rows = rows
        self._harm = harm
        self._until = until
        self._chance = random.Random(number)
        self.batch_id = 0
        self.jobs = 0
        self.retries = 0

    def run(self) -> None:
        """Lead the batch to its end."""
        self._act(self._create)
        for action in (Action.REFRESH, Action.COMPLETE, Action.EXECUTE):
            self._act(lambda session, action=action: self._submit(session, action))

    def _create(self, session: Any) -> int | None:
        engine = Engine(session, self._services.get(BatchTypes), self._services.settings, "admin")
        file = io.BytesIO(price_list(self._number, self._rows))
        batch = create_batch(engine, "price_change", {"vendor_code": "V1"}, file, "list.csv")
        self.batch_id = batch.id
        return self._submit(session, Action.POPULATE)

    def _submit(self, session: Any, action: Action) -> int | None:
        confirmed = {"confirm": "all"} if action is Action.EXECUTE else {}
        call = ActionCall(self.batch_id, action, "admin", confirmed)
        job_id: int | None = self._services.get(Runner).submit(session, call).job_id
        return job_id

    def _act(self, ask: Callable[[Any], int | None]) -> None:
        job_id = self._asked(ask)
        while job_id is not None:
            self.jobs += 1
            job = self._followed(job_id)
            if job.state == JobState.DONE:
                return
            # As a person would who reads that it was given up: the process was killed too often.
            assert "given up" in (job.message or ""), f"{job}: {job.state}, {job.message}"
            self.retries += 1
            again = self._services.get(JobService).tasks[job.task].retry
            job_id = self._asked(
                lambda session, job=job, again=again: again(self._services, session, job, "admin").id
            )

    def _asked(self, ask: Callable[[Any], int | None]) -> int | None:
        while True:
            try:
                with transaction_scope(self._engine) as session:
                    return ask(session)
            except DBAPIError as error:
                assert is_transient(error), error  # Busy: as a person would, once more.

    def _followed(self, job_id: int) -> Job:
        disturbed = 0
        while True:
            job = self._now(job_id)
            assert time.monotonic() < self._until, f"{job} is {job.state} at the end of the time"
            if job.has_ended:
                return job
            if job.state == JobState.RUNNING and job.attempts > disturbed:
                disturbed = job.attempts
                self._disturb(job)
            time.sleep(_PAUSE)

    def _disturb(self, job: Job) -> None:
        if self._chance.random() > self._harm:
            return
        time.sleep(self._chance.random() ** 2 * _LATEST)
        if self._chance.random() < 0.2:
            self._crew.stop(job.owner, lambda: self._is_overtaken(job))
        else:
            self._crew.kill(self._now(job.id).owner)

    def _is_overtaken(self, job: Job) -> bool:
        until = time.monotonic() + _OVERTAKEN
        while time.monotonic() < until:
            if self._now(job.id).dispatch > job.dispatch:
                return True
            time.sleep(_PAUSE)
        return False  # On SQLite one that stops while it writes keeps everybody out until it goes on.

    def _now(self, job_id: int) -> Job:
        with transaction_scope(self._engine, read_only=True) as session:
            return session.get_one(Job, job_id)
