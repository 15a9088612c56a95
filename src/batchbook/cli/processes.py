"""Commands that run until they are stopped: the web server and the worker."""

from __future__ import annotations

import gc
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click
import plaster
import waitress

from batchbook.batches.registry import BatchTypes
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.parameters import TEXT
from batchbook.cli.slow_requests import limit_slow_requests
from batchbook.errors import BadInput, Conflict
from batchbook.health import Readiness
from batchbook.jobs.service import JobService
from batchbook.jobs.settings import COMMON_QUEUE, QUEUE
from batchbook.jobs.worker import Worker, exit_process, release_worker
from batchbook.services import Services, services_of

log = logging.getLogger(__name__)

#: The signals by which people and service managers stop a process.
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


def stop_gracefully(worker: Worker, signals: Signals) -> None:
    """Stop ``worker`` gracefully, or at once after another signal. Ends the process if a job does not stop in time."""

    def hurry() -> None:
        log.info("%s received as well: running jobs are handed back at once.", signals.wait())
        worker.hurry()

    threading.Thread(target=hurry, name="batchbook-signals", daemon=True).start()
    if worker.stop():
        return
    log.error(
        "%s did not stop in time, so this process ends without waiting, and other processes take over.",
        ", ".join(f"Job {job_id}" for job_id in sorted(worker.running)),
    )
    logging.shutdown()
    os._exit(1)  # Threads that still work would keep the process alive, and what they do no longer counts.


def stop_by_exception() -> None:
    """Make SIGTERM end a server as Ctrl-C does: by an exception in its main loop."""

    def leave(_number: int, _frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)


_WAITRESS = "egg:waitress#main"


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    type=TEXT,
    help="The address to listen on instead of that in the settings, for several servers with one settings file.",
)
@pass_installation
def serve(installation: Installation, listen: str | None) -> None:
    """Serve the pages, and run jobs if the settings say so, until stopped by SIGTERM or Ctrl-C."""
    installation.require_current()
    loader = plaster.get_loader(installation.ini, protocols=["wsgi"])
    server = loader.get_wsgi_server() if listen is None else _listening(loader, listen)
    loader.setup_logging()
    application = loader.get_wsgi_app()
    services = services_of(application.registry)
    if (worker := services.get(JobService).worker) is not None:
        worker.exit = start_again
    # Before the first page is served; without jobs in this process nothing else in it does so.
    for task in services.get(JobService).upkeep:
        task(services)
    stop_by_exception()
    limit_slow_requests()
    freeze_heap()
    try:
        server(application)
    except OSError as error:
        raise Conflict(f"The server could not listen on its address: {error.strerror or error}.") from error
    if (worker := release_worker(services)) is not None:
        worker.exit = (
            exit_process  # A server that was stopped does not start again for a job that does not react.
        )
        stop_gracefully(worker, Signals())


def freeze_heap() -> None:
    """Leave all objects that exist by now out of garbage collections: going through them holds up a page for 0.1 s and more."""
    gc.collect()
    gc.freeze()


def start_again() -> None:
    """Replace this process by a new run of the same command."""
    logging.shutdown()
    try:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - It is this very command.
    finally:
        exit_process()


def _listening(loader: Any, where: str) -> Callable[[Any], Any]:
    """Return the server of the settings file, listening on ``where``."""
    settings = dict(loader.get_settings("server:main"))
    if settings.pop("use", None) != _WAITRESS:
        raise Conflict(
            f"--listen works with the server {_WAITRESS} only, and the settings use another one. Nothing was started."
        )
    for name in ("host", "port", "listen"):
        settings.pop(name, None)
    try:
        waitress.adjustments.Adjustments(listen=where)
    except ValueError as error:
        raise BadInput(f"“{where}” is not an address to listen on; write it like localhost:6543.") from error
    return partial(waitress.serve, listen=where, **settings)


@click.command()
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    help="The number of jobs to run at a time; by default that of the setting batchbook.jobs.threads.",
)
@click.option(
    "--type",
    "keys",
    metavar="TYPE",
    multiple=True,
    type=TEXT,
    help="Run only jobs of batches of this type, which needs a queue of its own; may be repeated.",
)
@pass_installation
def worker(installation: Installation, threads: int | None, keys: tuple[str, ...]) -> None:
    """Run jobs until stopped by SIGTERM or Ctrl-C. Running jobs get time to finish; a second signal hands them back at once."""
    installation.require_current()
    installation.application.get(Readiness).refuse_faults()
    installation.application.get(JobService).refuse_inline("so there is nothing for a worker to do")
    queues = queues_of(installation.application, keys) if keys else None
    installation.start_log()
    signals = Signals()
    worker = Worker(installation.application, threads, queues)
    worker.start()
    log.info("%s takes jobs from: %s.", worker.executor, ", ".join(worker.queues))
    log.info("%s received; no more jobs are started.", signals.wait())
    stop_gracefully(worker, signals)


def queues_of(services: Services, keys: Sequence[str]) -> tuple[str, ...]:
    """Return the queues that carry the jobs of the batch types ``keys``, and of no other types.

    Raises ``Missing`` for an unknown type and ``Conflict`` for one that shares its queue.
    """
    types, settings = services.get(BatchTypes), services.get(JobService).settings
    chosen = {types[key].key for key in keys}
    for key in sorted(chosen):
        queue = settings.queue_of(key)
        others = {one.key for one in types if settings.queue_of(one.key) == queue} - chosen
        if queue == COMMON_QUEUE or others:
            name = QUEUE.name.replace("<type>", key)
            raise Conflict(
                f"The jobs of {key} share a queue with others, so no worker was started. Give the type a queue of its own by"
                f" the setting {name}, such as “{name} = {key}”."
            )
    return tuple(sorted({settings.queue_of(key) for key in chosen}))
