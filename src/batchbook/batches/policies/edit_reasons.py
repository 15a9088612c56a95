"""Reasons for edits that change a value by more than the policy of the type allows without one.

An edit is held to it at its end, by the cells that it put into the history, so that no way of editing gets round it: a cell, a
block, a whole column, a worksheet, a replay, an undo, or a command.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, select

from batchbook.batches.changed_cells import ChangedCell
from batchbook.batches.changed_rows import differing_cells
from batchbook.batches.editing.field_changes import editable_by_name
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.preview import bind_options
from batchbook.batches.history import REMEMBERED, REMOVED, last_operation
from batchbook.batches.models import Operation
from batchbook.batches.policies.declaration import Policy
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.errors import BadInput, BatchbookError
from batchbook.grid import Kind, label_of

#: The number of cells that are fetched together.
_FETCHED = 5_000
_NOTHING = Decimal(0)


class ReasonNeeded(BatchbookError):  # noqa: N818 - The name says what happened, as those of the base class do.
    """The refusal of an edit that needs a reason. It can be sent again with one, and pages ask for it.

    ``reasons`` are those to choose from, and ``other_reasons`` tells whether another text may be given.
    """

    def __init__(self, message: str, policy: Policy) -> None:
        super().__init__(f"{message} {_asked(policy)}")
        self.reasons = policy.edit_reasons
        self.other_reasons = policy.other_edit_reasons


def _asked(policy: Policy) -> str:
    offered = " or ".join(f"“{one}”" for one in policy.edit_reasons)
    if not offered:
        return "Give a reason, then save it again."
    return f"Give a reason{', such as' if policy.other_edit_reasons else ':'} {offered}, then save it again."


@contextmanager
def demanding_reason(context: ActionContext) -> Iterator[None]:
    """Raise :class:`ReasonNeeded` at the end of the block, an edit of the batch, if it needs a reason and has none."""
    policy = context.policy
    if not policy.explains_edits or _is_accepted(policy, context.handler_context.reason):
        yield
        return
    last = last_operation(context.session, context.batch.id)
    yield
    found = _first_unexplained(context, policy, last)
    if found:
        raise ReasonNeeded(f"Nothing was changed. {found}", policy)


def demand_reason_beforehand(context: ActionContext, fields: Collection[str] | None) -> None:
    """Raise :class:`ReasonNeeded` if an edit of ``fields`` (``None`` for any) may need a reason, and has none.

    It is for edits that a job does later, when nobody can be asked.
    """
    policy = context.policy
    if not policy.explains_edits or _is_accepted(policy, context.handler_context.reason):
        return
    values = value_columns(context)
    if values if fields is None else not set(fields).isdisjoint(values):
        raise ReasonNeeded(
            "Nothing was changed. A job changes these rows and cannot ask for a reason, so it is needed now.",
            policy,
        )


def may_need_reason(context: ActionContext) -> Policy | None:
    """Return the policy of the batch's type if large edits need a reason; ``None`` if they do not."""
    policy = context.policy
    return policy if policy.explains_edits else None


def _is_accepted(policy: Policy, reason: str | None) -> bool:
    return bool(reason) and (policy.other_edit_reasons or reason in policy.edit_reasons)


def value_columns(context: ActionContext) -> Sequence[str]:
    """Return the names of the columns with the values of the batch's type: those of the numbers that an execution changes.

    For a type that declares none, they are all numbers that people may edit.
    """
    columns = editable_by_name(context.row, EVERYTHING)
    try:
        options = bind_options(context.handler, {})
        named = {
            getattr(one.after, "key", None) for one in context.handler.number_changes(context.batch, options)
        }
    except BadInput:  # An option has no default.
        named = set[Any]()
    numbers = [name for name, one in columns.items() if one.kind in (Kind.INTEGER, Kind.DECIMAL)]
    return [name for name in columns if name in named] or numbers


class _ChangedCell(NamedTuple):
    """A changed cell: its place, and its texts before and after."""

    sequence: int
    field: str
    old: str | None
    new: str | None


def _first_unexplained(context: ActionContext, policy: Policy, last: int) -> str:
    """Return the sentence on a cell changed after the operation ``last`` that needs a reason; empty if none does."""
    session, batch_id = context.session, context.batch.id
    options = {"yield_per": _FETCHED}
    found = session.connection().execute(_changed_cells(context, last), execution_options=options)
    for part in found.partitions():
        cells = [_ChangedCell(*cell) for cell in part]
        sequences = sorted({cell.sequence for cell in cells})
        originals = {
            (sequence, field): text
            for sequence, field, text, _ in differing_cells(session, batch_id, sequences)
        }
        for cell in cells:
            sentence = _why(policy, cell, originals.get((cell.sequence, cell.field)))
            if sentence:
                found.close()
                return sentence
    return ""


def _changed_cells(context: ActionContext, last: int) -> Select[int, str, str | None, str | None]:
    """Return the SELECT of the values that people changed after the operation ``last``, those of added rows left out."""
    change, batch_id = ChangedCell, context.batch.id
    later = and_(change.batch_id == batch_id, change.operation > last)
    by_itself = select(Operation.number).where(Operation.batch_id == batch_id, Operation.kind == REMEMBERED)
    added = select(change.sequence).where(later, change.field == REMOVED, change.old.is_(None))
    statement = select(change.sequence, change.field, change.old, change.new)
    return statement.where(
        later,
        change.sequence > 0,
        change.field.in_(value_columns(context)),
        change.operation.not_in(by_itself),
        change.sequence.not_in(added),
    ).order_by(change.operation, change.position)


def _why(policy: Policy, cell: _ChangedCell, original: str | None) -> str:
    """Return the sentence that tells why the change of ``cell`` needs a reason; empty if it needs none.

    It is held against the value before, and against the ``original``, with which the cell came into the batch if that is
    another one than now, so that several small steps count like the large one. A step back towards that counts by itself only.
    """
    before, after, came = (_number(text) for text in (cell.old, cell.new, original))
    before, after = before or _NOTHING, after or _NOTHING
    place = f"{label_of(cell.field)} in row {cell.sequence}"
    limit = _exceeded(policy, before, after)
    if limit:
        return (
            f"{place} changes from {cell.old or 'nothing'} to {cell.new or 'nothing'}, by more than {limit}."
        )
    if came is None or abs(after - came) <= abs(before - came):
        return ""
    limit = _exceeded(policy, came, after)
    return (
        limit
        and f"{place} was {original} in the source and would become {cell.new or 'nothing'}, by more than {limit}."
    )


def _exceeded(policy: Policy, before: Decimal, after: Decimal) -> str:
    """Return the limit that the change exceeds, in words; empty if it exceeds none. From 0, any change is too many per cent."""
    moved = abs(after - before)
    percent, amount = policy.edit_percent, policy.edit_amount
    if percent is not None and moved * 100 > percent * abs(before):
        return f"{percent.normalize():,f} %"
    return f"{amount.normalize():,f}" if amount is not None and moved > amount else ""


def _number(text: str | None) -> Decimal | None:
    """Return the number that a text of the history is; ``None`` for any other text, which counts as no value."""
    try:
        found = Decimal(text or "")
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
