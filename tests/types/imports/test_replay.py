"""Corrections of an earlier import of the same sender, by the key of the imported records, on both databases."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import true
from tests.functional.harness import form_to, text_of
from webtest import TestApp

from batchbook.batches import Action
from batchbook.batches.editing import Undoer
from batchbook.batches.review.replay import Replay, apply_replay, earlier_batches, plan_replay
from batchbook.db.transactions import transaction_scope

from .conftest import ImportHarness

HEADINGS = "item_code,description,department,price\n"
#: An unknown department, a description that is missing, a wrong code, and prices.
FIRST = HEADINGS + (
    "000000001,Item 1,Grocry,1.50\n"
    "000000002,,GROCERY,2.50\n"
    "00000000X,Item 3,GROCERY,3.50\n"
    "000000004,Item 4,GROCERY,4.50\n"
    "000000005,Item 5,GROCERY,oops\n"
)
#: The third has another description, the fourth another price, the fifth the same unreadable one.
NEXT = HEADINGS + (
    "00000000X,Item 3 new,GROCERY,3.50\n"
    "000000005,Item 5,GROCERY,oops\n"
    "000000002,,GROCERY,2.50\n"
    "000000004,Item 4,GROCERY,4.75\n"
    "000000001,Item 1,Grocry,1.50\n"
)


def corrected(harness: ImportHarness, **header: str) -> int:
    number = harness.create(FIRST, **header)
    harness.edit(number, 1, new_department="GROCERY", new_price="1.75")
    harness.edit(number, 2, new_description="Item 2")
    harness.edit(number, 3, new_item_code="000000003", new_description="Item three")
    harness.edit(number, 4, new_price="4.00")
    harness.edit(number, 5, new_price="5.50")
    return number


def planned(harness: ImportHarness, number: int) -> Replay | None:
    with transaction_scope(harness.database, read_only=True) as session:
        engine = harness.act(session)
        found = earlier_batches(engine, engine.find(number), true())
        return plan_replay(engine, engine.find(number), found[0]) if found else None


def texts(plan: Replay) -> set[tuple[int, str, str]]:
    return {(one.sequence, one.correction.field, one.correction.after) for one in plan.fitting}


def test_corrections_are_offered_to_the_next_import_of_the_sender_by_key(harness: ImportHarness) -> None:
    first = corrected(harness, sender="V1")
    harness.add_row(first, new_item_code="000000009", new_description="Added", new_price="9.00")
    harness.remove(first, 5)
    harness.run(first, Action.COMPLETE, Action.EXECUTE)
    second = harness.create(NEXT, sender="V1")
    plan = planned(harness, second)
    assert plan is not None
    assert plan.earlier.id == first
    # The department is not among them: that spelling was learned from the sender when the batch was executed.
    assert texts(plan) == {
        (1, "new_item_code", "000000003"),
        (3, "new_description", "Item 2"),
        (5, "new_price", "1.75"),
    }
    assert {(one.correction.key_text, one.correction.label, one.reason) for one in plan.left} == {
        ("00000000X", "Description", "row 1 has “Item 3 new”"),
        ("000000004", "Price", "row 4 has “4.75”"),
    }
    with transaction_scope(harness.database) as session:
        engine = harness.act(session)
        told = apply_replay(engine, engine.find(second), engine.find(first), plan.token)
    assert told == f"Replayed 3 corrections of batch {first:08d} in 3 rows. 2 corrections do not fit."
    rows = harness.rows(second)
    assert [row.new_item_code for row in rows] == [f"00000000{n}" for n in (3, 5, 2, 4, 1)]
    assert (rows[2].new_description, rows[4].new_price) == ("Item 2", Decimal("1.75"))
    assert rows[4].status == "unchanged"  # As the first import made it.
    with transaction_scope(harness.database) as session:
        assert Undoer(harness.act(session)).undo(second).undone == 3
    again = planned(harness, second)
    assert again is not None
    assert texts(again) == texts(plan)


def test_other_sources_get_none_and_missing_columns_and_records_are_told(harness: ImportHarness) -> None:
    corrected(harness, sender="V1")
    corrected(harness)
    for header in ({}, {"sender": "V2"}):
        assert planned(harness, harness.create(NEXT, **header)) is None
    vendors = harness.create("code,name\nV1,One\n", target="vendor", sender="V1")
    assert planned(harness, vendors) is None
    plan = planned(harness, harness.create("item_code,price\n000000002,2.50\n000000004,4.50\n", sender="V1"))
    assert plan is not None
    assert texts(plan) == {(2, "new_price", "4.00")}
    assert {(one.correction.key_text, one.correction.label, one.reason) for one in plan.left} == {
        ("000000001", "Department", "this batch has no such column"),
        ("000000001", "Price", "no row has this key"),
        ("000000002", "Description", "this batch has no such column"),
        ("00000000X", "Description", "this batch has no such column"),
        ("00000000X", "Item code", "no row has this key"),
        ("000000005", "Price", "no row has this key"),
    }


def test_the_page_of_the_next_import_applies_them(harness: ImportHarness, staff: TestApp) -> None:
    first = corrected(harness, sender="V1")
    second = harness.create(NEXT, sender="V1")
    page = staff.get(f"/batches/import/{second}").click("Earlier corrections…")
    assert "5 000000001 Department Grocry GROCERY" in text_of(page, "#confirm")
    assert "000000004 Price 4.50 4.00 row 4 has “4.75”" in text_of(page)
    done = form_to(page, "/replay").submit(status=303).follow()
    assert f"Replayed 5 corrections of batch {first:08d} in 4 rows." in text_of(done, ".flashes")
