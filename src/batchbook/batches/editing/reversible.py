"""Operations in the history that can be undone or redone, and the next one of each person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, select
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
    return _found(session, _REVERSIBLE, batch_id=batch_id, number=min(number, HIGHEST_NUMBER))


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
    return _found(session, _NEXT_UNDO, batch_id=batch_id, actor=actor, before=before)


def next_redo(session: Session, batch_id: int, actor: str, before: int = HIGHEST_NUMBER) -> Reversible | None:
    """Return the undo, with a number below ``before``, that ``actor`` would redo next in the batch, if any."""
    return _found(session, _NEXT_REDO, batch_id=batch_id, actor=actor, before=before)


def _latest(*conditions: ColumnElement[bool]) -> Select[Operation]:
    """Return the SELECT of the latest operation on a batch that satisfies ``conditions`` and can be reversed."""
    own = Operation.batch_id == bindparam("batch_id")
    wanted = select(Operation).where(own, *conditions, is_reversible())
    return wanted.order_by(Operation.number.desc()).limit(1)


def _last_new() -> ColumnElement[int]:
    """Return the number of the last operation of the actor that is neither an undo nor a redo; 0 if there is none."""
    new = aliased(Operation)
    last = select(func.coalesce(func.max(new.number), 0)).where(
        new.batch_id == bindparam("batch_id"),
        new.actor == bindparam("actor"),
        new.cells > 0,
        new.kind.not_in((UNDO, REDO, *_NOT_BY_PEOPLE)),
    )
    return last.scalar_subquery()


# Made once, because each page of a batch asks them; making them takes longer than asking.
_OF_ACTOR = (Operation.actor == bindparam("actor"), Operation.number < bindparam("before"))
_REVERSIBLE = _latest(Operation.number == bindparam("number"))
_NEXT_UNDO = _latest(*_OF_ACTOR, Operation.kind != UNDO)
_NEXT_REDO = _latest(*_OF_ACTOR, Operation.kind == UNDO, Operation.number > _last_new())


def _found(session: Session, wanted: Select[Operation], **values: Any) -> Reversible | None:
    operation = session.scalar(wanted, values)
    if operation is None:
        return None
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
