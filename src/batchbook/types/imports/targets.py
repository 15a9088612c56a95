"""Import targets: models that tables can be imported into, declared as data, checked and registered by a directive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    and_,
    func,
    inspect,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapper, Session, aliased

from batchbook.batches import HandlerContext, RowColumn
from batchbook.errors import BadInput
from batchbook.grid import Column, Kind, columns_of, label_of
from batchbook.types.imports.models import Import, ImportStatus


@dataclass(frozen=True)
class Lookup:
    """A record of another model that a field refers to: files hold its ``by``, the target stores its primary key.

    ``also`` are other columns of that model by which it may be called, such as its name; a text that several records
    have there is ambiguous, and the person chooses. ``adds`` allows a record to be made of nothing but ``by``, so that
    one that is missing can be added together with what refers to it.
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

    def id_of(self, text: Any) -> ScalarSelect[Any]:
        """Return in SQL the primary key of the record whose ``by`` is ``text``, a text or a column."""
        model = aliased(self.model)  # The statement around it may read the same table.
        called = select(getattr(model, self.id.key)).where(getattr(model, self.by.key) == text)
        return called.scalar_subquery()


@dataclass(frozen=True)
class Check:
    """A rule for what is imported: ``holds`` makes SQL from the row model of a batch, of columns called as ``fields``.

    It is true, or null, where the rule is kept; ``message`` is the problem otherwise, at the first of ``fields``.
    Rules over fields that an import does not write are not checked.
    """

    fields: tuple[str, ...]
    holds: Callable[..., ColumnElement[bool]]
    message: str
    code: str = "not-valid"


@dataclass(frozen=True)
class ImportField:
    """Declaration of a field of a target: a column of its model, or with ``lookup`` a reference to another record.

    ``stored`` names the column of the model, by default the one called ``name``; with a lookup it is the one that gets
    the other record's primary key. A ``required`` field is needed to create a record, and ``default`` is what a new
    record gets where the table has nothing. ``label`` replaces that of the column. ``synonyms`` are headings by which
    files call the field, in any case and punctuation.
    """

    name: str
    stored: str = ""
    lookup: Lookup | None = None
    required: bool = False
    default: Any = None
    label: str = ""
    synonyms: Sequence[str] = ()

    def of_model(self, model: type[Any]) -> TargetField:
        """Return the field for ``model``; raise ``ValueError`` or ``TypeError`` where it cannot be imported."""
        stored = getattr(model, self.stored or self.name, None)
        if self.lookup is None:
            (column,) = columns_of(model, [self.stored or self.name])
            label = self.label or column.label
        else:
            (column,) = columns_of(self.lookup.model, [self.lookup.by.key])
            label = self.label or label_of(self.name)
        if stored is None:
            raise ValueError(f"{model.__name__} has no column {self.stored or self.name!r}")
        # An empty cell is never a value here: its meaning is chosen for each batch.
        column = replace(column, name=self.name, required=False, blank=None, label=label)
        RowColumn.like(
            column, new(self.name), column.label
        )  # It raises for what the rows of a batch cannot hold.
        return TargetField(
            self.name, column, stored, self.lookup, self.required, self.default, tuple(self.synonyms)
        )


