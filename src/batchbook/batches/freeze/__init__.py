"""Freezing in the database: triggers that refuse every change of an executed batch, from any client.

:func:`freeze_table` serves migrations and row tables that are made at run time. PostgreSQL gets statement triggers with
transition tables, whose cost on bulk writes is not measurable; SQLite has row triggers only. An executed batch can be
deleted once its ``purge_after`` has passed, children before the header.

Two more functions protect rows outside batches: :func:`append_only` the records of what batches did, for good, and
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
    "hold_deletions",
    "unfreeze_table",
]

#: The tables with children of batches that the first migration creates.
_FIRST_CHILDREN = ("batch_file", "batch_file_chunk", "operation", "cell_change")
#: All tables with children of batches, besides the row tables.
CHILD_TABLES = (*_FIRST_CHILDREN, "batch_comment", "batch_effect", "batch_approval", "cell_chunk")

# Both modules have the same functions.
_DATABASES: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}


def freeze_core(connection: Connection) -> None:
    """Create the triggers of the header table and of the tables of children. The first migration calls this once."""
    database = _DATABASES[connection.dialect.name]
    database.create_functions(connection)
    for statement in database.header_triggers():
        connection.exec_driver_sql(statement)
    for table in _FIRST_CHILDREN:
        freeze_table(connection, table)


def drop_freeze_functions(connection: Connection) -> None:
    """Drop the functions that :func:`freeze_core` created. The triggers are dropped with their tables."""
    _DATABASES[connection.dialect.name].drop_functions(connection)


def freeze_table(connection: Connection, table: str, batch_column: str = "batch_id") -> None:
    """Create the triggers that freeze ``table``, whose ``batch_column`` names the batch.

    A type's header table is frozen by its ``id``, a row table by its ``batch_id``.
    """
    for statement in _DATABASES[connection.dialect.name].child_triggers(connection, table, batch_column):
        connection.exec_driver_sql(statement)


def hold_deletions(connection: Connection) -> None:
    """Have all triggers refuse to delete anything of a batch that the table ``legal_hold`` holds, if that is there."""
    _DATABASES[connection.dialect.name].hold_deletions(connection)


def append_only(connection: Connection, table: str, state: str = "executing") -> None:
    """Create the triggers that let rows of ``table`` be added, but never changed or deleted.

    The table records effects of batches: its column ``batch_id`` names the batch, or is null for other effects. A row
    that names a batch is refused unless that batch is in ``state``: being executed, so that nothing can be added to the
    record of an executed one, or, for seals, executed. The rows outlive their batch: a foreign key from ``batch_id`` would
    keep it from being purged.
    """
    database = _DATABASES[connection.dialect.name]
    database.create_record_functions(connection)
    for statement in database.record_triggers(connection, table, state):
        connection.exec_driver_sql(statement)


def freeze_ended(connection: Connection, table: str, states: Collection[str]) -> None:
    """Create the triggers that refuse changes of a row of ``table`` once its ``state`` is one of ``states``.

    No row can be inserted in such a state, and such a row can be deleted only when its ``purge_after`` has passed.
    """
    database = _DATABASES[connection.dialect.name]
    database.create_record_functions(connection)
    for statement in database.ended_triggers(table, states):
        connection.exec_driver_sql(statement)


def unfreeze_table(connection: Connection, table: str) -> None:
    """Drop the triggers of ``table``, for a migration that rebuilds the table and freezes it again."""
    database = _DATABASES[connection.dialect.name]
    for name in database.trigger_names(connection, table):
        if name.startswith(f"frozen_{table}_"):
            database.drop_trigger(connection, table, name)
