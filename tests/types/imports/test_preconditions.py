"""An import is refused where it is not allowed, or where its records have changed."""

from __future__ import annotations

import pytest

from batchbook.batches import Action
from batchbook.errors import BadInput, Conflict, Refused

from .conftest import Shop

HEAD = "item_code,description,price\n"


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"mode": "replace"}, "choose within which of these: vendor, department"),
        ({"mode": "replace", "scope_field": "vendor", "scope_value": "V9"}, "no vendor “V9”"),
        ({"target": "on_hand", "mode": "create"}, "can only update"),
        ({"target": "vendor", "mode": "replace"}, "cannot delete vendors"),
        ({"target": "sales"}, "Nothing called “sales” can be imported"),
        ({"key_name": "size"}, "have no key “size”. Keys: item_code"),
    ],
)
def test_an_import_that_makes_no_sense_is_refused_in_words(
    shop: Shop, texts: dict[str, str], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        shop.create(f"{HEAD}000000001,Item 1,1.00\n", **texts)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_mode_in_the_header_is_one_that_the_target_allows(shop: Shop) -> None:
    number = shop.create("item_code,on_hand\n000000001,5\n000000099,7\n", target="on_hand", mode="update")
    for mode in ("create_update", "replace"):
        with pytest.raises(BadInput, match="can only update"):
            shop.edit_header(number, mode=mode)
    assert shop.statuses(number) == ["update", "skipped"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_missing_is_looked_for_when_the_table_is_read(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.00\n", scope_field="vendor", scope_value="V1")
    with pytest.raises(BadInput, match="read without that"):
        shop.edit_header(number, mode="replace")


def test_what_changed_since_is_not_overwritten_unless_wanted(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n000000009,Item 9,9.00\n")
    shop.set_price("000000001", "1.10")
    with pytest.raises(Conflict, match="1 record changed since the last refresh: 000000001"):
        shop.execute(number)
    shop.run(number, Action.EXECUTE, options={"overwrite": "yes"})
    assert str(shop.product("000000001").price) == "1.50"
    assert [str(old) for _, old, _, _ in shop.price_history()] == ["1.10"]


def test_a_record_that_somebody_created_meanwhile_is_a_change_too(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000009,Item 9,9.00\n")
    shop.add_product("000000009")
    with pytest.raises(Conflict, match="000000009"):
        shop.execute(number)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_may_not_change_the_target_may_not_import(shop: Shop) -> None:
    with pytest.raises(Refused, match="role of auditor does not include changing products"):
        shop.create(f"{HEAD}000000001,Item 1,1.50\n", actor="auditor")
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n")
    shop.run(number, Action.COMPLETE)
    with pytest.raises(Refused, match="Nothing was changed"):
        shop.run(number, Action.EXECUTE, by="auditor")
    assert str(shop.product("000000001").price) == "1.00"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_may_not_change_what_is_referred_to_adds_none_of_it(shop: Shop) -> None:
    number = shop.create(f"{HEAD[:-1]},department\n000000001,Item 1,1.50,Bakery\n", unknown="add")
    shop.run(number, Action.COMPLETE)
    shop.forbid("staff", "departments:edit")
    with pytest.raises(Refused, match="role of staff does not include changing departments"):
        shop.run(number, Action.EXECUTE)
    assert (shop.product("000000001").department, shop.batch(number).state) == ("GROCERY", "complete")


def test_what_rows_refer_to_is_not_emptied_because_it_was_renamed(shop: Shop) -> None:
    number = shop.create(
        "item_code,description,price,department\n000000003,Item 3,3.00,GROCERY\n000000009,Item 9,9.00,GROCERY\n"
    )
    shop.rename_department("GROCERY", "FOOD")
    with pytest.raises(Conflict, match=r"2 rows refer to a department that no longer exists.*GROCERY"):
        shop.execute(number)
    assert (shop.product("000000003").department, shop.product("000000009")) == ("PRODUCE", None)


def test_what_came_or_went_is_not_overwritten(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000009,Item 9,9.00\n000000001,Item 1,4.00\n")
    shop.add_product("000000009")
    with pytest.raises(Conflict, match=r"1 record appeared or vanished since the last refresh.*: 000000009"):
        shop.execute(number, overwrite="yes")
    assert shop.batch(number).failure is None


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nothing_is_deleted_while_a_row_may_mean_what_seems_to_be_missing(shop: Shop) -> None:
    scope = {"mode": "replace", "scope_field": "vendor", "scope_value": "V1"}
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n,Item 2,2.00\n", **scope)
    assert shop.statuses(number) == ["update", "invalid", "delete"]
    with pytest.raises(Conflict, match="1 row does not identify a record"):
        shop.execute(number, apply="good")
    assert shop.product("000000002").active


def test_a_record_that_was_to_stay_as_it_is_and_changed_is_a_change_too(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.00\n000000002,Item 2,2.50\n")
    shop.set_price("000000001", "7.00")
    with pytest.raises(Conflict, match="1 record changed since the last refresh: 000000001"):
        shop.execute(number)
    shop.run(number, Action.REOPEN, Action.REFRESH)
    assert shop.statuses(number) == ["update", "update"]
