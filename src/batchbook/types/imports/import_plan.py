"""The plan of one import: its target, the fields that its table fills, and the keys of its rows as they are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal

from batchbook.batches import HandlerContext, IntakeMapping, stored_intake
from batchbook.db import folded_key
from batchbook.grid import Kind
from batchbook.types.imports.fuzzy_match import References
from batchbook.types.imports.models import Import, Mode
from batchbook.types.imports.targets import (
    Application,
    Check,
    ImportField,
    ImportTarget,
    ImportTargets,
    TargetField,
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
    def spells_keys(self) -> bool:
        """Whether the key may be written in several ways, because a part of it is a text of its own."""
        return any(field.is_spelled for field in self.key)

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


def is_reversed(row: Any, field: TargetField) -> ColumnElement[bool]:
    """Return the condition for rows, of a batch that reverses another one, whose records got ``field`` changed by that.

    ``row`` is the model of the rows.
    """
    found: ColumnElement[bool] = row.reversed_fields.contains(f",{field.name},", autoescape=True)
    return func.coalesce(found, literal(value=False))
