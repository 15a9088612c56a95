"""The group of the commands for batches."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import Engine, select

from batchbook.batches import Action
from batchbook.batches.policies.declaration import Policy
from batchbook.batches.policies.field_rules import FieldRule
from batchbook.batches.policies.stored import set_policy
from batchbook.cli.batches import batch as batch_group
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, RolePermission
from batchbook.types.price_change.models import PriceChangeRow


@pytest.fixture
def commands() -> dict[str, click.Command]:
    """The commands by their names."""
    context = click.Context(batch_group)
    names = batch_group.list_commands(context)
    return {name: command for name in names if (command := batch_group.get_command(context, name))}


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


WORD, PRICE = "Cloudberry", "7319.53"
#: What a command is given for an argument or an option that it needs, by its name.
GIVEN = {
    "key": "price_change",
    "sequence": 2,
    "field": "new_price",
    "value": "5",
    "values": "new_price=5",
    "text": "1.00",
    "replacement": "5",
    "status": "not_in_catalogue",
    "code": "000000014",
    "record": "000000011",
    "reason": "test",
    "to": "admin",
}
#: Commands after which the batch is none that is edited, in the order in which they are tried.
LAST = (
    "populate",
    "refresh",
    "refresh-all",
    "complete",
    "schedule",
    "hand-over",
    "execute",
    "execute-all",
    "delete",
)


@pytest.fixture
def hidden(catalogue: Engine, batch: Callable[..., Any], tmp_path: Path) -> str:
    """The number of a batch with texts that only administrators may see, who are the only ones that may edit the item code."""
    (tmp_path / "list.csv").write_text(
        f"item_code,description,size,price\n000000011,RYE BREAD,500 G,2.20\n000000014,{WORD},60 G,1.00\n"
    )
    made = batch(
        "create", "price_change", "--file", tmp_path / "list.csv", "--set", "vendor_code=V1", "--as", "admin"
    )
    number = str(made.stdout.strip())
    batch("set", number, 2, "new_price", PRICE, "--as", "admin")
    batch("comment", number, WORD, "--row", 2, "--field", "new_price", "--as", "admin")
    rules = (
        FieldRule(field="new_price", see=("admin",)),
        FieldRule(field="description", see=("admin",)),
        FieldRule(field="item_code", edit=("admin",)),
    )
    with transaction_scope(catalogue) as session:
        set_policy(session, "price_change", Policy(fields=rules), utc_now(), "admin", 0)
        role = session.scalars(select(Role).where(Role.name == "staff")).one()
        role.permissions.append(RolePermission(permission="batch:*:*"))
    return number


def test_no_command_shows_or_changes_a_column_that_is_hidden(
    hidden: str,
    catalogue: Engine,
    batch: Callable[..., Any],
    commands: dict[str, click.Command],
    tmp_path: Path,
) -> None:
    """A command that is added is tried as well."""
    row = PriceChangeRow.__table__
    wanted = select(row.c.new_price, row.c.description, row.c.item_code).where(row.c.batch_id == int(hidden))

    def values() -> list[Any]:
        with catalogue.connect() as connection:
            return [tuple(one) for one in connection.execute(wanted.order_by(row.c.sequence).limit(2))]

    before, succeeded = values(), set()
    names = [*sorted(commands.keys() - {*LAST, "inspect"}), *LAST]
    for name in names:
        reads = any("--as" in one.opts and not one.required for one in commands[name].params)
        for json_too in (False, True) if reads else (False,):
            output = tmp_path / f"{name}-{json_too}.out"
            done = batch(
                name, *_arguments(commands[name], hidden, output, tmp_path), *(["--json"] if json_too else [])
            )
            shown = f"{done.stdout}{done.stderr}{_content(output)}"
            succeeded |= {name} if done.exit_code == 0 else set()
            assert done.exception is None or isinstance(done.exception, SystemExit), name
            assert (name, WORD in shown, PRICE in shown) == (name, False, False)
            assert values() in (before, []), name
    assert {
        "show",
        "rows",
        "history",
        "worksheet",
        "problems",
        "duplicates",
        "comments",
        "clone",
    } <= succeeded


def _arguments(command: click.Command, number: str, output: Path, folder: Path) -> list[Any]:
    """Return arguments and options for ``command`` that name hidden columns."""
    found: list[Any] = []
    for one in command.params:
        if isinstance(one, click.Argument):
            file = isinstance(one.type, click.Path)
            found.append(folder / "list.csv" if file else GIVEN.get(one.name or "", number))
        elif "--as" in one.opts:
            found += ["--as", "staff"]
        elif "--output" in one.opts and command.name != "execute":
            found += ["--output", output]
        elif one.required:
            found += [one.opts[0], GIVEN.get(one.name or "", "1")]
    return found


def _content(file: Path) -> str:
    if not file.exists():
        return ""
    if not zipfile.is_zipfile(file):
        return file.read_text(errors="replace")
    with zipfile.ZipFile(file) as found:
        return "".join(found.read(name).decode(errors="replace") for name in found.namelist())


def test_columns_that_are_read_only_are_named(hidden: str, batch: Callable[..., Any]) -> None:
    refused = batch("set", hidden, 1, "item_code", "5", "--as", "staff")
    assert refused.exit_code == 1
    assert "Item code is read-only for you: your role does not allow editing it." in refused.stderr
    unknown = [
        batch("set", hidden, 1, name, "5", "--as", "staff").stderr for name in ("new_price", "no_such")
    ]
    assert unknown[0].replace("new_price", "no_such") == unknown[1]
    # Without a user, the administrator of the machine reads.
    assert WORD in batch("rows", hidden).stdout
    assert WORD in batch("rows", hidden, "--as", "admin").stdout


def test_commands_for_files_know_only_the_columns_of_the_user(
    hidden: str, batchbook: Callable[..., Any], tmp_path: Path
) -> None:
    files = [tmp_path / f"{name}.csv" for name in ("staff", "admin")]
    for file in files:
        assert batchbook("export", hidden, "--output", file, "--as", file.stem).exit_code == 0
    assert [(WORD in text, PRICE in text) for text in map(_content, files)] == [(False, False), (True, True)]
    unknown = [
        batchbook(
            "export", hidden, "--output", tmp_path / "none.csv", "--filter", f"f.{name}.gt=1", "--as", "staff"
        )
        for name in ("new_price", "no_such")
    ]
    assert {one.exit_code for one in unknown} == {1}
    assert unknown[0].stderr.replace("new_price", "no_such") == unknown[1].stderr
    refused = batchbook("pack", hidden, "--to", tmp_path / "pack.zip", "--as", "staff")
    assert (refused.exit_code, "columns that your role does not allow you to see" in refused.stderr) == (
        1,
        True,
    )
