"""Jobs that a command runs in its own process: their progress on stderr, Ctrl-C and SIGTERM."""

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

from batchbook.cli.output import printable
from batchbook.jobs import Job
from batchbook.jobs.foreground import ForegroundRun
from batchbook.jobs.job_progress import Cancelled, Step
from batchbook.jobs.service import JobService
from batchbook.services import Services


class Interrupted(Cancelled, KeyboardInterrupt):
    """A second Ctrl-C: the job is cancelled wherever it is, and its transaction is rolled back."""


class StopFlag:
    """A flag that the process must end. Unlike an event, a signal handler may set it in the thread that reads it."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """Raise the flag."""
        self._set = True

    def is_set(self) -> bool:
        """Return whether the flag was raised."""
        return self._set


@contextmanager
def interruptible(by: str, cancel: Callable[[], None], stopping: StopFlag) -> Iterator[None]:
    """Call ``cancel`` in another thread on the first Ctrl-C, raise ``Interrupted`` on others; set ``stopping`` on SIGTERM."""
    pressed: queue.SimpleQueue[bool] = queue.SimpleQueue()
    count = 0

    def on_ctrl_c(_number: int, _frame: Any) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise Interrupted(by)
        pressed.put(True)

    def wait() -> None:
        # Not in the signal's handler: the thread that it interrupts may hold a lock that storing the request needs.
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


#: The shortest time between two drawings of the bar, and between two lines, in seconds.
_DRAW_INTERVAL, _LINE_INTERVAL = 0.1, 5.0
#: The characters of a full bar.
_WIDTH = 24


class Display(Protocol):
    """A display of a job's progress."""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Show the progress of the job called ``title``, unless that was done a moment before."""

    def note(self, sentence: str) -> None:
        """Show a sentence beside the progress."""

    def close(self) -> None:
        """End the display, with nothing left half drawn."""


class NoDisplay:
    """A display that shows nothing."""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Do nothing."""

    def note(self, sentence: str) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class LineDisplay:
    """A display that writes a line every few seconds, for logs and pipes; a quick job gets none."""

    def __init__(self) -> None:
        self._written = time.monotonic()

    def show(self, title: str, step: Step | None, words: str) -> None:  # noqa: ARG002 - As of every display.
        """Write a line, unless the last one was written just before."""
        if words and time.monotonic() - self._written >= _LINE_INTERVAL:
            self._written = time.monotonic()
            self.note(f"{title}: {words}")

    def note(self, sentence: str) -> None:
        """Write the sentence."""
        click.echo(printable(sentence), err=True)

    def close(self) -> None:
        """Do nothing."""


class BarDisplay:
    """A display that redraws a bar in one line, followed by the progress in words."""

    def __init__(self) -> None:
        self._drawn = float("-inf")
        self._phase = ""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Draw the bar, unless that was done just before in the same phase."""
        phase = step.phase if step else words
        if phase == self._phase and time.monotonic() - self._drawn < _DRAW_INTERVAL:
            return
        self._phase, self._drawn = phase, time.monotonic()
        self._draw(f"{_bar(step)}{words or title}")

    def note(self, sentence: str) -> None:
        """Write the sentence above the bar."""
        self._draw("")
        click.echo(printable(sentence), err=True)

    def close(self) -> None:
        """Erase the bar."""
        self._draw("")

    def _draw(self, text: str) -> None:
        # To the beginning of the line, and erase it.
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\x1b[K{printable(text)[:width]}", nl=False, err=True, color=True)


def _bar(step: Step | None) -> str:
    if step is None or step.percent is None:
        return ""
    full = step.percent * _WIDTH // 100
    return f"{'█' * full}{'░' * (_WIDTH - full)} {step.percent:>3} %  "


def display_for_stderr(*, quiet: bool) -> Display:
    """Return the display for stderr: a bar on a terminal, lines elsewhere, and none if ``quiet``."""
    if quiet:
        return NoDisplay()
    return BarDisplay() if sys.stderr.isatty() else LineDisplay()


class Foreground(AbstractContextManager["Foreground"]):
    """The runner of a command's own jobs, for ``actor``, with a display of their progress unless it is ``quiet``."""

    def __init__(self, services: Services, actor: str, *, quiet: bool) -> None:
        self.display = display_for_stderr(quiet=quiet)
        self._services = services
        self._actor = actor
        self._stopping = StopFlag()
        self._run = ForegroundRun(services, self._stopping, self.display.show)

    def take(self, session: Session, job_id: int) -> Job:
        """Claim a job in the transaction that enqueues it."""
        return self._run.take(session, job_id)

    def finish(self, job: Job) -> Job:
        """Run a job that was claimed, and return it as it ended; one that was handed back has not ended."""

        def cancel() -> None:
            self.display.note("Cancelling. The job stops as soon as it can, and nothing of it is kept.")
            self._services.get(JobService).request_cancel(job, self._actor)

        with interruptible(self._actor, cancel, self._stopping):
            return self._run.finish(job)

    def __exit__(self, *error: Any) -> None:
        """Close the display, and stop the heartbeat."""
        self.display.close()
        self._run.__exit__(*error)
