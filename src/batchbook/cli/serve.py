"""``batchbook serve``: the web server that the settings file describes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import click
import plaster
import waitress

from batchbook.cli.parameters import TEXT
from batchbook.cli.signals import Signals, stop_by_exception, stop_well
from batchbook.cli.site import Site
from batchbook.errors import BadInput, Conflict
from batchbook.jobs.embedded import release_worker
from batchbook.jobs.leaving import exit_process
from batchbook.jobs.office import Jobs
from batchbook.services import services_of

_WAITRESS = "egg:waitress#main"


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    type=TEXT,
    help="Where to listen, instead of where the settings say; for several servers with one settings file.",
)
@click.pass_obj
def serve(site: Site, listen: str | None) -> None:
    """Serve the pages, and run jobs where the settings say so, until told to stop (SIGTERM or Ctrl-C)."""
    site.require_current()
    loader = plaster.get_loader(site.ini, protocols=["wsgi"])
    server = loader.get_wsgi_server() if listen is None else _listening(loader, listen)
    loader.setup_logging()
    application = loader.get_wsgi_app()
    services = services_of(application.registry)
    if (worker := services.get(Jobs).worker) is not None:
        worker.leave = start_again
    # Before a page is seen; where no jobs run here, nothing else in this process does it.
    for task in services.get(Jobs).upkeep:
        task(services)
    stop_by_exception()
    try:
        server(application)
    except OSError as error:
        raise Conflict(
            f"The server could not listen where the settings say: {error.strerror or error}."
        ) from error
    if (worker := release_worker(services)) is not None:
        worker.leave = (
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
