"""Freezing in the database: triggers that refuse every change of an executed batch, whoever asks.

One helper serves migrations and row tables made at run time. PostgreSQL gets statement triggers with transition
tables, which cost nothing measurable on bulk writes; SQLite has row triggers only. Deleting is allowed once the
batch's ``purge_after`` has passed, children before the header.
"""

from __future__ import annotations

from types import ModuleType

from sqlalchemy import Connection

from batchbook.batches.freeze import postgresql, sqlite
from batchbook.batches.freeze.words import MESSAGE

__all__ = [
    "CHILD_TABLES",
    "MESSAGE",
    "drop_freeze_functions",
    "freeze_core",
    "freeze_table",
    "unfreeze_table",
]

#: Tables that hang on a batch by ``batch_id``, besides the row tables.
CHILD_TABLES = ("batch_file", "batch_file_chunk", "operation", "cell_change")

# Both have the same functions.
_DATABASES: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}


def freeze_core(connection: Connection) -> None:
    """Create the triggers of the header table and of the tables every batch has. Run once, by the first migration."""
    database = _DATABASES[connection.dialect.name]
    database.create_functions(connection)
    for statement in database.header_triggers():
        connection.exec_driver_sql(statement)
    for table in CHILD_TABLES:
        freeze_table(connection, table)


def drop_freeze_functions(connection: Connection) -> None:
    """Drop what :func:`freeze_core` made besides the triggers, which go with their tables."""
    _DATABASES[connection.dialect.name].drop_functions(connection)


def freeze_table(connection: Connection, table: str, batch_column: str = "batch_id") -> None:
    """Create the triggers that freeze ``table``, whose ``batch_column`` names the batch.

    A type's header table is frozen by its ``id``, a row table by its ``batch_id``.
    """
    for statement in _DATABASES[connection.dialect.name].child_triggers(connection, table, batch_column):
        connection.exec_driver_sql(statement)


def unfreeze_table(connection: Connection, table: str) -> None:
    """Drop the triggers of ``table``, for a migration that must rebuild the table and freezes it again."""
    database = _DATABASES[connection.dialect.name]
    for name in database.trigger_names(connection, table):
        if name.startswith(f"frozen_{table}_"):
            database.drop_trigger(connection, table, name)
