"""The guard that keeps the demo logins, whose passwords are public, out of real use."""

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
    """Raise ``Conflict`` if demo logins work in this database and the settings are not those of development.

    It happens when a command was once run on the real database with the settings of development.
    """
    if DEVELOPMENT.flag(settings):
        return
    names = " and ".join(login.name for login in logins(session))
    if names:
        raise Conflict(
            f"Whoever knows Batchbook can sign in to this database as {names}, with the password of the demo data, so"
            ' it is not served. "batchbook init --without-demo-logins" switches these logins off; if nothing but demo'
            " data is in the database, make a new one instead."
        )


def refuse_logins_in(engine: Engine, settings: Mapping[str, Any]) -> None:
    """As :func:`refuse_logins`, for an application that starts: a database that does not answer is only logged.

    Its requests then fail, and say so, until the database is there.
    """
    if DEVELOPMENT.flag(settings):
        return
    try:
        with transaction_scope(engine, read_only=True) as session:
            refuse_logins(session, settings)
    except SQLAlchemyError as error:
        _LOG.warning("The database was not looked at for demo logins, because it did not answer: %s", error)
    finally:
        engine.dispose()  # A server that forks now must not share a connection between its processes.


def refuse_logins_at_start(event: ApplicationCreated) -> None:
    """Refuse to serve a database with demo logins, when an application was made."""
    services = services_of(event.app.registry)
    refuse_logins_in(services.get(Engine), services.settings)


def switch_off(session: Session) -> list[str]:
    """Switch off the demo logins that still work and take their passwords away; return their names.

    Without the password, switching such a user on again later opens no door.
    """
    names = [login.name for login in logins(session)]
    for user in session.scalars(select(User).where(User.name.in_(names))):
        user.active, user.password_hash = False, None
        revoke_sessions(session, user.id)
    return names
