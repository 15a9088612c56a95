"""Seeing to it that every job that waits is on the queue, that none is with the dead, and that schedules are kept.

Any number of processes do this at the same time: each step is won by one of them, and harmless to repeat.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Engine, and_, delete, func, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from batchbook.db.options import READ_ONLY
from batchbook.db.session import make_session, transaction_scope
from batchbook.jobs import claims
from batchbook.jobs.asking import holder_of
from batchbook.jobs.models import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.pulse import Pulse
from batchbook.jobs.queue import Dispatch, Queue
from batchbook.jobs.running import JobRun
from batchbook.jobs.states import ACTIVE, ENDED, JobState
from batchbook.jobs.tasks import Ending
from batchbook.jobs.unresponsive import Unresponsive, forget_unresponsive, unresponsive_of
from batchbook.services import Services

log = logging.getLogger(__name__)

#: How many jobs are looked at together.
_TOGETHER = 500
#: How often what is long over is forgotten, in seconds.
_TIDY = 3600.0


class Dispatcher:
    """What one process does for the jobs of all; ``running`` are those that it runs, ``own`` the queues it takes from."""

    def __init__(
        self, services: Services, queue: Queue, pulse: Pulse, running: set[int], own: Sequence[str]
    ) -> None:
        self.services = services
        self.jobs: Jobs = services.get(Jobs)
        self.engine: Engine = services.get(Engine)
        self._queue = queue
        self._pulse = pulse
        self._running = running
        self._own = own
        self._idle = True
        self._tidy_at = 0.0

    def look(self) -> None:
        """Do what there is to do now."""
        if self._anything():
            self._release_due()
            self._take_from_dead()
            self._place_waiting()
        if time.monotonic() >= self._tidy_at:
            self.tidy()
            self._tidy_at = time.monotonic() + _TIDY

    def _anything(self) -> bool:
        # One plain question, because most of the time there is nothing, and all processes ask all the time.
        due = and_(Job.state == JobState.SCHEDULED, Job.run_at <= self.jobs.clock())
        active = select(Job.id).where(or_(Job.state.in_(ACTIVE), due)).limit(1)
        with self.engine.execution_options(**{READ_ONLY: True}).connect() as connection:
            return connection.scalar(active) is not None

    # What waits.

    def _place_waiting(self) -> None:
        self._idle = not self._running
        jobs = self._jobs_in(JobState.QUEUED)
        known = self._queue.find(jobs)
        for job in jobs:
            self._see_to(job, known.get(job.workflow))

    def _see_to(self, job: Job, dispatch: Dispatch | None) -> None:
        queue = self.jobs.settings.queue_of(job.batch_type)
        if dispatch is None:
            self._place(job, queue)
        elif dispatch.is_over:
            # It was taken from the queue and not begun. A number that is over cannot be run again.
            self._change(claims.dispatch_anew, job)
        elif not dispatch.waits and not self._pulse.is_alive_there(dispatch.executor):
            self._queue.put_back(job, queue)

    def _place(self, job: Job, queue: str) -> None:
        if queue in self._own and self._idle:
            self._queue.begin(job)  # Nobody needs to wait for the next look at the queue.
            self._idle = False
        else:
            self._queue.put(job, queue)

    # What runs with the dead.

    def _take_from_dead(self) -> None:
        for job in self._jobs_in(JobState.RUNNING):
            if not self._is_lost(job):
                continue
            self._end_connections(job)
            left = unresponsive_of(self.jobs.store, [job]).get(job.id)
            if self._write_end(job, left) if left and left.message else self._give_back(job, left):
                self._queue.forget(job)

    def _give_back(self, job: Job, left: Unresponsive | None) -> bool:
        # An attempt counts unless its process was ended for the sake of another job.
        handed_back = left is not None and left.state is JobState.QUEUED
        if not self._change(partial(claims.give_back, counted=not handed_back), job):
            return False
        if left is not None:
            forget_unresponsive(self.jobs.store, job)
        log.warning("Job %s was with %s, which is gone; it waits again.", job.id, job.owner)
        return True

    def _write_end(self, job: Job, left: Unresponsive) -> bool:
        state = left.state or JobState.FAILED
        ending = Ending(left.message or "", failed=state is JobState.FAILED)
        return JobRun(self.services, self._pulse.executor).write_end(job, state, ending)

    def _is_lost(self, job: Job) -> bool:
        if job.owner == self._pulse.executor:
            return job.id not in self._running
        return not self._pulse.is_alive_there(job.owner)

    def _end_connections(self, job: Job) -> None:
        # A process that only stopped still holds its locks, the job's own among them, and whoever comes next would wait
        # for them. One of this process that is not at work any more has ended its transaction.
        if job.owner != self._pulse.executor and self.engine.dialect.name == "postgresql":
            with transaction_scope(self.engine) as session:
                session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
                    ),
                    {"name": job.owner},
                )

    # What is due.

    def _release_due(self) -> None:
        due = Job.run_at <= self.jobs.clock()
        for job in self._jobs_in(JobState.SCHEDULED, due):
            try:
                with transaction_scope(self.engine) as session:
                    if job.batch_id is None or holder_of(session, job.batch_id) is None:
                        claims.release(session, job)
            except IntegrityError:
                log.info("Job %s is due and waits for another one of its batch.", job.id)

    # What is over.

    def tidy(self) -> None:
        """Forget jobs that were kept long enough, and what the queue keeps of them; do the upkeep."""
        for task in self.jobs.upkeep:
            task(self.services)
        with transaction_scope(self.engine) as session:
            # By the database's clock, because the database refuses to delete one whose time has not come.
            session.execute(delete(Job).where(Job.state.in_(ENDED), Job.purge_after < func.now()))
        self._queue.tidy(self.jobs.clock() - self.jobs.settings.keep)

    def _jobs_in(self, state: JobState, *conditions: Any) -> Sequence[Job]:
        wanted = (
            select(Job).where(Job.state == state, *conditions).order_by(Job.priority, Job.id).limit(_TOGETHER)
        )
        with make_session(self.engine, read_only=True) as session:
            return session.scalars(wanted).all()

    def _change(self, claim: Callable[[Session, Job], bool], job: Job) -> bool:
        with transaction_scope(self.engine) as session:
            return claim(session, job)
