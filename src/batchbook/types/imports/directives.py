"""The directive ``config.add_import_target``: checks a target when the application starts, and registers it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from batchbook.services import services_of
from batchbook.types.imports.targets import ImportTarget, ImportTargets, key_name


def add_import_target(config: Any, target: ImportTarget) -> None:
    """Directive: let tables be imported into ``target``.

    Raises ``ConfigurationError`` where its parts do not fit together.
    """
    try:
        _check(target)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"Nothing can be imported into {target.model.__name__}: {error}") from error
    introspectable = config.introspectable("import targets", target.name, target.title, "import target")
    introspectable.update({"target": target})
    config.action(
        ("import target", target.name),
        lambda: services_of(config.registry).get(ImportTargets).add(target),
        introspectables=(introspectable,),
    )
    for field in target.all_fields:
        if field.stored.property.columns[0].info.get("by_batch_only"):
            config.add_batch_only_link(
                field.stored, f"Import {target.title.lower()}", "batches.import.create", "batch:import:create"
            )


def _check(target: ImportTarget) -> None:
    """Raise ``ValueError`` where a part of ``target`` names what is not there."""
    known = {field.name for field in target.all_fields}
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
        raise ValueError("missing records can be deleted within a scope only: name the fields in scopes")


def _is_unique(columns: Set[Any]) -> bool:
    """Return whether the database ensures that no two records have the same values in ``columns``."""
    table = next(iter(columns)).table
    constraints = [
        one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)
    ]
    # A partial index leaves out some records.
    indexes = [
        index
        for index in table.indexes
        if index.unique and all(options.get("where") is None for options in index.dialect_options.values())
    ]
    together = [set(one.columns) for one in (*constraints, *indexes)]
    return any(unique and unique <= columns for unique in together)
