"""Demo data: real products, a price list to try, and one user for each role, with passwords that everybody knows.

For trying Batchbook only. ``batchbook init`` loads it if the setting ``batchbook.demo`` is true and the database is
empty; production.ini never sets it, and nothing but development is served while a demo login works.
"""

from __future__ import annotations

from typing import Any

from pyramid.events import ApplicationCreated
from sqlalchemy import Engine

from batchbook.demo.demo_data import CATALOG, DEMO, LOGINS, PRICE_LIST, Login, is_empty, load, logins
from batchbook.demo.login_guard import is_wanted, refuse_logins, refuse_logins_in, switch_off
from batchbook.services import services_of

__all__ = [
    "CATALOG",
    "DEMO",
    "LOGINS",
    "PRICE_LIST",
    "Login",
    "includeme",
    "is_empty",
    "is_wanted",
    "load",
    "logins",
    "refuse_logins",
    "switch_off",
]


def includeme(config: Any) -> None:
    """Refuse to start with demo data, or to serve a database with demo logins, unless in development."""
    is_wanted(config.registry.settings)
    config.add_subscriber(_refuse_logins, ApplicationCreated)


def _refuse_logins(event: ApplicationCreated) -> None:
    services = services_of(event.app.registry)
    refuse_logins_in(services.get(Engine), services.settings)
