"""Groups of commands that import the module of a command only when the command is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, NamedTuple

import click


class LazyCommand(NamedTuple):
    """A command that is not imported yet: where it is, such as ``acme.cli:init``, and the beginning of its help."""

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
            formatter.write_dl([(name, self._known(name).get_short_help_str(limit)) for name in names])

    def _known(self, name: str) -> click.Command:
        lazy = self.lazy_commands.get(name)
        return click.Command(name, help=lazy.help) if lazy else self.commands[name]
