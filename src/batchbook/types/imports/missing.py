"""Records that the target has and the table lacks: the rows by which they are deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, literal, select
from sqlalchemy.orm import Session

from batchbook.batches import Block
from batchbook.errors import BadInput
from batchbook.grid import CellError, parse
from batchbook.types.imports.models import Mode
from batchbook.types.imports.plan import ImportPlan, new
from batchbook.types.imports.targets import TargetField

#: How many records are read together.
_TOGETHER = 5_000


def missing_records(session: Session, plan: ImportPlan, row: Any) -> Iterator[Block]:
    """Yield a row for each record within the batch's scope that none of its rows, written and indexed already, is about."""
    columns = ("missing", *(new(field.name) for field in plan.key))
    keys = [_said(field).label(field.name) for field in plan.key]
    model = plan.target.model
    here = exists().where(
        row.batch_id == plan.batch.id,
        ~row.missing,
        *(plan.column(row, field) == _said(field) for field in plan.key),
    )
    wanted: Select[Any] = select(plan.target.id, *keys).where(in_scope(session, plan), ~here)
    for name, value in plan.target.mark_deleted.items():
        wanted = wanted.where(getattr(model, name).is_distinct_from(value))  # What is marked already is gone.
    last = 0
    while page := session.execute(
        wanted.where(plan.target.id > last).order_by(plan.target.id).limit(_TOGETHER)
    ).all():
        yield Block(columns, [(True, *record[1:]) for record in page])
        last = page[-1][0]


def in_scope(session: Session, plan: ImportPlan) -> ColumnElement[bool]:
    """Return the condition for the records among which the table lacks some; raise ``BadInput`` for a scope that is none."""
    batch = plan.batch
    refuse_scope(plan)
    field = plan.target.field(batch.scope_field or "")
    scope: ColumnElement[bool] = field.stored == _scope_value(session, field, batch.scope_value or "")
    return scope


def refuse_scope(plan: ImportPlan) -> None:
    """Raise ``BadInput`` where the batch does not say among which records the table may lack some."""
    if plan.batch.scope_field not in plan.target.scopes:
        offered = ", ".join(plan.target.scopes)
        raise BadInput(
            f"To delete what is missing it must be said among which {plan.target.title.lower()}: choose one of {offered}."
        )


def may_be_missing(plan: ImportPlan, record: Any) -> ColumnElement[bool]:
    """Return whether ``record``, an alias of the target's model, is still one of those that the table may lack.

    It may have left the scope since it was found to be missing.
    """
    batch = plan.batch
    if plan.mode is not Mode.REPLACE:
        return false()
    field = plan.target.field(batch.scope_field or "")
    stored, text = getattr(record, field.stored.key), batch.scope_value or ""
    if field.lookup is None:
        return func.coalesce(stored == parse(field.column, text), literal(value=False))
    return func.coalesce(stored == field.lookup.id_of(text), literal(value=False))


def _scope_value(session: Session, field: TargetField, text: str) -> Any:
    """Return what records within the scope have in ``field``; raise ``BadInput`` where ``text`` says none."""
    if field.lookup is None:
        try:
            return parse(field.column, text)
        except CellError as error:
            raise BadInput(f"The scope cannot be used. {error.message}") from None
    found = session.scalar(select(field.lookup.id).where(field.lookup.by == text))
    if found is None:
        raise BadInput(f"There is no {field.label.lower()} “{text}” whose records could be missing.")
    return found


def _said(field: TargetField) -> Any:
    """Return in SQL what a table says for the value that a record has in ``field``."""
    if field.lookup is None:
        return field.stored
    lookup = field.lookup
    return select(lookup.by).where(lookup.id == field.stored).scalar_subquery()
