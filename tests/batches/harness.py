"""Batches without HTTP: a place where tests make them, act on them and look at them."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import MetaData, RowMapping, Table, func, insert, select
from sqlalchemy.engine import Engine as Database
from sqlalchemy.orm import Session

from batchbook.batches import Action, Batch, BatchHandler, BatchType, BatchTypes
from batchbook.batches.changed_cells import ChangedCell
from batchbook.batches.editing import HeaderEditor, RowEditor, RowRemover
from batchbook.batches.engine.creation import clone_batch, create_batch, delete_batch
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.models import Operation
from batchbook.batches.running.runner import ActionCall, InlineRunner
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.progress import Progress

from .shelf_count import shelf_count


@dataclass(frozen=True)
class BatchHarness:
    """Acts as ``actor`` on batches of one type, each time in a transaction of its own."""

    database: Database
    batch_type: BatchType
    actor: str = "staff"

    @property
    def types(self) -> BatchTypes:
        return BatchTypes([self.batch_type])

    def by(self, actor: str) -> Self:
        return replace(self, actor=actor)

    def with_handler(self, handler: type[BatchHandler[Any, Any]]) -> Self:
        return replace(self, batch_type=replace(self.batch_type, handler=handler))

    # --- Acting ---

    def on(self, session: Session, progress: Progress | None = None) -> Engine:
        return Engine(session, self.types, {}, self.actor, progress)

    @contextmanager
    def engine(self, progress: Progress | None = None) -> Iterator[Engine]:
        with transaction_scope(self.database) as session:
            yield self.on(session, progress)

    def create(self, file: str | bytes | None = None, name: str = "list.csv", **texts: str) -> int:
        content = file.encode() if isinstance(file, str) else file
        with self.engine() as engine:
            upload = None if content is None else io.BytesIO(content)
            return create_batch(engine, self.batch_type.key, texts, upload, name).id

    def run(
        self, batch_id: int, *actions: Action, progress: Progress | None = None, **options: Any
    ) -> Result:
        """Run ``actions``; the warnings of an execution are confirmed, unless ``confirm`` tells otherwise."""
        for action in actions:
            confirm = {"confirm": "all"} if action is Action.EXECUTE else {}
            with self.engine(progress) as engine:
                result = engine.run(batch_id, action, confirm | options)
        return result

    def submit(self, batch_id: int, action: Action, **options: Any) -> Result:
        with transaction_scope(self.database) as session:
            call = ActionCall(batch_id, action, self.actor, options)
            return InlineRunner(self.types, {}).submit(session, call)

    def open(self, file: str, **texts: str) -> int:
        """Create a batch from ``file`` and populate it."""
        batch_id = self.create(file, **texts)
        assert not self.run(batch_id, Action.POPULATE).failed
        return batch_id

    def executed(self, file: str, **texts: str) -> int:
        batch_id = self.open(file, **texts)
        self.run(batch_id, Action.COMPLETE, Action.EXECUTE)
        return batch_id

    def edit(self, batch_id: int, sequence: int, version: int | None = None, /, **texts: str) -> list[str]:
        with self.engine() as engine:
            return RowEditor(engine).edit(batch_id, sequence, texts, version).labels

    def edit_header(self, batch_id: int, version: int | None = None, /, **texts: str) -> list[str]:
        with self.engine() as engine:
            return HeaderEditor(engine).edit(batch_id, texts, version)

    def add(self, batch_id: int, **texts: str) -> int:
        with self.engine() as engine:
            return RowEditor(engine).add(batch_id, texts)

    def enter(self, batch_id: int, text: str) -> int:
        with self.engine() as engine:
            return RowEditor(engine).enter(batch_id, text).sequence

    def remove(
        self, batch_id: int, sequence: int, *, removed: bool = True, version: int | None = None
    ) -> None:
        with self.engine() as engine:
            RowRemover(engine).set_removed(batch_id, sequence, removed=removed, version=version)

    def remove_where(self, batch_id: int, condition: Any) -> int:
        with self.engine() as engine:
            return RowRemover(engine).remove_where(batch_id, condition)

    def clone(self, batch_id: int) -> int:
        with self.engine() as engine:
            return clone_batch(engine, batch_id).id

    def delete(self, batch_id: int) -> str:
        with self.engine() as engine:
            return delete_batch(engine, batch_id)

    # --- Looking ---

    def batch(self, batch_id: int) -> Batch:
        with transaction_scope(self.database, read_only=True) as session:
            return self.on(session).find(batch_id)

    def rows(self, batch_id: int) -> list[RowMapping]:
        table = self.batch_type.row.__table__
        statement = select(table).where(table.c.batch_id == batch_id).order_by(table.c.sequence)
        with transaction_scope(self.database, read_only=True) as session:
            return list(session.execute(statement).mappings())

    def row(self, batch_id: int, sequence: int) -> RowMapping:
        return next(row for row in self.rows(batch_id) if row.sequence == sequence)

    def statuses(self, batch_id: int) -> list[str | None]:
        return [row.status for row in self.rows(batch_id)]

    def operations(self, batch_id: int) -> list[tuple[str, str, str, int]]:
        order = select(Operation).where(Operation.batch_id == batch_id).order_by(Operation.number)
        with transaction_scope(self.database, read_only=True) as session:
            return [(o.kind, o.actor, o.summary, o.cells) for o in session.scalars(order)]

    def cells(self, batch_id: int) -> list[tuple[int, int, int, str, str | None, str | None]]:
        c = ChangedCell
        order = (
            select(c.operation, c.position, c.sequence, c.field, c.old, c.new)
            .where(c.batch_id == batch_id)
            .order_by(c.operation, c.position)
        )
        with transaction_scope(self.database, read_only=True) as session:
            return [tuple(row) for row in session.execute(order)]  # type: ignore[misc]

    def assert_counted(self, batch_id: int) -> None:
        """The header's counts are those that SQL finds."""
        row = self.batch_type.row
        with transaction_scope(self.database, read_only=True) as session:
            counted = session.execute(
                select(row.removed, row.status, func.count())
                .where(row.batch_id == batch_id)
                .group_by(row.removed, row.status)
            ).all()
        batch = self.batch(batch_id)
        assert batch.row_count == sum(n for _, _, n in counted)
        assert batch.removed_count == sum(n for removed, _, n in counted if removed)
        assert batch.status_counts == {status or "": n for removed, status, n in counted if not removed}


