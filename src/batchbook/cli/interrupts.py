"""What Ctrl-C and SIGTERM mean to a command that runs a job: cancel it honestly, or hand it back."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from batchbook.jobs.progress import Cancelled


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
