"""The application: the list of its packages, with pages for a server, and without them for commands."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError

import batchbook.models  # noqa: F401 - All models must be mapped, whichever a command uses.
from batchbook.declarations import author_error
from batchbook.errors import BatchbookError
from batchbook.settings import Setting

INCLUDE = Setting(
    "batchbook.include",
    "",
    "Packages to include when the application starts, such as acme; separate several by spaces.",
)

SETTINGS = (INCLUDE,)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect no garbage in the block.

    Nearly all objects of a configuration stay. Looking through them again and again, while they become more, takes a fifth to
    a third of the time of a start.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_no_collection()
def configure(settings: Mapping[str, Any]) -> Any:
    """Return the committed configuration of the whole application."""
    config = Configurator(settings=dict(settings))
    config.include("batchbook.services")
    config.include("batchbook.web.route_index")  # Before the first route is added.
    config.include("batchbook.db")
    config.include("batchbook.security")
    config.include("batchbook.web")
    config.include("batchbook.master")
    config.include("batchbook.jobs")
    config.include("batchbook.batches")
    config.include("batchbook.audit")
    config.include("batchbook.catalog")
    config.include("batchbook.purchasing")
    config.include("batchbook.accounts")
    config.include("batchbook.types")
    config.include(include_plugins)
    config.include("batchbook.demo")
    config.include("batchbook.health")
    # Last, because jobs must not begin if anything else refuses to start.
    config.include("batchbook.jobs.worker")
    _commit(config)
    return config


def configure_services(settings: Mapping[str, Any]) -> Any:
    """Return the committed configuration of the application's services and batch types, without pages.

    It takes a fraction of the time, and most commands need neither routes nor templates.
    """
    config = ServicesConfigurator(settings=dict(settings))
    config.include("batchbook.services")
    config.include("batchbook.db.include_services")
    config.include("batchbook.security.include_services")
    config.include("batchbook.web.include_services")
    config.include("batchbook.jobs.include_services")
    config.include("batchbook.batches.include_services")
    config.include("batchbook.types")
    config.include(include_plugins)
    config.include("batchbook.demo.include_services")
    _commit(config)
    return config


def include_plugins(config: Any) -> None:
    """Include the plug-ins of the setting in its order: packages with batch types, views or import targets."""
    for name in INCLUDE.text(config.registry.settings).split():
        try:
            config.include(name)
        except ConfigurationError as error:
            if not str(error).endswith("has no attribute 'includeme'"):
                raise
            raise ConfigurationError(
                f"The plug-in {name} has no function includeme(config), which calls config.add_batch_type: add it to its"
                " __init__.py."
            ) from error
        except BatchbookError:
            raise
        except Exception as error:
            raise ConfigurationError(
                f"The plug-in {name} could not be included: {author_error(error)}"
            ) from error


def _commit(config: Any) -> None:
    """Commit the configuration; raise ``ConfigurationError`` in one line if two parts of it conflict."""
    try:
        config.commit()
    except ConfigurationConflictError as error:
        raise ConfigurationError(_conflict(error._conflicts)) from error


def _conflict(conflicts: Mapping[Any, Iterable[Any]]) -> str:
    """Return the sentence for what is registered twice: a batch type rather than each of its addresses."""
    first = min(conflicts, key=lambda what: isinstance(what, tuple) and what[0] != "batch type")
    what = " ".join(map(str, first)) if isinstance(first, tuple) else str(first)
    places = " and ".join(f"{info.file}, line {info.line}" for info in conflicts[first])
    return f"The {what} is registered twice, at {places}: remove one of them, or give it another name."


class ServicesConfigurator(Configurator):
    """A configurator without pages: what batch types and plug-ins add to pages is ignored, and not even imported.

    Ignored are the methods of Pyramid below, and all directives called ``add_…`` that no included package defines.
    """

    def _ignore(self, *_args: Any, **_options: Any) -> None:
        """Do nothing."""

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
