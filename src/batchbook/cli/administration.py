"""Commands for administrators: prepare the database, add users, load the catalogue."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook import demo, migrate
from batchbook.application import INCLUDE
from batchbook.batches.matching.record_index import index_records
from batchbook.batches.registry import BatchTypes
from batchbook.batches.trigger_check import missing_tables
from batchbook.catalog.loader import load_file
from batchbook.cli import LazyCommand, LazyGroup
from batchbook.cli.accounts import changed_user, password_stdin_option, read_password, user_facts
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, print_result
from batchbook.cli.parameters import TEXT
from batchbook.db import Base
from batchbook.db.transactions import READ_ONLY, transaction_scope
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.grid.cells import CellError, parse
from batchbook.grid.columns import columns_of
from batchbook.grid.number_formats import NumberFormat
from batchbook.jobs.dispatcher import prepare_queue
from batchbook.jobs.settings import JobSettings, Mode
from batchbook.jobs.store import JobStore
from batchbook.master.direct_edits import LONGEST_REASON
from batchbook.security.audit_log import record_command
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User, normal_name
from batchbook.security.passwords import hash_password, why_weak, zone_field
from batchbook.words import counted, noun

_NOT_ADDED, _NOT_CHANGED = "The user was not added.", "The user was not changed."
_NAME = click.argument("name", type=TEXT)


#: The commands that are imported when they are invoked. A test compares the sentences with those of the commands.
USER_COMMANDS = {
    "list": LazyCommand(
        "batchbook.cli.accounts:list_users", "List the users with their roles, and whether they may sign in."
    ),
    "deactivate": LazyCommand(
        "batchbook.cli.accounts:deactivate",
        "Deactivate the user NAME, who is signed out at once and can no longer sign in.",
    ),
    "activate": LazyCommand(
        "batchbook.cli.accounts:activate", "Activate the user NAME again, who was deactivated."
    ),
    "sign-out": LazyCommand("batchbook.cli.accounts:sign_out", "Sign out the user NAME in all browsers."),
    "password": LazyCommand(
        "batchbook.cli.accounts:set_password",
        "Set a new password of the user NAME, who must change it at the next sign-in.",
    ),
    "delete": LazyCommand(
        "batchbook.cli.accounts:delete",
        "Delete the user NAME, unless records name them as the author of changes.",
    ),
}


@click.group(cls=LazyGroup, commands_by_name=USER_COMMANDS)
def user() -> None:
    """The people who may sign in."""


@user.command()
@click.argument("name", type=TEXT)
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=TEXT,
    help="A role of the user; may be repeated.",
)
@click.option("--full-name", default="", type=TEXT, help="The name that pages show.")
@click.option("--timezone", default="", type=TEXT, help="The user's time zone, such as Europe/Berlin.")
@click.option("--number-format", default="", type=TEXT, help="The user's number format, such as 1.234,56.")
@password_stdin_option
@click.option(
    "--own-password", is_flag=True, help="Only the user knows the password, so that it need not be changed."
)
@json_option
@pass_installation
def add(
    installation: Installation,
    name: str,
    roles: tuple[str, ...],
    full_name: str,
    timezone: str,
    number_format: str,
    password_stdin: bool,
    own_password: bool,
    as_json: bool,
) -> None:
    """Add a user called NAME, who may sign in at once. Prompts for the password unless --password-stdin is given.

    The password must be changed at the first sign-in, unless --own-password says that only the user knows it.
    """
    password = read_password(password_stdin, _NOT_ADDED)
    with installation.transaction() as session:
        new = User(
            name=_free_name(session, name),
            full_name=_value(User, "full_name", full_name, _NOT_ADDED),
            timezone=_zone(timezone, _NOT_ADDED),
            number_format=_number_format(number_format, _NOT_ADDED),
            roles=_roles(session, roles, _NOT_ADDED),
            must_change_password=not own_password,
        )
        if (weakness := why_weak(password, new.name, new.full_name)) is not None:
            raise BadInput(f"The user was not added. {weakness}")
        new.password_hash = hash_password(password)
        session.add(new)
        record_command(session, "user created", new.name, _roles_text(new))
    data = {"name": new.name, "roles": [role.name for role in new.roles]}
    print_result(
        as_json,
        data,
        f"Added the user {new.name} with the {noun(len(new.roles), 'role')} {' and '.join(data['roles'])}.",
    )


@user.command()
@_NAME
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=TEXT,
    help="A role of the user, in place of the present ones; may be repeated.",
)
@click.option("--full-name", type=TEXT, help="The name that pages show.")
@click.option("--timezone", type=TEXT, help="The user's time zone, such as Europe/Berlin.")
@click.option("--number-format", type=TEXT, help="The user's number format, such as 1.234,56.")
@json_option
@pass_installation
def edit(
    installation: Installation,
    name: str,
    roles: tuple[str, ...],
    full_name: str | None,
    timezone: str | None,
    number_format: str | None,
    as_json: bool,
) -> None:
    """Change the roles, the full name, the time zone or the number format of the user NAME."""
    if not roles and full_name is None and timezone is None and number_format is None:
        raise click.UsageError("Give at least one of --role, --full-name, --timezone and --number-format.")
    with changed_user(installation, name) as (session, found):
        if roles:
            found.roles = _roles(session, roles, _NOT_CHANGED)
        if full_name is not None:
            found.full_name = _value(User, "full_name", full_name, _NOT_CHANGED)
        if timezone is not None:
            found.timezone = _zone(timezone, _NOT_CHANGED)
        if number_format is not None:
            found.number_format = _number_format(number_format, _NOT_CHANGED)
        record_command(session, "user changed", found.name, _roles_text(found))
    print_result(as_json, user_facts(found), f"Changed the user {found.name}.")


def _roles_text(user: User) -> str:
    return "roles: " + ", ".join(role.name for role in user.roles)


def _free_name(session: Session, text: str) -> str:
    name = normal_name(_value(User, "name", text, _NOT_ADDED))
    if session.scalar(select(User.id).where(User.name == name)) is not None:
        raise Conflict(f"There is a user called {name} already. Choose another name; nothing was changed.")
    return name


def _zone(text: str, consequence: str) -> str | None:
    try:
        zone: str | None = parse(zone_field().column, text)
    except CellError as error:
        raise BadInput(
            f"There is no time zone “{text[:40]}”. {consequence} Write it like Europe/Berlin."
        ) from error
    return zone


def _number_format(text: str, consequence: str) -> str | None:
    found = NumberFormat.called(text)
    if text.strip() and found is None:
        raise BadInput(
            f"There is no number format “{text[:40]}”. {consequence} Choose one of {', '.join(NumberFormat)}."
        )
    return found.value if found else None


def _value(model: type[Base], column: str, text: str, consequence: str) -> str:
    """Return the value that ``text`` has in a column, by the rules of forms; raise ``BadInput`` if it has none."""
    try:
        return str(parse(columns_of(model, [column])[0], text))
    except CellError as error:
        raise BadInput(f"{consequence} {error.message}") from error


def _roles(session: Session, texts: tuple[str, ...], consequence: str) -> list[Role]:
    names = {_value(Role, "name", text, consequence) for text in texts}
    known = {role.name: role for role in session.scalars(select(Role).order_by(Role.name))}
    if unknown := sorted(names - set(known)):
        raise Missing(
            f"There is no role {' or '.join(unknown)}. {consequence} The roles are {', '.join(known)}."
        )
    return [known[name] for name in sorted(names)]


@click.command()
@click.option(
    "--without-demo-logins",
    is_flag=True,
    help="Switch off the demo logins that still work, and delete their passwords.",
)
@json_option
@pass_installation
def init(installation: Installation, without_demo_logins: bool, as_json: bool) -> None:
    """Prepare the database: migrations, the queue of jobs, the roles, and demo data if the settings ask for it.

    May be run again: existing data stays. Refused if demo logins work and the settings are not for development.
    """
    with_demo = demo.is_wanted(installation.settings)
    migrate.upgrade(installation.engine, installation.plugins)
    _refuse_missing_tables(installation)
    _prepare_jobs(installation)
    with transaction_scope(installation.engine) as session:
        install_default_roles(session)
        loaded = with_demo and _load_demo(session)
        switched_off = demo.switch_off(session) if without_demo_logins else []
        logins = demo.logins(session) if with_demo else []
    with transaction_scope(installation.engine, read_only=True) as session:
        demo.refuse_logins(session, installation.settings)
    where = installation.engine.url.render_as_string(hide_password=True)
    data = {"database": where, "demo_loaded": loaded, "demo_logins": [asdict(login) for login in logins]}
    print_result(
        as_json,
        data | {"demo_logins_ended": switched_off},
        *_init_sentences(where, loaded, logins, switched_off),
    )


def _refuse_missing_tables(installation: Installation) -> None:
    """Raise ``Conflict`` if a plug-in's tables are in none of the migrations that the settings name."""
    if not INCLUDE.text(installation.settings):
        return
    with installation.engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        if missing := [*missing_tables(connection, installation.services.get(BatchTypes))]:
            raise Conflict(" ".join(missing))


