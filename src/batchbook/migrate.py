"""Bringing a database to the schema that the code expects.

The schema's history lives in ``migrations/`` and ships inside the package. Plug-ins bring branches of their own: the
setting ``batchbook.migrations`` lists where they are, such as ``acme:migrations``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, Engine
from sqlalchemy.types import TypeDecorator

from batchbook.db.transactions import READ_ONLY
from batchbook.models import metadata
from batchbook.settings import Setting

MIGRATIONS = Setting(
    "batchbook.migrations",
    "",
    "Where plug-ins keep their migrations, such as acme:migrations; more than one are separated by spaces.",
)

SETTINGS = (MIGRATIONS,)

_SCRIPTS = "batchbook.migrations:"

#: Row tables that batches make at run time start with this; no migration knows them.
RUN_TIME_TABLES = "row_"


def plugin_locations(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where plug-ins keep their migrations, as the setting ``batchbook.migrations`` lists them."""
    return tuple(MIGRATIONS.text(settings).split())


def upgrade(engine: Engine, plugins: Sequence[str] = ()) -> None:
    """Run every migration that the database does not have yet, all of them or none.

    ``plugins`` are the places of plug-ins' migrations, see :func:`plugin_locations`.
    """
    config = _config(plugins)
    with schema_connection(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")


def is_current(engine: Engine, plugins: Sequence[str] = ()) -> bool:
    """Tell whether the database has every migration, the plug-ins' included."""
    return has_all(engine, expected(plugins))


def expected(plugins: Sequence[str] = ()) -> frozenset[str]:
    """Return the migrations that everything else leads up to. They change with what is installed, not with the database."""
    return frozenset(ScriptDirectory.from_config(_config(plugins)).get_heads())


def has_all(engine: Engine, heads: frozenset[str]) -> bool:
    """Tell whether the database has the migrations ``heads``."""
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        return heads <= set(MigrationContext.configure(connection).get_current_heads())


def differences(engine: Engine) -> list[Any]:
    """Return what Alembic would change to make the database equal to the models; empty if it is."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=dict(COMPARE))
        return list(compare_metadata(context, metadata))


@contextmanager
def schema_connection(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in one transaction, in which the schema may change.

    SQLite changes a table by copying it and dropping the original. With foreign keys enforced, the drop would delete
    or refuse because of the rows that refer to it; with modern renaming, triggers that name the table would stop it.
    Both are switched off meanwhile, and references are checked before the commit.
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


def _config(plugins: Sequence[str]) -> Config:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join((f"{_SCRIPTS}versions", *plugins)))
    return config


def _concerns_us(_object: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave out what the models do not know: tables made at run time, and those of plug-ins that are not imported."""
    if kind != "table":
        return True
    return not (name or "").startswith(RUN_TIME_TABLES) and not (reflected and compare_to is None)


def _render(kind: str, item: Any, context: Any) -> str | bool:
    """Write the house's column types by their public names, with the import that they need."""
    is_json = isinstance(item.impl_instance if isinstance(item, TypeDecorator) else item, JSON)
    if kind != "type" or not (is_json or type(item).__module__ == "batchbook.db.column_types"):
        return False
    context.imports.add("from batchbook import db")
    return "db.JSONValue" if is_json else f"db.{item!r}"


#: How the database and the models are compared, and how a difference is written down.
COMPARE: dict[str, Any] = {
    "target_metadata": metadata,
    "compare_type": True,
    "include_object": _concerns_us,
    "render_item": _render,
    "render_as_batch": True,
    # Our SQLite recipe begins transactions itself, so there, too, a migration happens entirely or not at all.
    "transactional_ddl": True,
}
