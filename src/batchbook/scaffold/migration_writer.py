"""The next migration of a plug-in, written by comparing its models with what its migrations have made so far.

The migrations are run on a temporary SQLite database, so that the author's own database is neither needed nor touched.
Tables of batches are frozen, and tables of records made append-only, as ``config.add_batch_type`` tells of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import (
    AddColumnOp,
    CreateTableOp,
    DropColumnOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table

from batchbook import migrate
from batchbook.batches.registry import BatchType
from batchbook.batches.rows.scope import table_of
from batchbook.batches.rows.storage import SharedTable
from batchbook.errors import BadInput, Conflict
from batchbook.models import metadata
from batchbook.scaffold.code_format import imported, laid_out, quoted
from batchbook.scaffold.plugin_package import History, PluginPackage
from batchbook.words import counted, noun

_HEAD_COMMENTS = re.compile(r"^\s*#.*\n?", re.MULTILINE)


class WrittenMigration(NamedTuple):
    """A migration that was written: its file, its summary, and sentences on what its author has to know."""

    file: Path
    summary: str
    warnings: Sequence[str]


class _Changes(NamedTuple):
    upgrade: OpContainer
    downgrade: OpContainer


def write_migration(
    package: PluginPackage, settings: Mapping[str, Any] | None = None, message: str = ""
) -> WrittenMigration:
    """Write the migration that leads from the existing ones to the models of ``package``.

    ``settings`` name other plug-ins that the package needs. Raises ``Conflict`` if nothing has changed, ``BadInput`` for a
    change that rows cannot follow, and ``ConfigurationError`` if the package does not start.
    """
    with TemporaryDirectory() as place:
        history = History(package, settings or {}, f"sqlite:///{place}/models.sqlite3")
        try:
            with history.engine.connect() as connection:
                return _written(history, connection, message)
        finally:
            history.engine.dispose()


def _written(history: History, connection: Connection, message: str) -> WrittenMigration:
    package = history.package
    found = _comparison(connection, history.tables)
    guards = _guards(history, connection, found)
    if found.upgrade.is_empty() and not guards.calls:
        raise Conflict(
            f"No migration was written: the migrations of {package.name} lead to its models as they are."
        )
    operations = [*_flat(found.upgrade)]
    _demand_values(operations)
    revision, before = history.next_revision()
    summary = message.strip().rstrip(".") or _summary(operations)
    context = MigrationContext.configure(connection, opts=dict(migrate.COMPARE))
    bodies = (
        _body(found.upgrade, context, guards, guards.guarded, guards.calls.keys()),
        _body(found.downgrade, context, guards, guards.existing, guards.guarded),
    )
    constants = {
        "revision": revision,
        "down_revision": before,
        "branch_labels": None if before else (history.label,),
        "depends_on": history.dependencies(operations, is_first=before is None),
    }
    return WrittenMigration(
        package.add_migration(revision, _module(summary, bodies, constants)), summary, [*_losses(operations)]
    )


# --- Comparing ------------------------------------------------------------------------------------------------------


def _comparison(connection: Connection, tables: Collection[str]) -> _Changes:
    """Return Alembic's comparison of the database with the models, of ``tables`` only."""

    def concerns(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return kind != "table" or name in tables

    options = dict(migrate.COMPARE) | {"include_object": concerns}
    script = produce_migrations(MigrationContext.configure(connection, opts=options), metadata)
    return _Changes(*script.upgrade_ops_list, *script.downgrade_ops_list)


def _flat(operations: OpContainer) -> Iterator[MigrateOperation]:
    for operation in operations.ops:
        if isinstance(operation, ModifyTableOps):
            yield from _flat(operation)
        else:
            yield operation


def _demand_values(operations: Sequence[MigrateOperation]) -> None:
    for operation in operations:
        if isinstance(operation, AddColumnOp):
            column = operation.column
            if not column.nullable and column.server_default is None:
                raise BadInput(
                    f"No migration was written: rows that {operation.table_name} has already would have no value for"
                    f" {column.name}. Let it be empty, as Mapped[… | None], or give it a server_default."
                )


def _losses(operations: Sequence[MigrateOperation]) -> Iterator[str]:
    for operation in operations:
        match operation:
            case DropColumnOp():
                lost = f"the column {operation.column_name} of {operation.table_name}"
            case DropTableOp():
                lost = f"the table {operation.table_name}"
            case _:
                continue
        yield (
            f"The migration drops {lost} with what it has. Batches that were executed are sealed with it: “batchbook verify”"
            " will say that it is missing. Keep it if there are any."
        )


def _summary(operations: Sequence[MigrateOperation]) -> str:
    """Return what the migration does, as the first line of its docstring: tables, or columns of tables."""
    created = [one.table_name for one in operations if isinstance(one, CreateTableOp)]
    added = [f"{one.table_name}.{one.column.name}" for one in operations if isinstance(one, AddColumnOp)]
    parts = [
        *([f"{noun(len(created), 'table')} {', '.join(sorted(created))}"] if created else []),
        *([f"{noun(len(added), 'column')} {', '.join(sorted(added))}"] if added else []),
    ]
    rest = len(operations) - len(created) - len(added)
    changes = [counted(rest, "change")] if rest and not created else []
    text = " and ".join([*parts, *changes]) or "triggers"
    return text[0].upper() + text[1:]


# --- Guards ---------------------------------------------------------------------------------------------------------


class _Guards(NamedTuple):
    """The calls that guard tables, by table, and which of these tables are ``guarded`` so far, and are ``existing``."""

    calls: Mapping[str, str]
    guarded: Collection[str]
    existing: Collection[str]


def _guards(history: History, connection: Connection, found: _Changes) -> _Guards:
    """Return the guards of the tables that the migration makes or changes, or that have no triggers although they should."""
    calls = {
        table: call for batch_type in history.types for table, call in _calls(history.package, batch_type)
    }
    triggers = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'frozen\\_%' ESCAPE '\\'"
    guarded = set(connection.exec_driver_sql(triggers).scalars())
    changed = {one.table_name for one in found.upgrade.ops if isinstance(one, ModifyTableOps)}
    needed = {table: call for table, call in calls.items() if table in changed or table not in guarded}
    return _Guards(needed, guarded & needed.keys(), history.existing & needed.keys())


def _calls(package: PluginPackage, batch_type: BatchType) -> Iterator[tuple[str, str]]:
    """Yield the tables of a type with the calls that guard them: of its header, its rows, other parts of batches, records."""
    header = table_of(batch_type.header).name
    yield header, f'freeze_table(op.get_bind(), "{header}", "id")'
    rows = {table_of(batch_type.row).name} if isinstance(batch_type.rows, SharedTable) else set()
    for table in sorted(rows | {one.name for one in _children(package, {header, "batch"})}):
        yield table, f'freeze_table(op.get_bind(), "{table}")'
    for table in sorted({table_of(record).name for record in batch_type.records} & _own(package)):
        yield table, f'append_only(op.get_bind(), "{table}")'


def _own(package: PluginPackage) -> set[str]:
    return {table.name for table in migrate.tables_of(package.name)}


def _children(package: PluginPackage, headers: Collection[str]) -> Iterator[Table]:
    """Yield the package's tables that are parts of batches: their ``batch_id`` is a foreign key of a header's table."""
    for table in migrate.tables_of(package.name):
        column = table.columns.get("batch_id")
        if column is not None and any(key.column.table.name in headers for key in column.foreign_keys):
            yield table


# --- Writing --------------------------------------------------------------------------------------------------------


def _body(
    operations: Any,
    context: MigrationContext,
    guards: _Guards,
    opened: Collection[str],
    closed: Collection[str],
) -> str:
    """Return the statements of one direction: guards of the tables ``opened`` go first, those of ``closed`` come last."""
    code = render_python_code(
        operations,
        render_as_batch=True,
        render_item=migrate.COMPARE["render_item"],
        migration_context=context,
    )
    statements = _HEAD_COMMENTS.sub("", code).strip()
    dedented = re.sub(r"^ {4}", "", statements, flags=re.MULTILINE) if statements != "pass" else ""
    before = [f'unfreeze_table(op.get_bind(), "{table}")' for table in sorted(opened)]
    after = [call for table, call in guards.calls.items() if table in closed]
    return laid_out("\n".join([*before, dedented, *after]), indent=4) or "    pass"


def _module(summary: str, bodies: Sequence[str], constants: Mapping[str, Any]) -> str:
    text = "\n".join(bodies)
    guards = sorted({*re.findall(r"\b(freeze_table|append_only|unfreeze_table)\(", text)})
    imports = [
        *(["import sqlalchemy as sa"] if re.search(r"\bsa\.", text) else []),
        "from alembic import op",
        *(["from batchbook import db"] if re.search(r"\bdb\.", text) else []),
        *([imported("batchbook.batches", guards)] if guards else []),
    ]
    values = [f"{name} = {_literal(value)}" for name, value in constants.items()]
    upgrade, downgrade = bodies
    return "\n".join(
        [
            f'"""{summary}."""', "", "from __future__ import annotations", "", *imports, "",
            *values, "", "",
            "def upgrade() -> None:", upgrade, "", "",
            "def downgrade() -> None:", downgrade, "",
        ]
    )  # fmt: skip


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(quoted, value))}{',' if len(value) == 1 else ''})"
    return quoted(value) if isinstance(value, str) else repr(value)
