"""The effects of an import: the changes of numbers, and the records whose values are kept before and after it."""

from __future__ import annotations

from functools import reduce
from typing import Any

from sqlalchemy import SQLColumnExpression, String, and_, cast, literal, select

from batchbook.batches import NumberChange, TargetRecords
from batchbook.grid import Kind
from batchbook.types.imports.import_plan import BETWEEN, ImportPlan
from batchbook.types.imports.models import APPLICABLE, ImportStatus, has_status
from batchbook.types.imports.targets import TargetField, new


def number_changes(plan: ImportPlan, row: Any, *, overwrite: bool) -> list[NumberChange]:
    """Return the changes of all numbers that rows of the model ``row`` write into existing records.

    Where records may be overwritten, they change from the values of now.
    """
    kinds = (Kind.INTEGER, Kind.DECIMAL)
    numbers = [field for field in plan.written if field.lookup is None and field.column.kind in kinds]
    of_now = {
        field.name: select(field.stored).where(plan.target.id == row.record_id).scalar_subquery()
        for field in numbers
        if overwrite
    }
    return [
        NumberChange(
            name=field.name,
            label=f"“{field.label}”",
            before=of_now.get(field.name, plan.before(row, field)),
            after=plan.column(row, field),
            where=has_status(row, ImportStatus.UPDATE),
            named_by=[new(key.name) for key in plan.key],
            records=(plan.target.id, row.record_id == plan.target.id) if overwrite else None,
        )
        for field in numbers
    ]


def target_records(plan: ImportPlan, row: Any) -> list[TargetRecords]:
    """Return the records of the target that rows of the model ``row`` name by the key, and the references that are added."""
    target, applicable = plan.target, has_status(row, *APPLICABLE)
    records = TargetRecords(
        model=target.model,
        key=_kept_key(plan),
        join=and_(*(_is_key(plan, row, field) for field in plan.key)),
        fields={field.name: kept_value(field) for field in plan.kept},
        where=applicable,
    )
    # Those that are there already do not change, so nobody need wait for them.
    added = [
        TargetRecords(
            model=field.lookup.model,
            key=field.lookup.by,
            join=field.lookup.by == plan.column(row, field),
            fields={field.lookup.by.key: field.lookup.by},
            where=applicable,
            locked=False,
        )
        for field in plan.added
        if field.lookup
    ]
    return [records, *added]


def _kept_key(plan: ImportPlan) -> SQLColumnExpression[Any]:
    """Return in SQL the key of a record as one text."""
    values = [cast(kept_value(field), String) for field in plan.key]
    return reduce(lambda whole, value: whole + literal(BETWEEN) + value, values)


def kept_value(field: TargetField) -> SQLColumnExpression[Any]:
    """Return in SQL the value of ``field`` in a record, as a file has it: for a reference the text that names the other one."""
    if field.lookup is None:
        return field.stored
    lookup = field.lookup
    return select(lookup.by).where(lookup.id == field.stored).scalar_subquery()


def _is_key(plan: ImportPlan, row: Any, field: TargetField) -> Any:
    value = plan.column(row, field)
    return field.stored == (value if field.lookup is None else field.lookup.id_of(value).correlate(row))
