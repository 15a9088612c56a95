"""Operations in the history that can be undone or redone, and the next one of each person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import REDO, REMEMBERED, UNDO
from batchbook.batches.models import Operation

#: The kinds of operations with cells that people have not changed by themselves.
_NOT_BY_PEOPLE = (REMEMBERED,)


@dataclass(frozen=True)
class Reversible:
    """An operation that can be undone or, if it is an undo, redone; ``summary`` is that of the original operation."""

    number: int
    kind: str
    cells: int
    summary: str


def is_reversible(operation: Any = Operation) -> ColumnElement[bool]:
    """Return the condition for operations that changed cells and are not reversed."""
    later = aliased(Operation)
    reversed_by = exists().where(later.batch_id == operation.batch_id, later.reverses == operation.number)
    return and_(operation.cells > 0, operation.kind.not_in(_NOT_BY_PEOPLE), ~reversed_by)


def reversible(session: Session, batch_id: int, number: int) -> Reversible | None:
    """Return the operation ``number`` of the batch, if it can be undone or redone."""
    return _latest(session, batch_id, Operation.number == min(number, HIGHEST_NUMBER))


def reversals_of(session: Session, batch_id: int, numbers: Collection[int]) -> dict[int, Operation]:
    """Return the operations that reverse those called ``numbers``, by the number of the reversed one."""
    of = Operation
    wanted = select(of).where(of.batch_id == batch_id, of.reverses.in_(numbers))
    found = session.scalars(wanted) if numbers else ()
    return {one.reverses: one for one in found if one.reverses is not None}


def reversible_among(session: Session, batch_id: int, numbers: Collection[int]) -> frozenset[int]:
    """Return those of the operations ``numbers`` in the batch that can be undone or redone."""
    of = Operation
    wanted = select(of.number).where(of.batch_id == batch_id, of.number.in_(numbers), is_reversible())
    return frozenset(session.scalars(wanted)) if numbers else frozenset()


def next_undo(session: Session, batch_id: int, actor: str, before: int = HIGHEST_NUMBER) -> Reversible | None:
    """Return the operation, with a number below ``before``, that ``actor`` would undo next in the batch, if any."""
    of = Operation
    return _latest(session, batch_id, of.actor == actor, of.kind != UNDO, of.number < before)


def next_redo(session: Session, batch_id: int, actor: str, before: int = HIGHEST_NUMBER) -> Reversible | None:
    """Return the undo, with a number below ``before``, that ``actor`` would redo next in the batch, if any."""
    operation, new = Operation, aliased(Operation)
    last = select(func.coalesce(func.max(new.number), 0)).where(
        new.batch_id == batch_id,
        new.actor == actor,
        new.cells > 0,
        new.kind.not_in((UNDO, REDO, *_NOT_BY_PEOPLE)),
    )
    return _latest(
        session,
        batch_id,
        operation.actor == actor,
        operation.kind == UNDO,
        operation.number > last.scalar_subquery(),
        operation.number < before,
    )


def _latest(session: Session, batch_id: int, *conditions: ColumnElement[bool]) -> Reversible | None:
    operation = Operation
    wanted = select(operation).where(operation.batch_id == batch_id, *conditions, is_reversible())
    found = session.scalar(wanted.order_by(operation.number.desc()).limit(1))
    return None if found is None else _reversible(session, found)


def _reversible(session: Session, operation: Operation) -> Reversible:
    summary = original_of(session, operation).summary
    return Reversible(operation.number, operation.kind, operation.cells, summary)


def original_of(session: Session, operation: Operation) -> Operation:
    """Return the operation that ``operation`` undoes, redoes, undoes again and so on; itself if it does none of it."""
    if operation.reverses is None:
        return operation
    of = Operation
    whole = of.batch_id == operation.batch_id
    chain = select(of.reverses.label("number")).where(whole, of.number == operation.number)
    numbers = chain.cte("chain", recursive=True)
    numbers = numbers.union(
        select(of.reverses).where(whole, of.number == numbers.c.number, of.reverses.is_not(None))
    )
    first = select(func.min(numbers.c.number)).scalar_subquery()
    return session.scalars(select(of).where(whole, of.number == first)).one()
