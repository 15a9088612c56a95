"""The roles that may see and edit a column, and what follows for one person."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import column, create_engine, literal, select

from batchbook.batches.policies.declaration import Policy
from batchbook.batches.policies.field_rules import (
    EVERYTHING,
    FieldAccess,
    FieldRule,
    access_by,
    refuse_unrestrictable,
)
from batchbook.errors import BadInput
from batchbook.grid import columns_of
from batchbook.types.price_change.models import PriceChangeRow

RULES = (
    FieldRule(field="cost", see=("buyer", "admin"), edit=("admin",)),
    FieldRule(field="new_*", edit=("buyer",)),
    FieldRule(field="size", see=()),
)


@pytest.mark.parametrize(
    ("roles", "sees", "edits"),
    [
        ((), {"cost": False, "new_price": True, "size": False}, {"cost": False, "new_price": False}),
        (("buyer",), {"cost": True, "size": False}, {"cost": False, "new_price": True, "item_code": True}),
        (
            ("admin", "staff"),
            {"cost": True, "size": False},
            {"cost": True, "new_price": False, "size": False},
        ),
    ],
)
def test_a_role_that_is_named_sees_and_edits(
    roles: tuple[str, ...], sees: dict[str, bool], edits: dict[str, bool]
) -> None:
    access = access_by(RULES, roles)
    assert {name: access.sees(name) for name in sees} == sees
    assert {name: access.edits(name) for name in edits} == edits


def test_columns_and_problems_are_those_that_the_person_sees() -> None:
    access = access_by(RULES, ("staff",))
    shown = access.visible(columns_of(PriceChangeRow, ("item_code", "cost", "new_price", "status_text")))
    assert [(one.name, one.editable) for one in shown] == [("item_code", True), ("new_price", False)]
    issues: list[Any] = [{"field": "cost"}, {"field": "item_code"}]
    assert access.issues(issues) == issues[1:]
    assert access.shows(PriceChangeRow.new_price)
    assert not access.shows(PriceChangeRow.new_price - PriceChangeRow.cost)
    assert EVERYTHING.sees("status_text")
    assert EVERYTHING.shows(PriceChangeRow.cost)


def test_the_condition_in_sql_says_the_same() -> None:
    access = FieldAccess(hidden=("cost", "a_*"))
    with create_engine("sqlite://").connect() as connection:
        for name in ("cost", "cost_2", "a_b", "ab", "a_", "note"):
            field: Any = column("name")
            named = select(literal(name).label("name")).subquery()
            hidden = connection.scalar(select(access.hides(field)).select_from(named))
            assert (name, bool(hidden)) == (name, not access.sees(name))


def test_rules_are_kept_with_the_policy() -> None:
    policy = Policy(fields=RULES)
    assert Policy.from_json(policy.to_json()) == policy
    assert policy.changes_from(Policy())[0].startswith(
        "fields: [] → [['cost', ['buyer', 'admin'], ['admin']]"
    )


def test_what_identifies_a_row_or_is_in_every_row_is_not_hidden() -> None:
    with pytest.raises(BadInput, match="every row has it"):
        FieldRule(field="status", see=())
    with pytest.raises(BadInput, match="every row has it"):
        FieldRule(field="*", see=())
    with pytest.raises(BadInput, match="listed twice"):
        Policy(fields=(RULES[0], RULES[0]))
    with pytest.raises(BadInput, match="Item code identifies the rows"):
        refuse_unrestrictable([FieldRule(field="item*", see=())], {"item_code": "Item code"})
    refuse_unrestrictable([FieldRule(field="item*", edit=())], {"item_code": "Item code"})
