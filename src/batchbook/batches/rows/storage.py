"""Storage of a type's rows: one table shared by all its batches, or a table for each batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, Table, column, delete, insert, literal, select, text
from sqlalchemy.orm import Session

from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.ddl import analyze
from batchbook.batches.rows.row_columns import RowColumn
from batchbook.batches.rows.scope import table_of

#: As long as PostgreSQL knows of fewer rows in a table for all batches, it is asked to look at each batch that is new.
_FEW = 50_000


class RowTables(Protocol):
    """What the framework needs to know of where rows are."""

    @property
    def declared(self) -> type[BatchRow]:
        """The model with the columns that the rows of every batch of the type have."""

    def of(self, batch: Batch) -> type[BatchRow]:
        """Return the model of the rows of ``batch``."""

    def make_room(self, session: Session, batch: Batch, columns: Sequence[RowColumn]) -> None:
        """Make ready for rows that have ``columns`` besides the type's own, and drop those that are there."""

    def written(self, session: Session, batch: Batch) -> None:
        """Finish what is better done once, after all rows of ``batch`` were written."""

    def guard(self, session: Session, batch: Batch) -> None:
        """See to it that the rows of ``batch`` freeze with it; called before anybody else can see them."""

    def copy(
        self, session: Session, source: Batch, clone: Batch, where: ColumnElement[bool] | None = None
    ) -> None:
        """Give ``clone`` the rows that ``source`` has, those that satisfy ``where`` if that is given."""

    def discard(self, session: Session, batch: Batch) -> None:
        """Drop the rows of ``batch``, which is about to be deleted."""


class SharedTable:
    """One table holds the rows of all batches of the type: that of its row model."""

    def __init__(self, model: type[BatchRow]) -> None:
        self.declared = model

    def of(self, _batch: Batch) -> type[BatchRow]:
        """Return the row model, which is the same for every batch."""
        return self.declared

    def make_room(self, session: Session, batch: Batch, columns: Sequence[RowColumn]) -> None:  # noqa: ARG002 - All batches have the same.
        """Drop the batch's rows."""
        self.discard(session, batch)

    def written(self, session: Session, batch: Batch) -> None:  # noqa: ARG002 - The table is there for all batches.
        """Have PostgreSQL look at the table while it knows of few rows in it.

        It would take the new batch for a handful of rows, and read all of them again for each.
        """
        connection, name = session.connection(), table_of(self.declared).name
        if connection.dialect.name == "postgresql":
            known: Select[Any] = select(column("reltuples")).select_from(text("pg_class"))
            if (session.scalar(known.where(text("oid = to_regclass(:name)")), {"name": name}) or 0) < _FEW:
                analyze(connection, name)

    def guard(self, session: Session, batch: Batch) -> None:
        """Do nothing: a migration did it."""

    def copy(
        self, session: Session, source: Batch, clone: Batch, where: ColumnElement[bool] | None = None
    ) -> None:
        """Copy within the table."""
        copy_rows(session, table_of(self.declared), table_of(self.declared), source, clone, where)
        self.written(session, clone)

    def discard(self, session: Session, batch: Batch) -> None:
        """Delete the batch's rows."""
        session.execute(delete(table_of(self.declared)).where(self.declared.batch_id == batch.id))


def copy_rows(
    session: Session,
    table: Table,
    into: Table,
    source: Batch,
    clone: Batch,
    where: ColumnElement[bool] | None = None,
) -> None:
    """Copy what ``table`` holds of the batch ``source`` to ``into`` as that of ``clone``, by one statement."""
    names = [column.name for column in table.columns]
    columns = [literal(clone.id) if name == "batch_id" else table.c[name] for name in names]
    rows = select(*columns).where(table.c.batch_id == source.id)
    if where is not None:
        rows = rows.where(where)
    session.execute(insert(into).from_select(names, rows))
