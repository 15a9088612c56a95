"""Direct edits: changes in a form to values that normally change by batch only, and their records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from batchbook.db.base import scalar_defaults
from batchbook.errors import Refused
from batchbook.grid.cells import to_text
from batchbook.master.batch_only import REASON, batch_only_columns, listed, may_edit_directly, refusal_of
from batchbook.master.models import DirectEdit
from batchbook.master.records import Invalid
from batchbook.master.view import DirectChange, MasterView


def values_now(record: Any) -> dict[str, Any]:
    """Return what ``record`` has in the columns that change by batch only, by attribute; a new one has its defaults."""
    names = [column.name for column in batch_only_columns(type(record))]
    if not inspect(record).persistent:
        defaults = scalar_defaults(inspect(type(record)).columns)
        return {name: defaults.get(name) for name in names}
    return {name: getattr(record, name) for name in names}


def direct_changes(
    view: MasterView, record: Any, before: Mapping[str, Any], reason: str | None
) -> list[DirectChange]:
    """Return how ``record`` differs from ``before`` in the columns that change by batch only.

    Raises ``Refused`` if who asks may not change them in a form, and ``Invalid`` where the reason is missing.
    """
    stored = inspect(record).persistent
    found = []
    for column in batch_only_columns(type(record)):
        old, new = before[column.name], getattr(record, column.name)
        if new != old and (stored or new is not None):
            found.append(DirectChange(column, old if stored else None, new))
    if found and not may_edit_directly(view, record if stored else None):
        raise Refused(refusal_of([change.column.label for change in found]))
    if found and not reason:
        names = listed([change.column.label for change in found])
        raise Invalid(
            {REASON: f"Say why you set {names} here and not by a batch. It is kept in the history."}
        )
    return found


def direct_edit(view: MasterView, record: Any, change: DirectChange, reason: str) -> DirectEdit:
    """Return the entry that keeps ``change`` of ``record``, with who made it and why."""
    return DirectEdit(
        record_type=_type_of(record),
        record_key=_key_of(record),
        record_label=view.label_of(record),
        field=change.column.name,
        label=change.column.label,
        old_value=None if change.old is None else to_text(change.column, change.old),
        new_value=None if change.new is None else to_text(change.column, change.new),
        reason=reason,
        changed_by=view.request.authenticated_userid,
    )


def direct_edits(db: Session, record: Any, most: int) -> list[DirectEdit]:
    """Return the latest entries of ``record``, the newest first; none for a model without such columns."""
    if not batch_only_columns(type(record)):
        return []
    wanted = select(DirectEdit).where(
        DirectEdit.record_type == _type_of(record), DirectEdit.record_key == _key_of(record)
    )
    return list(db.scalars(wanted.order_by(DirectEdit.id.desc()).limit(most)))


def _type_of(record: Any) -> str:
    return str(inspect(type(record)).local_table.name)


def _key_of(record: Any) -> str:
    return "/".join(map(str, inspect(record).identity))
