"""The choice of rows or records to make a batch of: the types that take them, and the choice itself, as far as a person may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

from sqlalchemy import ColumnElement, select

from batchbook.batches import access
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.lifecycle import Action
from batchbook.batches.registry import BatchType
from batchbook.batches.sources.chosen_rows import ChosenRows
from batchbook.batches.sources.declaration import FromBatch, FromSearch
from batchbook.db.packed_numbers import fetch_numbers
from batchbook.errors import BadInput, Conflict
from batchbook.grid import columns_of
from batchbook.master import OpenGrid


def types_made_of_rows(types: Iterable[BatchType], permissions: Set[str], key: str) -> Iterator[BatchType]:
    """Yield those of ``types`` whose batches are made of rows of the type ``key``, and that ``permissions`` allow to create."""
    for one in types:
        if source_of(one, key) is not None and access.may_create(permissions, one.key):
            yield one


def types_made_of_records(
    types: Iterable[BatchType], permissions: Set[str], model: type[Any]
) -> Iterator[BatchType]:
    """Yield those of ``types`` whose batches are made of records of ``model``, and that ``permissions`` allow to create."""
    for one in types:
        if _from_search(one, model) is not None and access.may_create(permissions, one.key):
            yield one


def choose_rows(
    context: ActionContext, batch_type: BatchType, where: Sequence[ColumnElement[bool]]
) -> ChosenRows:
    """Return the rows of the batch of ``context`` that satisfy ``where`` and are not removed, in their order.

    Raises ``BadInput`` if batches of ``batch_type`` are not made of them, and ``Conflict`` if there are none.
    """
    row = context.row
    wanted = select(row.sequence).where(context.rows().where, *where).order_by(row.sequence)
    return _rows(context, batch_type, fetch_numbers(context.session, wanted))


def choose_rows_in_grid(context: ActionContext, batch_type: BatchType, opened: OpenGrid) -> ChosenRows:
    """Return the rows of the batch of ``context`` that the grid ``opened`` for a person shows and that are not removed.

    They are in the order of the grid. Raises as :func:`choose_rows` does.
    """
    grid = opened.grid.narrowed(~context.row.removed)
    return _rows(
        context, batch_type, grid.list_keys(context.session, opened.state, opened.caller.identity.name)
    )


def _rows(context: ActionContext, batch_type: BatchType, numbers: Sequence[int]) -> ChosenRows:
    batch, row = context.batch, context.row
    source = source_of(batch_type, batch.type)
    if source is None:
        raise BadInput(
            f"No {batch_type.title.lower()} can be made of rows of the type {context.batch_type.title}. Nothing was made."
        )
    reason = batch.refusal(Action.MAKE)
    if reason is not None:
        raise Conflict(reason)
    if not numbers:
        raise Conflict(f"No row of {str(batch).lower()} was chosen, so no batch was made.")
    known = row.__mapper__.columns
    there = {theirs: own for theirs, own in source.columns.items() if theirs in known}
    seen = {theirs: own for theirs, own in there.items() if context.access.sees(theirs)}
    hidden = [column.label for column in columns_of(row, [one for one in there if one not in seen])]
    return ChosenRows(source, numbers, seen, batch, hidden)


def choose_records(
    batch_type: BatchType, model: type[Any], opened: OpenGrid, one: str, many: str
) -> ChosenRows:
    """Return the records of ``model`` that the grid ``opened`` for a person shows; ``one`` and ``many`` are the nouns for them.

    Raises ``BadInput`` if batches of ``batch_type`` are not made of them, and ``Conflict`` if there are none.
    """
    source = _from_search(batch_type, model)
    if source is None:
        raise BadInput(f"No {batch_type.title.lower()} can be made of {many}. Nothing was made.")
    caller = opened.caller
    numbers = opened.grid.list_keys(caller.session, opened.state, caller.identity.name)
    if not numbers:
        raise Conflict(f"None of the {many} was chosen, so no batch was made.")
    return ChosenRows(source, numbers, source.columns, one=one, many=many)


def source_of(batch_type: BatchType, key: str) -> FromBatch | None:
    """Return the source by which batches of ``batch_type`` are made of rows of the type ``key``; ``None`` without one."""
    sources = batch_type.handler.sources
    return next((one for one in sources if isinstance(one, FromBatch) and one.batch_type == key), None)


def _from_search(batch_type: BatchType, model: type[Any]) -> FromSearch | None:
    sources = batch_type.handler.sources
    return next((one for one in sources if isinstance(one, FromSearch) and one.model is model), None)
