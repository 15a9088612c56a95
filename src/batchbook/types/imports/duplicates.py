"""Duplicates: rows with the same key, found in SQL, quickly where the repeated keys are known."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, case, exists, false, func, select
from sqlalchemy.orm import Session, aliased

from batchbook.types.imports.import_plan import ImportPlan

#: The most keys that are listed in a statement; where there are more, each row is checked.
_MOST_NAMED = 2_000


class DuplicateKeys:
    """The keys that come more than once in a batch, looked up once for an action on all of its rows.

    They are few, and looking for another row with its key would take longer for each row than all else.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked = False
        self._found: Collection[Any] | None = None

    def first_parts(self, plan: ImportPlan, row: Any) -> Collection[Any] | None:
        """Return the first parts of these keys; ``None`` if they are too many, or if rows change their keys meanwhile."""
        if not self._asked:
            self._asked = True
            # A reference may be written in several ways until it is resolved.
            if not any(field.lookup for field in plan.key):
                self._found = self._ask(plan, row)
        return self._found

    def _ask(self, plan: ImportPlan, row: Any) -> Collection[Any] | None:
        first, *others = (plan.column(row, field) for field in plan.key)
        # Removed rows are included, so that the index alone answers.
        wanted = select(first).where(row.batch_id == plan.batch.id).group_by(first, *others)
        found = self._session.scalars(wanted.having(func.count() > 1).limit(_MOST_NAMED + 1)).all()
        return None if len(found) > _MOST_NAMED else {part for part in found if part is not None}


def has_duplicate(plan: ImportPlan, row: Any, repeated: Collection[Any] | None) -> ColumnElement[bool]:
    """Return the condition for rows whose key another row of the batch has; only ``repeated`` first parts are checked."""
    other = aliased(row)
    same = [plan.column(other, field) == plan.column(row, field) for field in plan.key]
    another = exists().where(
        other.batch_id == row.batch_id,
        *same,
        other.sequence != row.sequence,
        ~other.removed,
        ~other.missing,
    )
    if repeated is None:
        return another
    if not repeated:
        return false()
    return case((plan.column(row, plan.key[0]).in_(repeated), another), else_=false())
