"""Executing an import: all or nothing, or the good rows now; never over what changed meanwhile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from batchbook.batches import Action
from batchbook.errors import Conflict, Refused

from .conftest import Shop, sent

ROOT = Path(__file__).parents[3]
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


def test_with_problems_nothing_happens_unless_good_rows_are_wanted(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n000000002,Item 2,abc\n000000009,Item 9,9.00\n")
    with pytest.raises(Conflict, match="1 row has problems"):
        shop.execute(number)
    assert (str(shop.product("000000001").price), shop.batch(number).state) == ("1.00", "complete")
    result = shop.run(number, Action.EXECUTE, options={"apply": "good"})
    assert str(shop.product("000000001").price) == "1.50"
    rest = shop.batch(number).execution_outcome["figures"]["follow_up"]
    assert f"1 row went into batch {rest:08d}" in result.message
    assert shop.batch(number).state == "executed"
    (row,) = shop.rows(rest)
    assert (shop.batch(rest).state, row.status, row.issues[0]["raw"]) == ("open", "invalid", "abc")
    shop.edit(rest, row.sequence, new_price="2.20")
    shop.execute(rest)
    assert str(shop.product("000000002").price) == "2.20"


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


def test_an_executed_import_is_frozen_in_the_database(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n")
    shop.execute(number)
    for statement in (
        f"UPDATE row_{number} SET new_price = NULL",
        f"DELETE FROM row_{number}",
        f"INSERT INTO row_{number} (batch_id, sequence) VALUES ({number}, 99)",
        f"UPDATE \"import\" SET sender = 'x' WHERE id = {number}",
    ):
        with pytest.raises(Exception, match="frozen"), shop.database.begin() as connection:
            connection.execute(text(statement))
    other = shop.create(f"{HEAD}000000002,Item 2,2.50\n")
    with pytest.raises(IntegrityError), shop.database.begin() as connection:
        connection.execute(text(f"INSERT INTO row_{number} (batch_id, sequence) VALUES ({other}, 99)"))


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


def test_row_tables_that_were_there_before_get_the_index(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n")
    shop.execute(number)
    shop.upload(f"{HEAD}000000001,Item 1,1.50\n")  # It has no table yet.
    monkeypatch.setenv("BATCHBOOK_DATABASE_URL", shop.database.url.render_as_string(hide_password=False))
    name = f"ix_row_{number}_record_id"
    for step, there in ((command.downgrade, False), (command.upgrade, True)):
        step(Config(ROOT / "alembic.ini"), "0006" if step is command.downgrade else "heads")
        indexes = [index["name"] for index in inspect(shop.database).get_indexes(f"row_{number}")]
        assert (name in indexes) is there


def test_the_row_table_goes_with_the_batch(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n")
    assert f"row_{number}" in inspect(shop.database).get_table_names()
    shop.delete(number)
    assert f"row_{number}" not in inspect(shop.database).get_table_names()


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


@pytest.mark.parametrize(
    ("target", "table", "expected"),
    [
        ("vendor", "vendor code;vendor name\nV1;New name\nV8;Eight\n", ["update", "create"]),
        ("department", "dept\nGROCERY\nBAKERY\n", ["unchanged", "create"]),
        ("on_hand", "sku;qty\n000000001;12\n000000077;1\n", ["update", "skipped"]),
    ],
)
def test_the_other_targets_that_ship(shop: Shop, target: str, table: str, expected: list[str]) -> None:
    number = shop.create(table, target=target)
    assert shop.statuses(number) == expected
    shop.execute(number)
    assert shop.statuses(shop.create(table, target=target)) == [
        "skipped" if status == "skipped" else "unchanged" for status in expected
    ]


def test_a_corrected_reference_is_remembered_for_its_sender(shop: Shop) -> None:
    table = "item_code,description,price,vendor\n000000001,Item 1,1.00,Twin\n"
    number = shop.create(table, sender="ACME")
    shop.edit(number, 1, new_vendor="V3")
    shop.execute(number)
    (row,) = shop.rows(shop.create(table, sender="ACME"))
    assert (row.status, row.new_vendor, row.raw) == ("unchanged", "V3", {"new_vendor": "Twin"})
    assert shop.statuses(shop.create(table, sender="Somebody else")) == ["invalid"]


def test_what_is_referred_to_and_not_there_is_added_if_wanted(shop: Shop) -> None:
    table = "item_code,description,price,vendor,department\n000000009,Nine,1.00,V9,BAKERY\n000000008,Eight,1.00,Twin,BAKERY\n"
    assert shop.statuses(shop.create(table)) == ["invalid", "invalid"]
    number = shop.create(table, unknown="add")
    # What is ambiguous is not new.
    assert shop.statuses(number) == ["create", "invalid"]
    result = shop.execute(number, apply="good")
    assert "1 created, 1 added as department, 1 added as vendor" in result.message
    assert (shop.product("000000009").department, shop.product("000000009").vendor) == ("BAKERY", "V9")


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
