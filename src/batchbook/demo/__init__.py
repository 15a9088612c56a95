"""Demo data: real products, a price list to try, and one user for each role, with passwords that everybody knows.

For trying Batchbook only. ``batchbook init`` loads it if the setting ``batchbook.demo`` is true and the database is
empty; production.ini never sets it, and nothing but development is served while a demo login works.
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
    from batchbook.demo.demo_data import LOGINS as LOGINS
    from batchbook.demo.demo_data import PRICE_LIST as PRICE_LIST
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
    "True to have demo data and demo logins loaded into an empty database; in development only.",
)

SETTINGS = (DEMO,)


def is_wanted(settings: Mapping[str, Any]) -> bool:
    """Return whether the settings want demo data; raise ``ConfigurationError`` if they do outside development."""
    wanted = DEMO.flag(settings)
    if wanted and not DEVELOPMENT.flag(settings):
        raise ConfigurationError(
            f"{DEMO.name} is true, but {DEVELOPMENT.name} is not. Demo data comes with logins whose passwords"
            " everybody knows; it is for development only."
        )
    return wanted


def includeme(config: Any) -> None:
    """Refuse to start with demo data, or to serve a database with demo logins, unless in development."""
    include_services(config)
    config.add_subscriber("batchbook.demo.demo_data.refuse_logins_at_start", ApplicationCreated)


def include_services(config: Any) -> None:
    """Refuse settings that want demo data outside development."""
    is_wanted(config.registry.settings)
