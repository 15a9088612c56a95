"""Complaints of the kit: what fails a check, and what the complaint says."""

from __future__ import annotations

import pytest

from batchbook.testing.sample import check, complain, refused, same


def test_a_check_that_holds_says_nothing() -> None:
    check([1], "There must be rows.")
    same({1: "a"}, {1: "a"}, "Nothing may change.")


def test_a_check_that_does_not_hold_says_why() -> None:
    with pytest.raises(AssertionError, match=r"^There must be rows\.$"):
        check([], "There must be rows.")
    with pytest.raises(AssertionError, match=r"^It is broken\.$"):
        complain("It is broken.")


def test_what_must_be_refused() -> None:
    with refused(KeyError, "find it"):
        raise KeyError
    with (
        pytest.raises(AssertionError, match="To find it must raise KeyError, and was done"),
        refused(KeyError, "find it"),
    ):
        pass
    with (
        pytest.raises(AssertionError, match="must raise KeyError, and raised ValueError: no number"),
        refused(KeyError, "find it"),
    ):
        raise ValueError("no number")


def test_differences_are_named_the_first_of_them() -> None:
    before = dict.fromkeys(range(7), "a")
    with pytest.raises(AssertionError) as raised:
        same(before, {**dict.fromkeys(range(7), "b"), 9: "new"}, "Nothing may change.")
    lines = str(raised.value).splitlines()
    assert lines[0] == "Nothing may change. 8 differ:"
    assert lines[1:] == [f"  {key}: 'a' became 'b'" for key in range(5)]


def test_what_is_gone_and_what_is_new_differ() -> None:
    with pytest.raises(AssertionError, match="1: 'a' became None"):
        same({1: "a"}, {}, "Nothing may change.")
    with pytest.raises(AssertionError, match="1: None became 'a'"):
        same({}, {1: "a"}, "Nothing may change.")
