"""``batchbook serve``: the web server that the settings file describes."""

from __future__ import annotations

import click
import plaster

from batchbook.cli.signals import Signals, stop_by_exception, stop_well
from batchbook.cli.site import Site
from batchbook.errors import Conflict
from batchbook.jobs.embedded import release_worker


@click.command()
@click.pass_obj
def serve(site: Site) -> None:
    """Serve the pages, and run jobs where the settings say so, until told to stop (SIGTERM or Ctrl-C)."""
    site.require_current()
    loader = plaster.get_loader(site.ini, protocols=["wsgi"])
    loader.setup_logging()
    application = loader.get_wsgi_app()
    server = loader.get_wsgi_server()
    stop_by_exception()
    try:
        server(application)
    except OSError as error:
        raise Conflict(
            f"The server could not listen where the settings say: {error.strerror or error}."
        ) from error
    if (worker := release_worker(application.registry)) is not None:
        stop_well(worker, Signals())