@dataclass(frozen=True)
class TargetField:
    """A field of a record of the target that an import may write, as :meth:`ImportField.of_model` made it.

    ``column`` describes its values; ``stored`` is the column of the model that gets them, or the key of the record
    that ``lookup`` finds.
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
        """Its name for people."""
        return self.column.label

    @property
    def is_spelled(self) -> bool:
        """Whether its values may be written in several ways: texts, less those of references."""
        return self.lookup is None and self.column.kind is Kind.TEXT

    @property
    def needed(self) -> bool:
        """Whether a record cannot be created without it."""
        return self.required and self.default is None


@dataclass(frozen=True, kw_only=True)
class ImportTarget:
    """Declaration of a model that tables can be imported into, for ``config.add_import_target``.

    ``key`` is the field, or the fields together, by which a row finds its record; ``other_keys`` are further ones to
    choose from. Each must be unique in the database: else a row would change any one of several records. ``fields`` may
    be written, the key's among them or not: names of columns, or an :class:`ImportField` for more than that.
    ``permission`` is needed to import.

    ``checks`` are rules in SQL. ``scopes`` are fields within whose values records can be missing from a table; only with
    ``deletes``. They are deleted then or, with ``mark_deleted``, get these values instead. ``touch(now)`` returns what
    else is set in changed records, ``modified`` is the column with the time of the last change, ``before(application)``
    runs before all is written. ``name`` is by default that of the table, ``title`` what people call the records. Of
    duplicates the one with the lowest ``cheapest_by`` can be kept; ``sender`` is the field for who sends a file.
    """

    model: type[Any]
    key: str | Sequence[str]
    permission: str
    fields: Sequence[str | ImportField] = ()
    name: str = ""
    title: str = ""
    other_keys: Sequence[str | Sequence[str]] = ()
    checks: Sequence[Check] = ()
    scopes: Sequence[str] = ()
    creates: bool = True
    deletes: bool = False
    mark_deleted: Mapping[str, Any] = dataclass_field(default_factory=dict)
    touch: Callable[[Any], Mapping[str, Any]] | None = None
    modified: InstrumentedAttribute[Any] | None = None
    before: Callable[[Application], None] | None = None
    cheapest_by: str = ""
    sender: str = ""

    def __post_init__(self) -> None:
        """Complete the names that were left to be derived from the table."""
        mapper = inspect(self.model, raiseerr=False)
        if not isinstance(mapper, Mapper):
            raise ConfigurationError(f"An ImportTarget has the model {self.model!r}, which is not mapped.")
        name = self.name or inspect(self.model).local_table.name
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "title", self.title or label_of(f"{name}s"))

    @property
    def id(self) -> Any:
        """The primary key of the model."""
        return _primary_key(self.model)

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The names of the fields of each key, the usual one first."""
        return tuple((key,) if isinstance(key, str) else tuple(key) for key in (self.key, *self.other_keys))

    @cached_property
    def all_fields(self) -> tuple[TargetField, ...]:
        """The fields, the keys' first; raises ``ValueError`` or ``TypeError`` where one cannot be imported."""
        declared = [ImportField(field) if isinstance(field, str) else field for field in self.fields]
        fields = {name: ImportField(name) for names in self.keys for name in names}
        fields |= {field.name: field for field in declared}
        return tuple(field.of_model(self.model) for field in fields.values())

    def field(self, name: str) -> TargetField:
        """Return the field called ``name``; raise ``KeyError`` if there is none."""
        for field in self.all_fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def key_fields(self, name: str | None) -> tuple[TargetField, ...]:
        """Return the fields of the key called ``name``, by default the first; raise ``BadInput`` for an unknown one."""
        for names in self.keys:
            if name in (None, "", key_name(names)):
                return tuple(map(self.field, names))
        raise BadInput(f"{self.title} have no key “{name}”. Keys: {', '.join(map(key_name, self.keys))}.")

    @property
    def key_labels(self) -> dict[str, str]:
        """The labels of the keys to choose from, by name."""
        return {
            key_name(names): " and ".join(self.field(name).label for name in names) for names in self.keys
        }


@dataclass(frozen=True)
class Application:
    """The rows that are about to be applied: ``where`` selects them from the row model ``row``.

    A target's ``before`` hook gets it, to write what it must while all records are as they were. ``written`` are the
    names of the fields that the batch writes.
    """

    batch: Import
    row: Any
    where: ColumnElement[bool]
    context: HandlerContext
    written: frozenset[str]

    @property
    def session(self) -> Session:
        """The session of the execution."""
        return self.context.session

    def rows_with(self, status: ImportStatus) -> ColumnElement[bool]:
        """Return the condition for the rows to apply that have ``status``."""
        return and_(self.where, self.row.status == status.value)

    def has_rows_with(self, status: ImportStatus) -> bool:
        """Return whether the batch has rows with ``status``, as its header counts them."""
        return self.batch.count_of(status) > 0

    def count_of_rows(self, *conditions: ColumnElement[bool]) -> int:
        """Return how many of the rows satisfy ``conditions``."""
        return self.session.scalar(select(func.count()).where(self.where, *conditions)) or 0

    def after(self, name: str) -> Any | None:
        """Return the row's column with the new value of a field; ``None`` if the batch does not write that field."""
        return getattr(self.row, new(name)) if name in self.written else None


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
            raise BadInput(f"There is no import target “{name}”. The targets are: {known}.") from None

    def __iter__(self) -> Iterator[ImportTarget]:
        """Iterate over the targets in the order of their titles."""
        return iter(sorted(self._targets.values(), key=lambda target: target.title))


def key_name(names: Sequence[str]) -> str:
    """Return the name of a key of one or more fields."""
    return "+".join(names)


def new(name: str) -> str:
    """Return the name of the row's column with the value of a field in the file."""
    return f"new_{name}"


def old(name: str) -> str:
    """Return the name of the row's column with the value of a field in the target."""
    return f"old_{name}"


def executed(name: str) -> str:
    """Return the name of the row's column with the value that the reversed import gave to a field."""
    return f"executed_{name}"


def _primary_key(model: type[Any]) -> Any:
    (column,) = inspect(model).primary_key
    return inspect(model).get_property_by_column(column).class_attribute
