"""Commands that list users and roles, sign users out and delete them, as their pages do."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from batchbook.cli.administration import changed_user
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import aligned, json_option, print_result
from batchbook.cli.parameters import TEXT
from batchbook.errors import Conflict
from batchbook.security.models import Role, User
from batchbook.security.sessions import revoke_sessions
from batchbook.words import counted

_NAME = click.argument("name", type=TEXT)


@click.command("list")
@json_option
@pass_installation
def list_users(installation: Installation, as_json: bool) -> None:
    """List the users with their roles, and whether they may sign in."""
    with installation.transaction(read_only=True) as session:
        wanted = select(User).options(selectinload(User.roles)).order_by(User.name)
        users = [_facts(user) for user in session.scalars(wanted)]
    lines = [(user["name"], f"{', '.join(user['roles']) or 'no role'}{_remark(user)}") for user in users]
    print_result(as_json, users, *(aligned(lines) if lines else ("There are no users.",)))


def _facts(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "full_name": user.full_name,
        "email": user.email,
        "timezone": user.timezone,
        "roles": [role.name for role in user.roles],
        "active": user.active,
        "has_password": user.password_hash is not None,
    }


def _remark(user: dict[str, Any]) -> str:
    if not user["active"]:
        return " (deactivated)"
    return "" if user["has_password"] else " (without a password)"


@click.command("roles")
@json_option
@pass_installation
def list_roles(installation: Installation, as_json: bool) -> None:
    """List the roles with their permissions and users."""
    with installation.transaction(read_only=True) as session:
        wanted = select(Role).options(selectinload(Role.permissions), selectinload(Role.users))
        roles = [
            {
                "name": role.name,
                "label": role.label,
                "description": role.description,
                "permissions": [entry.permission for entry in role.permissions],
                "users": [user.name for user in role.users],
            }
            for role in session.scalars(wanted.order_by(Role.name))
        ]
    lines = []
    for role in roles:
        lines.append(f"{role['name']} ({role['label']})")
        pairs = [(word, ", ".join(role[word])) for word in ("permissions", "users") if role[word]]
        lines += aligned(pairs, "  ")
    print_result(as_json, roles, *(lines or ("There are no roles.",)))


@click.command("sign-out")
@_NAME
@json_option
@pass_installation
def sign_out(installation: Installation, name: str, as_json: bool) -> None:
    """Sign out the user NAME in all browsers."""
    with changed_user(installation, name) as (session, user):
        ended = revoke_sessions(session, user.id)
    sessions = counted(ended, "open session was", "open sessions were") if ended else "No session was"
    print_result(as_json, {"name": user.name, "sessions": ended}, f"{sessions} ended.")


@click.command("delete")
@_NAME
@json_option
@pass_installation
def delete(installation: Installation, name: str, as_json: bool) -> None:
    """Delete the user NAME, unless records name them as the author of changes."""
    from batchbook.accounts.users import is_referenced  # It loads the pages of users.

    with changed_user(installation, name) as (session, user):
        if is_referenced(session, user.name):
            raise Conflict(
                f"The user {user.name} cannot be deleted, because records name them as the author of changes."
                " Deactivate them instead: they can no longer sign in, and the records keep their meaning."
            )
        revoke_sessions(session, user.id)
        session.delete(user)
    print_result(as_json, {"name": user.name, "deleted": True}, f"Deleted the user {user.name}.")
