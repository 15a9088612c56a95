"""The installation that a command works on: settings, database and application, each opened when needed."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property, update_wrapper
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click
import plaster
from plaster.exceptions import PlasterError
from pyramid.exceptions import ConfigurationError
from pyramid.paster import get_appsettings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from batchbook import schema_version
from batchbook.application import INCLUDE, configure, configure_services
from batchbook.db.engine import database_url, make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs.service import JobService
from batchbook.schema_version import MIGRATIONS
from batchbook.services import Services, services_of

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

#: The part of configparser's messages about a line that quotes no value.
_DUPLICATE = re.compile(r"\]: (.* already exists)$")


def read_settings(ini: str) -> dict[str, Any]:
    """Return the settings of the application in the file called ``ini``.

    Raises ``ConfigurationError`` if it has none, or if they name packages that are not installed.
    """
    try:
        settings = dict(get_appsettings(ini))
    except (configparser.Error, PlasterError, LookupError, ImportError, OSError, ValueError) as error:
        raise ConfigurationError(f"{ini} {_fault_sentence(error)}.") from error
    _demand_installed(settings)
    return settings


def _fault_sentence(error: Exception) -> str:
    match error:
        case configparser.InterpolationError():
            return f"has a “%” in {error.option} that is not doubled, so it does not stand for itself"
        case configparser.Error():
            return _line_fault(error)
        case UnicodeDecodeError():
            return "is not text in UTF-8"
        case PlasterError():
            return "must have a name that ends in .ini and holds no “#”"
        case OSError():
            return f"needs {error.filename}: {error.strerror}"
    if "No section" in str(error):
        return "has no section [app:main]"
    return "does not name the application: write “use = egg:batchbook” in its section [app:main]"


def _line_fault(error: configparser.Error) -> str:
    lines = [number for number, _text in getattr(error, "errors", ())]
    number = lines[0] if lines else getattr(error, "lineno", 1)
    found = _DUPLICATE.search(str(error))
    return f"cannot be read at line {number}{f': {found[1]}' if found else ''}"


def _demand_installed(settings: Mapping[str, Any]) -> None:
    for setting in (INCLUDE, MIGRATIONS):
        for name in setting.text(settings).split():
            if find_spec(re.split("[.:]", name)[0] or name) is None:
                raise ConfigurationError(f"{setting.name} names {name}, which is not installed here.")


class Installation(AbstractContextManager["Installation"]):
    """One installation, named by its settings file."""

    def __init__(self, ini: Path) -> None:
        self._ini = ini

    @property
    def ini(self) -> str:
        """The path of the settings file. Raises ``click.UsageError`` if there is no such file."""
        if not self._ini.is_file():
            raise click.UsageError(
                f"There is no settings file {self._ini}; name one with -c or BATCHBOOK_INI."
            )
        return str(self._ini.resolve())

    def start_log(self) -> None:
        """Write the log of this process to where the settings file says."""
        plaster.get_loader(self.ini, protocols=["wsgi"]).setup_logging()

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The application's settings. Raises ``ConfigurationError`` if they are not right."""
        return read_settings(self.ini)

    @cached_property
    def plugins(self) -> tuple[str, ...]:
        """The locations of the plug-ins' migrations."""
        return schema_version.plugin_locations(self.settings)

    @cached_property
    def engine(self) -> Engine:
        """The engine of the database, whose schema may be missing or old."""
        return make_engine(database_url(self.settings))

    @cached_property
    def services(self) -> Services:
        """The application's services, with plug-ins and batch types, but without pages."""
        return services_of(configure_services(self.settings).registry)

    @cached_property
    def registry(self) -> Any:
        """The registry of the whole application with its pages."""
        return configure(self.settings).registry

    @cached_property
    def application(self) -> Services:
        """The services of the whole application with its pages, for jobs and workers."""
        return services_of(self.registry)

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        """Yield a session in a transaction on a database that has every migration.

        Raises :class:`~batchbook.errors.Conflict` if it lacks one.
        """
        self.require_current()
        with transaction_scope(self.engine, read_only=read_only, acted_by="command") as session:
            yield session

    def require_current(self) -> None:
        """Raise ``Conflict`` if the database lacks migrations."""
        if not schema_version.is_current(self.engine, self.plugins):
            raise Conflict(
                'The database is not up to date, so nothing was done; "batchbook init" prepares it.'
            )

    def __exit__(self, *_error: object) -> None:
        """Close the connections."""
        if "engine" in self.__dict__:
            self.engine.dispose()
        for name in self.__dict__.keys() & {"services", "application"}:
            services: Services = getattr(self, name)
            services.get(Engine).dispose()
            services.get(JobService).close()


def pass_installation(
    command: Callable[Concatenate[Installation, _Parameters], _Result],
) -> Callable[_Parameters, _Result]:
    """Give a command, as its first argument, the installation of ``-c``, which is closed when the command ends."""

    def invoke(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        root = click.get_current_context().find_root()
        if root.obj is None:
            root.obj = root.with_resource(Installation(root.params["ini"]))
        return command(root.obj, *args, **kwargs)

    return update_wrapper(invoke, command)
