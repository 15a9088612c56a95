"""Demo data for an empty database, and the guard that keeps its logins, with their public passwords, out of production."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyramid.events import ApplicationCreated
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from batchbook.batches.models import Batch
from batchbook.catalog.loader import load_file
from batchbook.catalog.models import Department, Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_values import add_demo_receipt, add_demo_values
from batchbook.errors import Conflict
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User
from batchbook.security.passwords import hash_password, verify_password
from batchbook.security.sessions import revoke_sessions
from batchbook.services import services_of
from batchbook.settings import DEVELOPMENT

_LOG = logging.getLogger(__name__)

_DATA = Path(__file__).parent / "data"

#: The catalogue that is loaded.
CATALOG = _DATA / "catalog.csv"

#: The price list of a vendor in that catalogue, for trying a price change.
PRICE_LIST = _DATA / "price-list-V0764.csv"

#: A list of the same vendor's costs, case packs and item codes, for trying a vendor catalogue; its costs are demo values.
VENDOR_CATALOG = _DATA / "vendor-catalogue-V0764.csv"

#: An invoice of the same vendor for the demo delivery, for trying a vendor invoice. It adds up to INVOICE_TOTAL.
INVOICE = _DATA / "invoice-V0764.csv"
INVOICE_TOTAL = "1332.36"

#: A list of products of that catalogue with lower prices, for trying a price promotion; these are demo values.
PROMOTION = _DATA / "promotion-coffee.csv"

#: A count of a department of that catalogue, for trying an inventory count; what was counted is made up.
COUNT = _DATA / "count-NUTRITION.csv"

#: What a mobile scanner wrote of shelves with coffees of that catalogue; what was scanned is made up.
HANDHELD = _DATA / "handheld-coffee.txt"


@dataclass(frozen=True)
class Login:
    """A demo user, the role of that name, and its public password."""

    name: str
    full_name: str
    password: str = "batchbook-demo"  # noqa: S105 - Meant to be known.


LOGINS = (Login("staff", "Sam Staff"), Login("admin", "Alex Admin"), Login("auditor", "Audrey Auditor"))


def is_empty(session: Session) -> bool:
    """Return whether the database has no users, products, vendors, departments or batches."""
    return not any(
        session.scalar(select(model.id).limit(1)) for model in (User, Product, Vendor, Department, Batch)
    )


def load(session: Session) -> None:
    """Load the demo data. Raises :class:`~batchbook.errors.Conflict` if the database is not empty."""
    if not is_empty(session):
        raise Conflict("The database is not empty, so the demo data was not loaded.")
    install_default_roles(session)
    roles = {role.name: role for role in session.scalars(select(Role))}
    session.add_all(
        User(
            name=login.name,
            full_name=login.full_name,
            password_hash=hash_password(login.password),
            roles=[roles[login.name]],
        )
        for login in LOGINS
    )
    session.flush()  # The loader writes past the session.
    load_file(session, CATALOG, by="demo data")
    add_demo_values(session)
    add_demo_receipt(session)


def logins(session: Session) -> list[Login]:
    """Return the demo logins that still work in this database."""
    users = {user.name: user for user in session.scalars(select(User).where(User.active))}
    hashes = {login: users[login.name].password_hash for login in LOGINS if login.name in users}
    return [login for login, stored in hashes.items() if stored and verify_password(stored, login.password)]


def refuse_logins(session: Session, settings: Mapping[str, Any]) -> None:
    """Raise ``Conflict`` if demo logins work in this database, outside development.

    That happens if a command was once run on the production database with development settings.
    """
    if DEVELOPMENT.flag(settings):
        return
    names = " and ".join(login.name for login in logins(session))
    if names:
        raise Conflict(
            f"Anyone can sign in to this database as {names}, with the password of the demo data, so"
            ' it is not served. "batchbook init --without-demo-logins" switches these logins off. If the database has'
            " only demo data, make a new one instead."
        )


def refuse_logins_in(engine: Engine, settings: Mapping[str, Any]) -> None:
    """Raise as :func:`refuse_logins` does, for an application that starts; only log that a database does not answer.

    Requests then fail until the database is available.
    """
    if DEVELOPMENT.flag(settings):
        return
    try:
        with transaction_scope(engine, read_only=True) as session:
            refuse_logins(session, settings)
    except SQLAlchemyError as error:
        _LOG.warning("The database was not checked for demo logins, because it did not answer: %s", error)
    finally:
        engine.dispose()  # A server that forks now must not share a connection among its processes.


def refuse_logins_at_start(event: ApplicationCreated) -> None:
    """Refuse to serve a database with demo logins, once the application is made."""
    services = services_of(event.app.registry)
    refuse_logins_in(services.get(Engine), services.settings)


def switch_off(session: Session) -> list[str]:
    """Switch off the demo logins that still work, and remove their passwords; return their names.

    Without a password, activating such a user later is harmless.
    """
    names = [login.name for login in logins(session)]
    for user in session.scalars(select(User).where(User.name.in_(names))):
        user.active, user.password_hash = False, None
        revoke_sessions(session, user.id)
    return names
