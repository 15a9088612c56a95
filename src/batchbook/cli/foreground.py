"""Running what a command asked for in its own process, by the same path as workers do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy.orm import Session

from batchbook.cli.interrupts import Flag, interrupting
from batchbook.cli.progress import display
from batchbook.jobs import Job
from batchbook.jobs.following import OwnRun
from batchbook.jobs.office import Jobs
from batchbook.services import Services


class Foreground(AbstractContextManager["Foreground"]):
    """A command that runs jobs itself, for ``actor``, and shows how far they are unless it shall be ``quiet``."""

    def __init__(self, services: Services, actor: str, *, quiet: bool) -> None:
        self.display = display(quiet=quiet)
        self._services = services
        self._actor = actor
        self._stopping = Flag()
        self._own = OwnRun(services, self._stopping, self.display.show)

    def take(self, session: Session, job_id: int) -> Job:
        """Take a job in the transaction that asks for it."""
        return self._own.take(session, job_id)

    def finish(self, job: Job) -> Job:
        """Run a job that was taken, and return it as it ended; one that was handed back has not ended."""

        def cancel() -> None:
            self.display.note("Cancelling: it stops as soon as it can, and nothing of it is kept.")
            self._services.get(Jobs).wish_cancelled(job, self._actor)

        with interrupting(self._actor, cancel, self._stopping):
            return self._own.finish(job)

    def __exit__(self, *error: Any) -> None:
        """Leave the terminal as it was, and be seen no more."""
        self.display.close()
        self._own.__exit__(*error)
