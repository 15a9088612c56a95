"""Storage of a type's rows, in one table or in a table for each batch, and the writers: of new rows, and of what differs in others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    ClauseElement,
    ColumnElement,
    Enum,
    Select,
    String,
    Subquery,
    Table,
    Text,
    cast,
    column,
    delete,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Session

from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.ddl import analyze
from batchbook.batches.rows.row_columns import RowColumn
from batchbook.batches.rows.row_values import Block, CellCheck, RowValues
from batchbook.batches.rows.scope import Rows, table_of
from batchbook.db.base import scalar_defaults
from batchbook.db.bulk_writing import bulk_insert_columns
from batchbook.statuses import Status

#: A shared table with fewer rows, as PostgreSQL's statistics have it, is analysed after each new batch.
_FEW = 50_000


class RowTables(Protocol):
    """The storage of a type's rows."""

    @property
    def declared(self) -> type[BatchRow]:
        """The model with the columns that the rows of every batch of the type have."""

    def of(self, batch: Batch) -> type[BatchRow]:
        """Return the model of the rows of ``batch``."""

    def make_room(self, session: Session, batch: Batch, columns: Sequence[RowColumn]) -> None:
        """Prepare for rows that have ``columns`` besides the type's own, and delete existing rows."""

    def written(self, session: Session, batch: Batch) -> None:
        """Finish the storage of ``batch`` after all of its rows were written, for example by creating indexes."""

    def guard(self, session: Session, batch: Batch) -> None:
        """Make the rows of ``batch`` freeze with it. Called before other transactions can see them."""

    def copy(
        self, session: Session, source: Batch, clone: Batch, where: ColumnElement[bool] | None = None
    ) -> None:
        """Copy the rows of ``source`` that satisfy ``where``, or all of them, to ``clone``."""

    def discard(self, session: Session, batch: Batch) -> None:
        """Delete the rows of ``batch``."""


class SharedTable:
    """Storage of the rows of all batches in one table, that of the row model."""

    def __init__(self, model: type[BatchRow]) -> None:
        self.declared = model

    def of(self, _batch: Batch) -> type[BatchRow]:
        """Return the row model, which is the same for every batch."""
        return self.declared

    def make_room(self, session: Session, batch: Batch, columns: Sequence[RowColumn]) -> None:  # noqa: ARG002 - All batches have the same.
        """Drop the batch's rows."""
        self.discard(session, batch)

    def written(self, session: Session, batch: Batch) -> None:  # noqa: ARG002 - The table is there for all batches.
        """Have PostgreSQL analyse the table while its statistics know of few rows.

        Otherwise it would plan for a handful of rows in the new batch, and scan all of them for each row.
        """
        connection, name = session.connection(), table_of(self.declared).name
        if connection.dialect.name == "postgresql":
            known: Select[Any] = select(column("reltuples")).select_from(text("pg_class"))
            if (session.scalar(known.where(text("oid = to_regclass(:name)")), {"name": name}) or 0) < _FEW:
                analyze(connection, name)

    def guard(self, session: Session, batch: Batch) -> None:
        """Do nothing: a migration has created the triggers."""

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
    """Copy the rows of ``source`` in ``table`` into the table ``into``, as rows of ``clone``, by one statement."""
    names = [column.name for column in table.columns]
    columns = [literal(clone.id) if name == "batch_id" else table.c[name] for name in names]
    rows = select(*columns).where(table.c.batch_id == source.id)
    if where is not None:
        rows = rows.where(where)
    session.execute(insert(into).from_select(names, rows))


#: The columns that the writer fills. The handler fills the others.
_NUMBERED = ("batch_id", "sequence")


