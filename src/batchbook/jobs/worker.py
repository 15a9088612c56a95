"""A process that runs jobs: it beats, looks for work, takes from the queue, and stops in good order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from batchbook.db.transient import is_transient
from batchbook.jobs.dispatching import Dispatcher
from batchbook.jobs.interrupting import Attempt
from batchbook.jobs.leaving import exit_process, leave_results
from batchbook.jobs.listening import waiting_for_work
from batchbook.jobs.office import Jobs
from batchbook.jobs.pulse import Pulse, executor_name
from batchbook.jobs.queue import Queue
from batchbook.jobs.running import JobRun
from batchbook.services import Services

log = logging.getLogger(__name__)

#: How long jobs that were told to stop may take until they look, and how often is looked whether they have, in seconds.
_LAST, _PAUSE = 5.0, 0.05


class Worker:
    """Runs jobs in threads of this process, from the queues called ``own``; from all of them if that is ``None``."""

    def __init__(
        self, services: Services, threads: int | None = None, own: Sequence[str] | None = None
    ) -> None:
        self.services = services
        self.jobs: Jobs = services.get(Jobs)
        settings = self.jobs.settings
        self.threads = threads or settings.threads
        self.queues = tuple(settings.all_queues if own is None else own)
        self.executor = executor_name()
        self.running: set[int] = set()
        #: How the process ends if a job in it does not react.
        self.leave: Callable[[], Any] = exit_process
        self._leaving = threading.Lock()
        #: Set when nothing more is to be taken, and when what runs must stop.
        self._closing, self._stopping = threading.Event(), threading.Event()
        self._pulse = Pulse(self.jobs.store, self.executor, settings.dead, self.threads, self.queues)
        self._looking = threading.Thread(target=self._look, name="batchbook-dispatcher", daemon=True)
        self._queue: Queue | None = None

    def start(self) -> None:
        """Begin."""
        self.jobs.store.prepare()
        self._pulse.beat()  # Others must see it alive before it has anything.
        self._pulse.start()
        settings = self.jobs.settings
        self._queue = Queue(self.jobs.store.url, self.executor, self._run)
        self._queue.start(self.queues, settings.all_queues, self.threads, settings.poll)
        self._looking.start()
        log.info("Jobs run here, as %s, %d at a time.", self.executor, self.threads)

    def _run(self, job_id: int, dispatch: int) -> None:
        if self._closing.is_set():
            return  # It waits for another process.
        self.running.add(job_id)
        try:
            run = JobRun(self.services, self.executor, self._stopping, end_process=self.end_process)
            run.run(job_id, dispatch)
        finally:
            self.running.discard(job_id)
            self.jobs.asked.set()  # There may be something that waited for this one.

    def _look(self) -> None:
        assert self._queue is not None  # noqa: S101 - It is made before this thread starts.
        dispatcher = Dispatcher(self.services, self._queue, self._pulse, self.running, self.queues)
        waiting = waiting_for_work(self.services.get(Engine), self.jobs.asked)
        while not self._closing.is_set():
            try:
                dispatcher.look()
            except DBAPIError as error:
                log.log(
                    logging.INFO if is_transient(error) else logging.ERROR,
                    "Looking for jobs failed: %s",
                    error.orig,
                )
            except Exception:  # The jobs of everybody hang on this thread; whatever it was, it looks again.
                log.exception("Looking for jobs failed")
            waiting.wait(self.jobs.settings.poll)
        waiting.close()

    def stop(self, grace: float | None = None) -> bool:
        """Take nothing more, let jobs run on for ``grace`` seconds, then hand them back; return whether all ended.

        A second call does nothing.
        """
        if self._closing.is_set():
            return not self.running
        self._closing.set()
        self.jobs.asked.set()
        self._await_end(self.jobs.settings.stop if grace is None else grace, unless=self._stopping)
        self._stopping.set()
        self._await_end(_LAST)
        self._looking.join(timeout=_LAST)
        if self._queue is not None:
            self._queue.stop()
        self._pulse.end()
        log.info("No jobs run here any more.")
        return not self.running

    def hurry(self) -> None:
        """Hand back what runs as soon as it can be, where :meth:`stop` would let it run on."""
        self._stopping.set()

    def end_process(self, attempt: Attempt) -> None:
        """End the process for the sake of a job that does not react, after handing back what else runs in it."""
        if not self._leaving.acquire(blocking=False):
            return
        log.error("Job %s does not react, so this process is ended.", attempt.job.id)
        # Whatever ails the database, it ends.
        last = threading.Timer(_LAST + self.jobs.settings.dead + _LAST, self.leave)
        last.daemon = True
        last.start()
        leave_results(self.jobs, [attempt])
        self._closing.set()
        self._stopping.set()
        self._await_end(_LAST, left=1)
        leave_results(self.jobs, self.jobs.running.attempts)
        self._pulse.end()
        self.leave()

    @property
    def is_alive(self) -> bool:
        """Whether this process gives signs of life and looks for work."""
        return self._pulse.is_alive() and self._looking.is_alive()

    def _await_end(self, seconds: float, unless: threading.Event | None = None, left: int = 0) -> None:
        until = time.monotonic() + seconds
        while len(self.running) > left and time.monotonic() < until and not (unless and unless.is_set()):
            time.sleep(_PAUSE)
