"""The dispatcher, and the queue (DBOS) on which it puts every waiting job.

DBOS hands each dispatch of a job to one process, stores the waiting ones and limits concurrency. The authority on a job
is its row, not the queue; see :mod:`batchbook.jobs.lease`. Any number of processes may dispatch at the same time: each
step succeeds in one of them, and is harmless to repeat.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import URL, Engine, and_, delete, func, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from batchbook.db.connecting import limited_engine
from batchbook.db.transactions import READ_ONLY, make_session, transaction_scope
from batchbook.jobs import lease
from batchbook.jobs.enqueue import job_holding
from batchbook.jobs.heartbeat import Heartbeat
from batchbook.jobs.job_progress import UnresponsiveNote, clear_unresponsive, unresponsive_notes
from batchbook.jobs.job_run import JobRun
from batchbook.jobs.models import ACTIVE, ENDED, Job, JobState
from batchbook.jobs.service import JobService
from batchbook.jobs.store import SCHEMA
from batchbook.jobs.tasks import JobResult
from batchbook.services import Services

_NAME = "batchbook"
_WORKFLOW = "batchbook.job"
#: The version of dispatches. Processes take only those of their own version: raise it when versions cannot share work.
_VERSION = "1"
_WAITING = ("ENQUEUED", "DELAYED")
#: How many dispatches are deleted together, and how often in one call.
_DELETED_AT_ONCE, _DELETIONS = 500, 20
_NOTIFICATION_INTERVAL = 1.0
#: The time for which the queue may leave a transaction open without a statement, in seconds: its transactions are short.
_IDLE_TRANSACTION = 5.0


@dataclass(frozen=True)
class Dispatch:
    """The state of a dispatch in the queue: waiting, taken by the process ``executor``, or over."""

    waits: bool
    is_over: bool
    executor: str | None


def prepare_queue(url: URL) -> None:
    """Create the tables of the queue, or migrate them to the current version."""
    DBOS.migrate(_url_text(url), schema=SCHEMA)


class Queue:
    """The queue at ``url``, for the process called ``executor``; it calls ``run(job_id, dispatch)`` for each job it takes."""

    def __init__(self, url: URL, executor: str, run: Callable[[int, int], None]) -> None:
        config = DBOSConfig(
            name=_NAME,
            system_database_url=_url_text(url),
            dbos_system_schema=SCHEMA,
            executor_id=executor,
            application_version=_VERSION,
            serializer=DBOSPortableJSONSerializer(),  # The default one unpickles, which can run code.
            log_level="WARNING",
            sys_db_pool_size=5,
            db_engine_kwargs=limited_engine(url, executor) if url.get_backend_name() == "postgresql" else {},
            # A process that stops while it takes a job from the queue locks that job out of everybody's sight.
            sys_db_idle_transaction_timeout_sec=_IDLE_TRANSACTION,
            # These notifications are not used; by default, DBOS polls for them a hundred times a second.
            notification_coalesce_sec=_NOTIFICATION_INTERVAL,
        )
        DBOS(config=config)
        self._workflow = DBOS.workflow(name=_WORKFLOW)(_as_workflow(run))

    def start(self, own: Iterable[str], every: Iterable[str], threads: int, poll: float) -> None:
        """Start to take jobs from the ``own`` queues, up to ``threads`` at a time from each; poll every ``poll`` seconds.

        ``every`` has the names of all queues.
        """

        def launch() -> None:
            DBOS.listen_queues(list(own))
            DBOS.launch()
            for name in every:
                DBOS.register_queue(name, worker_concurrency=threads, polling_interval_sec=poll)

        # In a separate thread, because DBOS refuses to launch in a thread with a running event loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(launch).result()

    def begin(self, job: Job) -> None:
        """Start a job at once in this process, unless another process has it."""
        with SetWorkflowID(job.workflow):
            DBOS.start_workflow(self._workflow, job.id, job.dispatch)

    def put(self, job: Job, queue: str) -> None:
        """Enqueue a job; if it is queued already, nothing changes."""
        DBOS.enqueue_workflow_with_options(
            {
                "workflow_name": _WORKFLOW,
                "queue_name": queue,
                "workflow_id": job.workflow,
                "priority": job.priority,
                "app_version": _VERSION,
            },
            job.id,
            job.dispatch,
        )

    def find(self, jobs: Iterable[Job]) -> Mapping[str, Dispatch]:
        """Return the dispatches of those jobs that the queue knows, by workflow id."""
        names = [job.workflow for job in jobs]
        found = DBOS.list_workflows(workflow_ids=names, load_input=False, load_output=False) if names else []
        return {
            one.workflow_id: Dispatch(
                one.status in _WAITING, one.status not in (*_WAITING, "PENDING"), one.executor_id
            )
            for one in found
        }

    def put_back(self, job: Job, queue: str) -> None:
        """Take a job from the process that had it, and enqueue it again."""
        DBOS.resume_workflows([job.workflow], queue_name=queue)

    def forget(self, job: Job) -> None:
        """Cancel the dispatch of a job whose process is presumed dead."""
        DBOS.cancel_workflow(job.workflow)

    def delete_finished(self, before: datetime) -> None:
        """Delete dispatches that ended before that time, many in one call, but not so many that jobs have to wait for it."""
        for _ in range(_DELETIONS):
            old = DBOS.list_workflows(
                end_time=before.isoformat(), limit=_DELETED_AT_ONCE, load_input=False, load_output=False
            )
            names = [one.workflow_id for one in old if one.status not in (*_WAITING, "PENDING")]
            if names:
                DBOS.delete_workflows(names)
            if len(names) < _DELETED_AT_ONCE:
                return

    def stop(self) -> None:
        """Stop taking jobs, without waiting for running ones."""
        DBOS.destroy(destroy_registry=True)


def _as_workflow(run: Callable[[int, int], None]) -> Callable[[int, int], None]:
    def job(job_id: int, dispatch: int) -> None:
        run(job_id, dispatch)

    return job


def _url_text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


log = logging.getLogger(__name__)

#: The number of jobs that are read together.
_JOBS_AT_ONCE = 500
#: The interval between two clean-ups, in seconds.
_CLEAN_UP_INTERVAL = 3600.0


class Dispatcher:
    """The dispatcher of one process, for jobs of all processes.

    ``running`` has the ids and dispatches of the jobs that this process runs, ``own`` the names of the queues that it takes jobs from.
    """

    def __init__(
        self,
        services: Services,
        queue: Queue,
        heartbeat: Heartbeat,
        running: set[tuple[int, int]],
        own: Sequence[str],
    ) -> None:
        self.services = services
        self.jobs: JobService = services.get(JobService)
        self.engine: Engine = services.get(Engine)
        self._queue = queue
        self._heartbeat = heartbeat
        self._running = running
        self._own = own
        self._idle = True
        self._clean_up_at = 0.0

    def look(self) -> None:
        """Dispatch waiting and due jobs, take jobs from dead processes, and clean up once an hour."""
        if self._has_work():
            self._release_due()
            self._take_from_dead()
            self._place_waiting()
        if time.monotonic() >= self._clean_up_at:
            self.clean_up()
            self._clean_up_at = time.monotonic() + _CLEAN_UP_INTERVAL

    def _has_work(self) -> bool:
        # One cheap query first: all processes poll, and most of the time there is no work.
        due = and_(Job.state == JobState.SCHEDULED, Job.run_at <= self.jobs.clock())
        active = select(Job.id).where(or_(Job.state.in_(ACTIVE), due)).limit(1)
        with self.engine.execution_options(**{READ_ONLY: True}).connect() as connection:
            return connection.scalar(active) is not None

    # Waiting jobs.

    def _place_waiting(self) -> None:
        self._idle = not self._running
        jobs = self._jobs_in(JobState.QUEUED)
        known = self._queue.find(jobs)
        for job in jobs:
            self._dispatch(job, known.get(job.workflow))

    def _dispatch(self, job: Job, dispatch: Dispatch | None) -> None:
        queue = self.jobs.settings.queue_of(job.batch_type)
        if dispatch is None:
            self._place(job, queue)
        elif dispatch.is_over:
            # It was taken from the queue and never started. A dispatch that is over cannot run again.
            self._change(lease.renew_dispatch, job)
        elif not dispatch.waits and not self._heartbeat.is_alive_there(dispatch.executor):
            self._end_connections(dispatch.executor)
            self._queue.put_back(job, queue)

    def _place(self, job: Job, queue: str) -> None:
        if queue in self._own and self._idle:
            self._queue.begin(job)  # Without waiting for the next poll of the queue.
            self._idle = False
        else:
            self._queue.put(job, queue)

    # Jobs of dead processes.

    def _take_from_dead(self) -> None:
        for job in self._jobs_in(JobState.RUNNING):
            if not self._is_lost(job):
                continue
            self._end_connections(job.owner)
            note = unresponsive_notes(self.jobs.store, [job]).get(job.id)
            if self._write_end(job, note) if note and note.message else self._release(job, note):
                self._queue.forget(job)

    def _release(self, job: Job, note: UnresponsiveNote | None) -> bool:
        # An attempt counts unless its process was ended because of another job.
        handed_back = note is not None and note.state is JobState.QUEUED
        if not self._change(partial(lease.release, counted=not handed_back), job):
            return False
        if note is not None:
            clear_unresponsive(self.jobs.store, job)
        log.warning("The process %s is gone; its job %s is waiting again.", job.owner, job.id)
        return True

    def _write_end(self, job: Job, note: UnresponsiveNote) -> bool:
        state = note.state or JobState.FAILED
        job_result = JobResult(note.message or "", failed=state is JobState.FAILED)
        return JobRun(self.services, self._heartbeat.executor).write_end(job, state, job_result)

    def _is_lost(self, job: Job) -> bool:
        if job.owner == self._heartbeat.executor:
            return (job.id, job.dispatch) not in self._running
        return not self._heartbeat.is_alive_there(job.owner)

    def _end_connections(self, executor: str | None) -> None:
        # A process that merely hangs still holds its locks, such as that of the job's row, and would block the next one.
        # A job of this process that no longer runs has ended its transaction.
        if executor != self._heartbeat.executor and self.engine.dialect.name == "postgresql":
            with transaction_scope(self.engine) as session:
                session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
                    ),
                    {"name": executor},
                )

    # Scheduled jobs.

    def _release_due(self) -> None:
        due = Job.run_at <= self.jobs.clock()
        for job in self._jobs_in(JobState.SCHEDULED, due):
            try:
                with transaction_scope(self.engine) as session:
                    if job.batch_id is None or job_holding(session, job.batch_id) is None:
                        lease.make_due(session, job)
            except IntegrityError:
                log.info("Job %s is due and is waiting for another job of its batch.", job.id)

    # Ended jobs.

    def clean_up(self) -> None:
        """Run the upkeep functions, and delete expired jobs and their dispatches."""
        for task in self.jobs.upkeep:
            task(self.services)
        with transaction_scope(self.engine) as session:
            # By the database's clock, because the database refuses to delete jobs that have not expired.
            session.execute(delete(Job).where(Job.state.in_(ENDED), Job.purge_after < func.now()))
        self._queue.delete_finished(self.jobs.clock() - self.jobs.settings.keep)

    def _jobs_in(self, state: JobState, *conditions: Any) -> Sequence[Job]:
        statement = (
            select(Job)
            .where(Job.state == state, *conditions)
            .order_by(Job.priority, Job.id)
            .limit(_JOBS_AT_ONCE)
        )
        with make_session(self.engine, read_only=True) as session:
            return session.scalars(statement).all()

    def _change(self, claim: Callable[[Session, Job], bool], job: Job) -> bool:
        with transaction_scope(self.engine) as session:
            return claim(session, job)
