"""The group of the commands for batches."""

from __future__ import annotations

import click
import pytest

from batchbook.batches import Action
from batchbook.cli.batches import batch


@pytest.fixture
def commands() -> dict[str, click.Command]:
    """The commands by their names."""
    context = click.Context(batch)
    names = batch.list_commands(context)
    return {name: command for name in names if (command := batch.get_command(context, name))}


def test_every_action_on_a_batch_has_a_command(commands: dict[str, click.Command]) -> None:
    by_other_names = {
        "view": "show",
        "edit": "set",
        "prepare": "inspect",
        "dry-run": "execute",
        "reverse-batch": "reverse",
    }
    assert {by_other_names.get(action.value, action.value) for action in Action} <= commands.keys()


def test_commands_name_who_acts_or_who_reads(commands: dict[str, click.Command]) -> None:
    """Whatever changes something demands ``--as``; whatever reads batches takes it; ``inspect`` needs no database."""
    required = {
        name: next((p.required for p in command.params if "--as" in p.opts), None)
        for name, command in commands.items()
    }
    assert {name for name, demanded in required.items() if demanded is None} == {"inspect"}
    reading = {
        "types",
        "list",
        "show",
        "rows",
        "history",
        "download",
        "worksheet",
        "problems",
        "duplicates",
        "matches",
        "comments",
    }
    assert {name for name, demanded in required.items() if demanded is False} == reading


def test_all_commands_can_print_json_and_have_help_in_sentences(commands: dict[str, click.Command]) -> None:
    for name, command in commands.items():
        options = {option: p for p in command.params for option in p.opts if isinstance(p, click.Option)}
        assert "--json" in options, name
        for option, parameter in options.items():
            text = getattr(parameter, "help", None)
            assert parameter.hidden or (text and text[0].isupper() and text.endswith(".")), (name, option)
        assert (command.help or "").rstrip().endswith((".", '"')), name
