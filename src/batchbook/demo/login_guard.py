"""The guard against demo logins, whose passwords are public, in production."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pyramid.events import ApplicationCreated
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_data import logins
from batchbook.errors import Conflict
from batchbook.security.models import User
from batchbook.security.sessions import revoke_sessions
from batchbook.services import services_of
from batchbook.settings import DEVELOPMENT

_LOG = logging.getLogger(__name__)


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
