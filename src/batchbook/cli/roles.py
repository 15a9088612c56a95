"""``batchbook role``: commands that list, add, edit and delete roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from batchbook.cli.accounts import changed_accounts
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import aligned, json_option, print_result
from batchbook.cli.parameters import TEXT
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.grid import CellError, columns_of, parse
from batchbook.security.audit_log import ROLE, record_command
from batchbook.security.models import Role, RolePermission
from batchbook.words import counted, quoted_list

_NAME = click.argument("name", type=TEXT)


@click.group()
def role() -> None:
    """Named sets of permissions, which users have."""


@role.command("list")
@json_option
@pass_installation
def list_roles(installation: Installation, as_json: bool) -> None:
    """List the roles with their permissions and users."""
    with installation.transaction(read_only=True) as session:
        wanted = select(Role).options(selectinload(Role.permissions), selectinload(Role.users))
        roles = [_facts(found) for found in session.scalars(wanted.order_by(Role.name))]
    lines: list[str] = []
    for facts in roles:
        lines.append(f"{facts['name']} ({facts['label']})")
        pairs = [(word, ", ".join(facts[word])) for word in ("permissions", "users") if facts[word]]
        lines += aligned(pairs, "  ")
    print_result(as_json, roles, *(lines or ("There are no roles.",)))


@role.command()
@json_option
@pass_installation
def permissions(installation: Installation, as_json: bool) -> None:
    """List the permissions that a role can have."""
    known = _known(installation)
    data = [{"permission": name, "meaning": meaning} for name, meaning in known.items()]
    print_result(as_json, data, *aligned([*known.items()]))


@role.command()
@_NAME
@click.option("--label", required=True, type=TEXT, help="The name that pages show.")
@click.option("--description", default="", type=TEXT, help="The purpose of the role.")
@click.option(
    "--allow", "allowed", multiple=True, type=TEXT, help="A permission of the role; may be repeated."
)
@json_option
@pass_installation
def add(
    installation: Installation,
    name: str,
    label: str,
    description: str,
    allowed: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add a role called NAME."""
    _refuse_unknown(installation, allowed)
    with changed_accounts(installation) as session:
        new = Role(name=_value("name", name), label=_value("label", label))
        new.description = _value("description", description)
        if session.scalar(select(Role.id).where(Role.name == new.name)) is not None:
            raise Conflict(
                f"There is a role called {new.name} already. Choose another name; nothing was changed."
            )
        session.add(new)
        _give(new, allowed)
        session.flush()
        facts = _facts(new)
        _record(session, "role created", facts)
    print_result(as_json, facts, f"Added the role {name} with {counted(len(set(allowed)), 'permission')}.")


@role.command()
@_NAME
@click.option("--label", type=TEXT, help="The name that pages show.")
@click.option("--description", type=TEXT, help="The purpose of the role.")
@click.option("--allow", "allowed", multiple=True, type=TEXT, help="A permission to add; may be repeated.")
@click.option(
    "--deny", "denied", multiple=True, type=TEXT, help="A permission to take away; may be repeated."
)
@json_option
@pass_installation
def edit(
    installation: Installation,
    name: str,
    label: str | None,
    description: str | None,
    allowed: tuple[str, ...],
    denied: tuple[str, ...],
    as_json: bool,
) -> None:
    """Change the words or the permissions of the role NAME."""
    if label is None and description is None and not allowed and not denied:
        raise click.UsageError("Give at least one of --label, --description, --allow and --deny.")
    _refuse_unknown(installation, allowed)
    with changed_accounts(installation) as session:
        found = _find(session, name)
        if label is not None:
            found.label = _value("label", label)
        if description is not None:
            found.description = _value("description", description)
        held = {entry.permission for entry in found.permissions}
        if lacking := sorted(set(denied) - held):
            raise BadInput(
                f"The role {name} does not have the permission {quoted_list(lacking)}. Nothing was changed."
            )
        found.permissions = [entry for entry in found.permissions if entry.permission not in denied]
        _give(found, set(allowed) - held)
        found.version += 1  # Forms on older pages are compared with it.
        session.flush()
        facts = _facts(found)
        _record(session, "role changed", facts)
    print_result(as_json, facts, f"Changed the role {name}.")


@role.command()
@_NAME
@json_option
@pass_installation
def delete(installation: Installation, name: str, as_json: bool) -> None:
    """Delete the role NAME, unless users have it."""
    with changed_accounts(installation) as session:
        found = _find(session, name)
        if count := len(found.users):
            who = counted(count, "user has it", "users have it")
            raise Conflict(f"The role {name} cannot be deleted, because {who}. Give them another role first.")
        session.delete(found)
        record_command(session, "role deleted", name, kind=ROLE)
    print_result(as_json, {"name": name, "deleted": True}, f"Deleted the role {name}.")


def _record(session: Session, event: str, facts: Mapping[str, Any]) -> None:
    detail = "permissions: " + ", ".join(facts["permissions"])
    record_command(session, event, facts["name"], detail, ROLE)


def _find(session: Session, name: str) -> Role:
    found = session.scalar(select(Role).where(Role.name == name))
    if found is None:
        known = ", ".join(session.scalars(select(Role.name).order_by(Role.name)))
        raise Missing(f"There is no role {name[:64]}. The roles are {known}. Nothing was changed.")
    return found


def _facts(found: Role) -> dict[str, Any]:
    return {
        "name": found.name,
        "label": found.label,
        "description": found.description,
        "permissions": sorted(entry.permission for entry in found.permissions),
        "users": [user.name for user in found.users],
    }


def _give(found: Role, names: Iterable[str]) -> None:
    found.permissions.extend(RolePermission(permission=name) for name in sorted(set(names)))


def _known(installation: Installation) -> dict[str, str]:
    """Return the meaning of each permission that a role can have: those of pages and batch types."""
    from batchbook.accounts.known_permissions import known_permissions  # It loads pages.

    return {known.permission: known.full_label for known in known_permissions(installation.registry)}


def _refuse_unknown(installation: Installation, names: Iterable[str]) -> None:
    if unknown := sorted(set(names) - set(_known(installation))) if names else []:
        raise BadInput(
            f"There is no permission {quoted_list(unknown)}, so nothing was changed; “batchbook role permissions” lists all."
        )


def _value(column: str, text: str) -> str:
    """Return the value that ``text`` has in a column of roles, by the rules of forms; raise ``BadInput`` if it has none."""
    try:
        return str(parse(columns_of(Role, [column])[0], text))
    except CellError as error:
        raise BadInput(f"{error.message} Nothing was changed.") from error
