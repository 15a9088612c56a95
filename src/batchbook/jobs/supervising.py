"""Supervision of a job while it runs: limits, and a cancel request that it does not see by itself.

In steps, each a while after the one before: the job ends itself at its next report or SQL statement; it is interrupted;
it counts as unresponsive, and only the end of its process ends it. Beyond a limit the first step is left out, and the
process is ended without being asked.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from batchbook.jobs.interrupting import Attempt
from batchbook.jobs.limits import LimitReached, out_of_time
from batchbook.jobs.office import Jobs
from batchbook.jobs.progress import Cancelled, Stopped, wishes_of
from batchbook.jobs.unresponsive import note_unresponsive, unresponsive_of

log = logging.getLogger(__name__)

#: How often is looked, in seconds.
_PAUSE = 0.5

#: Ends the process for an attempt that does not react.
EndProcess = Callable[[Attempt], None]


class Supervisor(threading.Thread):
    """Supervises one attempt while it is entered as a context; ``end_process`` is ``None`` where that must not be done."""

    def __init__(self, jobs: Jobs, attempt: Attempt, end_process: EndProcess | None = None) -> None:
        super().__init__(name=f"batchbook-{attempt.job.id}", daemon=True)
        self._jobs = jobs
        self._attempt = attempt
        self._end_process = end_process
        self._over = threading.Event()
        self._grace = jobs.settings.interrupt
        #: When the reason to end it was found, since when it is interrupted in vain, and whether that was noted.
        self._found = 0.0
        self._in_vain: float | None = None
        self._noted = False

    def __enter__(self) -> Attempt:
        """Begin."""
        self._jobs.running.begin(self._attempt)
        self.start()
        return self._attempt

    def __exit__(self, *_error: object) -> None:
        """Stop looking."""
        self._over.set()
        self._jobs.running.end(self._attempt)
        self.join(timeout=self._grace)

    def run(self) -> None:
        """Look until the attempt is over."""
        while not self._over.wait(_PAUSE):
            try:
                self._look()
            except SQLAlchemyError as error:
                log.info("What is wanted of %s could not be asked: %s", self._attempt.job, error)

    def _look(self) -> None:
        attempt, now = self._attempt, time.monotonic()
        if attempt.reason is None:
            attempt.reason, self._found = self._reason(), now
        if attempt.reason is None:
            return
        if isinstance(attempt.reason, Cancelled) and now - self._found < self._grace:
            return
        if not attempt.interrupt():
            self._in_vain = None  # It waits for the database, or is about to end.
        elif self._in_vain is None:
            self._in_vain = now
            log.warning(
                "Job %s is interrupted: %s\n%s", attempt.job.id, _why(attempt.reason), attempt.where()
            )
        elif now - self._in_vain >= self._grace:
            self._unresponsive(attempt.reason)

    def _reason(self) -> Stopped | None:
        attempt = self._attempt
        over = out_of_time(self._jobs.settings, attempt) or self._jobs.running.out_of_memory(attempt)
        if over is not None:
            return over
        by = wishes_of(self._jobs.store, [attempt.job]).get(attempt.job.id)
        return Cancelled(by) if by else None

    def _unresponsive(self, reason: Stopped) -> None:
        attempt, store = self._attempt, self._jobs.store
        if not self._noted:
            note_unresponsive(store, attempt.job)
            self._noted = True
            log.warning("Job %s does not react. It is here:\n%s", attempt.job.id, attempt.where())
        if self._end_process is None:
            return
        noted = unresponsive_of(store, [attempt.job]).get(attempt.job.id)
        if isinstance(reason, LimitReached) or (noted is not None and noted.requested_by):
            self._end_process(attempt)


def _why(reason: Stopped) -> str:
    return reason.message if isinstance(reason, LimitReached) else f"{reason} cancelled it."
