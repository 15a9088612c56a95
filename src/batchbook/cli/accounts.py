"""Commands that list users and change how they sign in, and the session in which accounts change."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import aligned, json_option, print_result
from batchbook.cli.parameters import TEXT
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.security.audit_log import record_command
from batchbook.security.authentication import change_password
from batchbook.security.models import User, normal_name
from batchbook.security.passwords import hash_password, why_weak
from batchbook.security.sessions import revoke_sessions
from batchbook.words import counted

_NAME = click.argument("name", type=TEXT)
_NOT_SET = "The password was not set."

password_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


def read_password(from_stdin: bool, consequence: str) -> str:
    """Return a new password: the first line of standard input, or what is typed twice.

    Raises ``BadInput`` with the sentence ``consequence`` if it is no text.
    """
    if not from_stdin:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadInput(f"{consequence} The password must be text in UTF-8.") from error


@contextmanager
def changed_accounts(installation: Installation) -> Iterator[Session]:
    """Yield a session to change users and roles; raise ``Conflict`` if no administrator would be left."""
    from batchbook.accounts.admin_rules import admins, one_at_a_time  # They load the pages of users.

    with installation.transaction() as session:
        one_at_a_time(session)
        had_admins = bool(admins(session))
        yield session
        session.flush()
        if had_admins and not admins(session):
            raise Conflict(
                "This would leave nobody who can sign in and edit users and roles. Nothing was changed."
            )


@contextmanager
def changed_user(installation: Installation, name: str) -> Iterator[tuple[Session, User]]:
    """Yield a session and the user called ``name`` to change; raise ``Conflict`` if no administrator would be left."""
    with changed_accounts(installation) as session:
        wanted = select(User).where(User.name == normal_name(name)).options(selectinload(User.roles))
        found = session.scalar(wanted)
        if found is None:
            raise Missing(f"There is no user called {name[:64]}. Nothing was changed.")
        yield session, found


def user_facts(found: User) -> dict[str, object]:
    """Return the facts about a user that commands print after a change."""
    return {"name": found.name, "roles": sorted(role.name for role in found.roles), "active": found.active}


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
        "number_format": user.number_format,
        "roles": [role.name for role in user.roles],
        "active": user.active,
        "has_password": user.password_hash is not None,
    }


def _remark(user: dict[str, Any]) -> str:
    if not user["active"]:
        return " (deactivated)"
    return "" if user["has_password"] else " (without a password)"


@click.command()
@_NAME
@json_option
@pass_installation
def deactivate(installation: Installation, name: str, as_json: bool) -> None:
    """Deactivate the user NAME, who is signed out at once and can no longer sign in."""
    with changed_user(installation, name) as (session, found):
        found.active = False
        record_command(session, "user switched off", found.name)
        user_id = found.id
    # Sessions end at once, whatever becomes of the transaction, so only after it was not refused.
    with installation.transaction() as session:
        revoke_sessions(session, user_id)
    print_result(as_json, user_facts(found), f"The user {found.name} can no longer sign in.")


@click.command()
@_NAME
@json_option
@pass_installation
def activate(installation: Installation, name: str, as_json: bool) -> None:
    """Activate the user NAME again, who was deactivated."""
    with changed_user(installation, name) as (session, found):
        found.active = True
        record_command(session, "user switched on", found.name)
    print_result(as_json, user_facts(found), f"The user {found.name} can sign in again.")


@click.command("sign-out")
@_NAME
@json_option
@pass_installation
def sign_out(installation: Installation, name: str, as_json: bool) -> None:
    """Sign out the user NAME in all browsers."""
    with changed_user(installation, name) as (session, user):
        ended = revoke_sessions(session, user.id)
        record_command(session, "sessions ended", user.name)
    print_result(as_json, {"name": user.name, "sessions": ended}, _ended(ended))


def _ended(count: int) -> str:
    sessions = counted(count, "open session was", "open sessions were") if count else "No session was"
    return f"{sessions} ended."


@click.command("password")
@_NAME
@password_stdin_option
@json_option
@pass_installation
def set_password(installation: Installation, name: str, password_stdin: bool, as_json: bool) -> None:
    """Set a new password of the user NAME, who must change it at the next sign-in.

    The user is signed out in all browsers. Prompts for the password unless --password-stdin is given.
    """
    password = read_password(password_stdin, _NOT_SET)
    new_hash = hash_password(password)  # It takes its time, so it is made before anything is locked.
    installation.start_log()
    with changed_user(installation, name) as (session, user):
        if (weakness := why_weak(password, user.name, user.full_name, user.email or "")) is not None:
            raise BadInput(f"{_NOT_SET} {weakness}")
        ended = change_password(session, user, new_hash, must_change=True)
        record_command(session, "password set", user.name)
    print_result(
        as_json,
        {"name": user.name, "sessions": ended},
        f"The user {user.name} has a new password, and must change it at the next sign-in. {_ended(ended)}",
    )


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
        user_id = user.id
        session.delete(user)
        record_command(session, "user deleted", user.name)
    with installation.transaction() as session:
        revoke_sessions(session, user_id)
    print_result(as_json, {"name": user.name, "deleted": True}, f"Deleted the user {user.name}.")
