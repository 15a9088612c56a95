"""What the system asks a process that runs on: to stop, and, asked again, to stop at once."""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading

from batchbook.jobs.worker import Worker

log = logging.getLogger(__name__)

#: The signals by which service managers and people stop a process.
STOPPING = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """The signals to stop that arrive from now on, in their order."""

    def __init__(self) -> None:
        # An event must not be set by what interrupts the thread that waits for it; a simple queue may be.
        self._arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in STOPPING:
            signal.signal(number, lambda arrived, _frame: self._arrived.put(arrived))

    def wait(self) -> str:
        """Wait for the next one and return its name."""
        return signal.Signals(self._arrived.get()).name


def stop_well(worker: Worker, signals: Signals) -> None:
    """Stop ``worker`` in good order; at once when a further signal comes. Ends the process if a job does not let go."""
    threading.Thread(target=_hurry, args=(worker, signals), name="batchbook-signals", daemon=True).start()
    if worker.stop():
        return
    log.error(
        "%s did not stop in time, so this process ends without waiting; others take over.",
        ", ".join(f"Job {job_id}" for job_id in sorted(worker.running)),
    )
    logging.shutdown()
    os._exit(1)  # Threads that still work would keep the process alive, and what they do no longer counts.


def _hurry(worker: Worker, signals: Signals) -> None:
    log.info("%s came as well: what runs is handed back at once.", signals.wait())
    worker.hurry()


def stop_by_exception() -> None:
    """Have SIGTERM end a server as Ctrl-C does: by an exception in its main loop."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(0)
