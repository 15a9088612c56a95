"""Freezing in the database: triggers that refuse every change of an executed batch, whoever asks.

One helper serves migrations and row tables made at run time. PostgreSQL gets statement triggers with transition
tables, which cost nothing measurable on bulk writes; SQLite has row triggers only. Deleting is allowed once the
batch's ``purge_after`` has passed, children before the header.

Two more keep what is not part of a batch: :func:`append_only` the tables that record what batches did, for good, and
:func:`freeze_ended` rows such as jobs once they have ended.
"""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType

from sqlalchemy import Connection

from batchbook.batches.freeze import postgresql, sqlite
from batchbook.batches.freeze.postgresql import ENDED_MESSAGE, MESSAGE, RECORD_MESSAGE

__all__ = [
    "CHILD_TABLES",
    "ENDED_MESSAGE",
    "MESSAGE",
    "RECORD_MESSAGE",
    "append_only",
    "drop_freeze_functions",
    "freeze_core",
    "freeze_ended",
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


def append_only(connection: Connection, table: str) -> None:
    """Create the triggers by which rows can be added to ``table`` and never be changed or deleted.

    The table records what batches did: its column ``batch_id`` names the batch, or is null where none did it. A row
    that names one is refused unless that batch is being executed, so nobody can add to what an executed one did. The
    rows outlive their batch: a foreign key from ``batch_id`` would keep it from being purged.
    """
    database = _DATABASES[connection.dialect.name]
    database.create_record_functions(connection)
    for statement in database.record_triggers(connection, table):
        connection.exec_driver_sql(statement)


def freeze_ended(connection: Connection, table: str, states: Collection[str]) -> None:
    """Create the triggers that keep a row of ``table`` as it is once its ``state`` is one of ``states``.

    No row is born in such a state, and one is deleted only when its ``purge_after`` has passed.
    """
    database = _DATABASES[connection.dialect.name]
    database.create_record_functions(connection)
    for statement in database.ended_triggers(table, states):
        connection.exec_driver_sql(statement)


def unfreeze_table(connection: Connection, table: str) -> None:
    """Drop what any of these helpers made for ``table``, for a migration that must rebuild it and freezes it again."""
    database = _DATABASES[connection.dialect.name]
    for name in database.trigger_names(connection, table):
        if name.startswith(f"frozen_{table}_"):
            database.drop_trigger(connection, table, name)
