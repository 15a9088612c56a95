"""The writer of records when an import is executed: one statement each to create, update and delete, however many there are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, delete, exists, func, insert, literal, select, update

from batchbook.db import lock_records
from batchbook.types.imports.import_plan import ImportPlan, is_reversed
from batchbook.types.imports.models import APPLICABLE, ImportStatus, has_status
from batchbook.types.imports.targets import Application, TargetField


class RecordWriter:
    """Writes to the target of ``plan`` what the rows of ``application`` contain."""

    def __init__(self, plan: ImportPlan, application: Application) -> None:
        self._plan, self._application = plan, application
        self._row, self._where, self._session = application.row, application.where, application.session

    def lock_records(self) -> None:
        """Keep the records of the rows from changing until the transaction ends."""
        key = self._plan.target.id
        lock_records(self._session, key, self._row.record_id == key, self._where)

    def lock_references(self) -> None:
        """Keep the records that rows refer to from being renamed or deleted until the transaction ends."""
        for field in self._plan.written:
            if field.lookup:
                texts = select(self._plan.column(self._row, field)).where(self._where)
                lock_records(self._session, field.lookup.id, field.lookup.by.in_(texts), read=True)

    def lost_reference(self) -> tuple[TargetField, str, int] | None:
        """Return a field with references to records that are gone, one of its texts, and the number of such rows."""
        applicable = has_status(self._row, ImportStatus.CREATE, ImportStatus.UPDATE)
        for field in self._plan.fields:
            if field.lookup:
                text = self._plan.column(self._row, field)
                lost = select(func.count(), func.min(text)).where(
                    self._where, applicable, text.is_not(None), ~exists().where(field.lookup.by == text)
                )
                count, example = self._session.execute(lost).one()
                if count:
                    return field, example, count
        return None

    def add_references(self) -> dict[str, int]:
        """Create missing records that rows refer to, where the batch asks for that; return how many of which."""
        added = {}
        for field in self._plan.added:
            lookup, text = field.lookup, self._plan.column(self._row, field)
            if lookup is not None:
                unknown = select(text).where(
                    self._where, has_status(self._row, *APPLICABLE), text.is_not(None)
                )
                unknown = unknown.where(~exists().where(lookup.by == text)).distinct().order_by(text)
                statement = insert(lookup.model).from_select([lookup.by.key], unknown)
                added[f"added as {field.label.lower()}"] = self._run(statement)
        return added

    def create_records(self) -> int:
        """Create what the target does not have; return how many. In the order of keys, so that two never deadlock."""
        if not self._application.has_rows_with(ImportStatus.CREATE):
            return 0
        fields = self._plan.fields
        values = {field.stored.key: self._value_to_create(field) for field in fields}
        values |= {
            field.stored.key: literal(field.default, field.stored.type)
            for field in self._plan.target.all_fields
            if field not in fields and field.default is not None
        }
        statement = select(*values.values()).where(self._application.rows_with(ImportStatus.CREATE))
        statement = statement.order_by(*(self._plan.column(self._row, field) for field in self._plan.key))
        return self._run(insert(self._plan.target.model).from_select(list(values), statement))

    def update_records(self) -> int:
        """Set in each record the fields that its row changes; return the number of records."""
        values = {field.stored.key: self._value_to_update(field) for field in self._plan.written}
        if not values or not self._application.has_rows_with(ImportStatus.UPDATE):
            return 0
        rows = self._application.rows_with(ImportStatus.UPDATE)
        statement = update(self._plan.target.model).where(self._row.record_id == self._plan.target.id, rows)
        return self._run(statement.values(values | self._touch_values()))

    def delete_records(self) -> int:
        """Delete the records that the table lacks, or mark them as the target declares; return how many."""
        target = self._plan.target
        if not self._application.has_rows_with(ImportStatus.DELETE):
            return 0
        # The rows name these records. Asking of each record whether a row is about it would cost rows times records.
        rows = self._application.rows_with(ImportStatus.DELETE)
        gone = target.id.in_(select(self._row.record_id).where(rows))
        if target.mark_deleted:
            marks = {**target.mark_deleted, **self._touch_values()}
            return self._run(update(target.model).where(gone).values(marks))
        return self._run(delete(target.model).where(gone))

    def _value_to_create(self, field: TargetField) -> Any:
        value = self._value(field)
        if field.default is None:
            return value
        return func.coalesce(value, literal(field.default, field.stored.type))

    def _value_to_update(self, field: TargetField) -> Any:
        """Return the new value of a record: that of its row or, where the cell is empty, what the batch chose for these."""
        if self._plan.reversing:
            reverses = is_reversed(self._row, field)
            return case((reverses, self._value(field)), else_=field.stored)
        if self._plan.clears(field):
            return self._value(field)
        text = self._plan.column(self._row, field)
        return case((text.is_(None), field.stored), else_=self._value(field))

    def _value(self, field: TargetField) -> Any:
        value = self._plan.column(self._row, field)
        return value if field.lookup is None else field.lookup.id_of(value)

    def _touch_values(self) -> dict[str, Any]:
        touch = self._plan.target.touch
        return dict(touch(self._application.context.now)) if touch else {}

    def _run(self, statement: Any) -> int:
        connection = self._session.connection()
        return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
