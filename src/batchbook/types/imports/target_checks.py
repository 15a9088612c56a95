"""The directive ``config.add_import_target``, which checks a target at start-up and registers it."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import fields
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import ColumnElement, DateTime, PrimaryKeyConstraint, UniqueConstraint, inspect
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.db import utc_now, why_not_stored
from batchbook.declarations import (
    Rule,
    author_error,
    function_of,
    instance_of,
    is_text,
    is_texts,
    mapping_of,
    or_none,
    refuse_wrong,
    sequence_of,
    shown,
)
from batchbook.grid import Kind
from batchbook.services import services_of
from batchbook.types.imports.targets import (
    Check,
    ImportField,
    ImportTarget,
    ImportTargets,
    Lookup,
    TargetField,
    key_name,
)

_FLAG = instance_of(bool, "True or False")
_TEXT = instance_of(str, "a text")
_NAMES = sequence_of(str, 'a tuple of names of fields, such as ("vendor",)')
_PERMISSION = Rule(
    "a permission such as products:edit",
    lambda value: is_text(value) and re.fullmatch("[^:\\s]+(:[^:\\s]+)+", value) is not None,
)
_TARGET = {
    "key": Rule(
        'a name of a field, or a tuple of them, such as ("code", "size")',
        lambda value: is_text(value) or is_texts(value),
    ),
    "permission": _PERMISSION,
    "fields": sequence_of(
        (str, ImportField), 'a tuple of names of columns and of ImportFields, such as ("title",)'
    ),
    "title": _TEXT,
    "other_keys": Rule(
        'a tuple of keys, such as ("code", ("title", "size"))',
        lambda value: isinstance(value, list | tuple) and all(is_text(one) or is_texts(one) for one in value),
    ),
    "checks": sequence_of(Check, "a tuple of Checks, such as (Check(…),)"),
    "scopes": _NAMES,
    "creates": _FLAG,
    "deletes": _FLAG,
    "mark_deleted": mapping_of(str, lambda _value: True, "a mapping of attributes to values"),
    "touch": or_none(function_of("now")),
    "modified": or_none(
        instance_of(InstrumentedAttribute, "a column of the model, such as Product.modified_at")
    ),
    "before": or_none(function_of("application")),
    "cheapest_by": _TEXT,
    "sender": _TEXT,
}
_FIELD = {
    "stored": _TEXT,
    "lookup": or_none(instance_of(Lookup, "a Lookup, such as Lookup(Vendor.code)")),
    "required": _FLAG,
    "label": _TEXT,
    "synonyms": sequence_of(str, 'a tuple of headings, such as ("cost",)'),
}
_LOOKUP = {
    "by": instance_of(InstrumentedAttribute, "a column of the other model, such as Vendor.code"),
    "also": sequence_of(
        InstrumentedAttribute, "a tuple of columns of the other model, such as (Vendor.name,)"
    ),
    "adds": _FLAG,
}
_CHECK = {
    "fields": _NAMES,
    "message": _TEXT,
    "code": _TEXT,
}


def add_import_target(config: Any, target: ImportTarget) -> None:
    """Directive: let tables be imported into ``target``.

    Raises ``ConfigurationError`` where its parts do not fit together.
    """
    if not isinstance(target, ImportTarget):
        raise ConfigurationError(f"add_import_target takes an ImportTarget, and got {shown(target)}.")
    _check_declared(target)
    try:
        _check_target(target)
        _check_values(target)
        _check_modified(target)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"Nothing can be imported into {target.model.__name__}: {error}") from error
    introspectable = config.introspectable("import targets", target.name, target.title, "import target")
    introspectable.update({"target": target})
    config.action(
        ("import target", target.name),
        lambda: services_of(config.registry).get(ImportTargets).add(target),
        introspectables=(introspectable,),
    )
    config.add_permission(
        target.permission
    )  # So that it can be given to a role, whether a page needs it or not.
    for field in target.all_fields:
        if field.stored.property.columns[0].info.get("by_batch_only"):
            config.add_batch_only_link(
                field.stored, f"Import {target.title.lower()}", "batches.import.create", "batch:import:create"
            )


def _check_target(target: ImportTarget) -> None:
    """Raise ``ValueError`` where a part of ``target`` names what is not there."""
    known = {field.name for field in target.all_fields}
    named = {name for names in target.keys for name in names} | {
        *target.scopes,
        target.cheapest_by,
        target.sender,
    } - {""}
    named |= {name for check in target.checks for name in check.fields}
    if named - known:
        raise ValueError(f"there is no field {sorted(named - known)[0]!r}")
    for names in target.keys:
        if not _is_unique({target.field(name).stored.property.columns[0] for name in names}):
            raise ValueError(
                f"the key {key_name(names)!r} may be that of several records: no constraint makes it unique"
            )
    if target.cheapest_by and target.field(target.cheapest_by).column.kind not in (
        Kind.INTEGER,
        Kind.DECIMAL,
    ):
        raise ValueError(f"cheapest_by names {target.cheapest_by!r}, which is no number")
    if target.deletes and not target.scopes:
        raise ValueError("missing records can be deleted within a scope only: name the fields in scopes")


def _is_unique(columns: Set[Any]) -> bool:
    """Return whether the database ensures that no two records have the same values in ``columns``."""
    table = next(iter(columns)).table
    unique = [one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)]
    # A partial index leaves out some records.
    unique += [
        index
        for index in table.indexes
        if index.unique and all(options.get("where") is None for options in index.dialect_options.values())
    ]
    return any(together and together <= columns for together in (set(one.columns) for one in unique))


def _check_declared(target: ImportTarget) -> None:
    """Raise ``ConfigurationError`` for a part of ``target`` that is of another kind than it must be."""
    name = f"The import target {target.name}: ImportTarget"
    refuse_wrong(name, _parts(target), _TARGET)
    for field in target.fields:
        if isinstance(field, ImportField):
            where = f"The import target {target.name}: ImportField({field.name!r})"
            refuse_wrong(where, _parts(field), _FIELD)
            if field.lookup is not None:
                refuse_wrong(f"{where}.lookup", _parts(field.lookup), _LOOKUP)
    for check in target.checks:
        where = f"The import target {target.name}: Check"
        refuse_wrong(where, _parts(check), _CHECK)
        refuse_wrong(where, {"holds": check.holds}, {"holds": function_of(*check.fields)})


def _parts(declared: Any) -> dict[str, Any]:
    return {field.name: getattr(declared, field.name) for field in fields(declared)}


def _check_values(target: ImportTarget) -> None:
    """Raise ``ValueError`` for a value that its column cannot store, and for a rule that makes no SQL."""
    for field in target.all_fields:
        if field.default is not None:
            _check_value(f"the default of {field.name}", _type_of(field), field.default)
    for name, value in target.mark_deleted.items():
        _check_attribute("mark_deleted", target.model, name, value)
    if target.touch is not None:
        for name, value in dict(target.touch(utc_now())).items():
            _check_attribute("touch", target.model, name, value)
    for check in target.checks:
        _check_condition(check, [target.field(name).stored for name in check.fields])


def _check_modified(target: ImportTarget) -> None:
    kind: Any = None if target.modified is None else target.modified.type
    if kind is not None and not isinstance(getattr(kind, "impl_instance", kind), DateTime):
        raise ValueError(f"modified is {target.modified}, which is no time")


def _check_condition(check: Check, columns: Sequence[Any]) -> None:
    name = ", ".join(check.fields)
    try:
        found = check.holds(*columns)
    except Exception as error:
        raise ValueError(f"the check of {name} fails: {author_error(error)}") from error
    if not isinstance(found, ColumnElement):
        raise TypeError(f"the check of {name} must return a condition in SQL, and returns {shown(found)}")


def _type_of(field: TargetField) -> Any:
    return (field.lookup.by if field.lookup else field.stored).type


def _check_attribute(where: str, model: type[Any], name: str, value: Any) -> None:
    attribute = inspect(model).column_attrs.get(name)
    if attribute is None:
        raise ValueError(f"{where} names {name!r}, which is no column of {model.__name__}")
    if not isinstance(value, ColumnElement | InstrumentedAttribute):
        _check_value(f"{name} of {where}", attribute.columns[0].type, value)


def _check_value(what: str, column_type: Any, value: Any) -> None:
    if (wanted := why_not_stored(column_type, value)) is not None:
        raise ValueError(f"{what} must be {wanted}, and is {shown(value)}")
