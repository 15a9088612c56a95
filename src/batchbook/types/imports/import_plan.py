"""The plan of one import: the fields of its target that its table fills, and the columns of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal

from batchbook.batches import HandlerContext, IntakeField, IntakeMapping, RowColumn, stored_intake
from batchbook.db import folded_key
from batchbook.grid import Kind, Reference
from batchbook.types.imports.fuzzy_match import References
from batchbook.types.imports.models import Import, Mode
from batchbook.types.imports.targets import (
    Application,
    Check,
    ImportField,
    ImportTarget,
    ImportTargets,
    TargetField,
    executed,
    new,
    old,
)

#: The key, in a header's ``params``, of the names of the fields that a batch reverses.
REVERSED = "reversed_fields"


class ImportPlan:
    """The target of ``batch``, and the part of it that the batch is about."""

    def __init__(self, targets: ImportTargets, batch: Import) -> None:
        self.batch = batch
        self.target: ImportTarget = targets[batch.target]
        self.key = self.target.key_fields(batch.key_name)
        self.mode = Mode(batch.mode)

    @cached_property
    def mapping(self) -> IntakeMapping | None:
        """The mapping of the file's columns to fields; ``None`` before there is one."""
        intake = stored_intake(self.batch)
        return intake.mapping if intake else None

    @cached_property
    def written(self) -> tuple[TargetField, ...]:
        """The fields that the batch writes: those that its table fills, less the key's."""
        if self.reversing:
            return tuple(field for field in self.kept if field.name in self.batch.params.get(REVERSED, ()))
        mapping = self.mapping
        filled = (field for field in self.target.all_fields if mapping and mapping.fills(field.name))
        return tuple(field for field in filled if field not in self.key)

    @property
    def reversing(self) -> bool:
        """Whether the batch reverses another one."""
        return self.batch.reverses is not None

    def reverses(self, row: Any, field: TargetField) -> ColumnElement[bool]:
        """Return the condition for rows, of a batch that reverses another one, whose records got ``field`` changed by that."""
        found: ColumnElement[bool] = row.reversed_fields.contains(f",{field.name},", autoescape=True)
        return func.coalesce(found, literal(value=False))

    @cached_property
    def kept(self) -> tuple[TargetField, ...]:
        """The fields whose values are kept: all of the target, and the columns that mark a record as deleted."""
        fields, target = self.target.all_fields, self.target
        stored = {field.stored.key for field in fields}
        marks = (
            ImportField(name).of_model(target.model) for name in target.mark_deleted if name not in stored
        )
        return (*fields, *marks)

    @property
    def fields(self) -> tuple[TargetField, ...]:
        """The fields with values in the batch's rows: the key's, then those that are written."""
        return (*self.key, *self.written)

    @property
    def not_supplied(self) -> tuple[TargetField, ...]:
        """The fields that a new record needs and the file does not fill."""
        return tuple(f for f in self.target.all_fields if f.needed and f not in self.fields)

    @property
    def added(self) -> tuple[TargetField, ...]:
        """The fields that refer to records which are created if they are missing."""
        if self.batch.unknown != "add":
            return ()
        return tuple(f for f in self.fields if f.lookup and f.lookup.adds)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The target's checks that apply: those of fields that the batch has."""
        known = {field.name for field in self.fields}
        return tuple(check for check in self.target.checks if known.issuperset(check.fields))

    @property
    def intake_fields(self) -> tuple[IntakeField, ...]:
        """The fields that the file may have, the key first."""
        others = (field for field in self.target.all_fields if field not in self.key)
        return tuple(self._intake_field(field) for field in (*self.key, *others))

    def _intake_field(self, field: TargetField) -> IntakeField:
        is_key = field in self.key
        # If records may be updated, a file needs no field but the key.
        needed = is_key or (self.mode is Mode.CREATE and field.needed)
        column = replace(field.column, name=new(field.name))
        # The first synonym is the name that messages and commands give it.
        return IntakeField(field.name, column, needed, is_key, (field.name, *field.synonyms))

    @property
    def references(self) -> dict[str, Reference]:
        """The records that the cells of fields name, by the rows' column: those referred to, and those that a key finds.

        Whoever may import into the target sees them: a preview tells them as much.
        """
        found = {new(field.name): self._reference(field) for field in self.fields}
        return {name: reference for name, reference in found.items() if reference is not None}

    def _reference(self, field: TargetField) -> Reference | None:
        if field.column.kind is not Kind.TEXT:
            return None
        if field.lookup is not None:
            label = next(iter(field.lookup.also), None)
            return Reference(field.lookup.by, self.target.permission, label)
        if field.column.reference is not None:
            return field.column.reference
        return Reference(field.stored, self.target.permission) if self.key == (field,) else None

    @property
    def spells_keys(self) -> bool:
        """Whether the key may be written in several ways, because a part of it is a text of its own."""
        return any(field.is_spelled for field in self.key)

    def columns(self) -> Iterator[RowColumn]:
        """Yield the columns of the batch's rows: the key, each field before and after, then those that are only carried.

        Rows whose keys are the same or similar are peers.
        """
        for field in self.key:
            yield RowColumn.like(
                field.column,
                new(field.name),
                field.label,
                editable=True,
                indexed=field is self.key[0],
                peer=not self.spells_keys,
            )
        if self.spells_keys:
            yield RowColumn(
                "key_form", Kind.TEXT, "Key as compared", shown=False, indexed=True, derived=True, peer=True
            )
        before, after = ("now", " before") if self.reversing else ("before", "")
        for field in self.written:
            yield RowColumn.like(field.column, old(field.name), f"{field.label} {before}")
            if self.reversing:
                yield RowColumn.like(field.column, executed(field.name), f"{field.label} executed")
            yield RowColumn.like(field.column, new(field.name), f"{field.label}{after}", editable=True)
        if self.reversing:
            yield RowColumn("reversed_kind", Kind.TEXT, "Effect that is reversed")
            yield RowColumn("reversed_fields", Kind.TEXT, "Fields that are reversed", shown=False)
        mapping = self.mapping
        for place, position in enumerate(mapping.carried if mapping else ()):
            heading = mapping.headings[position] if mapping else ""
            yield RowColumn(carried(place), Kind.TEXT, heading.strip()[:60] or f"Column {position + 1}")

    def application(self, row: Any, where: ColumnElement[bool], context: HandlerContext) -> Application:
        """Return the application of the rows of ``row``, the batch's row model, that satisfy ``where``."""
        return Application(self.batch, row, where, context, frozenset(field.name for field in self.written))

    def column(self, row: Any, field: TargetField) -> Any:
        """Return the column of the row model with the file's value of ``field``."""
        return getattr(row, new(field.name))

    def clears(self, field: TargetField) -> bool:
        """Return whether an empty cell clears ``field``; otherwise it keeps the present value."""
        return self.batch.empty_cells == "clear" and field.stored.property.columns[0].nullable

    def before(self, row: Any, field: TargetField) -> Any:
        """Return the column of the row model with the target's value of ``field`` at the last refresh."""
        return getattr(row, old(field.name))


