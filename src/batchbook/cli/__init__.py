"""The command line: ``batchbook [-c INI] COMMAND``. Every command is listed here, and imported when it is invoked."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NamedTuple

import click

__all__ = ["LazyCommand", "LazyGroup", "main"]


class LazyCommand(NamedTuple):
    """A command that is not imported yet: its place, such as ``acme.cli:init``, and the beginning of its help."""

    target: str
    help: str


class LazyGroup(click.Group):
    """A group that lists its commands without importing them, because imports are most of the time that help takes.

    Args:
        commands_by_name: the commands, each imported when it is invoked, or when its own help is asked for.

    """

    def __init__(self, *args: Any, commands_by_name: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy_commands = dict(commands_by_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self.lazy_commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported; ``None`` if there is none."""
        if cmd_name in self.lazy_commands:
            self.add_command(resolve_name(self.lazy_commands.pop(cmd_name).target), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands as click does, with the help that is known of those not imported."""
        names = self.list_commands(ctx)
        limit = formatter.width - 6 - max(map(len, names), default=0)
        with formatter.section("Commands"):
            known = {name: click.Command(name, help=lazy.help) for name, lazy in self.lazy_commands.items()}
            commands = {**self.commands, **known}
            formatter.write_dl([(name, commands[name].get_short_help_str(limit)) for name in names])


#: The objects that a process makes until it looks for garbage. What imports make stays: looking through it every 700
#: objects, which is the default, takes a tenth of a short command, and a sixth of an edit of many rows.
OBJECTS_BETWEEN_COLLECTIONS = 50_000


class RefusingGroup(LazyGroup):
    """A group that turns every error of a command that is no defect into one sentence on stderr."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command that the process was started for."""
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
        return super().__call__(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # Imported only now, because it imports the errors of the database, which help does without.
            from batchbook.cli.output import refusal_for

            refusal = refusal_for(error)
            if refusal is None:
                raise
            raise refusal from error


#: A test compares the sentences with those of the commands.
_COMMANDS = {
    "init": LazyCommand(
        "batchbook.cli.administration:init",
        "Prepare the database: migrations, the queue of jobs, the roles, and demo data if the settings ask for it.",
    ),
    "user": LazyCommand("batchbook.cli.administration:user", "The people who may sign in."),
    "role": LazyCommand("batchbook.cli.roles:role", "Named sets of permissions, which users have."),
    "catalog": LazyCommand("batchbook.cli.administration:catalog", "Products, vendors and departments."),
    "batch": LazyCommand(
        "batchbook.cli.batches:batch", "Batches of every type: create, browse, edit, execute."
    ),
    "verify": LazyCommand(
        "batchbook.cli.seals:verify",
        "Verify that the batches ID, or all, are as they were sealed when they were executed.",
    ),
    "seal": LazyCommand("batchbook.cli.seals:seal", "The chain of seals of executed batches."),
    "pack": LazyCommand(
        "batchbook.cli.packs:pack",
        "Write the auditor's pack of the executed batches ID: a ZIP that proves them without Batchbook.",
    ),
    "export": LazyCommand(
        "batchbook.cli.exports:export",
        "Export LIST, such as products, vendors or batches, or the rows of the batch with that number, to a file.",
    ),
    "purge": LazyCommand(
        "batchbook.cli.retention:purge",
        "Delete executed batches that are past their retention and not under a legal hold, each leaving a tombstone.",
    ),
    "hold": LazyCommand(
        "batchbook.cli.retention:hold",
        "Place a legal hold on the batch ID, so that it is not purged, or release it.",
    ),
    "serve": LazyCommand(
        "batchbook.cli.processes:serve",
        "Serve the pages, and run jobs if the settings say so, until stopped by SIGTERM or Ctrl-C.",
    ),
    "worker": LazyCommand(
        "batchbook.cli.processes:worker",
        "Run jobs until stopped by SIGTERM or Ctrl-C. Running jobs get time to finish; a second signal hands them back at once.",
    ),
    "type": LazyCommand(
        "batchbook.cli.types:type_group",
        "Batch types of your own: write a package with a new one, and its migrations.",
    ),
    "jobs": LazyCommand("batchbook.cli.jobs:jobs", "Background jobs: list, show, cancel and retry them."),
}


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
