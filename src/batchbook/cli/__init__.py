"""The command line: ``batchbook [-c INI] COMMAND``. Every group of commands is added here, by name."""

from __future__ import annotations

from pathlib import Path

import click

from batchbook.cli.administration import catalog, init, user
from batchbook.cli.batches import batch
from batchbook.cli.installation import Installation
from batchbook.cli.jobs import jobs
from batchbook.cli.processes import serve, worker
from batchbook.cli.refusals import RefusingGroup

__all__ = ["main"]


@click.group(cls=RefusingGroup)
@click.option(
    "-c",
    "--config",
    "ini",
    envvar="BATCHBOOK_INI",
    default="development.ini",
    show_default=True,
    show_envvar=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The settings file.",
)
@click.version_option(package_name="batchbook")
@click.pass_context
def main(context: click.Context, ini: Path) -> None:
    """Stage, review and execute bulk changes of data, exactly once, with a frozen record."""
    context.obj = context.with_resource(Installation(ini))


main.add_command(init)
main.add_command(user)
main.add_command(catalog)
main.add_command(batch)
main.add_command(serve)
main.add_command(worker)
main.add_command(jobs)
