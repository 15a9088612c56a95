"""What one batch imports: its target, the fields that its table says something of, and the columns of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from batchbook.batches import Intake, IntakeField, IntakeMapping, RowColumn
from batchbook.grid import Kind
from batchbook.types.imports.models import Import, Mode
from batchbook.types.imports.targets import Check, ImportTarget, ImportTargets, TargetField


def new(name: str) -> str:
    """Return what the row's column is called that has the value of a field in the file."""
    return f"new_{name}"


def old(name: str) -> str:
    """Return what the row's column is called that has the value of a field in the target."""
    return f"old_{name}"


class ImportPlan:
    """The target of ``batch``, and the part of it that the batch is about."""

    def __init__(self, targets: ImportTargets, batch: Import) -> None:
        self.batch = batch
        self.target: ImportTarget = targets[batch.target]
        self.key = self.target.key(batch.key_name)
        self.mode = Mode(batch.mode)

    @cached_property
    def mapping(self) -> IntakeMapping | None:
        """How the columns of the table become fields; ``None`` before somebody said so."""
        intake = Intake.kept_in(self.batch)
        return intake.mapping if intake else None

    @cached_property
    def written(self) -> tuple[TargetField, ...]:
        """The fields that the batch writes: those that its table fills, less the key's."""
        mapping = self.mapping
        filled = (field for field in self.target.fields if mapping and mapping.fills(field.name))
        return tuple(field for field in filled if field not in self.key)

    @property
    def fields(self) -> tuple[TargetField, ...]:
        """The fields that the batch's rows say something of: the key's, then those that are written."""
        return (*self.key, *self.written)

    @property
    def unsaid(self) -> tuple[TargetField, ...]:
        """The fields that a new record needs and the table does not fill."""
        return tuple(f for f in self.target.fields if f.needed and f not in self.fields)

    @property
    def added(self) -> tuple[TargetField, ...]:
        """The fields that refer to records which are added if they are not there."""
        if self.batch.unknown != "add":
            return ()
        return tuple(f for f in self.fields if f.lookup and f.lookup.adds)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The target's rules that can be asked: those over fields that the batch has."""
        known = {field.name for field in self.fields}
        return tuple(check for check in self.target.checks if known.issuperset(check.fields))

    @property
    def intake_fields(self) -> tuple[IntakeField, ...]:
        """What the table may say, the key first."""
        others = (field for field in self.target.fields if field not in self.key)
        return tuple(self._intake_field(field) for field in (*self.key, *others))

    def _intake_field(self, field: TargetField) -> IntakeField:
        is_key = field in self.key
        # Where records are only updated, or may be, a table may say as little as it likes.
        needed = is_key or (self.mode is Mode.CREATE and field.needed)
        column = replace(field.column, name=new(field.name))
        # The first of them is what people are told to call it by, in commands and headings.
        return IntakeField(field.name, column, needed, is_key, (field.name, *field.synonyms))

    def columns(self) -> Iterator[RowColumn]:
        """Yield the columns of the batch's rows: the key, each field before and after, then what is only carried."""
        for field in self.key:
            yield RowColumn.like(
                field.column,
                new(field.name),
                field.label,
                editable=True,
                indexed=field is self.key[0],
                peer=True,
            )
        for field in self.written:
            yield RowColumn.like(field.column, old(field.name), f"{field.label} before")
            yield RowColumn.like(field.column, new(field.name), field.label, editable=True)
        mapping = self.mapping
        for place, position in enumerate(mapping.carried if mapping else ()):
            heading = mapping.headings[position] if mapping else ""
            yield RowColumn(carried(place), Kind.TEXT, heading.strip()[:60] or f"Column {position + 1}")

    def column(self, row: Any, field: TargetField) -> Any:
        """Return the column of the row model that has what the table says of ``field``."""
        return getattr(row, new(field.name))

    def empties(self, field: TargetField) -> bool:
        """Return whether an empty cell empties ``field``; otherwise it leaves what is there."""
        return self.batch.empty_cells == "clear" and field.stored.property.columns[0].nullable

    def before(self, row: Any, field: TargetField) -> Any:
        """Return the column of the row model that has what the target said of ``field`` at the last refresh."""
        return getattr(row, old(field.name))


def carried(place: int) -> str:
    """Return what the row's column is called that carries the table's column which is ``place``-th among those."""
    return f"extra_{place}"
