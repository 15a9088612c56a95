"""The life of a batch, as data: its states, and which action leads from where to where.

Views, access control, command line and engine all ask this table; no other place knows what is allowed in which
state. ``new → populating → open ⇄ complete → executing → executed``; the state between is left again, to the one
before, when the action fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from batchbook.statuses import Severity, Status


class State(Status):
    """Where a batch is in its life."""

    NEW = "new", "New", Severity.NEUTRAL, "○"
    POPULATING = "populating", "Populating", Severity.INFO, "…"
    OPEN = "open", "Open", Severity.INFO, "●"
    COMPLETE = "complete", "Complete", Severity.WARNING, "◐"
    EXECUTING = "executing", "Executing", Severity.INFO, "…"
    EXECUTED = "executed", "Executed", Severity.SUCCESS, "✓"


class Action(StrEnum):
    """What people, commands and programs can do with a batch that exists.

    ``label`` names it on a button, ``done`` is the participle for sentences, as in "was refreshed".
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
    EXECUTE = "execute", "Execute", "executed"
    CLONE = "clone", "Clone", "cloned"
    DELETE = "delete", "Delete", "deleted"

    def __new__(cls, value: str, label: str = "", done: str = "") -> Self:
        """Make the member a string of its value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.done = label, done
        return member


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

    ``permissions`` are alternatives: holding one of them is enough. ``sources`` are the states the action starts
    from, ``through`` the state while it runs, ``target`` the state it ends in; ``None`` leaves the state as it is. A
    ``job`` takes its time, so it runs outside the request.
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
    Transition(Action.EXECUTE, (_P.EXECUTE,), _COMPLETE, State.EXECUTING, State.EXECUTED, job=True),
    Transition(Action.CLONE, (_P.CREATE,), _AT_REST | _EXECUTED, job=True),
    Transition(Action.DELETE, (_P.DELETE,), _AT_REST, job=True),
)

#: The actions that only look; they stay possible while a job has the batch.
READING = frozenset({Action.VIEW, Action.DOWNLOAD})

#: The states that nothing leads out of.
FINAL = _EXECUTED

#: The states in which it can be said what executing would do: there are rows, and nothing happens to them by itself.
FORESEEABLE = _OPEN | _COMPLETE

#: The states that are milestones for people, and those of them that lie behind a batch in each state.
MILESTONES = (State.OPEN, State.COMPLETE, State.EXECUTED)
PASSED: dict[State, tuple[State, ...]] = {
    State.NEW: (),
    State.POPULATING: (),
    State.OPEN: (),
    State.COMPLETE: (State.OPEN,),
    State.EXECUTING: (State.OPEN, State.COMPLETE),
    State.EXECUTED: MILESTONES,
}

#: Why an action is refused in a state, where more can be said than that it is refused. ``{by}`` says who, and when.
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
    (Action.COMPLETE, State.NEW): "It has no rows yet: populate it first.",
    (Action.COMPLETE, State.COMPLETE): "It is marked complete already{by}.",
    (Action.EXECUTE, State.OPEN): "It is still open for changes: mark it complete first.",
    (Action.EXECUTE, State.NEW): "It has no rows yet: populate it first.",
    (Action.REOPEN, State.OPEN): "It is open already.",
}


def transition(action: Action, state: State | str) -> Transition | None:
    """Return the line of the table for ``action`` in ``state``; ``None`` where the action is not possible."""
    return next((line for line in TRANSITIONS if line.action == action and state in line.sources), None)


def state_before(state: State | str) -> State | None:
    """Return the state to which a batch returns that was left in ``state``; ``None`` where one may stay in it."""
    sources = [source for line in TRANSITIONS if line.through == state for source in line.sources]
    return sources[0] if sources else None


def is_possible(action: Action, state: State | str) -> bool:
    """Return whether ``state`` allows ``action``, whoever asks."""
    return transition(action, state) is not None


def is_job(action: Action) -> bool:
    """Return whether ``action`` takes its time, so that it runs outside the request."""
    return any(line.job for line in lines_for(action))


def lines_for(action: Action) -> tuple[Transition, ...]:
    """Return the lines of the table for ``action``, whatever the state."""
    return tuple(line for line in TRANSITIONS if line.action == action)


def possible_actions(state: State | str) -> tuple[Action, ...]:
    """Return the actions that ``state`` allows, whoever asks, in the order of the table."""
    return tuple(dict.fromkeys(line.action for line in TRANSITIONS if state in line.sources))


def why_not(action: Action, state: State | str, by: str = "") -> str | None:
    """Return a sentence saying why ``state`` does not allow ``action``; ``None`` where it does.

    ``by`` says who brought the batch into that state, such as " by ada on 2026-01-02 at 10:00:00 UTC".
    """
    if is_possible(action, state):
        return None
    state = State(state)
    if state in (State.POPULATING, State.EXECUTING):
        return f"It is {state} at this moment: wait until that has ended."
    if state is State.EXECUTED:
        return f"It was executed{by} and is frozen: nothing in it can be changed any more."
    return _ADVICE.get((action, state), f"A batch that is {state} cannot be {action.done}.").format(by=by)
