"""What becomes of each row: created, updated, unchanged, deleted, left out, a duplicate, or with problems."""

from __future__ import annotations

import pytest

from batchbook.batches import Action
from batchbook.errors import BadInput

from .conftest import Shop, workbook

HEAD = "item_code,description,price\n"


def test_each_row_is_what_it_makes_of_its_record(shop: Shop) -> None:
    number = shop.create(
        HEAD
        + "000000001,Item 1,1.00\n"  # As it is.
        + "000000002,Item 2,2.50\n"  # Another price.
        + "000000009,Item 9,9.00\n"  # Not there yet.
        + "000000003,Item 3,3.00\n000000003,Item 3,3.10\n"  # Twice.
        + ",Nothing,1.00\n"
    )
    rows = shop.rows(number)
    assert [row.status for row in rows] == [
        "unchanged", "update", "create", "duplicate", "duplicate", "invalid",
    ]  # fmt: skip
    assert [row.line for row in rows] == [2, 3, 4, 5, 6, 7]
    changed = rows[1]
    assert (changed.changed_fields, str(changed.old_price), str(changed.new_price)) == (
        "Price",
        "2.00",
        "2.50",
    )
    assert (changed.old_description, changed.new_description) == ("Item 2", "Item 2")
    assert shop.batch(number).status_counts == {
        "unchanged": 1, "update": 1, "create": 1, "duplicate": 2, "invalid": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("create_update", ["update", "create"]),
        ("update", ["update", "skipped"]),
        ("create", ["skipped", "create"]),
    ],
)
def test_the_mode_says_which_records_change(shop: Shop, mode: str, expected: list[str]) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n000000009,Item 9,9.00\n", mode=mode)
    assert shop.statuses(number) == expected


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_mode_in_the_header_compares_the_rows_anew(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n000000009,Item 9,9.00\n")
    shop.edit_header(number, mode="update")
    assert shop.statuses(number) == ["update", "skipped"]


def test_an_empty_cell_leaves_what_is_there_or_empties_it(shop: Shop) -> None:
    table = "item_code,size,price\n000000001,,1.00\n"
    assert shop.statuses(shop.create(table)) == ["unchanged"]
    number = shop.create(table, empty_cells="clear")
    assert [(row.status, row.changed_fields) for row in shop.rows(number)] == [("update", "Size")]
    shop.execute(number)
    assert shop.product("000000001").size is None


def test_what_the_table_lacks_is_deleted_within_the_scope(shop: Shop) -> None:
    number = shop.create(
        f"{HEAD}000000001,Item 1,1.00\n", mode="replace", scope_field="vendor", scope_value="V1"
    )
    rows = shop.rows(number)
    assert [(row.new_item_code, row.status, row.missing) for row in rows] == [
        ("000000001", "unchanged", False),
        ("000000002", "delete", True),
    ]
    assert str(rows[1].old_price) == "2.00"
    shop.execute(number)
    assert [shop.product(f"00000000{digit}").active for digit in "123"] == [True, False, True]
    # What is marked already is not missing any more.
    again = shop.create(
        f"{HEAD}000000001,Item 1,1.00\n", mode="replace", scope_field="vendor", scope_value="V1"
    )
    assert shop.statuses(again) == ["unchanged"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_record_that_comes_into_the_table_after_all_is_not_deleted(shop: Shop) -> None:
    number = shop.create(
        f"{HEAD}000000001,Item 1,1.00\n", mode="replace", scope_field="vendor", scope_value="V1"
    )
    shop.edit(number, 1, new_item_code="000000002")
    assert shop.statuses(number) == ["update", "unchanged"]
    assert shop.rows(number)[1].status_text == "It is in the file after all."


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


def test_references_are_found_by_key_or_by_a_name_that_is_clear(shop: Shop) -> None:
    number = shop.create(
        "item_code,description,price,vendor,department\n"
        "000000001,Item 1,1.00,müller & sons,grocery\n"
        "000000002,Item 2,2.00,V2,GROCERY\n"
    )
    first, second = shop.rows(number)
    assert (first.status, first.new_vendor, first.new_department) == ("unchanged", "V1", "GROCERY")
    assert first.raw == {"new_vendor": "müller & sons", "new_department": "grocery"}
    assert (second.status, second.changed_fields, second.old_vendor) == ("update", "Vendor", "V1")


def test_references_that_are_unknown_or_ambiguous_offer_what_would_do(shop: Shop) -> None:
    number = shop.create(
        "item_code,description,price,vendor,department\n000000001,Item 1,1.00,Twin,GROCERI\n"
    )
    (row,) = shop.rows(number)
    assert row.status == "invalid"
    by_field = {issue["field"]: issue for issue in row.issues}
    assert by_field["new_vendor"]["code"] == "ambiguous-reference"
    assert by_field["new_vendor"]["suggestions"] == ["V2", "V3"]
    assert by_field["new_department"]["code"] == "unknown-reference"
    assert by_field["new_department"]["suggestions"] == ["GROCERY"]
    shop.edit(number, 1, new_vendor="V3", new_department="GROCERY")
    (row,) = shop.rows(number)
    assert (row.status, row.issues, row.changed_fields) == ("update", None, "Vendor")


def test_every_problem_of_a_row_is_found_at_once(shop: Shop) -> None:
    number = shop.create(
        "item_code,description,price,on_hand,department\n000000009,,abc,x,NOWHERE\n000000001,Item 1,-1,3,GROCERY\n"
    )
    first, second = shop.rows(number)
    assert {(issue["field"], issue["code"]) for issue in first.issues} == {
        ("new_price", "not-a-number"),
        ("new_on_hand", "not-a-whole-number"),
        ("new_description", "needed-to-create"),
        ("new_department", "unknown-reference"),
    }
    assert [issue["code"] for issue in second.issues] == ["too-small"]


def test_a_duplicate_that_is_removed_frees_the_other(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.50\n000000001,Item 1,1.60\n")
    assert [row.issues[0]["code"] for row in shop.rows(number)] == ["duplicate-key", "duplicate-key"]
    shop.remove(number, 2)
    assert [row.status for row in shop.rows(number) if not row.removed] == ["update"]
    assert shop.rows(number)[0].issues is None


def test_a_refresh_sees_what_was_added_since(shop: Shop) -> None:
    number = shop.create("item_code,description,price,department\n000000001,Item 1,1.00,BAKERY\n")
    assert shop.statuses(number) == ["invalid"]
    shop.create_department("BAKERY")
    shop.run(number, Action.REFRESH)
    assert [(row.status, row.issues) for row in shop.rows(number)] == [("update", None)]


def test_other_columns_are_carried_as_they_stand(shop: Shop) -> None:
    number = shop.create_mapped(
        "item_code,description,price,Remark; DROP TABLE\n000000001,Item 1,1.00, as it is \n", carried=[3]
    )
    (row,) = shop.rows(number)
    assert row.extra_0 == " as it is "


def test_a_table_may_say_little_of_what_is_there_and_not_of_what_is_new(shop: Shop) -> None:
    number = shop.create("item_code,price\n000000001,1.50\n000000009,9.00\n")
    first, second = shop.rows(number)
    assert (first.status, second.status) == ("update", "invalid")
    assert "A new record needs description" in second.status_text
    with pytest.raises(BadInput, match="has no column"):
        shop.create("item_code,price\n000000001,1.50\n", mode="create")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_mode_in_the_header_deletes_nothing_any_more(shop: Shop) -> None:
    scope = {"mode": "replace", "scope_field": "vendor", "scope_value": "V1"}
    number = shop.create(f"{HEAD}000000001,Item 1,1.00\n", **scope)
    assert shop.statuses(number) == ["unchanged", "delete"]
    shop.edit_header(number, mode="update")
    assert shop.statuses(number) == ["unchanged", "skipped"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_mode_in_the_header_is_one_that_the_target_allows(shop: Shop) -> None:
    number = shop.create("item_code,on_hand\n000000001,5\n000000099,7\n", target="on_hand", mode="update")
    for mode in ("create_update", "replace"):
        with pytest.raises(BadInput, match="can only update"):
            shop.edit_header(number, mode=mode)
    assert shop.statuses(number) == ["update", "skipped"]


def test_a_reference_may_be_written_in_other_letters_beyond_ascii(shop: Shop) -> None:
    shop.create_department("Äpfel")
    number = shop.create("item_code,description,price,department\n000000001,Item 1,1.00,ÄPFEL\n")
    (row,) = shop.rows(number)
    assert (row.new_department, row.raw, row.status) == ("Äpfel", {"new_department": "ÄPFEL"}, "update")


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("named", [0, 1, 100])
def test_keys_that_come_twice_are_found_however_many_there_are(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    monkeypatch.setattr("batchbook.types.imports.comparison._MOST_NAMED", named)
    lines = "1,a\n2,b\n1,c\n3,d\n2,e\n4,f\n"
    number = shop.create(
        f"item_code,description,price\n{lines}".replace("\n", ",1.00\n").replace("price,1.00", "price")
    )
    found = shop.statuses(number)
    assert [status == "duplicate" for status in found] == [True, True, True, False, True, False]
    # A row that is removed is nobody's twin any more, and one that is edited may become one.
    shop.remove(number, 3)
    shop.edit(number, 6, new_item_code="3")
    found = shop.statuses(number)
    assert [status == "duplicate" for status in found[:2] + found[3:]] == [False, True, True, True, True]
    shop.run(number, Action.REFRESH)
    assert shop.statuses(number) == found


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_heading_with_characters_that_no_database_stores_can_be_used(shop: Shop) -> None:
    sheet = workbook(
        [["item_code", "description", "price", "no_x0000_te"], ["000000001", "Item 1", "5", "a_x0000_b"]]
    )
    (row,) = shop.rows(shop.create_mapped(sheet, carried=[3], name="list.xlsx"))
    assert (row.new_item_code, row.extra_0) == ("000000001", "a�b")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_suggestions_are_sought_for_some_texts_only(shop: Shop) -> None:
    lines = "".join(f"{n:09d},Item,1.00,PRODUC{n:03d}\n" for n in range(1, 320))
    rows = shop.rows(shop.create(f"item_code,description,price,department\n{lines}"))
    suggested = [bool(row.issues[0].get("suggestions")) for row in rows]
    assert suggested == [True] * 300 + [False] * 19


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_missing_is_looked_for_when_the_table_is_read(shop: Shop) -> None:
    number = shop.create(f"{HEAD}000000001,Item 1,1.00\n", scope_field="vendor", scope_value="V1")
    with pytest.raises(BadInput, match="read without that"):
        shop.edit_header(number, mode="replace")
