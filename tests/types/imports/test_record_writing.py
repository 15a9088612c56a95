from __future__ import annotations

import re

import pytest
from sqlalchemy import inspect

from batchbook.batches import Action
from batchbook.errors import Conflict

from .conftest import ImportHarness, sent

HEAD = "item_code,description,price\n"


def test_records_are_created_and_updated_and_prices_write_history(harness: ImportHarness) -> None:
    number = harness.create(
        "item_code,description,price,on_hand,department,vendor\n"
        "000000001,Better item,1.25,7,PRODUCE,V2\n"
        "000000009,Item 9,9.00,,GROCERY,\n"
        "000000002,Item 2,2.00,3,GROCERY,V1\n"
    )
    result = harness.execute(number)
    assert "Products: 1 updated, 1 created." in result.message
    first, second, ninth = (harness.product(f"00000000{digit}") for digit in "129")
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
    history = [(code, str(old), str(new), row) for code, old, new, row in harness.price_history()]
    assert history == [("000000001", "1.00", "1.25", 1)]


def test_what_has_no_rows_sends_no_statement(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n")
    with sent(harness.database) as statements:
        harness.execute(number)
    changing = [s for s in statements if re.match(r"(INSERT INTO|UPDATE|DELETE FROM) product\b", s)]
    assert len(changing) == 1
    assert changing[0].startswith("UPDATE product SET description=")


def test_rows_are_found_by_the_record_that_they_are_about(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n")
    clone = harness.clone(number)
    for table in (f"row_{number}", f"row_{clone}"):
        indexes = [index["column_names"] for index in inspect(harness.database).get_indexes(table)]
        assert ["record_id"] in indexes
        # And by their status, in their order: for the grid.
        assert ["batch_id", "status", "sequence", "removed"] in indexes


def test_what_is_referred_to_and_not_there_is_added_if_wanted(harness: ImportHarness) -> None:
    table = "item_code,description,price,vendor,department\n000000009,Nine,1.00,V9,BAKERY\n000000008,Eight,1.00,Twin,BAKERY\n"
    assert harness.statuses(harness.create(table)) == ["invalid", "invalid"]
    number = harness.create(table, unknown="add")
    # What is ambiguous is not new.
    assert harness.statuses(number) == ["create", "invalid"]
    result = harness.execute(number, apply="good")
    assert "1 created, 1 added as department, 1 added as vendor" in result.message
    assert (harness.product("000000009").department, harness.product("000000009").vendor) == ("BAKERY", "V9")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nothing_is_deleted_that_left_the_scope(harness: ImportHarness) -> None:
    scope = {"mode": "replace", "scope_field": "vendor", "scope_value": "V1"}
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n", **scope)
    assert harness.statuses(number) == ["update", "delete"]
    harness.set_vendor("000000002", "V2")
    with pytest.raises(Conflict, match="1 record changed since the last refresh: 000000002"):
        harness.execute(number)
    with pytest.raises(Conflict, match="appeared or vanished"):
        harness.run(number, Action.EXECUTE, options={"overwrite": "yes"})
    harness.run(number, Action.REOPEN, Action.REFRESH)
    assert harness.statuses(number) == ["update", "skipped"]
    assert "another vendor" in harness.rows(number)[1].status_text
    harness.execute(number)
    assert harness.product("000000002").active
