"""Demo data: real products, a price list to try, and one user for each role, with public passwords.

It is for trying Batchbook only. ``batchbook init`` loads it if the setting ``batchbook.demo`` is true and the database
is empty. production.ini never sets it, and outside development no application starts while a demo login works.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyramid.events import ApplicationCreated
from pyramid.exceptions import ConfigurationError

from batchbook.lazy_exports import lazy_exports
from batchbook.settings import DEVELOPMENT, Setting

if TYPE_CHECKING:
    from batchbook.demo.demo_data import CATALOG as CATALOG
    from batchbook.demo.demo_data import COUNT as COUNT
    from batchbook.demo.demo_data import INVOICE as INVOICE
    from batchbook.demo.demo_data import INVOICE_TOTAL as INVOICE_TOTAL
    from batchbook.demo.demo_data import LOGINS as LOGINS
    from batchbook.demo.demo_data import PRICE_LIST as PRICE_LIST
    from batchbook.demo.demo_data import PROMOTION as PROMOTION
    from batchbook.demo.demo_data import VENDOR_CATALOG as VENDOR_CATALOG
    from batchbook.demo.demo_data import Login as Login
    from batchbook.demo.demo_data import is_empty as is_empty
    from batchbook.demo.demo_data import load as load
    from batchbook.demo.demo_data import logins as logins
    from batchbook.demo.demo_data import refuse_logins as refuse_logins
    from batchbook.demo.demo_data import switch_off as switch_off
else:
    __getattr__ = lazy_exports(__name__)

DEMO = Setting(
    "batchbook.demo",
    "false",
    "True to load demo data and demo logins into an empty database; in development only.",
)

SETTINGS = (DEMO,)


def is_wanted(settings: Mapping[str, Any]) -> bool:
    """Return whether demo data is to be loaded; raise ``ConfigurationError`` if it is outside development."""
    wanted = DEMO.flag(settings)
    if wanted and not DEVELOPMENT.flag(settings):
        raise ConfigurationError(
            f"{DEMO.name} is true, but {DEVELOPMENT.name} is not. Demo data has logins with public"
            " passwords, so it is for development only."
        )
    return wanted


def includeme(config: Any) -> None:
    """Refuse to load demo data, or to serve a database with demo logins, outside development."""
    include_services(config)
    config.add_subscriber("batchbook.demo.demo_data.refuse_logins_at_start", ApplicationCreated)


def include_services(config: Any) -> None:
    """Refuse the setting for demo data outside development."""
    is_wanted(config.registry.settings)
