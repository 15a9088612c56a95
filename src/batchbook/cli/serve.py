"""``batchbook serve``: the web server that the settings file describes."""

from __future__ import annotations

import click
import plaster

from batchbook.cli.site import Site
from batchbook.errors import Conflict


@click.command()
@click.pass_obj
def serve(site: Site) -> None:
    """Serve the pages until interrupted."""
    site.require_current()
    loader = plaster.get_loader(site.ini, protocols=["wsgi"])
    loader.setup_logging()
    application = loader.get_wsgi_app()
    server = loader.get_wsgi_server()
    try:
        server(application)
    except OSError as error:
        raise Conflict(
            f"The server could not listen where the settings say: {error.strerror or error}."
        ) from error
