from __future__ import annotations

import pytest

from batchbook.batches import Action

from .conftest import ImportHarness

HEAD = "item_code,description,price\n"


def test_each_row_is_what_it_makes_of_its_record(harness: ImportHarness) -> None:
    number = harness.create(
        HEAD
        + "000000001,Item 1,1.00\n"  # As it is.
        + "000000002,Item 2,2.50\n"  # Another price.
        + "000000009,Item 9,9.00\n"  # Not there yet.
        + "000000003,Item 3,3.00\n000000003,Item 3,3.10\n"  # Twice.
        + ",Nothing,1.00\n"
    )
    rows = harness.rows(number)
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
    assert harness.batch(number).status_counts == {
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
def test_the_mode_says_which_records_change(harness: ImportHarness, mode: str, expected: list[str]) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n000000009,Item 9,9.00\n", mode=mode)
    assert harness.statuses(number) == expected


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_mode_in_the_header_compares_the_rows_anew(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n000000009,Item 9,9.00\n")
    harness.edit_header(number, mode="update")
    assert harness.statuses(number) == ["update", "skipped"]


def test_what_the_table_lacks_is_deleted_within_the_scope(harness: ImportHarness) -> None:
    number = harness.create(
        f"{HEAD}000000001,Item 1,1.00\n", mode="replace", scope_field="vendor", scope_value="V1"
    )
    rows = harness.rows(number)
    assert [(row.new_item_code, row.status, row.missing) for row in rows] == [
        ("000000001", "unchanged", False),
        ("000000002", "delete", True),
    ]
    assert str(rows[1].old_price) == "2.00"
    harness.execute(number)
    assert [harness.product(f"00000000{digit}").active for digit in "123"] == [True, False, True]
    # What is marked already is not missing any more.
    again = harness.create(
        f"{HEAD}000000001,Item 1,1.00\n", mode="replace", scope_field="vendor", scope_value="V1"
    )
    assert harness.statuses(again) == ["unchanged"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_record_that_comes_into_the_table_after_all_is_not_deleted(harness: ImportHarness) -> None:
    number = harness.create(
        f"{HEAD}000000001,Item 1,1.00\n", mode="replace", scope_field="vendor", scope_value="V1"
    )
    harness.edit(number, 1, new_item_code="000000002")
    assert harness.statuses(number) == ["update", "unchanged"]
    assert harness.rows(number)[1].status_text == "It is in the file after all."


def test_a_duplicate_that_is_removed_frees_the_other(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n000000001,Item 1,1.60\n")
    assert [row.issues[0]["code"] for row in harness.rows(number)] == ["duplicate-key", "duplicate-key"]
    harness.remove(number, 2)
    assert [row.status for row in harness.rows(number) if not row.removed] == ["update"]
    assert harness.rows(number)[0].issues is None


def test_a_refresh_sees_what_was_added_since(harness: ImportHarness) -> None:
    number = harness.create("item_code,description,price,department\n000000001,Item 1,1.00,BAKERY\n")
    assert harness.statuses(number) == ["invalid"]
    harness.create_department("BAKERY")
    harness.run(number, Action.REFRESH)
    assert [(row.status, row.issues) for row in harness.rows(number)] == [("update", None)]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_mode_in_the_header_deletes_nothing_any_more(harness: ImportHarness) -> None:
    scope = {"mode": "replace", "scope_field": "vendor", "scope_value": "V1"}
    number = harness.create(f"{HEAD}000000001,Item 1,1.00\n", **scope)
    assert harness.statuses(number) == ["unchanged", "delete"]
    harness.edit_header(number, mode="update")
    assert harness.statuses(number) == ["unchanged", "skipped"]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("named", [0, 1, 100])
def test_keys_that_come_twice_are_found_however_many_there_are(
    harness: ImportHarness, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    monkeypatch.setattr("batchbook.types.imports.comparison._MOST_NAMED", named)
    lines = "1,a\n2,b\n1,c\n3,d\n2,e\n4,f\n"
    number = harness.create(
        f"item_code,description,price\n{lines}".replace("\n", ",1.00\n").replace("price,1.00", "price")
    )
    found = harness.statuses(number)
    assert [status == "duplicate" for status in found] == [True, True, True, False, True, False]
    # A row that is removed is nobody's twin any more, and one that is edited may become one.
    harness.remove(number, 3)
    harness.edit(number, 6, new_item_code="3")
    found = harness.statuses(number)
    assert [status == "duplicate" for status in found[:2] + found[3:]] == [False, True, True, True, True]
    harness.run(number, Action.REFRESH)
    assert harness.statuses(number) == found
