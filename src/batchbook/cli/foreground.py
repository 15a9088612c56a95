"""Jobs that a command runs in its own process: progress on stderr, Ctrl-C and SIGTERM."""

from __future__ import annotations

import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import click
from sqlalchemy.orm import Session

from batchbook.cli.output import plain_value
from batchbook.jobs import Job
from batchbook.jobs.foreground import ForegroundRun
from batchbook.jobs.job_progress import Cancelled, Step
from batchbook.jobs.service import JobService
from batchbook.services import Services


class Interrupted(Cancelled, KeyboardInterrupt):
    """Ctrl-C was pressed again: the job is cancelled in the midst of what it does; its transaction is rolled back."""


class Flag:
    """Says whether the process must end. Unlike an event, it may be set by what interrupts the thread that reads it."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """Say from now on that it must."""
        self._set = True

    def is_set(self) -> bool:
        """Return whether it must."""
        return self._set


@contextmanager
def interrupting(by: str, cancel: Callable[[], None], stopping: Flag) -> Iterator[None]:
    """Call ``cancel`` in another thread on the first Ctrl-C, raise on further ones, and set ``stopping`` on SIGTERM."""
    pressed: queue.SimpleQueue[bool] = queue.SimpleQueue()
    count = 0

    def on_ctrl_c(_number: int, _frame: Any) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise Interrupted(by)
        pressed.put(True)

    def wait() -> None:
        # Not in the signal's handler: the thread that it interrupts may hold what writing the wish needs.
        if pressed.get():
            cancel()

    threading.Thread(target=wait, name="batchbook-ctrl-c", daemon=True).start()
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, on_ctrl_c),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set()),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        pressed.put(False)


#: How often, at the most, the bar is drawn and a line is written, in seconds.
_DRAWN, _WRITTEN = 0.1, 5.0
_WIDTH = 24


class Display(Protocol):
    """Something that can be shown how far a job is."""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Show it, unless something was shown just before."""

    def note(self, sentence: str) -> None:
        """Say something beside it."""

    def close(self) -> None:
        """Leave nothing half drawn."""


class Silence:
    """Shows nothing."""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Show nothing."""

    def note(self, sentence: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Have nothing to close."""


class Lines:
    """A line every few seconds, for logs and pipes; something that is quick gets none."""

    def __init__(self) -> None:
        self._written = time.monotonic()

    def show(self, title: str, step: Step | None, words: str) -> None:  # noqa: ARG002 - As of every display.
        """Write a line if the last one is a while ago."""
        if words and time.monotonic() - self._written >= _WRITTEN:
            self._written = time.monotonic()
            self.note(f"{title}: {words}")

    def note(self, sentence: str) -> None:
        """Write the sentence."""
        click.echo(plain_value(sentence), err=True)

    def close(self) -> None:
        """Have nothing to close."""


class Bar:
    """A bar that is drawn anew in its line, with the words behind it."""

    def __init__(self) -> None:
        self._drawn = float("-inf")
        self._phase = ""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Draw it, unless that was done just before in the same phase."""
        phase = step.phase if step else words
        if phase == self._phase and time.monotonic() - self._drawn < _DRAWN:
            return
        self._phase, self._drawn = phase, time.monotonic()
        self._draw(f"{_bar(step)}{words or title}")

    def note(self, sentence: str) -> None:
        """Write the sentence above the bar."""
        self._draw("")
        click.echo(plain_value(sentence), err=True)

    def close(self) -> None:
        """Take the bar away."""
        self._draw("")

    def _draw(self, text: str) -> None:
        # To the beginning of the line, and what was there is erased.
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\x1b[K{plain_value(text)[:width]}", nl=False, err=True, color=True)


def _bar(step: Step | None) -> str:
    if step is None or step.percent is None:
        return ""
    full = step.percent * _WIDTH // 100
    return f"{'█' * full}{'░' * (_WIDTH - full)} {step.percent:>3} %  "


def display(*, quiet: bool) -> Display:
    """Return what suits where stderr goes."""
    if quiet:
        return Silence()
    return Bar() if sys.stderr.isatty() else Lines()


class Foreground(AbstractContextManager["Foreground"]):
    """A command that runs jobs itself, for ``actor``, and shows how far they are unless it shall be ``quiet``."""

    def __init__(self, services: Services, actor: str, *, quiet: bool) -> None:
        self.display = display(quiet=quiet)
        self._services = services
        self._actor = actor
        self._stopping = Flag()
        self._own = ForegroundRun(services, self._stopping, self.display.show)

    def take(self, session: Session, job_id: int) -> Job:
        """Take a job in the transaction that asks for it."""
        return self._own.take(session, job_id)

    def finish(self, job: Job) -> Job:
        """Run a job that was taken, and return it as it ended; one that was handed back has not ended."""

        def cancel() -> None:
            self.display.note("Cancelling: it stops as soon as it can, and nothing of it is kept.")
            self._services.get(JobService).request_cancel(job, self._actor)

        with interrupting(self._actor, cancel, self._stopping):
            return self._own.finish(job)

    def __exit__(self, *error: Any) -> None:
        """Leave the terminal as it was, and be seen no more."""
        self.display.close()
        self._own.__exit__(*error)
