"""The lifecycle of a batch, as data: its states, and the actions that lead from one to another.

Views, access control, commands and engine all ask this table; no other module knows which state allows which action.
``new → populating → open ⇄ complete → executing → executed``; if an action fails, the batch returns from the state
between to the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from batchbook.statuses import Severity, Status


class State(Status):
    """A state in the lifecycle of a batch."""

    NEW = "new", "New", Severity.NEUTRAL, "○"
    POPULATING = "populating", "Populating", Severity.INFO, "…"
    OPEN = "open", "Open", Severity.INFO, "●"
    COMPLETE = "complete", "Complete", Severity.WARNING, "◐"
    EXECUTING = "executing", "Executing", Severity.INFO, "…"
    EXECUTED = "executed", "Executed", Severity.SUCCESS, "✓"


class Action(StrEnum):
    """An action on a batch that exists.

    ``label`` is the text of its button, ``done`` the participle for sentences such as "Batch 00000007 was refreshed".
    """

    label: str
    done: str

    VIEW = "view", "View", "viewed"
    DOWNLOAD = "download", "Download", "downloaded"
    EDIT = "edit", "Edit", "changed"
    PREPARE = "prepare", "Prepare", "prepared"
    POPULATE = "populate", "Populate", "populated"
    REFRESH = "refresh", "Refresh", "refreshed"
    COMPLETE = "complete", "Mark complete", "marked complete"
    REOPEN = "reopen", "Reopen", "reopened"
    DRY_RUN = "dry-run", "Dry run", "tried out"
    SEND_BACK = "send-back", "Send back", "sent back"
    COMMENT = "comment", "Comment", "commented on"
    APPROVE = "approve", "Approve", "approved"
    EXECUTE = "execute", "Execute", "executed"
    CLONE = "clone", "Clone", "cloned"
    MAKE = "make", "Make a batch of its rows", "made into another batch"
    REVERSE = "reverse-batch", "Reverse", "reversed"
    HAND_OVER = "hand-over", "Hand over", "handed over"
    DELETE = "delete", "Delete", "deleted"

    def __new__(cls, value: str, label: str = "", done: str = "") -> Self:
        """Make the member a string of its value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.done = label, done
        return member


class BatchPermission(StrEnum):
    """A permission for the batches of a type; roles hold ``batch:<type or *>:<permission>``."""

    VIEW = "view"
    AUDIT = "audit"
    CREATE = "create"
    EDIT = "edit"
    APPROVE = "approve"
    EXECUTE = "execute"
    REVERSE = "reverse"
    HAND_OVER = "hand-over"
    DELETE = "delete"


@dataclass(frozen=True)
class Transition:
    """A line of the table.

    ``permissions`` are alternatives: holding one of them is enough. ``sources`` are the states in which the action is
    possible, ``through`` the state while it runs, ``target`` the state after it; ``None`` leaves the state as it is. A
    ``job`` may take long, so it runs outside the request.
    """

    action: Action
    permissions: tuple[BatchPermission, ...]
    sources: frozenset[State]
    through: State | None = None
    target: State | None = None
    job: bool = False


_ANY = frozenset(State)
_BEFORE = _ANY - {State.EXECUTED}
_AT_REST = frozenset({State.NEW, State.OPEN, State.COMPLETE})
_NEW, _OPEN, _COMPLETE, _EXECUTED = (
    frozenset({state}) for state in (State.NEW, State.OPEN, State.COMPLETE, State.EXECUTED)
)
_P = BatchPermission

TRANSITIONS: tuple[Transition, ...] = (
    Transition(Action.VIEW, (_P.VIEW,), _BEFORE),
    Transition(Action.VIEW, (_P.VIEW, _P.AUDIT), _EXECUTED),
    Transition(Action.DOWNLOAD, (_P.VIEW,), _BEFORE),
    Transition(Action.DOWNLOAD, (_P.VIEW, _P.AUDIT), _EXECUTED),
    Transition(Action.EDIT, (_P.EDIT,), _OPEN),
    Transition(Action.PREPARE, (_P.CREATE,), _NEW),
    Transition(Action.POPULATE, (_P.CREATE,), _NEW, State.POPULATING, State.OPEN, job=True),
    Transition(Action.REFRESH, (_P.EDIT,), _OPEN, job=True),
    Transition(Action.COMPLETE, (_P.EDIT,), _OPEN, target=State.COMPLETE),
    Transition(Action.REOPEN, (_P.EDIT, _P.EXECUTE), _COMPLETE, target=State.OPEN),
    Transition(Action.DRY_RUN, (_P.EDIT, _P.EXECUTE), _COMPLETE),
    Transition(Action.SEND_BACK, (_P.EXECUTE,), _COMPLETE, target=State.OPEN),
    Transition(Action.COMMENT, (_P.VIEW,), _AT_REST),
    Transition(Action.APPROVE, (_P.APPROVE,), _COMPLETE),
    Transition(Action.EXECUTE, (_P.EXECUTE,), _COMPLETE, State.EXECUTING, State.EXECUTED, job=True),
    Transition(Action.CLONE, (_P.CREATE,), _AT_REST | _EXECUTED, job=True),
    Transition(Action.MAKE, (_P.VIEW,), _OPEN | _COMPLETE | _EXECUTED),
    Transition(Action.REVERSE, (_P.REVERSE,), _EXECUTED, job=True),
    Transition(Action.HAND_OVER, (_P.HAND_OVER,), _AT_REST),
    Transition(Action.DELETE, (_P.DELETE,), _AT_REST, job=True),
)

