"""The changed cells of a batch by SQL: those that are rows of ``cell_change``, and those in chunks, as one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    inspect,
    literal_column,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement, GenericFunction

from batchbook.batches.cell_chunks import CellChunk
from batchbook.batches.models import CellChange, Operation
from batchbook.batches.rows.issues import IssueList

_NAMES = ("batch_id", "operation", "position", "sequence", "field", "old", "new", "issues")


def cells_at(
    outer: Any, batch_id: Any, sequence: Any, field: Any, operations: Select[int] | None = None
) -> type[CellChange]:
    """Return an alias with the changes of one cell: that in the field ``field`` of the row ``sequence`` of a batch.

    The three are values, or columns of ``outer``, in whose statement a subquery selects from the alias. ``operations`` are
    those that count, by default all. SQLite applies no such condition to two tables together, so each has it.
    """

    def conditions(columns: Mapping[str, ColumnElement[Any]]) -> Sequence[ColumnElement[bool]]:
        place = (("batch_id", batch_id), ("sequence", sequence), ("field", field))
        found = [columns[name] == value for name, value in place]
        return found if operations is None else [*found, columns["operation"].in_(operations)]

    return _alias(conditions, sequence, outer)


def cells_of(
    operation: type[Operation], fields: Callable[[ColumnElement[str]], ColumnElement[bool]]
) -> type[CellChange]:
    """Return an alias with the changed cells of ``operation`` whose field satisfies the condition that ``fields`` makes.

    A subquery selects from it, in a statement that selects from ``operation``.
    """

    def conditions(columns: Mapping[str, ColumnElement[Any]]) -> Sequence[ColumnElement[bool]]:
        is_its_own = (columns["batch_id"] == operation.batch_id, columns["operation"] == operation.number)
        return [*is_its_own, fields(columns["field"])]

    return _alias(conditions, outer=operation)


def in_row(cell: type[CellChange], sequence: int) -> ColumnElement[bool]:
    """Return the condition that ``cell``, see :data:`ChangedCell`, is in the row ``sequence``."""
    return in_rows(cell, cell.sequence == sequence, [sequence])


def in_rows(
    cell: type[CellChange], condition: ColumnElement[bool], sequences: Sequence[int]
) -> ColumnElement[bool]:
    """Return ``condition``, that ``cell`` is in one of the rows ``sequences``, so that only chunks near these are unpacked."""
    return within(cell, condition, min(sequences), max(sequences)) if sequences else condition


def within(
    cell: type[CellChange], condition: ColumnElement[bool], first: Any, last: Any
) -> ColumnElement[bool]:
    """Return ``condition``, which only cells in the rows from ``first`` to ``last`` satisfy, so that no other chunks are unpacked."""
    columns = inspect(cell).selectable.c
    return and_(condition, columns.first_sequence <= last, columns.last_sequence >= first)


def among_first(cell: type[CellChange], count: int) -> ColumnElement[bool]:
    """Return the condition that ``cell`` is one of the first ``count`` of its operation."""
    return and_(cell.position < count, inspect(cell).selectable.c.first_position < count)


#: Makes conditions on the columns, by name, of either table.
_Conditions = Callable[[Mapping[str, ColumnElement[Any]]], Sequence[ColumnElement[bool]]]


def _alias(
    conditions: _Conditions = lambda _columns: (), sequence: Any = None, outer: Any = None
) -> type[CellChange]:
    """Return an alias with the cells of both tables that satisfy ``conditions``; chunks without the row ``sequence`` are not read.

    ``outer`` is what these refer to besides.
    """
    arms = [_rows(conditions), _unpacked(conditions, sequence)]
    if outer is not None:
        arms = [arm.correlate(outer) for arm in arms]
    return cast("type[CellChange]", aliased(CellChange, union_all(*arms).subquery(), adapt_on_names=True))


def _rows(conditions: _Conditions) -> Select[Any]:
    columns = {name: getattr(CellChange, name) for name in _NAMES}
    limits = (
        CellChange.position.label("first_position"),
        CellChange.sequence.label("first_sequence"),
        CellChange.sequence.label("last_sequence"),
    )
    return select(*columns.values(), *limits).where(*conditions(columns))


def _unpacked(conditions: _Conditions, sequence: Any) -> Select[Any]:
    chunk = CellChunk
    cell = _Elements(chunk.data).table_valued("key", "value").alias("cell")

    def part(at: int, column_type: type[Integer | Text]) -> ColumnElement[Any]:
        return sql_cast(_Part(cell.c.value, literal_column(str(at))), column_type).label(_NAMES[at + 3])

    issues = type_coerce(_JsonPart(cell.c.value, literal_column("4")), IssueList())
    found = [
        chunk.batch_id.expression,
        chunk.operation.expression,
        sql_cast(chunk.position + cell.c.key, Integer).label("position"),
        part(0, Integer),
        *(part(at, Text) for at in (1, 2, 3)),
        issues.label("issues"),
    ]
    columns: dict[str, ColumnElement[Any]] = dict(zip(_NAMES, found, strict=True))
    limits = (chunk.position.label("first_position"), chunk.first_sequence, chunk.last_sequence)
    reaches = () if sequence is None else (chunk.first_sequence <= sequence, chunk.last_sequence >= sequence)
    whole = select(*columns.values(), *limits).select_from(chunk).join(cell, true())
    return whole.where(*reaches, *conditions(columns))


class _Elements(GenericFunction[Any]):
    """The elements of the JSON array in a text, as a table with the columns ``key``, from 0 on, and ``value``."""

    name = "cell_elements"
    inherit_cache = True


class _Part(FunctionElement[Any]):
    """An element of a JSON array, as text; its place is in the second argument."""

    name = "part"
    inherit_cache = True


class _JsonPart(FunctionElement[Any]):
    """An element of a JSON array, as JSON."""

    name = "json_part"
    inherit_cache = True


@compiles(_Elements, "sqlite")
def _elements_on_sqlite(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Elements, "postgresql")
def _elements_on_postgresql(element: _Elements, compiler: Any, **options: Any) -> str:
    data = compiler.process(element.clauses, **options)
    parts = f"json_array_elements(CAST({data} AS JSON)) WITH ORDINALITY AS part(value, number)"
    return f"LATERAL (SELECT number - 1 AS key, value FROM {parts})"  # noqa: S608 - All of it is above.


@compiles(_Part, "sqlite")
@compiles(_JsonPart, "sqlite")
def _part_on_sqlite(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    value, at = (compiler.process(one, **options) for one in element.clauses)
    return f"json_extract({value}, '$[{at}]')"


@compiles(_Part, "postgresql")
def _part_on_postgresql(element: _Part, compiler: Any, **options: Any) -> str:
    value, at = (compiler.process(one, **options) for one in element.clauses)
    return f"({value} ->> {at})"


@compiles(_JsonPart, "postgresql")
def _json_part_on_postgresql(element: _JsonPart, compiler: Any, **options: Any) -> str:
    value, at = (compiler.process(one, **options) for one in element.clauses)
    return f"CAST({value} -> {at} AS JSONB)"


#: An alias of :class:`~batchbook.batches.models.CellChange` with the cells of both tables, from which the history is read.
#: Conditions on batch and operation are applied to chunks before these are unpacked; for others there are the functions above.
ChangedCell = _alias()
