"""Demo data for an empty database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches.models import Batch
from batchbook.catalog.loader import load_file
from batchbook.catalog.models import Department, Product, Vendor
from batchbook.errors import Conflict
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User
from batchbook.security.passwords import hash_password, verify_password

_DATA = Path(__file__).parent / "data"

#: The catalogue of the demo data.
CATALOG = _DATA / "catalog.csv"

#: The price list of one of its vendors, for trying a price change.
PRICE_LIST = _DATA / "price-list-V0764.csv"


@dataclass(frozen=True)
class Login:
    """A demo user, who has the role of the same name, with a public password."""

    name: str
    full_name: str
    password: str = "batchbook-demo"  # noqa: S105 - It is public.


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


def logins(session: Session) -> list[Login]:
    """Return the demo logins that still work in this database."""
    with_password = select(User).where(User.active, User.password_hash.is_not(None))
    hashes = {user.name: user.password_hash for user in session.scalars(with_password)}
    return [
        login
        for login in LOGINS
        if login.name in hashes and verify_password(hashes[login.name], login.password)
    ]
