"""The life of a batch, as data: its states, and which action leads from where to where.

Views, access control, command line and engine all ask this table; no other place knows what is allowed in which
state. ``new → populating → open ⇄ complete → executing → executed``; the state between is left again, to the one
before, when the action fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a batch is in its life."""

    NEW = "new"
    POPULATING = "populating"
    OPEN = "open"
    COMPLETE = "complete"
    EXECUTING = "executing"
    EXECUTED = "executed"


class Action(StrEnum):
    """What people, commands and programs can do with a batch that exists."""

    VIEW = "view"
    DOWNLOAD = "download"
    EDIT = "edit"
    POPULATE = "populate"
    REFRESH = "refresh"
    COMPLETE = "complete"
    REOPEN = "reopen"
    EXECUTE = "execute"
    CLONE = "clone"
    DELETE = "delete"


class BatchPermission(StrEnum):
    """What a role may do with the batches of a type; a role holds ``batch:<type or *>:<permission>``."""

    VIEW = "view"
    AUDIT = "audit"
    CREATE = "create"
    EDIT = "edit"
    EXECUTE = "execute"
    DELETE = "delete"


@dataclass(frozen=True)
class Transition:
    """One line of the table.

    ``sources`` are the states the action starts from, ``through`` the state while it runs (for actions that may run
    as a job), ``target`` the state it ends in; ``None`` leaves the state as it is. ``permissions`` are alternatives:
    holding one of them is enough.
    """

    action: Action
    permissions: tuple[BatchPermission, ...]
    sources: frozenset[State]
    label: str
    done: str
    through: State | None = None
    target: State | None = None


_ALL = frozenset(State)
_BEFORE_EXECUTION = frozenset({State.NEW, State.OPEN, State.COMPLETE})
_READERS = (BatchPermission.VIEW,)

TRANSITIONS: tuple[Transition, ...] = (
    Transition(Action.VIEW, _READERS, _ALL - {State.EXECUTED}, "View", "viewed"),
    Transition(
        Action.VIEW, (*_READERS, BatchPermission.AUDIT), frozenset({State.EXECUTED}), "View", "viewed"
    ),
    Transition(Action.DOWNLOAD, _READERS, _ALL - {State.EXECUTED}, "Download", "downloaded"),
    Transition(
        Action.DOWNLOAD,
        (*_READERS, BatchPermission.AUDIT),
        frozenset({State.EXECUTED}),
        "Download",
        "downloaded",
    ),
    Transition(Action.EDIT, (BatchPermission.EDIT,), frozenset({State.OPEN}), "Edit", "edited"),
    Transition(
        Action.POPULATE,
        (BatchPermission.CREATE,),
        frozenset({State.NEW}),
        "Populate",
        "populated",
        State.POPULATING,
        State.OPEN,
    ),
    Transition(Action.REFRESH, (BatchPermission.EDIT,), frozenset({State.OPEN}), "Refresh", "refreshed"),
    Transition(
        Action.COMPLETE,
        (BatchPermission.EDIT,),
        frozenset({State.OPEN}),
        "Mark complete",
        "marked complete",
        target=State.COMPLETE,
    ),
    Transition(
        Action.REOPEN,
        (BatchPermission.EDIT, BatchPermission.EXECUTE),
        frozenset({State.COMPLETE}),
        "Reopen",
        "reopened",
        target=State.OPEN,
    ),
    Transition(
        Action.EXECUTE,
        (BatchPermission.EXECUTE,),
        frozenset({State.COMPLETE}),
        "Execute",
        "executed",
        State.EXECUTING,
        State.EXECUTED,
    ),
    Transition(Action.CLONE, (BatchPermission.CREATE,), _ALL, "Clone", "cloned"),
    Transition(Action.DELETE, (BatchPermission.DELETE,), _BEFORE_EXECUTION, "Delete", "deleted"),
)

#: Why an action is refused in a state, where more can be said than that it is refused.
_ADVICE: dict[tuple[Action, State], str] = {
    (Action.EDIT, State.NEW): "It has no rows yet: populate it first.",
    (Action.EDIT, State.COMPLETE): "It is marked complete: reopen it to change it.",
    (Action.REFRESH, State.COMPLETE): "It is marked complete: reopen it to refresh it.",
    (Action.REFRESH, State.NEW): "It has no rows yet: populate it first.",
    (Action.POPULATE, State.OPEN): "It is populated already: refresh it, or create a new batch.",
    (Action.COMPLETE, State.NEW): "It has no rows yet: populate it first.",
    (Action.COMPLETE, State.COMPLETE): "It is marked complete already.",
    (Action.EXECUTE, State.OPEN): "It is still open for changes: mark it complete first.",
    (Action.EXECUTE, State.NEW): "It has no rows yet: populate it first.",
    (Action.REOPEN, State.OPEN): "It is open already.",
}


def transition(action: Action, state: State | str) -> Transition | None:
    """Return the line of the table for ``action`` in ``state``; ``None`` where the action is not possible."""
    return next((line for line in TRANSITIONS if line.action == action and state in line.sources), None)


def permissions_for(action: Action) -> frozenset[BatchPermission]:
    """Return the permissions of which one is needed for ``action`` in whichever state allows most."""
    return frozenset(p for line in TRANSITIONS if line.action == action for p in line.permissions)


def possible_actions(state: State | str) -> tuple[Action, ...]:
    """Return the actions that ``state`` allows, whoever asks, in the order of the table."""
    return tuple(dict.fromkeys(line.action for line in TRANSITIONS if state in line.sources))


def why_not(action: Action, state: State | str) -> str | None:
    """Return a sentence saying why ``state`` does not allow ``action``; ``None`` where it does."""
    if transition(action, state) is not None:
        return None
    state = State(state)
    if state in (State.POPULATING, State.EXECUTING):
        return f"It is {state} at this moment: wait until that has ended."
    if state is State.EXECUTED:
        return "It was executed and is frozen: nothing in it can be changed any more."
    return _ADVICE.get((action, state), f"A batch that is {state} cannot be {done_word(action)}.")


def done_word(action: Action) -> str:
    """Return the participle for ``action``, as in "was refreshed"."""
    return next(line.done for line in TRANSITIONS if line.action == action)


def label(action: Action) -> str:
    """Return the name of ``action`` on a button."""
    return next(line.label for line in TRANSITIONS if line.action == action)