def stock(database: Database, *products: tuple[str, int]) -> None:
    """Put products, by item code and quantity on hand, into the catalogue."""
    with transaction_scope(database) as session:
        session.execute(
            insert(Product),
            [
                {"item_code": code, "description": code, "price": Decimal("1.00"), "on_hand": count}
                for code, count in products
            ],
        )


def on_hand(database: Database) -> dict[str, int]:
    with transaction_scope(database, read_only=True) as session:
        found = session.execute(select(Product.item_code, Product.on_hand).order_by(Product.item_code))
        return {row.item_code: row.on_hand for row in found}


def snapshot(database: Database, *metadatas: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that the tables of ``metadatas`` hold, in order of their keys, but for the audit log."""
    found = [table for metadata in metadatas for table in metadata.sorted_tables]
    tables = [table for table in found if table.name not in ("audit_log", "pending_audit_log")]
    with transaction_scope(database, read_only=True) as session:
        return {table.name: _dump(session, table) for table in tables}


def _dump(session: Session, table: Table) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]


def shelves(database: Database) -> BatchHarness:
    return BatchHarness(database, shelf_count())


def wait_until_blocked(database: Database, ends: list[str]) -> None:
    """Return when a statement waits for a lock on PostgreSQL, or when ``ends`` says that nothing will."""
    deadline = time.monotonic() + 5
    while not ends and time.monotonic() < deadline:
        with database.connect() as connection:
            waiting = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            ).scalar_one()
        if waiting:
            return
        time.sleep(0.02)
