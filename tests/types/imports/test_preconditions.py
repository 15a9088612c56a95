"""An import is refused where it is not allowed, or where its records have changed."""

from __future__ import annotations

import pytest

from batchbook.batches import Action
from batchbook.errors import BadInput, Conflict, Refused

from .conftest import ImportHarness

HEAD = "item_code,description,price\n"


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"mode": "replace"}, "choose within which of these: vendor, department"),
        ({"mode": "replace", "scope_field": "vendor", "scope_value": "V9"}, "no vendor “V9”"),
        ({"target": "on_hand", "mode": "create"}, "can only update"),
        ({"target": "vendor", "mode": "replace"}, "cannot delete vendors"),
        ({"target": "sales"}, "There is no import target “sales”"),
        ({"key_name": "size"}, "have no key “size”. Keys: item_code"),
    ],
)
def test_an_import_that_makes_no_sense_is_refused_in_words(
    harness: ImportHarness, texts: dict[str, str], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        harness.create(f"{HEAD}000000001,Item 1,1.00\n", **texts)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_mode_in_the_header_is_one_that_the_target_allows(harness: ImportHarness) -> None:
    number = harness.create("item_code,on_hand\n000000001,5\n000000099,7\n", target="on_hand", mode="update")
    for mode in ("create_update", "replace"):
        with pytest.raises(BadInput, match="can only update"):
            harness.edit_header(number, mode=mode)
    assert harness.statuses(number) == ["update", "skipped"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_missing_is_looked_for_when_the_table_is_read(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.00\n", scope_field="vendor", scope_value="V1")
    with pytest.raises(BadInput, match="read without that"):
        harness.edit_header(number, mode="replace")


def test_what_changed_since_is_not_overwritten_unless_wanted(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n000000009,Item 9,9.00\n")
    harness.set_price("000000001", "1.10")
    with pytest.raises(Conflict, match="1 record changed since the last refresh: 000000001"):
        harness.execute(number)
    harness.run(number, Action.EXECUTE, options={"overwrite": "yes"})
    assert str(harness.product("000000001").price) == "1.50"
    assert [str(old) for _, old, _, _ in harness.price_history()] == ["1.10"]


def test_what_somebody_else_set_as_planned_stops_nothing(harness: ImportHarness) -> None:
    first, second = (
        harness.create(f"{HEAD}000000001,Item 1,1.50\n000000002,Item 2,2.50\n") for _ in range(2)
    )
    harness.execute(first)
    harness.execute(second)
    assert str(harness.product("000000001").price) == "1.50"
    assert len(harness.price_history()) == 2


def test_a_record_that_somebody_created_meanwhile_is_a_change_too(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000009,Item 9,9.00\n")
    harness.add_product("000000009")
    with pytest.raises(Conflict, match="000000009"):
        harness.execute(number)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_may_not_change_the_target_may_not_import(harness: ImportHarness) -> None:
    with pytest.raises(Refused, match="role of auditor does not include changing products"):
        harness.create(f"{HEAD}000000001,Item 1,1.50\n", actor="auditor")
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n")
    harness.run(number, Action.COMPLETE)
    with pytest.raises(Refused, match="Nothing was changed"):
        harness.run(number, Action.EXECUTE, by="auditor")
    assert str(harness.product("000000001").price) == "1.00"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_may_not_change_what_is_referred_to_adds_none_of_it(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD[:-1]},department\n000000001,Item 1,1.50,Bakery\n", unknown="add")
    harness.run(number, Action.COMPLETE)
    harness.forbid("staff", "departments:edit")
    with pytest.raises(Refused, match="role of staff does not include changing departments"):
        harness.run(number, Action.EXECUTE)
    assert (harness.product("000000001").department, harness.batch(number).state) == ("GROCERY", "complete")


def test_what_rows_refer_to_is_not_emptied_because_it_was_renamed(harness: ImportHarness) -> None:
    number = harness.create(
        "item_code,description,price,department\n000000003,Item 3,3.00,GROCERY\n000000009,Item 9,9.00,GROCERY\n"
    )
    harness.rename_department("GROCERY", "FOOD")
    with pytest.raises(Conflict, match=r"2 rows refer to a department that no longer exists.*GROCERY"):
        harness.execute(number)
    assert (harness.product("000000003").department, harness.product("000000009")) == ("PRODUCE", None)


def test_what_came_or_went_is_not_overwritten(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000009,Item 9,9.00\n000000001,Item 1,4.00\n")
    harness.add_product("000000009")
    with pytest.raises(Conflict, match=r"1 record appeared or vanished since the last refresh.*: 000000009"):
        harness.execute(number, overwrite="yes")
    assert harness.batch(number).failure is None


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nothing_is_deleted_while_a_row_may_mean_what_seems_to_be_missing(harness: ImportHarness) -> None:
    scope = {"mode": "replace", "scope_field": "vendor", "scope_value": "V1"}
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n,Item 2,2.00\n", **scope)
    assert harness.statuses(number) == ["update", "invalid", "delete"]
    with pytest.raises(Conflict, match="1 row does not identify a record"):
        harness.execute(number, apply="good")
    assert harness.product("000000002").active


def test_a_record_that_was_to_stay_as_it_is_and_changed_is_a_change_too(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.00\n000000002,Item 2,2.50\n")
    harness.set_price("000000001", "7.00")
    with pytest.raises(Conflict, match="1 record changed since the last refresh: 000000001"):
        harness.execute(number)
    harness.run(number, Action.REOPEN, Action.REFRESH)
    assert harness.statuses(number) == ["update", "update"]
