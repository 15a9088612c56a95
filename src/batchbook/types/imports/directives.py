"""The directive ``config.add_import_target``: checks a target when the application starts, and registers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint, inspect
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.batches import RowColumn
from batchbook.grid import Column, columns_of, label_of
from batchbook.services import services_of
from batchbook.types.imports.targets import (
    Check,
    ImportTarget,
    ImportTargets,
    Lookup,
    TargetField,
    key_name,
    new,
)


@dataclass(frozen=True)
class _FieldOptions:
    """What is said of fields, by their names."""

    required: Sequence[str]
    defaults: Mapping[str, Any]
    labels: Mapping[str, str]
    synonyms: Mapping[str, Sequence[str]]


def add_import_target(
    config: Any,
    model: type[Any],
    *,
    key: str | Sequence[str],
    fields: Sequence[str],
    permission: str,
    name: str | None = None,
    title: str | None = None,
    other_keys: Sequence[str | Sequence[str]] = (),
    lookups: Mapping[str, tuple[str, Lookup]] | None = None,
    required: Sequence[str] = (),
    defaults: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    synonyms: Mapping[str, Sequence[str]] | None = None,
    checks: Sequence[Check] = (),
    scopes: Sequence[str] = (),
    creates: bool = True,
    deletes: bool = False,
    mark_deleted: Mapping[str, Any] | None = None,
    touch: Callable[[Any], Mapping[str, Any]] | None = None,
    modified: InstrumentedAttribute[Any] | None = None,
    before: Callable[[Any], None] | None = None,
) -> None:
    """Directive: let tables be imported into ``model``, whose records are known by ``key``, one field or several.

    Each key must be unique in the database: else a row would change any one of several records.
    ``fields`` are the columns that may be written, the key's among them or not; ``lookups`` adds fields that refer to
    other records: name → (column, :class:`Lookup`). ``required`` are needed to create a record, besides the key's;
    ``defaults`` are what it gets where the table says nothing. ``synonyms`` are headings by which files call the fields.
    ``checks`` are rules in SQL. ``scopes`` are fields by which records can be said to be missing; only with ``deletes``.
    They are deleted then or, with ``mark_deleted``, get these values instead. ``touch(now)`` returns what else is to be
    set in records that change, ``modified`` is the column with the moment of a record's last change, and
    ``before(application)`` is called when all is about to be written. ``permission`` is what one must hold to import.

    Raises ``ConfigurationError`` where the parts do not fit together.
    """
    target_name = name or inspect(model).local_table.name
    try:
        keys = tuple(_names(one) for one in (key, *other_keys))
        said = _FieldOptions(required, defaults or {}, labels or {}, synonyms or {})
        target = ImportTarget(
            name=target_name,
            model=model,
            title=title or label_of(f"{target_name}s"),
            keys=keys,
            fields=tuple(_fields(model, keys, fields, lookups or {}, said)),
            permission=permission,
            checks=tuple(checks),
            scopes=tuple(scopes),
            creates=creates,
            deletes=deletes,
            mark_deleted=dict(mark_deleted or {}),
            touch=touch,
            modified=modified,
            before=before,
        )
        _check(target)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"Nothing can be imported into {model.__name__}: {error}") from error
    introspectable = config.introspectable("import targets", target_name, target.title, "import target")
    introspectable.update({"target": target})
    config.action(
        ("import target", target_name),
        lambda: services_of(config.registry).get(ImportTargets).add(target),
        introspectables=(introspectable,),
    )
    for field in target.fields:
        if field.stored.property.columns[0].info.get("by_batch_only"):
            config.add_batch_only_link(
                field.stored, f"Import {target.title.lower()}", "batches.import.create", "batch:import:create"
            )


def _names(key: str | Sequence[str]) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else tuple(key)


def _fields(
    model: type[Any],
    keys: Sequence[Sequence[str]],
    names: Sequence[str],
    lookups: Mapping[str, tuple[str, Lookup]],
    said: _FieldOptions,
) -> Iterator[TargetField]:
    of_keys = [name for one in keys for name in one if name not in lookups]
    for name in dict.fromkeys((*of_keys, *names)):
        (column,) = columns_of(model, [name])
        yield _field(name, getattr(model, name), column, None, said)
    for name, (stored, lookup) in lookups.items():
        (column,) = columns_of(lookup.model, [lookup.by.key])
        yield _field(name, getattr(model, stored), replace(column, label=label_of(name)), lookup, said)


def _field(
    name: str, stored: InstrumentedAttribute[Any], column: Column, lookup: Lookup | None, said: _FieldOptions
) -> TargetField:
    # An empty cell is never a value here: what it means is for the batch to say.
    column = replace(column, name=name, required=False, blank=None, label=said.labels.get(name, column.label))
    RowColumn.like(column, new(name), column.label)  # It raises for what the rows of a batch cannot hold.
    return TargetField(
        name,
        column,
        stored,
        lookup,
        name in said.required,
        said.defaults.get(name),
        tuple(said.synonyms.get(name, ())),
    )


def _check(target: ImportTarget) -> None:
    """Raise ``ValueError`` where a part of ``target`` names what is not there."""
    known = {field.name for field in target.fields}
    named = {name for names in target.keys for name in names} | set(target.scopes)
    named |= {name for check in target.checks for name in check.fields}
    if named - known:
        raise ValueError(f"there is no field {sorted(named - known)[0]!r}")
    for names in target.keys:
        if not _is_unique({target.field(name).stored.property.columns[0] for name in names}):
            raise ValueError(
                f"the key {key_name(names)!r} may be that of several records: no constraint makes it unique"
            )
    if target.deletes and not target.scopes:
        raise ValueError("what is missing can be deleted within a scope only: name the fields in scopes")


def _is_unique(columns: Set[Any]) -> bool:
    """Return whether the database sees to it that no two records have the same values in ``columns``."""
    table = next(iter(columns)).table
    constraints = [
        one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)
    ]
    whole = [index for index in table.indexes if index.unique and not _is_partial(index)]
    together = [set(one.columns) for one in (*constraints, *whole)]
    return any(unique and unique <= columns for unique in together)


def _is_partial(index: Index) -> bool:
    return any(options.get("where") is not None for options in index.dialect_options.values())
