"""The groups of commands: their help, and imports only of what a command needs."""

from __future__ import annotations

import subprocess
import sys
from pkgutil import resolve_name

import click
import pytest
from click.testing import CliRunner

from batchbook.cli import LazyCommand, LazyGroup, main
from batchbook.cli.administration import user
from batchbook.cli.batches import batch

#: What takes long to import; help must do without it.
HEAVY = ("alembic", "dbos", "pyramid", "sqlalchemy", "xlsxwriter")


@pytest.mark.parametrize("group", [main, batch, user], ids=["batchbook", "batch", "user"])
def test_help_lists_commands_as_they_describe_themselves(group: click.Group) -> None:
    assert isinstance(group, LazyGroup)
    lazy = dict(group.lazy_commands)
    listed = CliRunner().invoke(group, ["--help"]).output
    context = click.Context(group)
    for name, entry in lazy.items():
        command = resolve_name(entry.target)
        assert command.name == name
        for limit in (45, 200):
            known = click.Command(name, help=entry.help)
            assert known.get_short_help_str(limit) == command.get_short_help_str(limit), name
        assert group.get_command(context, name) is command
    assert group.list_commands(context) == sorted(lazy.keys() | group.commands.keys())
    assert CliRunner().invoke(group, ["--help"]).output == listed


#: What takes long to import and is needed for files, changes, jobs or pages: showing a batch does without it.
UNUSED = (
    "alembic",
    "batchbook.batches.editing.editors",
    "batchbook.tables.source",
    "dbos",
    "jinja2",
    "python_calamine",
    "xlsxwriter",
)


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], HEAVY),
        (["--version"], HEAVY),
        (["batch", "--help"], HEAVY),
        (["batch", "show", "--help"], UNUSED),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_nothing_that_it_does_not_need(
    arguments: list[str], unwanted: tuple[str, ...]
) -> None:
    code = (
        "import sys; from batchbook.cli import main; main(sys.argv[1:], standalone_mode=False);"
        f" print('imported', [name for name in {unwanted} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "imported []"


def test_a_command_is_imported_when_it_is_invoked(monkeypatch: pytest.MonkeyPatch) -> None:
    group = LazyGroup(
        "tools",
        commands_by_name={
            "there": LazyCommand(f"{__name__}:there", "Be there."),
            "lost": LazyCommand("no.such.module:lost", "Be lost."),
        },
    )
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    assert CliRunner().invoke(group, ["there"]).output == "Here.\n"
    assert "Be lost." in CliRunner().invoke(group, ["--help"]).output
    assert CliRunner().invoke(group, ["nowhere"]).exit_code == 2


@click.command()
def there() -> None:
    """Be there."""
    click.echo("Here.")
