"""Access to batches: the one place where a role's permissions and the lifecycle table are asked together."""

from __future__ import annotations

from collections.abc import Iterable, Set
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, false, or_

from batchbook.batches.lifecycle import (
    WORK,
    Action,
    BatchPermission,
    State,
    Transition,
    lines_for,
    transition,
)
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchType
from batchbook.errors import BatchbookError, Conflict, Refused
from batchbook.security.identity import grants, grants_any


def permission(key: str, name: str) -> str:
    """Return the full name of the permission ``name`` for the type ``key``, such as ``batch:price_change:execute``."""
    return f"batch:{key}:{name}"


def may(permissions: Set[str], key: str, action: Action) -> bool:
    """Return whether ``permissions`` allow ``action`` on batches of the type ``key`` in at least one state."""
    return any(_may_in(state, permissions, key, action) for state in State)


def may_now(permissions: Set[str], batch: Batch, action: Action) -> bool:
    """Return whether ``permissions`` and the state of ``batch`` allow ``action``.

    Every action needs the permission to view the batch as well, because the answer to an action may show its content.
    """
    return _may_in(batch.state, permissions, batch.type, action)


def _may_in(state: str, permissions: Set[str], key: str, action: Action) -> bool:
    lines = (transition(needed, state) for needed in (action, Action.VIEW))
    return all(line is not None and _covered(permissions, key, line) for line in lines)


def _covered(permissions: Set[str], key: str, line: Transition) -> bool:
    return grants_any(permissions, (permission(key, name) for name in line.permissions))


def may_see(permissions: Set[str], key: str, state: State | None) -> bool:
    """Return whether ``permissions`` allow viewing batches of the type ``key`` in ``state``, or for ``None`` in any state."""
    if state is None:
        return may(permissions, key, Action.VIEW)
    return _may_in(state, permissions, key, Action.VIEW)


def may_work_on(permissions: Set[str], batch: Batch) -> bool:
    """Return whether ``permissions`` allow bringing ``batch`` on from its state, as its owner does."""
    return any(may_now(permissions, batch, action) for action in WORK)


def may_create(permissions: Set[str], key: str) -> bool:
    """Return whether ``permissions`` allow creating batches of the type ``key``, and viewing them afterwards."""
    return grants(permissions, permission(key, BatchPermission.CREATE)) and _may_in(
        State.NEW, permissions, key, Action.VIEW
    )


def refusal(permissions: Set[str], batch: Batch, action: Action) -> BatchbookError | None:
    """Return the error that refuses ``action`` to a user with ``permissions``; ``None`` if it is allowed.

    The error is ``Refused`` if the role does not allow the action, and ``Conflict`` if only the state of ``batch`` does
    not. Its state is not disclosed to users who may not view it.
    """
    if may_now(permissions, batch, action):
        return None
    knows = may(permissions, batch.type, action) and may_now(permissions, batch, Action.VIEW)
    reason = batch.refusal(action) if knows else None
    return Refused() if reason is None else Conflict(reason)


def demand(permissions: Set[str], batch: Batch, action: Action, actor: str) -> None:
    """Raise ``Refused`` if the role of ``actor``, or ``Conflict`` if the state of ``batch``, does not allow ``action``."""
    error = refusal(permissions, batch, action)
    if isinstance(error, Refused):
        raise Refused(
            f"{batch} was not {action.done}: the role of {actor} does not allow that. Nothing was changed."
        )
    if error is not None:
        raise error


def visible(permissions: Set[str], types: Iterable[BatchType]) -> ColumnElement[bool]:
    """Return the SQL condition for the batches of ``types`` that a user with ``permissions`` may view."""
    return _visible(frozenset(permissions), tuple(batch_type.key for batch_type in types))


@lru_cache(maxsize=128)
def _visible(permissions: frozenset[str], keys: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition of :func:`visible`; it is kept, because people with the same roles ask the same on most pages."""
    return or_(
        false(),
        *(
            and_(Batch.type == key, Batch.state.in_(line.sources))
            for key in keys
            for line in lines_for(Action.VIEW)
            if _covered(permissions, key, line)
        ),
    )
