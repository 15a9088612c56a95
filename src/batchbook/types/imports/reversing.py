"""Imports that reverse others: rows of the values from before, and the comparison with what the records have now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, false, func, inspect, literal, or_

from batchbook.batches import Effect, Reversing, RowValues
from batchbook.db import foreign_keys_to
from batchbook.grid import Kind
from batchbook.types.imports.import_plan import BETWEEN, REVERSED, ImportPlan, is_reversed
from batchbook.types.imports.models import Import, ImportStatus, Mode
from batchbook.types.imports.targets import TargetField, executed, new, old

_CREATED, _DELETED = "created", "deleted"
#: How a kept value becomes one of its kind again.
_VALUES: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.DECIMAL: lambda value: Decimal(str(value)),
    Kind.INTEGER: int,
    Kind.DATE: date.fromisoformat,
    Kind.DATETIME: datetime.fromisoformat,
}


def _typed(field: TargetField, value: Any) -> Any:
    return None if value is None else _VALUES.get(field.column.kind, lambda same: same)(value)


def _of_target(plan: ImportPlan, effects: Iterator[Effect]) -> Iterator[Effect]:
    """Yield the effects on records of the target; references that were added stay."""
    name = inspect(plan.target.model).local_table.name
    return (effect for effect in effects if effect.target == name)


def _header(handler: Any, source: Import, effects: Iterator[Effect]) -> dict[str, Any]:
    """Return the header: the same target and key, and the fields that were changed, of which empty ones become empty."""
    plan = handler.plan_of(source)
    changed: set[str] = set()
    for effect in _of_target(plan, effects):
        changed.update(
            name for name, before, after in effect.changes if before is not None or after is not None
        )
    keys = {field.name for field in plan.key}
    fields = [field.name for field in plan.kept if field.name in changed - keys]
    return {
        "target": source.target,
        "key_name": source.key_name,
        "mode": (Mode.CREATE_UPDATE if plan.target.creates else Mode.UPDATE).value,
        "empty_cells": "clear",
        "similar_keys": "create",
        "unknown": "problem",
        "params": {REVERSED: fields},
    }


def _rows(handler: Any, batch: Import, effects: Iterator[Effect]) -> Iterator[RowValues]:
    """Yield a row for each record that was created, changed or deleted, with its values from before."""
    plan = handler.plan_of(batch)
    for effect in _of_target(plan, effects):
        parts = effect.record_key.split(BETWEEN)
        values: dict[str, Any] = {
            "line": effect.sequence,
            "missing": effect.kind == _CREATED,
            "reversed_kind": effect.kind,
            "reversed_fields": f",{','.join(name for name, *_ in effect.changes)},",
        }
        values |= {new(field.name): _typed(field, part) for field, part in zip(plan.key, parts, strict=True)}
        for field in plan.written:
            values[new(field.name)] = _typed(field, effect.before.get(field.name))
            values[executed(field.name)] = _typed(field, effect.after.get(field.name))
        yield values


#: The declaration for the handler of imports.
REVERSING = Reversing(header=_header, rows=_rows)


class ReversingComparison:
    """Judges rows of an import that reverses another one. ``found`` has the present values, by :func:`old` names."""

    def __init__(self, plan: ImportPlan, row: Any, found: Subquery) -> None:
        self._plan, self._row, self._found = plan, row, found
        self._here = found.c.record_id.is_not(None)

    def status(self) -> list[tuple[ColumnElement[bool], Any]]:
        """Return the conditions of statuses, each with its status, for rows with a key of their own; none is an update."""
        here, row = self._here, self._row
        status = ImportStatus
        return [
            (and_(self._was(_DELETED), ~here), status.CREATE.value),
            (and_(self._was(_CREATED), self._is_marked()), status.UNCHANGED.value),
            (~here, status.GONE.value),
            (self._changed_since(), status.CHANGED_SINCE.value),
            (and_(self._was(_CREATED), self._is_referred_to()), status.SKIPPED.value),
            (row.missing, status.DELETE.value),
            (self._is_restored(), status.UNCHANGED.value),
            (~self._was(_CREATED), status.UPDATE.value),
        ]

    def text(self) -> list[tuple[ColumnElement[bool], Any]]:
        """Return the sentences that explain the statuses, in the same order."""
        here = self._here
        return [
            (and_(self._was(_DELETED), ~here), literal("Reversible. It was deleted and is created again.")),
            (and_(self._was(_CREATED), self._is_marked()), literal("It is marked as deleted already.")),
            (~here, literal("The record is no longer there.")),
            (self._changed_since(), literal("Changed since") + self._fields_changed_since()),
            (and_(self._was(_CREATED), self._is_referred_to()), literal("Other records refer to it now.")),
            (self._row.missing, literal("Reversible. It was created and is deleted again.")),
            (self._is_restored(), literal("It already has the earlier values.")),
            (~self._was(_CREATED), literal("Reversible.")),
        ]

    def _was(self, kind: str) -> ColumnElement[bool]:
        found: ColumnElement[bool] = self._row.reversed_kind == kind
        return found

    def _changed_since(self) -> ColumnElement[bool]:
        """Return whether somebody else has changed a value since, or has created a deleted record again."""
        return or_(
            and_(self._was(_DELETED), ~self._restored()),
            *(self._differs(field) for field in self._plan.written),
        )

    def _differs(self, field: TargetField) -> ColumnElement[bool]:
        """Return whether the record has neither the executed value of a reversed field nor the one from before."""
        now = self._found.c[old(field.name)]
        same_as_before = and_(
            ~self._was(_CREATED), now.is_not_distinct_from(self._plan.column(self._row, field))
        )
        differs = now.is_distinct_from(getattr(self._row, executed(field.name)))
        return and_(is_reversed(self._row, field), ~self._was(_DELETED), differs, ~same_as_before)

    def _fields_changed_since(self) -> Any:
        """Return in SQL the labels of the fields that somebody else has changed, as the end of a sentence."""
        parts = [
            case((self._differs(field), literal(f", {field.label}")), else_="")
            for field in self._plan.written
        ]
        joined: Any = sum(parts[1:], start=parts[0]) if parts else literal("")
        return case((func.length(joined) > 0, literal(": ") + func.substr(joined, 3)), else_="") + "."

    def _restored(self) -> ColumnElement[bool]:
        """Return whether the record has all values from before."""
        same = [
            or_(
                ~is_reversed(self._row, field),
                self._found.c[old(field.name)].is_not_distinct_from(self._plan.column(self._row, field)),
            )
            for field in self._plan.written
        ]
        return and_(literal(value=True), *same)

    def _is_restored(self) -> ColumnElement[bool]:
        return and_(~self._was(_CREATED), self._restored())

    def _is_marked(self) -> ColumnElement[bool]:
        """Return whether a record that is only marked as deleted has the marks already."""
        marks, names = self._plan.target.mark_deleted, {f.stored.key: f.name for f in self._plan.written}
        if not marks or not names.keys() >= marks.keys():
            return false()
        return and_(
            *(
                self._found.c[old(names[key])].is_not_distinct_from(
                    literal(value, getattr(self._plan.target.model, key).type)
                )
                for key, value in marks.items()
            )
        )

    def _is_referred_to(self) -> ColumnElement[bool]:
        """Return whether other records keep a record from being deleted, by a foreign key."""
        target = self._plan.target
        if target.mark_deleted:
            return false()
        keys = foreign_keys_to(target.id)
        keeping = [one.parent for one in keys if one.ondelete not in ("CASCADE", "SET NULL")]
        return or_(false(), *(exists().where(column == self._found.c.record_id) for column in keeping))
