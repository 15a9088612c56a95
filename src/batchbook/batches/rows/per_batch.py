"""Row tables of single batches, made at run time with columns that depend on the batch's file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import count
from threading import Lock
from typing import Any

from pyramid.exceptions import ConfigurationError
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
from batchbook.batches.rows.storage import RowTables, SharedTable, copy_rows
from batchbook.db.base import NAMING_CONVENTION

#: The key in a header's ``params`` under which the columns of its rows are stored.
_COLUMNS = "row_columns"
_MARK = "__made_at_run_time__"
#: The number of models that are cached; those used longest ago are dropped. Making one takes milliseconds.
_KEPT = 64
_made = count(1)


class DynamicRow(BatchRow):
    """The base of rows whose columns are not known before the batch exists. Subclasses are abstract, too."""

    __abstract__ = True

    @declared_attr
    def batch_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy passes the class.
        """The batch the row belongs to."""
        return mapped_column(primary_key=True, autoincrement=False, sort_order=-20)


class OwnTables:
    """Storage in a table for each batch, whose model is made from the columns in the header."""

    def __init__(self, base: type[DynamicRow]) -> None:
        self._base = base
        self._models: OrderedDict[tuple[int, tuple[RowColumn, ...]], type[BatchRow]] = OrderedDict()
        self._lock = Lock()

    @cached_property
    def declared(self) -> type[BatchRow]:
        """The model of batches that have no table yet, with the columns of all batches and without rows."""
        return _without_rows(self._base)

    def of(self, batch: Batch) -> type[BatchRow]:
        """Return the model of the rows of ``batch``; before it is populated, the model without rows."""
        stored = batch.params.get(_COLUMNS) if batch.params else None
        if stored is None:
            return self.declared
        return self._model(batch.id, tuple(map(RowColumn.from_json, stored)))

    def make_room(self, session: Session, batch: Batch, columns: Sequence[RowColumn]) -> None:
        """Create the table, with ``columns`` besides those of the type."""
        self.discard(session, batch)
        refuse_doubles(columns, [*RESERVED, *table_of(self.declared).c.keys()])
        batch.params = batch.params | {_COLUMNS: [column.to_json() for column in columns]}
        session.flush()
        self._create(session, batch)

    def written(self, session: Session, batch: Batch) -> None:
        """Create the indexes of the columns that are filled by now, and have the database analyse the table."""
        table = table_of(self.of(batch))
        self._index(session, table, batch, refreshed=False)
        analyze(session.connection(), table.name)

    def guard(self, session: Session, batch: Batch) -> None:
        """Freeze the table with its batch, and create the indexes of the other columns.

        These come last because the first refresh sets their columns in every row: the type's, and derived ones.
        """
        table = table_of(self.of(batch))
        self._index(session, table, batch, refreshed=True)
        guard_table(session.connection(), table)

    def _index(self, session: Session, table: Table, batch: Batch, *, refreshed: bool) -> None:
        """Create the indexes of the columns that a refresh sets (``refreshed``), or else of the others."""
        late = {column.name for column in table_of(self.declared).columns if column.name != "batch_id"}
        late |= {column.name for column in table.columns if column.info.get("derived")}
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        wanted = [index for index in indexes if late.isdisjoint(index.columns.keys()) is not refreshed]
        make_indexes(session.connection(), wanted, batch.id)

    def copy(
        self, session: Session, source: Batch, clone: Batch, where: ColumnElement[bool] | None = None
    ) -> None:
        """Create a table for ``clone`` and copy the rows; do nothing for a source that has no table yet."""
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
    """Return whether ``model`` was made for a batch, and is not declared by a type."""
    return _MARK in model.__dict__


def _make_model(base: type[DynamicRow], name: str, columns: Sequence[RowColumn]) -> type[BatchRow]:
    """Return a model of the table ``name``, with metadata of its own, so that both can be garbage-collected."""
    namespace = {column.name: column.mapped() for column in columns}
    indexes = [
        Index(f"ix_{name}_{column.name}"[:60], "batch_id", column.name)
        for column in columns
        if column.indexed
    ]
    # By it the grid finds the rows of a status in their order and without reading them.
    indexes.append(Index(f"ix_{name}_status", "batch_id", "status", "sequence", "removed"))
    number = name.removeprefix(TABLE_PREFIX)
    # Triggers look at the batch that a row names, so a row of another batch would not be refused.
    own = [CheckConstraint(f"batch_id = {int(number)}", name="own_batch")] if number else []
    return type(
        # A unique name: a model that was dropped from the cache may still be in the registry.
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
    """Return a model with the columns of ``base`` that reads no table and has no rows."""
    columns = table_of(_make_model(base, TABLE_PREFIX, ())).columns
    nothing = select(*(cast(null(), column.type).label(column.name) for column in columns))
    table = nothing.where(false()).subquery("no_rows")
    for column in columns:
        copied: Any = table.c[column.name]
        copied.info = column.info  # Labels, rules and so on, which the column of a query does not inherit.
    model: Any = type(
        f"{base.__name__}_none_{next(_made)}", (), {"__table__": table, _MARK: True, "__doc__": base.__doc__}
    )
    # A declarative class can take its columns from its bases or from a table, but not from both.
    base.registry.map_imperatively(model, table, primary_key=[table.c.batch_id, table.c.sequence])
    none: type[BatchRow] = model
    return none


def row_model_of(header: type[Batch]) -> type[BatchRow]:
    """Return the row model whose ``__batch__`` is ``header``; raise ``ConfigurationError`` unless there is exactly one."""
    found = [
        row
        for row in _subclasses(BatchRow)
        if getattr(row, "__batch__", None) is header and not made_at_run_time(row)
    ]
    if len(found) != 1:
        names = f": {', '.join(row.__name__ for row in found)}" if found else ""
        raise ConfigurationError(
            f"{header.__name__} needs one row model whose __batch__ names it, and has {len(found)}{names}."
        )
    return found[0]


@lru_cache(maxsize=128)
def storage_of(header: type[Batch]) -> RowTables:
    """Return the storage of the rows of batches whose header is ``header``; raise as :func:`row_model_of` does."""
    model = row_model_of(header)
    return OwnTables(model) if issubclass(model, DynamicRow) else SharedTable(model)


def _subclasses(model: type[Any]) -> list[type[Any]]:
    return [sub for child in model.__subclasses__() for sub in (child, *_subclasses(child))]
