"""What can be imported into: a model, the columns of it that may be written, and by what its records are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ScalarSelect, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from batchbook.errors import BadInput
from batchbook.grid import Column

if TYPE_CHECKING:
    from batchbook.types.imports.applying import Application


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
    mark_deleted: Mapping[str, Any] = field(default_factory=dict)
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
