"""The worker: a process, or threads in the web process, that takes jobs from the queue and runs them."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pyramid.events import ApplicationCreated
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from batchbook.db.transactions import is_transient
from batchbook.jobs.attempt import Attempt
from batchbook.jobs.heartbeat import Heartbeat, executor_name
from batchbook.jobs.job_progress import record_result
from batchbook.jobs.job_run import JobRun, result_of_stop
from batchbook.jobs.models import JobState
from batchbook.jobs.notify import make_wake_up
from batchbook.jobs.service import JobService
from batchbook.jobs.settings import Mode
from batchbook.services import Services, services_of

#: The exit status that asks a service manager to restart the process: EX_TEMPFAIL.
EXIT_STATUS = 75


def record_results(jobs: JobService, attempts: Iterable[Attempt]) -> None:
    """Record the outcome of the jobs for the next process: those with a reason to stop end, the others wait again."""
    for attempt in list(attempts):
        if attempt.reason is None:
            record_result(jobs.store, attempt.job, JobState.QUEUED)
            continue
        state, job_result = result_of_stop(attempt.job, attempt.reason)
        message = f"{job_result.message} It did not respond, so the process that ran it was ended."
        record_result(jobs.store, attempt.job, state, message)


def exit_process() -> NoReturn:
    """End the process at once: threads that are still working would keep it alive."""
    logging.shutdown()
    os._exit(EXIT_STATUS)


if TYPE_CHECKING:
    from batchbook.jobs.dispatcher import Queue

log = logging.getLogger(__name__)

#: The time that jobs have to notice that they must stop, and the interval at which this is checked, in seconds.
_LAST_CHANCE, _PAUSE = 5.0, 0.05


class Worker:
    """A worker that runs jobs in threads of this process, from the queues named in ``own``, or from all if ``None``."""

    def __init__(
        self, services: Services, threads: int | None = None, own: Sequence[str] | None = None
    ) -> None:
        self.services = services
        self.jobs: JobService = services.get(JobService)
        settings = self.jobs.settings
        self.threads = threads or settings.threads
        self.queues = tuple(settings.all_queues if own is None else own)
        self.executor = executor_name()
        #: The id and the dispatch of each job that runs here; one that was taken away may run here again beside its old attempt.
        self.running: set[tuple[int, int]] = set()
        #: Ends the process if one of its jobs does not respond.
        self.exit: Callable[[], Any] = exit_process
        self._exiting = threading.Lock()
        #: Set when no more jobs may be taken, and when running jobs must stop.
        self._closing, self._stopping = threading.Event(), threading.Event()
        self._heartbeat = Heartbeat(self.jobs.store, self.executor, settings.dead, self.threads, self.queues)
        self._looking = threading.Thread(target=self._look, name="batchbook-dispatcher", daemon=True)
        self._queue: Queue | None = None

    def start(self) -> None:
        """Start the heartbeat, the dispatcher and the queue."""
        self.jobs.store.prepare()
        self._heartbeat.beat()  # Others must see it alive before it has a job.
        self._heartbeat.start()
        settings = self.jobs.settings
        # Imported here, so that commands which run no jobs do not wait for DBOS to load.
        from batchbook.jobs.dispatcher import Queue

        self._queue = Queue(self.jobs.store.url, self.executor, self._run)
        self._queue.start(self.queues, settings.all_queues, self.threads, settings.poll)
        self._looking.start()
        log.info("Running jobs as %s, %d at a time.", self.executor, self.threads)

    def _run(self, job_id: int, dispatch: int) -> None:
        if self._closing.is_set():
            return  # Another process will run it.
        self.running.add((job_id, dispatch))
        try:
            run = JobRun(self.services, self.executor, self._stopping, end_process=self.end_process)
            run.run(job_id, dispatch)
        finally:
            self.running.discard((job_id, dispatch))
            self.jobs.enqueued.set()  # Another job may have been waiting for this one.

    def _look(self) -> None:
        assert self._queue is not None  # noqa: S101 - It is made before this thread starts.
        from batchbook.jobs.dispatcher import Dispatcher

        dispatcher = Dispatcher(self.services, self._queue, self._heartbeat, self.running, self.queues)
        waiting = make_wake_up(self.services.get(Engine), self.jobs.enqueued)
        while not self._closing.is_set():
            try:
                dispatcher.look()
            except DBAPIError as error:
                log.log(
                    logging.INFO if is_transient(error) else logging.ERROR,
                    "Looking for jobs failed: %s",
                    error.orig,
                )
            except Exception:  # All jobs depend on this thread, so it goes on after any error.
                log.exception("Looking for jobs failed")
            waiting.wait(self.jobs.settings.poll)
        waiting.close()

    def stop(self, grace: float | None = None) -> bool:
        """Stop taking jobs, give running ones ``grace`` seconds, then hand them back; return whether all of them ended.

        A second call does nothing.
        """
        if self._closing.is_set():
            return not self.running
        self._closing.set()
        self.jobs.enqueued.set()
        self._await_end(self.jobs.settings.stop if grace is None else grace, unless=self._stopping)
        self._stopping.set()
        self._await_end(_LAST_CHANCE)
        self._looking.join(timeout=_LAST_CHANCE)
        if self._queue is not None:
            self._queue.stop()
        self._heartbeat.end()
        log.info("No longer running jobs.")
        return not self.running

    def hurry(self) -> None:
        """Hand back the running jobs as soon as possible, without the grace period of :meth:`stop`."""
        self._stopping.set()

    def end_process(self, attempt: Attempt) -> None:
        """End the process because of a job that does not respond, after handing back its other jobs."""
        if not self._exiting.acquire(blocking=False):
            return
        log.error("Job %s does not respond, so this process is being ended.", attempt.job.id)
        # It must end even if the database does not answer.
        last = threading.Timer(_LAST_CHANCE + self.jobs.settings.dead + _LAST_CHANCE, self.exit)
        last.daemon = True
        last.start()
        record_results(self.jobs, [attempt])
        self._closing.set()
        self._stopping.set()
        self._await_end(_LAST_CHANCE, left=1)
        record_results(self.jobs, self.jobs.running.attempts)
        self._heartbeat.end()
        self.exit()

    @property
    def is_alive(self) -> bool:
        """True if the heartbeat and the dispatcher are running."""
        return self._heartbeat.is_alive() and self._looking.is_alive()

    def _await_end(self, seconds: float, unless: threading.Event | None = None, left: int = 0) -> None:
        until = time.monotonic() + seconds
        while len(self.running) > left and time.monotonic() < until and not (unless and unless.is_set()):
            time.sleep(_PAUSE)


def start_embedded(event: ApplicationCreated) -> None:
    """Start the embedded worker of an application that is about to be served, if it runs jobs itself."""
    services = services_of(event.app.registry)
    if services.get(JobService).settings.mode is not Mode.EMBEDDED:
        return
    worker = Worker(services)
    worker.start()
    services.get(JobService).worker = worker
    atexit.register(worker.stop)


def release_worker(services: Services) -> Worker | None:
    """Return the embedded worker of an application, or ``None``; the caller becomes responsible for stopping it."""
    worker: Worker | None = services.get(JobService).worker
    if worker is not None:
        atexit.unregister(worker.stop)
    return worker


def includeme(config: Any) -> None:
    """Start an embedded worker when the application is created."""
    config.add_subscriber(start_embedded, ApplicationCreated)
