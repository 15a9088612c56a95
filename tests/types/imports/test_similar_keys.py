"""Keys that differ from a record's or another row's in their writing only."""

from __future__ import annotations

import pytest
from sqlalchemy import false

from batchbook.batches import Action
from batchbook.catalog.models import Product, Vendor
from batchbook.errors import Conflict
from batchbook.types.imports import comparison
from batchbook.types.imports.handler import ImportHandler
from batchbook.types.imports.targets import ImportField, ImportTarget, ImportTargets, Lookup

from .conftest import ImportHarness

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


def statuses(harness: ImportHarness, number: int) -> list[str]:
    return [row.status for row in harness.rows(number)]


def test_rows_whose_keys_become_similar_by_an_edit_are_compared_again(harness: ImportHarness) -> None:
    number = harness.create("code,name\nA1,One\nB1,Two\nC1,Three\n", target="vendor")
    harness.edit(number, 2, new_code="a 1")
    assert statuses(harness, number) == ["similar", "similar", "create"]
    assert harness.rows(number)[0].issues[0]["suggestions"] == ["a 1"]
    harness.edit(number, 2, new_code="A1")
    assert statuses(harness, number) == ["duplicate", "duplicate", "create"]
    harness.add_row(number, new_code="\uff23\uff11")
    assert statuses(harness, number)[2:] == ["similar", "similar"]
    harness.remove(number, 4)
    harness.edit(number, 2, new_code="B1")
    assert statuses(harness, number)[:3] == ["create"] * 3
    assert [row.issues for row in harness.rows(number)[:3]] == [None] * 3
    harness.edit_header(number, similar_keys="match")
    harness.edit(number, 1, new_code="V1")
    assert statuses(harness, number)[:2] == ["update", "create"]
    harness.edit(number, 2, new_code="v 1")
    assert (statuses(harness, number)[:2], harness.rows(number)[1].new_code) == (["duplicate"] * 2, "V1")
    counts = harness.batch(number).status_counts
    assert counts == {"duplicate": 2, "create": 1}


SIZED = ImportTarget(
    model=Product,
    name="sized",
    key=("vendor", "description", "on_hand"),
    fields=(
        ImportField("vendor", stored="vendor_id", lookup=Lookup(Vendor.code, also=(Vendor.name,))),
        "description",
        "on_hand",
        "item_code",
        ImportField("price", required=True),
    ),
    permission="products:edit",
)


@pytest.mark.parametrize(("vendor", "choice"), [("V1", "ask"), ("müller & sons", "match")])
def test_keys_of_several_parts_are_compared_as_a_whole(
    harness: ImportHarness, monkeypatch: pytest.MonkeyPatch, vendor: str, choice: str
) -> None:
    monkeypatch.setitem(harness.services.get(ImportTargets)._targets, "sized", SIZED)
    table = (
        "vendor,description,on_hand,price\n"
        f"{vendor},ITEM 1,3,1.50\n{vendor},ITEM 1,4,1.50\n{vendor},item 1,4,1.60\n{vendor},Item1,5,1.60\n"
    )
    number = harness.create(table, target="sized", similar_keys=choice)
    first, *others = harness.rows(number)
    assert [row.status for row in others] == ["similar", "similar", "create"]
    assert others[0].issues[0]["suggestions"] == ["item 1"]
    if choice == "ask":
        (issue,) = first.issues
        assert (first.status, issue["field"], issue["suggestions"]) == (
            "similar",
            "new_description",
            ["Item 1"],
        )
        harness.edit(number, 1, new_description="Item 1")
        harness.edit(number, 3, new_on_hand="6")
        assert [row.status for row in harness.rows(number)] == ["update", "create", "create", "create"]
    else:
        assert (first.status, first.new_description) == ("update", "Item 1")


def test_rows_that_get_the_key_of_one_record_are_duplicates_and_change_nothing(
    harness: ImportHarness,
) -> None:
    number = harness.create(
        "item_code,price\n000000001,1.05\n0000 00001,1.06\n0000\u300000001,1.07\n", similar_keys="match"
    )
    assert [(row.new_item_code, row.status) for row in harness.rows(number)] == [
        ("000000001", "duplicate")
    ] * 3
    with pytest.raises(Conflict):
        harness.execute(number)


@pytest.mark.parametrize("chunk_size", [1, 2])
@pytest.mark.parametrize(
    ("target", "table", "key"),
    [
        ("product", "item_code,price\n000000001,1.05\n0000 00001,1.15\n", "000000001"),
        ("vendor", "code,name\nv 1,One\nV1,Uno\n", "V1"),
        ("vendor", "code,name\nV1,One\nv1,Uno\n", "V1"),
    ],
)
def test_rows_that_get_one_key_are_duplicates_in_whatever_chunks_they_are_refreshed(
    harness: ImportHarness,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    table: str,
    key: str,
    chunk_size: int,
) -> None:
    monkeypatch.setattr(ImportHandler, "refresh_chunk_size", chunk_size)
    number = harness.create(table, target=target, similar_keys="match")
    for _ in range(2):
        rows = harness.rows(number)
        found = [
            (getattr(row, f"new_{'item_code' if target == 'product' else 'code'}"), row.status)
            for row in rows
        ]
        assert found == [(key, "duplicate")] * 2
        harness.run(number, Action.REFRESH)


def test_two_rows_that_change_one_record_are_never_executed(
    harness: ImportHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As an earlier version left them: no row knows of the other.
    monkeypatch.setattr(comparison, "has_duplicate", lambda *_: false())
    number = harness.create("item_code,price\n000000001,1.05\n000000001,1.15\n")
    assert statuses(harness, number) == ["update", "update"]
    for apply in ("all", "good"):
        with pytest.raises(Conflict, match="rows 1 and 2 change the same record"):
            harness.run(
                number,
                *([Action.COMPLETE] if apply == "all" else []),
                Action.EXECUTE,
                options={"apply": apply},
            )
    assert harness.price_history() == []