def settle_sender(plan: ImportPlan, references: Mapping[str, References]) -> None:
    """Take the sender of the file for the record that it names, such as a vendor, so that it is given only once.

    It is stored by its key, whether it was given by key or by name. Records that are missing are then looked for
    among those of the sender, unless another one was given for that; and the other way round.
    """
    batch, name = plan.batch, plan.target.sender
    if not name:
        return
    among = batch.scope_field == name
    given = batch.sender or (batch.scope_value if among else None)
    if given:
        found = references[name].look_up([given])[given]
        batch.sender = found[0] if len(found) == 1 else given
        if among and not batch.scope_value:
            batch.scope_value = batch.sender


#: The character between the parts of a key.
BETWEEN = "\x1f"


def joined_parts(fields: Sequence[TargetField], parts: Sequence[Any], *, fold: bool) -> Any:
    """Return in SQL the ``parts`` of a key, which are the values of ``fields``, as one text; with ``fold`` as compared."""
    texts = [
        (folded_key(part) if fold else part) if field.column.kind is Kind.TEXT else cast(part, String)
        for field, part in zip(fields, parts, strict=True)
    ]
    return reduce(lambda whole, text: whole + literal(BETWEEN) + text, texts)


def key_form(plan: ImportPlan, row: Any) -> Any:
    """Return in SQL the form in which keys of ``row``, a model of rows, are compared with similar ones."""
    return joined_parts(plan.key, [plan.column(row, field) for field in plan.key], fold=True)


def carried(place: int) -> str:
    """Return the name of the row's column for the ``place``-th of the carried columns."""
    return f"extra_{place}"


# Both get the handler, which this module does not import.
def key_columns(handler: Any, batch: Import) -> Sequence[str]:
    """Return the columns of the key of the rows of ``batch``: rows with similar ones are peers, and no duplicates."""
    return [new(field.name) for field in handler.plan_of(batch).key]


def record_key(handler: Any, batch: Import) -> Sequence[Any]:
    """Return the columns of the target's records by which the rows of ``batch`` find them."""
    return [field.stored for field in handler.plan_of(batch).key]
