from __future__ import annotations

import re

import pytest
from sqlalchemy import inspect

from batchbook.batches import Action
from batchbook.errors import Conflict

from .conftest import Shop, sent

HEAD = "item_code,description,price\n"


def test_records_are_created_and_updated_and_prices_write_history(shop: Shop) -> None:
    number = shop.create(
        "item_code,description,price,on_hand,department,vendor\n"
        "000000001,Better item,1.25,7,PRODUCE,V2\n"
        "000000009,Item 9,9.00,,GROCERY,\n"
        "000000002,Item 2,2.00,3,GROCERY,V1\n"
    )
    result = shop.execute(number)
    assert "Products: 1 updated, 1 created." in result.message
    first, second, ninth = (shop.product(f"00000000{digit}") for digit in "129")
    assert (first.description, str(first.price), first.on_hand) == ("Better item", "1.25", 7)
    assert (first.department, first.vendor, first.version) == ("PRODUCE", "V2", 2)
    assert (second.version, str(second.price)) == (1, "2.00")
    # What the table does not say has its default.
    assert (ninth.on_hand, ninth.active, ninth.department, ninth.vendor, ninth.version) == (
        0,
        True,
        "GROCERY",
        None,
        1,
    )
    history = [(code, str(old), str(new), row) for code, old, new, row in shop.price_history()]
    assert history == [("000000001", "1.00", "1.25", 1)]


def test_what_has_no_rows_sends_no_statement(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n")
    with sent(shop.database) as statements:
        shop.execute(number)
    changing = [s for s in statements if re.match(r"(INSERT INTO|UPDATE|DELETE FROM) product\b", s)]
    assert len(changing) == 1
    assert changing[0].startswith("UPDATE product SET description=")


def test_rows_are_found_by_the_record_that_they_are_about(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n")
    clone = shop.clone(number)
    for table in (f"row_{number}", f"row_{clone}"):
        assert ["record_id"] in [index["column_names"] for index in inspect(shop.database).get_indexes(table)]


def test_what_is_referred_to_and_not_there_is_added_if_wanted(shop: Shop) -> None:
    table = "item_code,description,price,vendor,department\n000000009,Nine,1.00,V9,BAKERY\n000000008,Eight,1.00,Twin,BAKERY\n"
    assert shop.statuses(shop.create(table)) == ["invalid", "invalid"]
    number = shop.create(table, unknown="add")
    # What is ambiguous is not new.
    assert shop.statuses(number) == ["create", "invalid"]
    result = shop.execute(number, apply="good")
    assert "1 created, 1 added as department, 1 added as vendor" in result.message
    assert (shop.product("000000009").department, shop.product("000000009").vendor) == ("BAKERY", "V9")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nothing_is_deleted_that_left_the_scope(shop: Shop) -> None:
    scope = {"mode": "replace", "scope_field": "vendor", "scope_value": "V1"}
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n", **scope)
    assert shop.statuses(number) == ["update", "delete"]
    shop.set_vendor("000000002", "V2")
    with pytest.raises(Conflict, match="1 record changed since the last refresh: 000000002"):
        shop.execute(number)
    with pytest.raises(Conflict, match="appeared or vanished"):
        shop.run(number, Action.EXECUTE, options={"overwrite": "yes"})
    shop.run(number, Action.REOPEN, Action.REFRESH)
    assert shop.statuses(number) == ["update", "skipped"]
    assert "another vendor" in shop.rows(number)[1].status_text
    shop.execute(number)
    assert shop.product("000000002").active
