"""Import targets: models that tables can be imported into, and the part of one that a batch is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ScalarSelect, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from batchbook.batches import Intake, IntakeField, IntakeMapping, RowColumn
from batchbook.errors import BadInput
from batchbook.grid import Column, Kind
from batchbook.types.imports.models import Import, Mode

if TYPE_CHECKING:
    from batchbook.types.imports.record_writing import Application


@dataclass(frozen=True)
class Lookup:
    """A record of another model that a field refers to: files say its ``by``, the target stores its primary key.

    ``also`` are other columns of that model by which it may be called, such as its name; a text that several records
    have there is ambiguous, and the person chooses. ``adds`` says that a record can be made of nothing but ``by``, so
    that one that is not there can be added with what refers to it.
    """

    by: InstrumentedAttribute[str]
    also: tuple[InstrumentedAttribute[Any], ...] = ()
    adds: bool = False

    @property
    def model(self) -> type[Any]:
        """The model that is referred to."""
        model: type[Any] = inspect(self.by.class_).class_
        return model

    @property
    def id(self) -> Any:
        """Its primary key."""
        return _primary_key(self.model)

    def id_of(self, said: Any) -> ScalarSelect[Any]:
        """Return in SQL the primary key of the record that ``said``, a text or a column, calls by its ``by``."""
        model = aliased(self.model)  # The statement around it may read the same table.
        called = select(getattr(model, self.id.key)).where(getattr(model, self.by.key) == said)
        return called.scalar_subquery()


@dataclass(frozen=True)
class Check:
    """A rule for what is imported: ``holds`` makes SQL from the row model of a batch, of columns called as ``fields``.

    It is true, or null, where the rule is kept; ``message`` says what is wrong otherwise, at the first of ``fields``.
    Rules over fields that an import does not write are not asked.
    """

    fields: tuple[str, ...]
    holds: Callable[..., ColumnElement[bool]]
    message: str
    code: str = "not-valid"


@dataclass(frozen=True)
class TargetField:
    """One thing that a record of the target has, and that an import may write.

    ``column`` says what its values are; ``stored`` is the column of the model that gets them, or the key of what
    ``lookup`` finds. ``required`` fields are needed to create a record; ``default`` is what it gets where the file says
    nothing.
    """

    name: str
    column: Column
    stored: InstrumentedAttribute[Any]
    lookup: Lookup | None = None
    required: bool = False
    default: Any = None
    synonyms: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What people call it."""
        return self.column.label

    @property
    def needed(self) -> bool:
        """Whether a record cannot be created without it."""
        return self.required and self.default is None


@dataclass(frozen=True)
class ImportTarget:
    """A table that can be imported into; see ``config.add_import_target`` for what its parts mean."""

    name: str
    model: type[Any]
    title: str
    keys: tuple[tuple[str, ...], ...]
    fields: tuple[TargetField, ...]
    permission: str
    checks: tuple[Check, ...] = ()
    scopes: tuple[str, ...] = ()
    creates: bool = True
    deletes: bool = False
    mark_deleted: Mapping[str, Any] = dataclass_field(default_factory=dict)
    touch: Callable[[Any], Mapping[str, Any]] | None = None
    modified: InstrumentedAttribute[Any] | None = None
    before: Callable[[Application], None] | None = None

    @property
    def id(self) -> Any:
        """The primary key of the model."""
        return _primary_key(self.model)

    def field(self, name: str) -> TargetField:
        """Return the field called ``name``; raise ``KeyError`` if there is none."""
        return next((found for found in self.fields if found.name == name), None) or _no_field(name)

    def key(self, said: str | None) -> tuple[TargetField, ...]:
        """Return the fields of the key that ``said`` names, by default the first; raise ``BadInput`` for none."""
        for names in self.keys:
            if said in (None, "", key_name(names)):
                return tuple(map(self.field, names))
        raise BadInput(f"{self.title} have no key “{said}”. Keys: {', '.join(map(key_name, self.keys))}.")

    @property
    def key_labels(self) -> dict[str, str]:
        """The keys to choose from, by name, with what people call them."""
        return {
            key_name(names): " and ".join(self.field(name).label for name in names) for names in self.keys
        }


class ImportTargets:
    """The registered targets, by name. One per application."""

    def __init__(self) -> None:
        self._targets: dict[str, ImportTarget] = {}

    def add(self, target: ImportTarget) -> None:
        """Register ``target``; two with one name conflict already in the configuration."""
        self._targets[target.name] = target

    def __getitem__(self, name: str) -> ImportTarget:
        """Return the target called ``name``; raise ``BadInput`` if there is none."""
        try:
            return self._targets[name]
        except KeyError:
            known = ", ".join(sorted(self._targets)) or "none"
            raise BadInput(f"Nothing called “{name}” can be imported. What can be: {known}.") from None

    def __iter__(self) -> Iterator[ImportTarget]:
        """Iterate over the targets in the order of their titles."""
        return iter(sorted(self._targets.values(), key=lambda target: target.title))


def key_name(names: Sequence[str]) -> str:
    """Return the name of a key of one or more fields."""
    return "+".join(names)


def _primary_key(model: type[Any]) -> Any:
    (column,) = inspect(model).primary_key
    return inspect(model).get_property_by_column(column).class_attribute


def _no_field(name: str) -> TargetField:
    raise KeyError(name)


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
        intake = Intake.stored_in(self.batch)
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
    def not_supplied(self) -> tuple[TargetField, ...]:
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
