"""Access to batches: the one place where a role's permissions and the lifecycle table are asked together."""

from __future__ import annotations

from collections.abc import Iterable, Set

from sqlalchemy import ColumnElement, and_, false, or_

from batchbook.batches.lifecycle import Action, BatchPermission, State, Transition, lines_for, transition
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchType
from batchbook.errors import BatchbookError, Conflict, Refused
from batchbook.security.identity import grants, grants_any


def permission(key: str, name: str) -> str:
    """Return the full name of the permission ``name`` for the type ``key``, such as ``batch:price_change:execute``."""
    return f"batch:{key}:{name}"


def may(held: Set[str], key: str, action: Action) -> bool:
    """Return whether the permissions ``held`` allow ``action`` on batches of the type ``key`` in at least one state."""
    return any(_may_in(state, held, key, action) for state in State)


def may_now(held: Set[str], batch: Batch, action: Action) -> bool:
    """Return whether the permissions ``held`` and the state of ``batch`` allow ``action``.

    Every action needs the permission to view the batch as well, because the answer to an action may show its content.
    """
    return _may_in(batch.state, held, batch.type, action)


def _may_in(state: str, held: Set[str], key: str, action: Action) -> bool:
    lines = (transition(needed, state) for needed in (action, Action.VIEW))
    return all(line is not None and _covered(held, key, line) for line in lines)


def _covered(held: Set[str], key: str, line: Transition) -> bool:
    return grants_any(held, (permission(key, name) for name in line.permissions))


def may_create(held: Set[str], key: str) -> bool:
    """Return whether the permissions ``held`` allow creating batches of the type ``key``, and viewing them afterwards."""
    return grants(held, permission(key, BatchPermission.CREATE)) and _may_in(
        State.NEW, held, key, Action.VIEW
    )


def refusal(held: Set[str], batch: Batch, action: Action) -> BatchbookError | None:
    """Return the error that refuses ``action`` to a user with the permissions ``held``; ``None`` if it is allowed.

    The error is ``Refused`` if the role does not allow the action, and ``Conflict`` if only the state of ``batch`` does
    not. Its state is not disclosed to users who may not view it.
    """
    if may_now(held, batch, action):
        return None
    knows = may(held, batch.type, action) and may_now(held, batch, Action.VIEW)
    reason = batch.refusal(action) if knows else None
    return Refused() if reason is None else Conflict(reason)


def demand(held: Set[str], batch: Batch, action: Action, actor: str) -> None:
    """Raise ``Refused`` if the role of ``actor``, or ``Conflict`` if the state of ``batch``, does not allow ``action``."""
    error = refusal(held, batch, action)
    if isinstance(error, Refused):
        raise Refused(
            f"{batch} was not {action.done}: the role of {actor} does not allow that. Nothing was changed."
        )
    if error is not None:
        raise error


def visible(held: Set[str], types: Iterable[BatchType]) -> ColumnElement[bool]:
    """Return the SQL condition for the batches of ``types`` that a user with the permissions ``held`` may view."""
    return or_(
        false(),
        *(
            and_(Batch.type == batch_type.key, Batch.state.in_(line.sources))
            for batch_type in types
            for line in lines_for(Action.VIEW)
            if _covered(held, batch_type.key, line)
        ),
    )
