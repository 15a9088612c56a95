from __future__ import annotations

from itertools import product

import pytest

from batchbook.batches import Action, BatchPermission, State
from batchbook.batches.lifecycle import (
    MILESTONES,
    PASSED,
    TRANSITIONS,
    lines_for,
    possible_actions,
    transition,
    why_not,
)

READING = {Action.VIEW, Action.DOWNLOAD}


@pytest.mark.parametrize(("action", "state"), list(product(Action, State)))
def test_every_action_is_possible_or_refused_with_a_sentence(action: Action, state: State) -> None:
    line, reason = transition(action, state), why_not(action, state)
    assert (line is None) == (reason is not None)
    assert (action in possible_actions(state)) == (line is not None)
    if reason:
        assert reason[0].isupper()
        assert reason.endswith(".")


@pytest.mark.parametrize(("action", "state"), list(product(Action, State)))
def test_no_two_lines_speak_of_the_same(action: Action, state: State) -> None:
    assert sum(line.action == action and state in line.sources for line in TRANSITIONS) <= 1


@pytest.mark.parametrize("action", Action)
def test_every_action_has_a_label_a_word_and_a_permission(action: Action) -> None:
    assert action.label[0].isupper()
    assert action.done.islower()
    assert lines_for(action)
    assert all(line.permissions for line in lines_for(action))


def test_only_an_open_batch_is_changed() -> None:
    for action in (Action.EDIT, Action.REFRESH, Action.COMPLETE):
        assert [state for state in State if transition(action, state)] == [State.OPEN]


def test_nothing_leads_out_of_executed() -> None:
    lines = [line for line in TRANSITIONS if State.EXECUTED in line.sources]
    assert {line.action for line in lines} == READING | {Action.CLONE, Action.MAKE, Action.REVERSE}
    assert all(line.target is None and line.through is None for line in lines)


def test_only_a_reviewed_batch_is_executed() -> None:
    leading = [line for line in TRANSITIONS if line.target == State.EXECUTED]
    assert [(line.action, line.sources) for line in leading] == [
        (Action.EXECUTE, frozenset({State.COMPLETE}))
    ]


def test_what_is_running_is_left_alone() -> None:
    for state in (State.POPULATING, State.EXECUTING):
        assert set(possible_actions(state)) == READING
        assert why_not(Action.DELETE, state) == f"It is {state} at this moment: wait until that has ended."


def test_every_state_can_be_reached_and_left_but_for_the_last() -> None:
    reached = {state for line in TRANSITIONS for state in (line.through, line.target) if state}
    assert reached == set(State) - {State.NEW}
    way, states = [State.NEW], set()
    while way:
        state = way.pop()
        states.add(state)
        found = {line.target for line in TRANSITIONS if state in line.sources and line.target}
        way += found - states
    assert states == {State.NEW, State.OPEN, State.COMPLETE, State.EXECUTED}


def test_auditors_see_only_what_was_executed() -> None:
    lines = [line for line in TRANSITIONS if BatchPermission.AUDIT in line.permissions]
    assert {line.action for line in lines} == READING
    assert all(line.sources == {State.EXECUTED} for line in lines)


def test_executing_and_deleting_need_permissions_of_their_own() -> None:
    for action, permission in (
        (Action.EXECUTE, BatchPermission.EXECUTE),
        (Action.DELETE, BatchPermission.DELETE),
    ):
        assert [line.permissions for line in lines_for(action)] == [(permission,)]


def test_the_sentence_says_who_brought_it_there() -> None:
    by = " by ann on 2026-01-02 at 10:00:00 UTC"
    assert why_not(Action.EDIT, State.COMPLETE, by) == f"It is marked complete{by}: reopen it to change it."
    assert why_not(Action.EDIT, State.EXECUTED, by) == (
        f"It was executed{by} and is frozen: nothing in it can be changed any more."
    )


def test_a_stored_state_is_plain_text() -> None:
    assert why_not(Action.EDIT, "executed") == (
        "It was executed and is frozen: nothing in it can be changed any more."
    )
    assert transition(Action.EDIT, "open") is transition(Action.EDIT, State.OPEN)


def test_every_state_has_its_place_among_the_milestones() -> None:
    assert set(PASSED) == set(State)
    for passed in PASSED.values():
        assert passed == MILESTONES[: len(passed)]


def test_what_a_state_looks_like_is_said_by_sign_and_word() -> None:
    assert len({state.label for state in State}) == len(State)
    assert all(state.sign and state.severity for state in State)
