"""Columns of the lists of executed batches that other lists of batches do not have, and the conditions that filter them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, false, func, inspect, or_, select

from batchbook.batches.models import Batch, Operation
from batchbook.batches.registry import BatchType
from batchbook.batches.rows.storage import SharedTable
from batchbook.batches.seal.models import Seal
from batchbook.grid import Column, Kind, Verb

#: The number of cells that operations changed in a batch.
CHANGED_CELLS: ColumnElement[int] = (
    select(func.coalesce(func.sum(Operation.cells), 0))
    .where(Operation.batch_id == Batch.id)
    .correlate(Batch)
    .scalar_subquery()
)


def _acted(name: str) -> ColumnElement[bool]:
    """Return the condition for the batches in whose history somebody is called ``name``."""
    acted = select(Operation.batch_id).where(func.lower(Operation.actor) == name.strip().lower())
    return Batch.id.in_(acted)


SEAL = Column("seal", "Seal", Seal.number, Kind.INTEGER)
CHANGED = Column("changed_cells", "Cells changed", CHANGED_CELLS, Kind.INTEGER)
AMOUNT = Column(
    "amount",
    "Amount",
    Batch.executed_amount,
    Kind.DECIMAL,
    scale=4,
    least_scale=2,
    description="The sum of all changes of numbers by the batch, such as of prices, rises and falls alike.",
)
PERSON = Column(
    "person",
    "Person in the history",
    Batch.created_by,
    Kind.TEXT,
    conditions={Verb.EQUAL: _acted},
    description="The name of somebody who did anything with the batch.",
)


def touched_column(types: Iterable[BatchType]) -> Column:
    """Return the column that finds the batches of ``types`` that touched a record, by a text of its key."""
    return Column(
        "touched",
        "Record touched",
        Batch.description,
        Kind.TEXT,
        conditions={Verb.EQUAL: _touching(types)},
        description="The key of a record, such as an item code, in the rows or in what the batch changed.",
    )


def _touching(types: Iterable[BatchType]) -> Callable[[str], ColumnElement[bool]]:
    def condition(key: str) -> ColumnElement[bool]:
        # The types are asked now, because they register themselves after the list.
        return or_(false(), *_conditions(list(types), key))

    return condition


def _conditions(types: list[BatchType], key: str) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions for the batches with ``key`` in a row, or in a record of what an execution changed.

    The keys of rows are their ``peer_columns``. Of types that have a table for each batch, the records tell.
    """
    names = {name for one in types for name in one.handler.peer_columns}
    for row in (one.row for one in types if isinstance(one.rows, SharedTable)):
        for column in _columns(row, names):
            # Rows have an index that begins with the batch.
            yield (
                select(row.batch_id).where(row.batch_id == Batch.id, column == key).correlate(Batch).exists()
            )
    for model in dict.fromkeys(model for one in types for model in one.records):
        for column in _columns(model, names):
            yield Batch.id.in_(select(model.batch_id).where(column == key, model.batch_id.is_not(None)))


def _columns(model: type[Any], names: set[str]) -> list[Any]:
    return [getattr(model, name) for name in sorted(names & {*inspect(model).column_attrs.keys()})]