#: The actions that only read; they stay possible while a job holds the batch.
READING = frozenset({Action.VIEW, Action.DOWNLOAD})

#: The actions that bring a batch on towards its execution, or back: the work of its owner.
WORK = frozenset(
    {
        Action.EDIT,
        Action.PREPARE,
        Action.POPULATE,
        Action.REFRESH,
        Action.COMPLETE,
        Action.REOPEN,
        Action.SEND_BACK,
        Action.EXECUTE,
    }
)

#: The states that no action leaves, and the others.
FINAL, UNFINISHED = _EXECUTED, _BEFORE

#: The states in which an execution can be previewed: there are rows, and no action is changing them.
FORESEEABLE = _OPEN | _COMPLETE

#: The states that people see as milestones, and the milestones that a batch in each state has passed.
MILESTONES = (State.OPEN, State.COMPLETE, State.EXECUTED)
PASSED: dict[State, tuple[State, ...]] = {
    State.NEW: (),
    State.POPULATING: (),
    State.OPEN: (),
    State.COMPLETE: (State.OPEN,),
    State.EXECUTING: (State.OPEN, State.COMPLETE),
    State.EXECUTED: MILESTONES,
}

#: What a batch in each state waits for, unless it was sent back; it waits for nothing in the others.
WAITS: dict[State, str] = {
    State.NEW: "To be populated",
    State.OPEN: "To be corrected and marked complete",
    State.COMPLETE: "To be reviewed and executed",
}

#: Reasons and advice for actions that a state refuses. ``{by}`` is replaced by the user and the time.
_ADVICE: dict[tuple[Action, State], str] = {
    (Action.EDIT, State.NEW): "It has no rows yet: populate it first.",
    (Action.EDIT, State.COMPLETE): "It is marked complete{by}: reopen it to change it.",
    (Action.REFRESH, State.COMPLETE): "It is marked complete{by}: reopen it to refresh it.",
    (Action.REFRESH, State.NEW): "It has no rows yet: populate it first.",
    (
        Action.PREPARE,
        State.OPEN,
    ): "It is populated already: create a new batch to read its file in another way.",
    (Action.POPULATE, State.OPEN): "It is populated already: refresh it, or create a new batch.",
    (Action.MAKE, State.NEW): "It has no rows yet: populate it first.",
    (Action.COMPLETE, State.NEW): "It has no rows yet: populate it first.",
    (Action.COMPLETE, State.COMPLETE): "It is marked complete already{by}.",
    (Action.DRY_RUN, State.OPEN): "It is still open for changes: mark it complete first.",
    (Action.APPROVE, State.OPEN): "It is still open for changes: mark it complete first.",
    (Action.APPROVE, State.NEW): "It has no rows yet: populate it first.",
    (Action.EXECUTE, State.OPEN): "It is still open for changes: mark it complete first.",
    (Action.EXECUTE, State.NEW): "It has no rows yet: populate it first.",
    (Action.REOPEN, State.OPEN): "It is open already.",
    (Action.SEND_BACK, State.OPEN): "It is open already.",
}


def transition(action: Action, state: State | str) -> Transition | None:
    """Return the line of the table for ``action`` in ``state``; ``None`` if the action is not possible."""
    return next((line for line in TRANSITIONS if line.action == action and state in line.sources), None)


def state_before(state: State | str) -> State | None:
    """Return the state to which a batch returns if its action ends in ``state``; ``None`` if it may stay there."""
    sources = [source for line in TRANSITIONS if line.through == state for source in line.sources]
    return sources[0] if sources else None


def is_possible(action: Action, state: State | str) -> bool:
    """Return whether ``state`` allows ``action``, regardless of permissions."""
    return transition(action, state) is not None


def is_job(action: Action) -> bool:
    """Return whether ``action`` may take long, so that it runs outside the request."""
    return any(line.job for line in lines_for(action))


def lines_for(action: Action) -> tuple[Transition, ...]:
    """Return the lines of the table for ``action``, for all states."""
    return tuple(line for line in TRANSITIONS if line.action == action)


def sources_of(*actions: Action) -> frozenset[State]:
    """Return the states that allow one of ``actions``, regardless of permissions."""
    return frozenset(state for line in TRANSITIONS if line.action in actions for state in line.sources)


def possible_actions(state: State | str) -> tuple[Action, ...]:
    """Return the actions that ``state`` allows, regardless of permissions, in the order of the table."""
    return tuple(dict.fromkeys(line.action for line in TRANSITIONS if state in line.sources))


def why_not(action: Action, state: State | str, by: str = "") -> str | None:
    """Return a sentence with the reason why ``state`` does not allow ``action``; ``None`` if it does.

    ``by`` names the user who brought the batch into that state, as in " by ada on 2026-01-02 at 10:00:00 UTC".
    """
    if is_possible(action, state):
        return None
    state = State(state)
    if state in (State.POPULATING, State.EXECUTING):
        return f"It is {state} at this moment: wait until that has ended."
    if state is State.EXECUTED:
        return f"It was executed{by} and is frozen: nothing in it can be changed any more."
    return _ADVICE.get((action, state), f"A batch that is {state} cannot be {action.done}.").format(by=by)
