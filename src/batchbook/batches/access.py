"""Access to batches: a role's permission and the lifecycle table, asked together in one place."""

from __future__ import annotations

from collections.abc import Iterable, Set

from sqlalchemy import ColumnElement, and_, false, or_

from batchbook.batches.lifecycle import Action, BatchPermission, State, Transition, lines_for, transition
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchType
from batchbook.errors import BatchbookError, Conflict, Refused
from batchbook.security.identity import grants, grants_any


def permission(key: str, name: str) -> str:
    """Return a permission as roles hold it and views ask for it, such as ``batch:price_change:execute``."""
    return f"batch:{key}:{name}"


def may(held: Set[str], key: str, action: Action) -> bool:
    """Return whether ``held`` permissions allow ``action`` on batches of the type ``key`` in some state."""
    return any(_may_in(state, held, key, action) for state in State)


def may_now(held: Set[str], batch: Batch, action: Action) -> bool:
    """Return whether ``held`` permissions and the state of ``batch`` allow ``action``.

    Nothing can be done with a batch by somebody who may not see it: what answers an action may show what is in it.
    """
    return _may_in(batch.state, held, batch.type, action)


def _may_in(state: str, held: Set[str], key: str, action: Action) -> bool:
    lines = (transition(needed, state) for needed in (action, Action.VIEW))
    return all(line is not None and _covered(held, key, line) for line in lines)


def _covered(held: Set[str], key: str, line: Transition) -> bool:
    return grants_any(held, (permission(key, name) for name in line.permissions))


def may_create(held: Set[str], key: str) -> bool:
    """Return whether ``held`` permissions allow to create batches of the type ``key``, and to see them then."""
    return grants(held, permission(key, BatchPermission.CREATE)) and _may_in(
        State.NEW, held, key, Action.VIEW
    )


def refusal(held: Set[str], batch: Batch, action: Action) -> BatchbookError | None:
    """Return the error by which ``action`` is refused to the holder of ``held`` permissions, or ``None``.

    It is ``Refused`` where the role, and ``Conflict`` where only the state of ``batch`` does not allow it. The state is
    not told to somebody who may not see the batch.
    """
    if may_now(held, batch, action):
        return None
    knows = may(held, batch.type, action) and may_now(held, batch, Action.VIEW)
    reason = batch.refusal(action) if knows else None
    return Refused() if reason is None else Conflict(reason)


def demand(held: Set[str], batch: Batch, action: Action, actor: str) -> None:
    """Raise ``Refused`` where the role of ``actor``, ``Conflict`` where the state does not allow ``action``."""
    error = refusal(held, batch, action)
    if isinstance(error, Refused):
        raise Refused(
            f"{batch} was not {action.done}: the role of {actor} does not allow that. Nothing was changed."
        )
    if error is not None:
        raise error


def visible(held: Set[str], types: Iterable[BatchType]) -> ColumnElement[bool]:
    """Return the SQL condition for the batches that ``held`` permissions let their holder see."""
    return or_(
        false(),
        *(
            and_(Batch.type == batch_type.key, Batch.state.in_(line.sources))
            for batch_type in types
            for line in lines_for(Action.VIEW)
            if _covered(held, batch_type.key, line)
        ),
    )
