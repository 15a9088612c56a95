"""Who may do what with a batch: a role's permission and the lifecycle table, asked together in one place.

Pages ask through their contexts, commands ask :func:`demand`; nobody else decides.
"""

from __future__ import annotations

from collections.abc import Set

from sqlalchemy import ColumnElement, and_, false, or_

from batchbook.batches.lifecycle import (
    Action,
    BatchPermission,
    State,
    done_word,
    permissions_for,
    transition,
    why_not,
)
from batchbook.batches.models import Batch
from batchbook.batches.types import BatchTypes
from batchbook.errors import Conflict, Refused
from batchbook.security.permissions import grants, grants_any


def permission(key: str, name: BatchPermission) -> str:
    """Return the permission as roles hold it, such as ``batch:price_change:execute``."""
    return f"batch:{key}:{name}"


def may(held: Set[str], key: str, action: Action) -> bool:
    """Return whether ``held`` permissions allow ``action`` on batches of the type ``key`` in some state."""
    return grants_any(held, (permission(key, name) for name in permissions_for(action)))


def may_now(held: Set[str], batch: Batch, action: Action) -> bool:
    """Return whether ``held`` permissions and the state of ``batch`` allow ``action``."""
    line = transition(action, batch.state)
    return line is not None and grants_any(held, (permission(batch.type, name) for name in line.permissions))


def may_create(held: Set[str], key: str) -> bool:
    """Return whether ``held`` permissions allow to create batches of the type ``key``."""
    return grants(held, permission(key, BatchPermission.CREATE))


def refusal(held: Set[str], batch: Batch, action: Action) -> str | None:
    """Return the sentence by which the state of ``batch`` refuses ``action`` to one whose role would allow it."""
    if may(held, batch.type, action) and may_now(held, batch, Action.VIEW):
        reason = why_not(action, batch.state)
        return f"{batch} was not {done_word(action)}. {reason}" if reason else None
    return None


def demand(held: Set[str], batch: Batch, action: Action, actor: str) -> None:
    """Raise ``Refused`` where the role, ``Conflict`` where the state does not allow ``action``."""
    if may_now(held, batch, action):
        return
    reason = refusal(held, batch, action)
    if reason:
        raise Conflict(reason)
    raise Refused(f"{actor} may not do this with {batch}: the role does not allow it. Nothing was changed.")


def visible(held: Set[str], types: BatchTypes) -> ColumnElement[bool]:
    """Return the SQL condition for the batches that ``held`` permissions let their holder see, over all types."""
    conditions = [
        condition for batch_type in types if (condition := _visible(held, batch_type.key)) is not None
    ]
    return or_(*conditions) if conditions else false()


def _visible(held: Set[str], key: str) -> ColumnElement[bool] | None:
    if grants(held, permission(key, BatchPermission.VIEW)):
        return Batch.type == key
    if grants(held, permission(key, BatchPermission.AUDIT)):
        return and_(Batch.type == key, Batch.state == State.EXECUTED)
    return None
