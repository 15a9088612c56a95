"""Commands of administrators: prepare the database, add users, load the catalogue."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook import demo, migrate
from batchbook.catalog.loader import load_file
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, print_result
from batchbook.cli.parameters import TEXT
from batchbook.db import Base
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.grid.cells import CellError, parse
from batchbook.grid.columns import columns_of
from batchbook.jobs.dispatcher import prepare_queue
from batchbook.jobs.settings import JobSettings, Mode
from batchbook.jobs.store import JobStore
from batchbook.master.direct_edits import LONGEST_REASON
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User, normal_name
from batchbook.security.passwords import hash_password, why_weak, zone_field
from batchbook.words import counted


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
@pass_installation
def add(
    site: Installation,
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
    print_result(as_json, data, f"Added the user {added.name}, with the role {' and '.join(data['roles'])}.")


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


@click.command()
@click.option(
    "--without-demo-logins",
    is_flag=True,
    help="Switch off the demo logins that still work, passwords and all.",
)
@json_option
@pass_installation
def init(site: Installation, without_demo_logins: bool, as_json: bool) -> None:
    """Prepare the database: every migration, what jobs need, the roles, and demo data if the settings want it.

    May be run again; what is there stays. Refused where demo logins work and the settings are not for development.
    """
    wanted = demo.is_wanted(site.settings)
    migrate.upgrade(site.engine, site.plugins)
    _prepare_jobs(site)
    with transaction_scope(site.engine) as session:
        install_default_roles(session)
        loaded = wanted and _load_demo(session)
        ended = demo.switch_off(session) if without_demo_logins else []
        logins = demo.logins(session) if wanted else []
    with transaction_scope(site.engine, read_only=True) as session:
        demo.refuse_logins(session, site.settings)
    where = site.engine.url.render_as_string(hide_password=True)
    data = {"database": where, "demo_loaded": loaded, "demo_logins": [asdict(login) for login in logins]}
    print_result(as_json, data | {"demo_logins_ended": ended}, *_sentences(where, loaded, logins, ended))


def _prepare_jobs(site: Installation) -> None:
    """Make what jobs need beside the tables, so that those who run them need no right to make any."""
    if JobSettings.read(site.settings).mode is Mode.INLINE:
        return
    store = JobStore(site.engine.url)
    try:
        store.prepare()
        prepare_queue(store.url)
    finally:
        store.close()


def _load_demo(session: Session) -> bool:
    if not demo.is_empty(session):
        return False
    demo.load(session)
    return True


def _sentences(where: str, loaded: bool, logins: list[demo.Login], ended: list[str]) -> list[str]:
    lines = [f"The database {where} is up to date."]
    if loaded:
        lines.append(f"Demo data was loaded. A price list to try: {demo.PRICE_LIST}")
    if ended:
        lines.append(f"Switched off, and without a password now: {' and '.join(ended)}.")
    if logins:
        lines.append("Demo logins:")
        lines += [f"  {login.name:<8} {login.password}" for login in logins]
    return lines


@click.group()
def catalog() -> None:
    """Products, vendors and departments."""


@catalog.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", help="Why prices or quantities change without a batch; kept in the history.")
@json_option
@pass_installation
def load(site: Installation, file: Path, reason: str | None, as_json: bool) -> None:
    """Load products from a CSV or XLSX FILE: all of it, or nothing.

    Products that the catalogue has are brought up to date; others are created. The columns are item_code,
    description, department, category, brand, size, vendor_code, price and on_hand. A file that changes prices or
    quantities of products that are there needs a --reason; "batch create import" does the same as a batch.
    """
    reason = (reason or "").strip() or None
    if reason is not None and len(reason) > LONGEST_REASON:
        raise BadInput(
            f"The reason has {len(reason)} characters: {LONGEST_REASON} are the most. Nothing was loaded."
        )
    with site.transaction() as session:
        loaded = load_file(session, file, by=getpass.getuser(), reason=reason)
    sentence = (
        f"Loaded {counted(loaded.total, 'product')}: {loaded.created:,} created, {loaded.updated:,} updated,"
        f" {loaded.unchanged:,} unchanged."
    )
    print_result(as_json, asdict(loaded), sentence)
