"""What the commands of one run share: the settings, the database and the application, each opened when needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from batchbook import configure, migrate
from batchbook.cli.settings import read_settings
from batchbook.db.engine import database_url, make_engine
from batchbook.db.session import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs.office import Jobs
from batchbook.services import Services, services_of


class Site(AbstractContextManager["Site"]):
    """One installation, named by its settings file."""

    def __init__(self, ini: Path) -> None:
        self._ini = ini

    @property
    def ini(self) -> str:
        """The path of the settings file; wrong usage if there is none."""
        if not self._ini.is_file():
            raise click.UsageError(
                f"There is no settings file {self._ini}; name one with -c or BATCHBOOK_INI."
            )
        return str(self._ini.resolve())

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The application's settings; ``ConfigurationError`` if they are not right."""
        return read_settings(self.ini)

    @cached_property
    def plugins(self) -> tuple[str, ...]:
        """Where plug-ins keep their migrations."""
        return migrate.plugin_locations(self.settings)

    @cached_property
    def engine(self) -> Engine:
        """The database, whatever is in it."""
        return make_engine(database_url(self.settings))

    @cached_property
    def services(self) -> Services:
        """The application's services, with plug-ins and batch types; configures the application without serving it."""
        return services_of(configure(self.settings).registry)

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        """Yield a session in a transaction on a database that has every migration.

        Raises :class:`~batchbook.errors.Conflict` if it lacks one.
        """
        self.require_current()
        with transaction_scope(self.engine, read_only=read_only) as session:
            yield session

    def require_current(self) -> None:
        """Refuse a database that lacks migrations."""
        if not migrate.is_current(self.engine, self.plugins):
            raise Conflict(
                'The database is not up to date, so nothing was done; "batchbook init" prepares it.'
            )

    def __exit__(self, *_error: object) -> None:
        """Close the connections."""
        if "engine" in self.__dict__:
            self.engine.dispose()
        if "services" in self.__dict__:
            self.services.get(Engine).dispose()
            self.services.get(Jobs).close()
