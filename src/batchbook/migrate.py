"""Migrations of a database to the schema that the code expects.

The history of the schema is in ``migrations/`` and ships inside the package. Plug-ins have branches of their own: the
setting ``batchbook.migrations`` lists their places, such as ``acme:migrations``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from pyramid.exceptions import ConfigurationError
from sqlalchemy import JSON, Connection, Engine, False_, Table, True_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator

from batchbook.db import Base
from batchbook.declarations import author_error
from batchbook.models import metadata
from batchbook.schema_version import expected, locations

#: The prefix of row tables that batches make at run time; migrations do not know them.
RUN_TIME_TABLES = "row_"


def upgrade(engine: Engine, plugins: Sequence[str] = ()) -> None:
    """Run every migration that the database does not have yet, all of them or none.

    ``plugins`` are the places of plug-ins' migrations, see :func:`~batchbook.schema_version.plugin_locations`.
    """
    config = _config(plugins)
    expected(plugins)  # A place that is not there has a sentence of its own.
    with schema_connection(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "heads")
        except (CommandError, RevisionError) as error:
            raise ConfigurationError(f"The migrations do not fit together: {error}") from error
        except KeyError as error:
            raise ConfigurationError(
                f"A migration follows the revision {error}, which none of the migrations has: correct its down_revision or"
                " depends_on."
            ) from error
        except Exception as error:
            if isinstance(error, DBAPIError) or not plugins:
                raise
            raise ConfigurationError(f"A migration could not be run: {author_error(error)}") from error


def differences(engine: Engine) -> list[Any]:
    """Return the changes by which Alembic would make the database equal to the models; empty if it is equal."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=dict(COMPARE))
        return list(compare_metadata(context, metadata))


@contextmanager
def schema_connection(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in one transaction, in which the schema may change.

    SQLite changes a table by copying it and dropping the original. With foreign keys enforced, the drop would fail or
    delete the rows that refer to it; with modern renaming, it would fail because of triggers that name the table. Both
    are switched off during the change, and references are checked before the commit.
    """
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        with _tables_replaceable(connection), connection.begin():
            yield connection
            _check_references(connection)


@contextmanager
def _tables_replaceable(connection: Connection) -> Iterator[None]:
    # These pragmas do nothing inside a transaction, so they go to the driver before one begins.
    driver_connection = cast(Any, connection.connection.driver_connection)
    driver_connection.execute("PRAGMA foreign_keys = OFF")
    driver_connection.execute("PRAGMA legacy_alter_table = ON")
    try:
        yield
    finally:
        driver_connection.execute("PRAGMA legacy_alter_table = OFF")
        driver_connection.execute("PRAGMA foreign_keys = ON")


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise RuntimeError(
            f"Row {broken[1]} of table {broken[0]} would refer to nothing in {broken[2]}; the schema was left as it was."
        )


def scripts(plugins: Sequence[str] = ()) -> ScriptDirectory:
    """Return all migrations, those of ``plugins`` included."""
    return ScriptDirectory.from_config(_config(plugins))


def tables_of(package: str) -> set[Table]:
    """Return the tables of the models in ``package`` and below it, without those that batches make at run time."""
    known = set(metadata.tables.values())
    return {
        mapper.local_table
        for mapper in Base.registry.mappers
        if f"{mapper.class_.__module__}.".startswith(f"{package}.")
        and isinstance(mapper.local_table, Table)
        and mapper.local_table in known
    }


def _config(plugins: Sequence[str]) -> Config:
    config = Config()
    config.set_main_option("script_location", "batchbook.migrations:")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(locations(plugins)))
    return config


def _concerns_us(_object: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Return whether the models know the object: not tables made at run time, or of plug-ins that are not imported."""
    if kind != "table":
        return True
    return not (name or "").startswith(RUN_TIME_TABLES) and not (reflected and compare_to is None)


def _render(kind: str, item: Any, context: Any) -> str | bool:
    """Render Batchbook's column types by their public names, with the import that they need, and truth values for every database."""
    if kind == "server_default" and isinstance(getattr(item, "arg", None), True_ | False_):
        return f"sa.{item.arg}()"
    is_json = isinstance(item.impl_instance if isinstance(item, TypeDecorator) else item, JSON)
    if kind != "type" or not (is_json or type(item).__module__ == "batchbook.db.column_types"):
        return False
    context.imports.add("from batchbook import db")
    return "db.JSONValue" if is_json else f"db.{item!r}"


#: Options for comparing the database with the models, and for rendering differences.
COMPARE: dict[str, Any] = {
    "target_metadata": metadata,
    "compare_type": True,
    "include_object": _concerns_us,
    "render_item": _render,
    "render_as_batch": True,
    # Our recipe for SQLite begins transactions itself, so a migration is all or nothing there as well.
    "transactional_ddl": True,
}
