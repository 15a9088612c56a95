"""``batchbook user``: the first accounts, before anybody can sign in and make more."""

from __future__ import annotations

import sys

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.cli.output import json_option, show
from batchbook.cli.parameters import TEXT
from batchbook.cli.site import Site
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.grid.cells import CellError, parse
from batchbook.grid.columns import columns_of
from batchbook.security.fields import zone_field
from batchbook.security.models import Role, User, normal_name
from batchbook.security.passwords import hash_password, why_weak


@click.group()
def user() -> None:
    """People who may sign in."""


@user.command()
@click.argument("name", type=TEXT)
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=TEXT,
    help="A role to give; may be said more than once.",
)
@click.option("--full-name", default="", type=TEXT, help="What pages call the person.")
@click.option(
    "--timezone", default="", type=TEXT, help="The zone in which they see times, such as Europe/Berlin."
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
@json_option
@click.pass_obj
def add(
    site: Site,
    name: str,
    roles: tuple[str, ...],
    full_name: str,
    timezone: str,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Add a user called NAME, who may sign in at once. Asks for the password unless it comes on standard input."""
    password = _password(password_stdin)
    with site.transaction() as session:
        added = User(
            name=_free_name(session, name),
            full_name=_value(User, "full_name", full_name),
            timezone=_zone(timezone),
            roles=_roles(session, roles),
        )
        added.password_hash = _hash(password, added)
        session.add(added)
    data = {"name": added.name, "roles": [role.name for role in added.roles]}
    show(as_json, data, f"Added the user {added.name}, with the role {' and '.join(data['roles'])}.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return _text(sys.stdin.buffer.readline()).rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadInput("The user was not added. The password must be text in UTF-8.") from error


def _hash(password: str, who: User) -> str:
    if (why := why_weak(password, who.name, who.full_name)) is not None:
        raise BadInput(f"The user was not added. {why}")
    return hash_password(password)


def _free_name(session: Session, text: str) -> str:
    name = normal_name(_value(User, "name", text))
    if session.scalar(select(User.id).where(User.name == name)) is not None:
        raise Conflict(f"There is a user called {name} already, who was left as is; choose another name.")
    return name


def _zone(text: str) -> str | None:
    try:
        zone: str | None = parse(zone_field().column, text)
    except CellError as error:
        raise BadInput(
            f"There is no time zone “{text[:40]}”, so the user was not added. Write it like Europe/Berlin."
        ) from error
    return zone


def _value(model: type[Base], column: str, text: str) -> str:
    """Return what ``text`` means in a column, by the rules that forms apply."""
    try:
        return str(parse(columns_of(model, [column])[0], text))
    except CellError as error:
        raise BadInput(f"The user was not added. {error.message}") from error


def _roles(session: Session, given: tuple[str, ...]) -> list[Role]:
    names = {_value(Role, "name", text) for text in given}
    known = {role.name: role for role in session.scalars(select(Role).order_by(Role.name))}
    if unknown := sorted(names - set(known)):
        raise Missing(
            f"There is no role {' or '.join(unknown)}, so the user was not added; the roles are {', '.join(known)}."
        )
    return [known[name] for name in sorted(names)]
