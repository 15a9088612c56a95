"""Row tables of single batches: made at run time, with columns that the batch's file decides."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from itertools import count
from threading import Lock
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, MetaData, Table, cast, false, null, select
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.ddl import (
    TABLE_PREFIX,
    analyze,
    drop_table,
    guard_table,
    make_indexes,
    make_table,
    table_name,
)
from batchbook.batches.rows.row_columns import RowColumn, refuse_doubles
from batchbook.batches.rows.scope import RESERVED, table_of
from batchbook.batches.rows.storage import copy_rows
from batchbook.db.base import NAMING_CONVENTION

#: Where a header keeps the columns of its rows.
_COLUMNS = "row_columns"
_MARK = "__made_at_run_time__"
#: How many models are kept ready. One is made in milliseconds, and let go when others were used since.
_KEPT = 64
_made = count(1)


class DynamicRow(BatchRow):
    """The base of rows whose columns are not known until the batch exists. A subclass is abstract, too."""

    __abstract__ = True

    @declared_attr
    def batch_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy passes the class.
        """The batch the row belongs to."""
        return mapped_column(primary_key=True, autoincrement=False, sort_order=-20)


class OwnTables:
    """A table for each batch, whose model is made from the columns that the header keeps."""

    def __init__(self, base: type[DynamicRow]) -> None:
        self._base = base
        self._models: OrderedDict[tuple[int, tuple[RowColumn, ...]], type[BatchRow]] = OrderedDict()
        self._lock = Lock()

    @cached_property
    def declared(self) -> type[BatchRow]:
        """The model of a batch that has no table yet: it has the columns that all have, and never a row."""
        return _without_rows(self._base)

    def of(self, batch: Batch) -> type[BatchRow]:
        """Return the model of the rows of ``batch``; that of no rows before it is populated."""
        stored = batch.params.get(_COLUMNS) if batch.params else None
        if stored is None:
            return self.declared
        return self._model(batch.id, tuple(map(RowColumn.from_json, stored)))

    def make_room(self, session: Session, batch: Batch, columns: Sequence[RowColumn]) -> None:
        """Make the table, with ``columns`` besides those of the type."""
        self.discard(session, batch)
        refuse_doubles(columns, [*RESERVED, *table_of(self.declared).c.keys()])
        batch.params = batch.params | {_COLUMNS: [column.to_json() for column in columns]}
        session.flush()
        self._create(session, batch)

    def written(self, session: Session, batch: Batch) -> None:
        """Make the indexes of the batch's own columns, and let the database look at what it has to plan for."""
        table = table_of(self.of(batch))
        self._index(session, table, batch, own=True)
        analyze(session.connection(), table.name)

    def guard(self, session: Session, batch: Batch) -> None:
        """Freeze the table from now on, as all row tables are.

        Indexes of the type's columns are made only now: the first refresh sets these columns in every row.
        """
        table = table_of(self.of(batch))
        self._index(session, table, batch, own=False)
        guard_table(session.connection(), table)

    def _index(self, session: Session, table: Table, batch: Batch, *, own: bool) -> None:
        """Make the indexes of the batch's own columns or, if not ``own``, those of the type's."""
        declared = {column.name for column in table_of(self.declared).columns if column.name != "batch_id"}
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        wanted = [index for index in indexes if declared.isdisjoint(index.columns.keys()) is own]
        make_indexes(session.connection(), wanted, batch.id)

    def copy(
        self, session: Session, source: Batch, clone: Batch, where: ColumnElement[bool] | None = None
    ) -> None:
        """Make a table for ``clone`` and copy into it; a source without a table has none to be copied."""
        model = self.of(source)
        if model is self.declared:
            return
        self._create(session, clone)
        copy_rows(session, table_of(model), table_of(self.of(clone)), source, clone, where)
        self.written(session, clone)
        self.guard(session, clone)

    def discard(self, session: Session, batch: Batch) -> None:
        """Drop the table."""
        drop_table(session.connection(), batch.id)

    def _create(self, session: Session, batch: Batch) -> None:
        make_table(session.connection(), table_of(self.of(batch)), batch.id)

    def _model(self, batch_id: int, columns: tuple[RowColumn, ...]) -> type[BatchRow]:
        key = (batch_id, columns)
        with self._lock:
            model = self._models.get(key) or _make_model(self._base, table_name(batch_id), columns)
            self._models[key] = model
            self._models.move_to_end(key)
            if len(self._models) > _KEPT:
                self._models.popitem(last=False)
            return model


def made_at_run_time(model: type[BatchRow]) -> bool:
    """Return whether ``model`` is that of one batch, which no type declares."""
    return _MARK in model.__dict__


def _make_model(base: type[DynamicRow], name: str, columns: Sequence[RowColumn]) -> type[BatchRow]:
    """Return the model of the table ``name``, which is in a catalogue of its own, so that it can be let go."""
    namespace = {column.name: column.mapped() for column in columns}
    indexes = [
        Index(f"ix_{name}_{column.name}"[:60], "batch_id", column.name)
        for column in columns
        if column.indexed
    ]
    number = name.removeprefix(TABLE_PREFIX)
    # What freezes a table asks for the batch that a row names: a row of another one would not be refused.
    own = [CheckConstraint(f"batch_id = {int(number)}", name="own_batch")] if number else []
    return type(
        # No name twice: a model that was let go may still be known by its own.
        f"{base.__name__}_{name}_{next(_made)}",
        (base,),
        {
            **namespace,
            "__tablename__": name,
            "__table_args__": (*indexes, *own),
            "metadata": MetaData(naming_convention=NAMING_CONVENTION),
            _MARK: True,
            "__module__": base.__module__,
            "__doc__": base.__doc__,
        },
    )


def _without_rows(base: type[DynamicRow]) -> type[BatchRow]:
    """Return a model with the columns of ``base`` that reads no table and finds no rows."""
    columns = table_of(_make_model(base, TABLE_PREFIX, ())).columns
    nothing = select(*(cast(null(), column.type).label(column.name) for column in columns))
    table = nothing.where(false()).subquery("no_rows")
    for column in columns:
        told: Any = table.c[column.name]
        told.info = column.info  # What pages need to know of a column; one of a query has none of its own.
    model: Any = type(
        f"{base.__name__}_none_{next(_made)}", (), {"__table__": table, _MARK: True, "__doc__": base.__doc__}
    )
    # A declared class takes its columns from its bases, or those of a table, not both.
    base.registry.map_imperatively(model, table, primary_key=[table.c.batch_id, table.c.sequence])
    none: type[BatchRow] = model
    return none