def _prepare_jobs(installation: Installation) -> None:
    """Create the queue and the store of jobs, so that processes that run jobs need no right to create any."""
    if JobSettings.read(installation.settings).mode is Mode.INLINE:
        return
    store = JobStore(installation.engine.url)
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


def _init_sentences(where: str, loaded: bool, logins: list[demo.Login], switched_off: list[str]) -> list[str]:
    lines = [f"The database {where} is up to date."]
    if loaded:
        lines.append(f"Demo data was loaded. A price list to try: {demo.PRICE_LIST}")
    if switched_off:
        lines.append(f"Switched off, passwords deleted: {' and '.join(switched_off)}.")
    if logins:
        lines.append("Demo logins:")
        lines += [f"  {login.name:<8} {login.password}" for login in logins]
    return lines


#: The commands of ``catalog`` that are imported when they are invoked. A test compares the sentences with theirs.
_OF_CATALOG = {
    "matches": LazyCommand(
        "batchbook.cli.remembered_matches:list_matches",
        "List the remembered matches: codes in vendors' lists that mean a product.",
    ),
    "revoke-match": LazyCommand(
        "batchbook.cli.remembered_matches:revoke",
        "Revoke the match NUMBER: lists that come from now on are not matched by it.",
    ),
}


@click.group(cls=LazyGroup, commands_by_name=_OF_CATALOG)
def catalog() -> None:
    """Products, vendors and departments."""


@catalog.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--reason", help="The reason for changing prices or quantities without a batch; kept in the history."
)
@json_option
@pass_installation
def load(installation: Installation, file: Path, reason: str | None, as_json: bool) -> None:
    """Load products from a CSV or XLSX FILE, all of them or none.

    Products in the catalogue are updated, others are created. The columns are item_code,
    description, department, category, brand, size, vendor_code, price and on_hand. A file that changes prices or
    quantities of existing products needs a --reason; "batch create import" makes the same changes by a batch.
    """
    reason = (reason or "").strip() or None
    if reason is not None and len(reason) > LONGEST_REASON:
        raise BadInput(
            f"The reason has {len(reason)} characters; at most {LONGEST_REASON} are allowed. Nothing was loaded."
        )
    with installation.transaction() as session:
        loaded = load_file(session, file, by=getpass.getuser(), reason=reason)
        index_records(session, installation.services.get(BatchTypes))
    sentence = (
        f"Loaded {counted(loaded.total, 'product')}: {loaded.created:,} created, {loaded.updated:,} updated,"
        f" {loaded.unchanged:,} unchanged."
    )
    print_result(as_json, asdict(loaded), sentence)
