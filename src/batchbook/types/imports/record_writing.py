"""Writing of records when an import is executed: creates, updates and deletes records, in one statement each however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, insert, literal, select, update
from sqlalchemy.orm import Session

from batchbook.batches import HandlerContext
from batchbook.types.imports.models import APPLICABLE, ImportStatus, has_status
from batchbook.types.imports.targets import ImportPlan, TargetField, new


@dataclass(frozen=True)
class Application:
    """What is about to be applied: ``where`` selects the rows among those of the row model ``row``.

    A target's ``before`` hook gets it, to write down what it must while all is as it was.
    """

    plan: ImportPlan
    row: Any
    where: ColumnElement[bool]
    context: HandlerContext

    @property
    def session(self) -> Session:
        """The session of the execution."""
        return self.context.session

    def rows_with(self, status: ImportStatus) -> ColumnElement[bool]:
        """Return the condition for the rows to apply that have ``status``."""
        return and_(self.where, self.row.status == status.value)

    def has_rows_with(self, status: ImportStatus) -> bool:
        """Return whether the batch has rows with ``status``, as its header counts them."""
        return self.plan.batch.count_of(status) > 0

    def count_of_rows(self, *conditions: ColumnElement[bool]) -> int:
        """Return how many of the rows satisfy ``conditions``."""
        return self.session.scalar(select(func.count()).where(self.where, *conditions)) or 0

    def after(self, name: str) -> Any | None:
        """Return the row's column with what a field is to be; ``None`` if the batch does not write that field."""
        written = {field.name for field in self.plan.written}
        return getattr(self.row, new(name)) if name in written else None


def lock_records(application: Application) -> None:
    """Keep the records of the rows from changing until the transaction ends (SQLite has one writer anyway)."""
    record_id = application.plan.target.id
    locked = select(record_id).join(application.row, application.row.record_id == record_id)
    locked = locked.where(application.where).order_by(record_id)
    locked = locked.with_for_update(of=application.plan.target.model)
    application.session.scalar(select(func.count()).select_from(locked.subquery()))


def lock_references(application: Application) -> None:
    """Keep what rows refer to from being renamed or deleted until the transaction ends."""
    for field in application.plan.written:
        if field.lookup:
            said = select(application.plan.column(application.row, field)).where(application.where)
            locked = select(field.lookup.id).where(field.lookup.by.in_(said)).order_by(field.lookup.id)
            locked = locked.with_for_update(read=True, of=field.lookup.model)
            application.session.scalar(select(func.count()).select_from(locked.subquery()))


def lost_reference(application: Application) -> tuple[TargetField, str, int] | None:
    """Return a field in which rows refer to what is not there any more, with such a text, and how many rows do so."""
    applicable = has_status(application.row, ImportStatus.CREATE, ImportStatus.UPDATE)
    for field in application.plan.fields:
        if field.lookup:
            said = application.plan.column(application.row, field)
            lost = select(func.count(), func.min(said)).where(
                application.where, applicable, said.is_not(None)
            )
            count, text = application.session.execute(
                lost.where(~exists().where(field.lookup.by == said))
            ).one()
            if count:
                return field, text, count
    return None


def add_references(application: Application) -> dict[str, int]:
    """Add the records that rows refer to and that are not there, where the batch wants that; return how many of which."""
    added = {}
    for field in application.plan.added:
        lookup, said = field.lookup, application.plan.column(application.row, field)
        if lookup is not None:
            applicable = has_status(application.row, *APPLICABLE)
            unknown = select(said).where(application.where, applicable, said.is_not(None))
            unknown = unknown.where(~exists().where(lookup.by == said)).distinct().order_by(said)
            statement = insert(lookup.model).from_select([lookup.by.key], unknown)
            added[f"added as {field.label.lower()}"] = _run(application, statement)
    return added


def create_records(application: Application) -> int:
    """Create what the target does not have; return how many. In the order of their keys, so that two never wait crosswise."""
    plan, row = application.plan, application.row
    if not application.has_rows_with(ImportStatus.CREATE):
        return 0
    defaults = [
        field for field in plan.target.fields if field not in plan.fields and field.default is not None
    ]
    values = {field.stored.key: _value_to_create(application, field) for field in plan.fields}
    values |= {field.stored.key: literal(field.default, field.stored.type) for field in defaults}
    wanted = select(*values.values()).where(application.rows_with(ImportStatus.CREATE))
    wanted = wanted.order_by(*(plan.column(row, field) for field in plan.key))
    statement = insert(plan.target.model).from_select(list(values), wanted)
    return _run(application, statement)


def update_records(application: Application) -> int:
    """Set in each record the fields that its row changes; return how many records that were."""
    plan, row = application.plan, application.row
    values = {field.stored.key: _value_to_update(application, field) for field in plan.written}
    if not values or not application.has_rows_with(ImportStatus.UPDATE):
        return 0
    statement = (
        update(plan.target.model)
        .where(row.record_id == plan.target.id, application.rows_with(ImportStatus.UPDATE))
        .values(values | _touch_values(application))
    )
    return _run(application, statement)


def delete_records(application: Application) -> int:
    """Delete the records that the table lacks, or mark them as the target says; return how many."""
    target, row = application.plan.target, application.row
    if not application.has_rows_with(ImportStatus.DELETE):
        return 0
    # The rows say which records these are. Asking of each record whether a row is about it would cost rows times records.
    gone = target.id.in_(select(row.record_id).where(application.rows_with(ImportStatus.DELETE)))
    if target.mark_deleted:
        return _run(
            application,
            update(target.model).where(gone).values({**target.mark_deleted, **_touch_values(application)}),
        )
    return _run(application, delete(target.model).where(gone))


def _value_to_create(application: Application, field: TargetField) -> Any:
    value = _value(application, field)
    return value if field.default is None else func.coalesce(value, literal(field.default, field.stored.type))


def _value_to_update(application: Application, field: TargetField) -> Any:
    """Return what a record gets: what its row says or, where that is empty, what the batch says of empty cells."""
    said = application.plan.column(application.row, field)
    if application.plan.empties(field):
        return _value(application, field)
    return case((said.is_(None), field.stored), else_=_value(application, field))


def _value(application: Application, field: TargetField) -> Any:
    said = application.plan.column(application.row, field)
    return said if field.lookup is None else field.lookup.id_of(said)


def _touch_values(application: Application) -> dict[str, Any]:
    touch = application.plan.target.touch
    return dict(touch(application.context.now)) if touch else {}


def _run(application: Application, statement: Any) -> int:
    connection = application.session.connection()
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
