"""Commands that run until they are stopped: the web server and the worker."""

from __future__ import annotations

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
from batchbook.errors import BadInput, Conflict
from batchbook.health.readiness import Readiness
from batchbook.jobs.service import JobService
from batchbook.jobs.settings import COMMON_QUEUE, QUEUE
from batchbook.jobs.worker import Worker, exit_process, release_worker
from batchbook.services import Services, services_of

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


_WAITRESS = "egg:waitress#main"


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    type=TEXT,
    help="Where to listen, instead of where the settings say; for several servers with one settings file.",
)
@pass_installation
def serve(site: Installation, listen: str | None) -> None:
    """Serve the pages, and run jobs where the settings say so, until told to stop (SIGTERM or Ctrl-C)."""
    site.require_current()
    loader = plaster.get_loader(site.ini, protocols=["wsgi"])
    server = loader.get_wsgi_server() if listen is None else _listening(loader, listen)
    loader.setup_logging()
    application = loader.get_wsgi_app()
    services = services_of(application.registry)
    if (worker := services.get(JobService).worker) is not None:
        worker.exit = start_again
    # Before a page is seen; where no jobs run here, nothing else in this process does it.
    for task in services.get(JobService).upkeep:
        task(services)
    stop_by_exception()
    try:
        server(application)
    except OSError as error:
        raise Conflict(
            f"The server could not listen where the settings say: {error.strerror or error}."
        ) from error
    if (worker := release_worker(services)) is not None:
        worker.exit = (
            exit_process  # It was told to stop, so it does not start again for a job that does not react.
        )
        stop_well(worker, Signals())


def start_again() -> None:
    """Start this command again in the place of its process, which ends with all that runs in it."""
    logging.shutdown()
    try:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - It is this very command.
    finally:
        exit_process()


def _listening(loader: Any, where: str) -> Callable[[Any], Any]:
    """Return the server of the settings file, listening elsewhere."""
    settings = dict(loader.get_settings("server:main"))
    if settings.pop("use", None) != _WAITRESS:
        raise Conflict(
            f"--listen is for the server {_WAITRESS}, and the settings name another one. Nothing was started."
        )
    for name in ("host", "port", "listen"):
        settings.pop(name, None)
    try:
        waitress.adjustments.Adjustments(listen=where)
    except ValueError as error:
        raise BadInput(f"“{where}” is nowhere to listen; write it like localhost:6543.") from error
    return partial(waitress.serve, listen=where, **settings)


@click.command()
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    help="How many jobs to run at a time; by default as the setting batchbook.jobs.threads says.",
)
@click.option(
    "--type",
    "keys",
    metavar="TYPE",
    multiple=True,
    type=TEXT,
    help="Run only the jobs of batches of this type, which needs a queue of its own; may be repeated.",
)
@pass_installation
def worker(site: Installation, threads: int | None, keys: tuple[str, ...]) -> None:
    """Run jobs until told to stop (SIGTERM or Ctrl-C): what runs may end in time, or is handed back; told twice, at once."""
    site.require_current()
    site.application.get(Readiness).refuse_faults()
    site.application.get(JobService).refuse_inline("so there is nothing for a worker to do")
    own = queues_of(site.application, keys) if keys else None
    plaster.get_loader(site.ini, protocols=["wsgi"]).setup_logging()
    signals = Signals()
    running = Worker(site.application, threads, own)
    running.start()
    log.info("%s takes jobs from: %s.", running.executor, ", ".join(running.queues))
    log.info("%s came; no more jobs are taken.", signals.wait())
    stop_well(running, signals)


def queues_of(services: Services, keys: Sequence[str]) -> tuple[str, ...]:
    """Return the queues that carry the jobs of the batch types ``keys``, and of no other.

    Raises ``Missing`` for a type that there is not and ``Conflict`` for one that shares its queue.
    """
    types, settings = services.get(BatchTypes), services.get(JobService).settings
    wanted = {types[key].key for key in keys}
    for key in sorted(wanted):
        queue = settings.queue_of(key)
        others = {one.key for one in types if settings.queue_of(one.key) == queue} - wanted
        if queue == COMMON_QUEUE or others:
            name = QUEUE.name.replace("<type>", key)
            raise Conflict(
                f"The jobs of {key} are on a queue that is not theirs alone, so no worker was started: give the type a"
                f" queue of its own by the setting {name}, such as “{name} = {key}”."
            )
    return tuple(sorted({settings.queue_of(key) for key in wanted}))
