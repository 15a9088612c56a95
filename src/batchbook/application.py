"""The application: the list of what it includes, with its pages for a server, and without them for commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator

import batchbook.models  # noqa: F401 - Every model is mapped, whichever of them a command uses.
from batchbook.settings import Setting

INCLUDE = Setting(
    "batchbook.include",
    "",
    "Packages to include when the application starts, such as acme; more than one are separated by spaces.",
)

SETTINGS = (INCLUDE,)


def configure(settings: Mapping[str, Any]) -> Any:
    """Return the configuration of the whole application, committed."""
    config = Configurator(settings=dict(settings))
    config.include("batchbook.services")
    config.include("batchbook.db")
    config.include("batchbook.security")
    config.include("batchbook.web")
    config.include("batchbook.master")
    config.include("batchbook.jobs")
    config.include("batchbook.batches")
    config.include("batchbook.catalog")
    config.include("batchbook.accounts")
    config.include("batchbook.types.imports")
    config.include("batchbook.types.price_change")
    config.include(include_plugins)
    config.include("batchbook.demo")
    config.include("batchbook.health")
    config.include("batchbook.jobs.worker")  # Last, because jobs begin only where nothing refuses to start.
    config.commit()
    return config


def configure_services(settings: Mapping[str, Any]) -> Any:
    """Return a configuration with the services of the application and its batch types, but no page, committed.

    It takes a fraction of the time, which is what a command waits for that needs neither routes nor templates.
    """
    config = ServicesConfigurator(settings=dict(settings))
    config.include("batchbook.services")
    config.include("batchbook.db.include_services")
    config.include("batchbook.security.include_services")
    config.include("batchbook.web.include_services")
    config.include("batchbook.jobs.include_services")
    config.include("batchbook.batches.include_services")
    config.include("batchbook.types.imports")
    config.include("batchbook.types.price_change")
    config.include(include_plugins)
    config.include("batchbook.demo.include_services")
    config.commit()
    return config


def include_plugins(config: Any) -> None:
    """Include the packages that the setting lists, in its order: batch types, views and import targets from elsewhere."""
    for name in INCLUDE.text(config.registry.settings).split():
        config.include(name)


class ServicesConfigurator(Configurator):
    """A configurator without pages: whatever batch types and plug-ins add to pages is passed over, not even imported.

    That are the methods of Pyramid below, and every directive called ``add_…`` that nothing included here brings.
    """

    def _ignore(self, *_args: Any, **_options: Any) -> None:
        """Do nothing with what concerns pages only."""

    add_route = add_view = add_exception_view = add_static_view = add_renderer = _ignore
    add_forbidden_view = add_notfound_view = add_view_deriver = add_tween = add_request_method = _ignore
    add_permission = _ignore

    def __getattr__(self, name: str) -> Any:
        """Return the directive called ``name``, or one that does nothing for a directive of pages."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("add_"):
                return self._ignore
            raise
