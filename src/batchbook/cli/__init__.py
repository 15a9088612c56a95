"""The command line: ``batchbook [-c INI] COMMAND``. Every command is listed here, and imported when it is invoked."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import click

from batchbook.cli.lazy_group import LazyCommand, LazyGroup

__all__ = ["main"]

#: A test compares the sentences with those of the commands.
_COMMANDS = {
    "init": LazyCommand(
        "batchbook.cli.administration:init",
        "Prepare the database: every migration, what jobs need, the roles, and demo data if the settings want it.",
    ),
    "user": LazyCommand("batchbook.cli.administration:user", "People who may sign in."),
    "catalog": LazyCommand("batchbook.cli.administration:catalog", "Products, vendors and departments."),
    "batch": LazyCommand(
        "batchbook.cli.batches:batch", "Batches of every type: create, look, edit, execute."
    ),
    "serve": LazyCommand(
        "batchbook.cli.processes:serve",
        "Serve the pages, and run jobs where the settings say so, until told to stop (SIGTERM or Ctrl-C).",
    ),
    "worker": LazyCommand(
        "batchbook.cli.processes:worker",
        "Run jobs until told to stop (SIGTERM or Ctrl-C): what runs may end in time, or is handed back; told twice, at once.",
    ),
    "jobs": LazyCommand(
        "batchbook.cli.jobs:jobs", "Background jobs: what waits, what runs, and how it ended."
    ),
}


class RefusingGroup(LazyGroup):
    """A group whose commands may raise any error that is no defect: it becomes one sentence on stderr."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command that the process was started for."""
        # Imports are most of a short command, and what they make stays: looking through it for garbage every 700
        # objects, which is the default, takes a tenth of the time.
        gc.set_threshold(50_000)
        return super().__call__(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # Imported only now, because it imports the database's errors, which help does without.
            from batchbook.cli.refusals import refusal_for

            refusal = refusal_for(error)
            if refusal is None:
                raise
            raise refusal from error


@click.group(cls=RefusingGroup, commands_by_name=_COMMANDS)
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
def main(ini: Path) -> None:
    """Stage, review and execute bulk changes of data, exactly once, with a frozen record."""