class RowWriter:
    """Writes the rows of ``batch``, which has none yet, to the table of ``model``; they may have ``statuses``."""

    def __init__(
        self, session: Session, batch: Batch, model: type[BatchRow], statuses: type[Status] | None = None
    ) -> None:
        self._connection = session.connection()
        self._batch_id = batch.id
        self._table = table = table_of(model)
        columns = [column for column in table.columns if column.name not in _NUMBERED]
        self._defaults = dict.fromkeys(column.name for column in columns) | scalar_defaults(table.columns)
        # A column that no row of a block fills is best left to the database if that stores the same value: null, or
        # its default, if the model has one as well.
        defaults = self._defaults
        self._needless = {c.name for c in columns if (defaults[c.name] is None) == (c.server_default is None)}
        self._check = CellCheck(table, self._connection.dialect, statuses)
        self.written = 0

    def write(
        self, rows: Iterable[RowValues | Block], size: int, report: Callable[[int], None] | None = None
    ) -> None:
        """Write ``rows``; single ones are gathered into blocks of ``size`` rows. ``report`` gets the number written so far.

        A value that its column cannot store becomes an issue of its cell, see :class:`CellCheck`. Raises ``ValueError``
        for a column that the table does not have.
        """
        for block in _blocks(rows, size, self._defaults):
            _check_names(set(block.columns), self._defaults)
            bulk_insert_columns(self._connection, self._table, self._numbered(block))
            self.written += len(block)
            if report is not None:
                report(self.written)

    def _numbered(self, block: Block) -> dict[str, Sequence[Any]]:
        """Return the values of ``block`` by column, with the rows' numbers and the defaults that must be written."""
        size, first = len(block), self.written + 1
        numbers = ([self._batch_id] * size, range(first, first + size))
        values = self._check.columns(block.values)
        skipped = self._needless | values.keys()
        more = {name: [value] * size for name, value in self._defaults.items() if name not in skipped}
        return {**dict(zip(_NUMBERED, numbers, strict=True)), **values, **more}


def _blocks(rows: Iterable[RowValues | Block], size: int, defaults: Mapping[str, Any]) -> Iterator[Block]:
    """Yield ``rows`` as blocks, in order; single rows are gathered into blocks of at most ``size`` rows."""
    single: list[RowValues] = []
    if isinstance(rows, str | Mapping) or not isinstance(rows, Iterable):
        raise TypeError(
            f"populate must yield rows, mappings of columns to values, and returned a {type(rows).__name__}"
        )
    for row in rows:
        if isinstance(row, Block):
            yield from _together(single, defaults)
            single = []
            yield row
        elif type(row) is dict or isinstance(row, Mapping):
            single.append(row)
            if len(single) == size:
                yield from _together(single, defaults)
                single = []
        else:
            raise TypeError(
                f"populate must yield mappings of columns to values, and yielded a {type(row).__name__}"
            )
    yield from _together(single, defaults)


def _together(rows: Sequence[RowValues], defaults: Mapping[str, Any]) -> Iterator[Block]:
    if rows:
        used: set[str] = set().union(*rows)
        _check_names(used, defaults)
        named = {name: value for name, value in defaults.items() if name in used}
        yield Block(tuple(named), [tuple({**named, **row}.values()) for row in rows])


def _check_names(used: Set[str], known: Mapping[str, Any]) -> None:
    if not used <= known.keys():
        unknown = ", ".join(sorted(used - known.keys()))
        raise ValueError(f"populate yielded a row with columns that its table does not have: {unknown}")


def row_key(row: type[BatchRow]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Return the key of rows of the model ``row`` as columns of a SELECT for :func:`update_from`."""
    # An expression for the batch, so that PostgreSQL does not read all rows of the batch each time: where its statistics do
    # not know the batch yet, it takes that for as quick as looking for one.
    return (row.batch_id + 0).label("of_batch"), row.sequence.label("of_row")


def update_from(rows: Rows, found: Subquery, values: Mapping[str, Any]) -> None:
    """Set columns of those ``rows`` that differ from ``values``, by column, by one statement.

    ``found`` is a SELECT of rows with :func:`row_key` and whatever the values in SQL refer to. Rows that have their values
    already are not written: a refresh after which most are as they were costs little more than reading them. Editable columns
    are to be among the values with those of :meth:`Rows.newer_where`.
    """
    row, table = rows.model, rows.table
    # Where rows are new, the first comparison decides for all of them.
    differs = [row.status.is_(None), *(_differs(table.c[name], value) for name, value in values.items())]
    rows.session.execute(
        update(table)
        .where(row.batch_id == found.c.of_batch, row.sequence == found.c.of_row, or_(*differs))
        .values(dict(values))
    )


def _differs(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    """Return the condition that ``value``, in SQL or of Python, is another one than ``column`` has, once it is stored there."""
    if isinstance(column.type, JSON):
        return true()  # It cannot be compared on every database, so it is written.
    new: Any = getattr(value, "__clause_element__", lambda: value)()
    if not isinstance(new, ClauseElement):
        return column.is_distinct_from(None if new is None else literal(new, column.type))
    # PostgreSQL stores anything in a column of texts, as its text, but compares only texts with it.
    is_text = isinstance(column.type, String) and not isinstance(column.type, Enum)
    if is_text and not isinstance(getattr(new, "type", None), String):
        new = cast(new, Text)
    return column.is_distinct_from(new)
