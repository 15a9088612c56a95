"""Problems of rows beyond their texts: references, required fields, checks."""

from __future__ import annotations

import pytest

from batchbook.batches import Action
from batchbook.errors import BadInput, Conflict

from .conftest import ImportHarness


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


# --- Keys that differ in their writing only ---------------------------------------------------------------------------

VENDORS = "code,name\nv1,One\nV 2,Two\n\uff36\uff13,Three\nV9,Nine\nNEW,New\nnew,Newer\nother,Other\n"


def test_a_key_like_a_record_s_or_another_row_s_is_a_problem_with_a_choice(harness: ImportHarness) -> None:
    number = harness.create(VENDORS, target="vendor")
    rows = harness.rows(number)
    assert [row.status for row in rows] == [*["similar"] * 3, "create", *["similar"] * 2, "create"]
    (issue,) = rows[0].issues
    assert (issue["code"], issue["suggestions"]) == ("similar-key", ["V1"])
    assert issue["message"].startswith(
        "“v1” is written like “V1” but for case, blanks, width or Unicode form."
    )
    assert rows[4].issues[0]["suggestions"] == ["new"]
    with pytest.raises(Conflict, match="5 rows have problems"):
        harness.execute(number)
    harness.run(number, Action.REOPEN)
    harness.edit(number, 1, new_code="V1")
    assert harness.rows(number)[0].status == "update"
    harness.edit_header(number, similar_keys="create")
    assert [row.status for row in harness.rows(number)] == ["update", *["create"] * 6]
    harness.edit_header(number, similar_keys="match")
    rows = harness.rows(number)
    assert [(row.new_code, row.status) for row in rows[1:3]] == [("V2", "update"), ("V3", "update")]
    assert rows[1].raw == {"new_code": "V 2"}
    assert [row.status for row in rows[4:6]] == ["similar"] * 2


def test_a_record_that_a_similar_key_may_mean_is_not_deleted(harness: ImportHarness) -> None:
    number = harness.create(
        "item_code,description,price,vendor\n 0000\u300000001,Item 1,1.00,V1\n",
        mode="replace",
        scope_field="vendor",
        scope_value="V1",
    )
    assert {row.status for row in harness.rows(number)} == {"similar", "delete"}
    with pytest.raises(Conflict, match="1 row does not identify a record"):
        harness.execute(number, apply="good")
