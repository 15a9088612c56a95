"""Problems of rows beyond their texts: references, required fields, checks."""

from __future__ import annotations

import pytest

from batchbook.errors import BadInput

from .conftest import ImportHarness, sent


def test_references_are_found_by_key_or_by_a_name_that_is_clear(harness: ImportHarness) -> None:
    number = harness.create(
        "item_code,description,price,vendor,department\n"
        "000000001,Item 1,1.00,müller & sons,grocery\n"
        "000000002,Item 2,2.00,V2,GROCERY\n"
    )
    first, second = harness.rows(number)
    assert (first.status, first.new_vendor, first.new_department) == ("unchanged", "V1", "GROCERY")
    assert first.raw == {"new_vendor": "müller & sons", "new_department": "grocery"}
    assert (second.status, second.changed_fields, second.old_vendor) == ("update", "Vendor", "V1")


def test_references_that_are_unknown_or_ambiguous_offer_what_would_do(harness: ImportHarness) -> None:
    number = harness.create(
        "item_code,description,price,vendor,department\n000000001,Item 1,1.00,Twin,GROCERI\n"
    )
    (row,) = harness.rows(number)
    assert row.status == "invalid"
    by_field = {issue["field"]: issue for issue in row.issues}
    assert by_field["new_vendor"]["code"] == "ambiguous-reference"
    assert by_field["new_vendor"]["suggestions"] == ["V2", "V3"]
    assert by_field["new_department"]["code"] == "unknown-reference"
    assert by_field["new_department"]["suggestions"] == ["GROCERY"]
    harness.edit(number, 1, new_vendor="V3", new_department="GROCERY")
    (row,) = harness.rows(number)
    assert (row.status, row.issues, row.changed_fields) == ("update", None, "Vendor")


def test_every_problem_of_a_row_is_found_at_once(harness: ImportHarness) -> None:
    number = harness.create(
        "item_code,description,price,on_hand,department\n000000009,,abc,x,NOWHERE\n000000001,Item 1,-1,3,GROCERY\n"
    )
    first, second = harness.rows(number)
    assert {(issue["field"], issue["code"]) for issue in first.issues} == {
        ("new_price", "not-a-number"),
        ("new_on_hand", "not-a-whole-number"),
        ("new_description", "needed-to-create"),
        ("new_department", "unknown-reference"),
    }
    assert [issue["code"] for issue in second.issues] == ["too-small"]


def test_a_table_may_say_little_of_what_is_there_and_not_of_what_is_new(harness: ImportHarness) -> None:
    number = harness.create("item_code,price\n000000001,1.50\n000000009,9.00\n")
    first, second = harness.rows(number)
    assert (first.status, second.status) == ("update", "invalid")
    assert "A new record needs description" in second.status_text
    with pytest.raises(BadInput, match="has no column"):
        harness.create("item_code,price\n000000001,1.50\n", mode="create")


def test_a_reference_may_be_written_in_other_letters_beyond_ascii(harness: ImportHarness) -> None:
    harness.create_department("Äpfel")
    number = harness.create("item_code,description,price,department\n000000001,Item 1,1.00,ÄPFEL\n")
    (row,) = harness.rows(number)
    assert (row.new_department, row.raw, row.status) == ("Äpfel", {"new_department": "ÄPFEL"}, "update")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_suggestions_are_sought_for_some_texts_only(harness: ImportHarness) -> None:
    lines = "".join(f"{n:09d},Item,1.00,PRODUC{n:03d}\n" for n in range(1, 320))
    rows = harness.rows(harness.create(f"item_code,description,price,department\n{lines}"))
    suggested = [bool(row.issues[0].get("suggestions")) for row in rows]
    assert suggested == [True] * 300 + [False] * 19


def test_references_that_are_added_are_one_record_however_they_are_written(harness: ImportHarness) -> None:
    table = "item_code,description,price,department\n" + "".join(
        f"{n:09d},Item {n},1.00,{name}\n" for n, name in enumerate(("Sweets", "SWEETS ", "swe ets"), start=1)
    )
    number = harness.create(table, unknown="add")
    assert {row.new_department for row in harness.rows(number)} == {"Sweets"}
    assert harness.rows(number)[2].raw == {"new_department": "swe ets"}
    assert "1 added as department" in harness.execute(number).message
    assert harness.product("000000003").department == "Sweets"


def test_references_that_are_added_are_asked_about_together(harness: ImportHarness) -> None:
    def statements(count: int) -> int:
        lines = "".join(f"{n:09d},Item {n},1.00,Department {n}\n" for n in range(1, count + 1))
        with sent(harness.database) as found:
            number = harness.create(f"item_code,description,price,department\n{lines}", unknown="add")
        assert harness.rows(number)[-1].new_department == f"Department {count}"
        return len(found)

    statements(5)
    assert statements(300) == statements(5)
