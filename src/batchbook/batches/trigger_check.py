"""The check of the database's tables and triggers: missing or disabled ones, inheriting tables and rules are faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import Any

from sqlalchemy import Connection, text

from batchbook.batches.freeze import CHILD_TABLES
from batchbook.batches.freeze.execution_gate import TRIGGERS as POLICY_TRIGGERS
from batchbook.batches.models import Batch
from batchbook.batches.policies.models import BatchPolicy
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.retention.models import LegalHold, Tombstone
from batchbook.batches.rows.ddl import TABLE_PREFIX
from batchbook.batches.rows.scope import table_of
from batchbook.batches.rows.storage import SharedTable
from batchbook.batches.seal.models import Seal, SealChunk
from batchbook.db import Base
from batchbook.jobs import Job
from batchbook.master.models import DirectEdit
from batchbook.schema_version import MIGRATIONS
from batchbook.security.models import AuditEntry
from batchbook.words import noun

#: The triggers that every guarded table has, by the last part of their names.
_EVENTS = {
    "sqlite": ("insert", "update", "delete"),
    "postgresql": ("insert", "update_from", "delete", "truncate"),
}
#: The trigger on PostgreSQL that keeps rows from being moved into an executed batch.
_INTO = "update_to"
_TRIGGERS = {
    "sqlite": "SELECT name, tbl_name, TRUE FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT t.tgname, c.relname, t.tgenabled IN ('O', 'A')"
    " FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid"
    " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    " AND NOT t.tgisinternal",
}
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}
_COLUMNS = {
    "sqlite": "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'",
    "postgresql": "SELECT c.relname, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
    " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    " AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
}
_INHERITING = (
    "SELECT child.relname, child.relnamespace = here.oid, parent.relname, parent.relnamespace = here.oid"
    " FROM pg_inherits AS i JOIN pg_namespace AS here ON here.nspname = current_schema()"
    " JOIN pg_class AS child ON child.oid = i.inhrelid JOIN pg_class AS parent ON parent.oid = i.inhparent"
    " ORDER BY child.relname, parent.relname"
)
_RULES = (
    "SELECT r.rulename, c.relname FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class"
    " WHERE c.relkind = 'r' AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    " ORDER BY 1, 2"
)
_ROWS = re.compile(rf"{TABLE_PREFIX}\d+")


def faults(connection: Connection, types: BatchTypes) -> Iterator[str]:
    """Yield a sentence for each missing table of ``types``, and each gap in what protects batches, jobs and records."""
    dialect = connection.dialect.name
    triggers = connection.execute(text(_TRIGGERS[dialect])).all()
    tables = set(connection.execute(text(_TABLES[dialect])).scalars())
    yield from missing_tables(connection, types)
    rows = {table for table in tables if _ROWS.fullmatch(table)}
    begun = {table for trigger, table, _works in triggers if trigger.startswith(f"frozen_{table}_")}
    yield from _never_frozen(types, tables, begun)
    working = {trigger for trigger, _table, works in triggers if works}
    records = {table_of(record).name for batch_type in types for record in batch_type.records}
    sealed = {Seal.__tablename__, SealChunk.__tablename__}
    guarded = {
        Batch.__tablename__,
        Job.__tablename__,
        DirectEdit.__tablename__,
        BatchPolicy.__tablename__,
        *CHILD_TABLES,
        *sealed,
    } | records
    guarded |= {AuditEntry.__tablename__, LegalHold.__tablename__, Tombstone.__tablename__}
    for table in sorted((guarded | rows | begun) & tables):
        events = {*_EVENTS[dialect]}
        if dialect == "postgresql" and (table in CHILD_TABLES or table in rows):
            events.add(_INTO)
        needed = (
            {f"frozen_{table}_{event}" for event in events} if table != BatchPolicy.__tablename__ else set()
        )
        if missing := (needed | {*POLICY_TRIGGERS.get(table, ())}) - working:
            yield (
                f"The table {table} is not guarded: {', '.join(sorted(missing))} is missing or switched off."
                " Check what was changed meanwhile, then create its triggers again."
            )
    if dialect == "postgresql":
        yield from _inheriting(connection)
        yield from _ruled(connection)


def missing_tables(connection: Connection, types: BatchTypes) -> Iterator[str]:
    """Yield a sentence for each table that one of the ``types`` needs and the database lacks, or lacks columns of.

    The database has every migration. A table that several types need is told once.
    """
    found, told = columns_by_table(connection), set[str]()
    for batch_type in types:
        models = (*_own_models(batch_type), *batch_type.records)
        needed = [table for table in map(table_of, models) if table.name not in told]
        told |= {table.name for table in needed}
        package = batch_type.header.__module__.partition(".")[0]
        whose = f"which {package} needs for batches of the type {batch_type.key!r}."
        if missing := sorted({table.name for table in needed} - found.keys()):
            yield (
                f"The database has no {noun(len(missing), 'table')} {' and '.join(missing)}, {whose} If {package} has"
                f" migrations, add their place to the setting {MIGRATIONS.name}, such as {package}:migrations, and run"
                " “batchbook init”; if not, write one."
            )
        for table in needed:
            lacking = sorted(set(table.columns.keys()) - found.get(table.name, set(table.columns.keys())))
            if lacking:
                yield (
                    f"The table {table.name} has no {noun(len(lacking), 'column')} {' and '.join(lacking)}, {whose} Write a"
                    f" migration of {package} that adds what is missing, and run “batchbook init”."
                )


def columns_by_table(connection: Connection) -> dict[str, set[str]]:
    """Return the names of the columns of each table in the database."""
    found: dict[str, set[str]] = {}
    for table, column in connection.execute(text(_COLUMNS[connection.dialect.name])):
        found.setdefault(table, set()).add(column)
    return found


def _own_models(batch_type: BatchType) -> list[type[Any]]:
    """Return the models of the type's tables that are frozen with its batches, the header first."""
    return [batch_type.header, *([batch_type.row] if isinstance(batch_type.rows, SharedTable) else [])]


def _never_frozen(types: BatchTypes, tables: Set[str], begun: Set[str]) -> Iterator[str]:
    for batch_type in types:
        for model, argument in zip(_own_models(batch_type), (', "id"', ""), strict=False):
            table = table_of(model).name
            if table in tables - begun:
                yield (
                    f"The table {table} of batches of the type {batch_type.key!r} is not frozen, so that executed batches could be"
                    f' changed: have a migration call freeze_table(op.get_bind(), "{table}"{argument}).'
                )


def _inheriting(connection: Connection) -> Iterator[str]:
    for child, child_is_here, parent, parent_is_here in connection.execute(text(_INHERITING)):
        if (child_is_here and _is_ours(child)) or (parent_is_here and _is_ours(parent)):
            yield (
                f"The table {child} inherits from {parent}: rows of the one count as rows of the other, and are changed"
                f" without its triggers. Check the rows of both, then run: ALTER TABLE {child} NO INHERIT {parent}."
            )


def _ruled(connection: Connection) -> Iterator[str]:
    for rule, table in connection.execute(text(_RULES)):
        if _is_ours(table):
            yield f"The rule {rule} makes statements on the table {table} do something else. Run: DROP RULE {rule} ON {table}."


def _is_ours(table: str) -> bool:
    return table in Base.metadata.tables or _ROWS.fullmatch(table) is not None
