from __future__ import annotations

import json
from typing import Any

import pytest

from batchbook.statuses import LookupStatus, Severity, Status


class Ripeness(Status):
    """How ripe a fruit is."""

    RIPE = "ripe", "Ripe", Severity.SUCCESS, "="
    NOT_YET = "not_yet", "", Severity.WARNING
    UNKNOWN = "unknown"


def test_a_status_is_its_stored_text_and_carries_its_words() -> None:
    assert (Ripeness.RIPE, f"{Ripeness.RIPE}", Ripeness("ripe")) == ("ripe", "ripe", Ripeness.RIPE)
    assert (Ripeness.RIPE.label, Ripeness.RIPE.severity, Ripeness.RIPE.sign) == (
        "Ripe",
        Severity.SUCCESS,
        "=",
    )
    assert json.dumps({Ripeness.RIPE: Ripeness.NOT_YET}) == '{"ripe": "not_yet"}'


def test_what_is_left_out_has_a_default() -> None:
    assert (Ripeness.NOT_YET.label, Ripeness.NOT_YET.severity, Ripeness.NOT_YET.sign) == (
        "Not yet",
        Severity.WARNING,
        "",
    )
    assert (Ripeness.UNKNOWN.label, Ripeness.UNKNOWN.severity) == ("Unknown", Severity.NEUTRAL)


class Fruit(Status, extends=(Ripeness, LookupStatus)):
    """A fruit in a basket."""

    FALLEN = "fallen", "Fallen", Severity.ERROR, "↓"


class Basket(Status, extends=(Fruit, LookupStatus)):
    """Fruits that are extended twice, by way of another enum."""


def test_an_enum_begins_with_the_members_of_those_that_it_extends() -> None:
    assert [*Fruit.__members__] == ["RIPE", "NOT_YET", "UNKNOWN", "NOT_FOUND", "FALLEN"]
    assert (Fruit.NOT_YET.label, Fruit.NOT_FOUND.label, Fruit.NOT_FOUND.sign) == (
        "Not yet",
        "Not in catalogue",
        "?",
    )
    assert isinstance(Fruit.RIPE, Fruit)
    assert not isinstance(Fruit.RIPE, Ripeness)
    assert Fruit("ripe") is Fruit.RIPE
    assert [*Ripeness.__members__] == ["RIPE", "NOT_YET", "UNKNOWN"]


def test_a_member_that_is_extended_twice_is_there_once() -> None:
    assert [*Basket] == [*Fruit]


def test_a_member_is_declared_once() -> None:
    with pytest.raises(TypeError, match="RIPE"):

        class _Again(Status, extends=Ripeness):
            RIPE = "ripe", "Very ripe"


@pytest.mark.parametrize("wrong", [None, "ripe", Severity, Ripeness.RIPE, (Ripeness, dict)])
def test_only_statuses_are_extended(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"_Wrong extends .*, which is no enum of statuses"):

        class _Wrong(Status, extends=wrong):
            RIPE = "ripe", "Ripe"
