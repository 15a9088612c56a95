"""The columns of an import: those that its file may have, those of its rows, and the records that their cells name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from batchbook.batches import IntakeField, RowColumn
from batchbook.grid import Kind, Reference
from batchbook.types.imports.import_plan import ImportPlan
from batchbook.types.imports.models import Import, Mode
from batchbook.types.imports.targets import TargetField, executed, new, old

#: The most characters of a heading that become the label of a column.
_LONGEST_LABEL = 60


def intake_fields(plan: ImportPlan) -> tuple[IntakeField, ...]:
    """Return the fields that the file may have, the key first."""
    others = (field for field in plan.target.all_fields if field not in plan.key)
    return tuple(_intake_field(plan, field) for field in (*plan.key, *others))


def _intake_field(plan: ImportPlan, field: TargetField) -> IntakeField:
    is_key = field in plan.key
    # If records may be updated, a file needs no field but the key.
    needed = is_key or (plan.mode is Mode.CREATE and field.needed)
    column = replace(field.column, name=new(field.name))
    # The first synonym is the name that messages and commands give it.
    return IntakeField(field.name, column, needed, is_key, (field.name, *field.synonyms))


def row_columns(plan: ImportPlan) -> Iterator[RowColumn]:
    """Yield the columns of the batch's rows: the key, each field before and after, then those that are only carried.

    Rows whose keys are the same or similar are peers.
    """
    yield from _of_key(plan)
    before, after = ("now", " before") if plan.reversing else ("before", "")
    for field in plan.written:
        yield RowColumn.like(field.column, old(field.name), f"{field.label} {before}")
        if plan.reversing:
            yield RowColumn.like(field.column, executed(field.name), f"{field.label} executed")
        yield RowColumn.like(field.column, new(field.name), f"{field.label}{after}", editable=True)
    if plan.reversing:
        yield RowColumn("reversed_kind", Kind.TEXT, "Effect that is reversed")
        yield RowColumn("reversed_fields", Kind.TEXT, "Fields that are reversed", shown=False)
    mapping = plan.mapping
    for place, position in enumerate(mapping.carried if mapping else ()):
        heading = mapping.headings[position].strip() if mapping else ""
        yield RowColumn(carried(place), Kind.TEXT, heading[:_LONGEST_LABEL] or f"Column {position + 1}")


def _of_key(plan: ImportPlan) -> Iterator[RowColumn]:
    for field in plan.key:
        yield RowColumn.like(
            field.column,
            new(field.name),
            field.label,
            editable=True,
            indexed=field is plan.key[0],
            peer=not plan.spells_keys,
        )
    if plan.spells_keys:
        yield RowColumn(
            "key_form", Kind.TEXT, "Key as compared", shown=False, indexed=True, derived=True, peer=True
        )


def carried(place: int) -> str:
    """Return the name of the row's column for the ``place``-th of the carried columns."""
    return f"extra_{place}"


def references(plan: ImportPlan) -> dict[str, Reference]:
    """Return the records that the cells of fields name, by the rows' column: those referred to, and those that a key finds.

    Whoever may import into the target sees them: a preview tells them as much.
    """
    found = {new(field.name): _reference(plan, field) for field in plan.fields}
    return {name: reference for name, reference in found.items() if reference is not None}


def _reference(plan: ImportPlan, field: TargetField) -> Reference | None:
    if field.column.kind is not Kind.TEXT:
        return None
    if field.lookup is not None:
        label = next(iter(field.lookup.also), None)
        return Reference(field.lookup.by, plan.target.permission, label)
    if field.column.reference is not None:
        return field.column.reference
    return Reference(field.stored, plan.target.permission) if plan.key == (field,) else None


# Both get the handler, which this module does not import.
def key_columns(handler: Any, batch: Import) -> Sequence[str]:
    """Return the columns of the key of the rows of ``batch``: rows with similar ones are peers, and no duplicates."""
    return [new(field.name) for field in handler.plan_of(batch).key]


def record_key(handler: Any, batch: Import) -> Sequence[Any]:
    """Return the columns of the target's records by which the rows of ``batch`` find them."""
    return [field.stored for field in handler.plan_of(batch).key]
