"""Checks of proposed products: each finds what is wrong, says it at the cell, and lets go once it is mended."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, event, insert
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.editing import BulkEditor
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput

from .conftest import HEADINGS


def one(harness: BatchHarness, line: str, **texts: str) -> Any:
    """Return the row that ``line`` of a list becomes."""
    (row,) = harness.rows(harness.open(HEADINGS + line + "\n", **texts))
    return row


def issues(row: Any) -> dict[str, tuple[str, list[str]]]:
    return {found["field"]: (found["code"], found.get("suggestions", [])) for found in row.issues or ()}


@pytest.mark.parametrize(
    ("line", "status", "found"),
    [
        ("900,,Candles,12 CT,GROCERY,V0764,,2.00,1.00,", "new", {}),
        ("900,4006381333931,Candles,12 CT,,,,2.00,,", "new", {}),
        ("000000011,,Rye bread,500 G,,,,2.00,,", "in_catalogue", {}),
        ("ab-1 ,,Oil,,,,,2.00,,", "in_catalogue", {}),
        ("900,036000291452,Bread,,,,,2.00,,", "in_catalogue", {"upc": ("upc-taken", [])}),
        ("900,0036000291452,Bread,,,,,2.00,,", "in_catalogue", {"upc": ("upc-taken", [])}),
        ("900,00036000291452,Bread,,,,,2.00,,", "in_catalogue", {"upc": ("upc-taken", [])}),
        ("900,4006381333932,Pens,,,,,2.00,,", "invalid", {"upc": ("check-digit", ["4006381333931"])}),
        ("900,42100005264,Pens,,,,,2.00,,", "invalid", {"upc": ("check-digit", ["042100005264", "421000052644"])}),
        ("900,12,Pens,,,,,2.00,,", "invalid", {"upc": ("check-digit", [])}),
        ("900,A6000291452,Pens,,,,,2.00,,", "invalid", {"upc": ("check-digit", [])}),
        ("900,,Pens,,GROCERIES,,,2.00,,", "invalid", {"department": ("unknown", ["GROCERY"])}),
        ("900,,Pens,,,V764,,2.00,,", "invalid", {"vendor_code": ("unknown", ["V0764"])}),
        ("900,,Pens,,,,,,,", "incomplete", {"price": ("missing", [])}),
        (",,Pens,,,,,2.00,,", "incomplete", {"item_code": ("missing", [])}),
        ("900,,,,,,,2.00,,", "incomplete", {"description": ("missing", [])}),
        ("900,,Pens,,,,,cheap,,", "invalid", {"price": ("not-a-number", [])}),
        ("900,,Pens,,,,,2.00,3.00,", "new", {"price": ("below-cost", [])}),
        ("900,,RYE BREAD,0.5 kg,,,,2.00,,", "similar", {"different": ("similar", ["yes"])}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_the_cell(
    harness: BatchHarness, line: str, status: str, found: dict[str, Any]
) -> None:
    row = one(harness, line)
    assert (row.status, issues(row)) == (status, found)


def test_names_are_written_as_the_catalogue_does_and_codes_plainly(harness: BatchHarness) -> None:
    row = one(harness, "900,0 40063 81333-93 1,Pens,,grocery,v0764,,2.00,,")
    assert (row.upc, row.department, row.vendor_code) == ("4006381333931", "GROCERY", "V0764")
    assert (row.status, row.issues) == ("new", None)


def test_the_header_fills_what_rows_do_not_say(harness: BatchHarness) -> None:
    batch_id = harness.open(
        f"{HEADINGS},4006381333931,Pens,,,,,2.00,,\n901,,Ink,,BAKERY,V0002,,2.00,,\n",
        department="produce",
        vendor_code="v0764",
        upc_as_code="yes",
    )
    rows = [(row.item_code, row.department, row.vendor_code) for row in harness.rows(batch_id)]
    assert rows == [("4006381333931", "PRODUCE", "V0764"), ("901", "BAKERY", "V0002")]
    batch: Any = harness.batch(batch_id)
    assert (batch.department, batch.vendor_code) == ("PRODUCE", "V0764")


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [("department", "FISH", "no department “FISH”"), ("vendor_code", "V9", "no vendor “V9”")],
)
def test_a_header_names_a_vendor_and_department_of_the_catalogue(
    harness: BatchHarness, field: str, text: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        harness.create(f"{HEADINGS}900,,Pens,,,,,2.00,,\n", **{field: text})


def test_duplicates_by_either_code_are_found_and_released(harness: BatchHarness) -> None:
    batch_id = harness.open(
        f"{HEADINGS}900,,Pens,,,,,2.00,,\n900,,Pens,,,,,2.50,,\n901,4006381333931,Ink,,,,,2.00,,\n"
        "902,04006381333931,Ink,,,,,2.00,,\n903,,Glue,,,,,2.00,,\n"
    )
    assert harness.statuses(batch_id) == ["duplicate", "duplicate", "same_upc", "same_upc", "new"]
    row = harness.row(batch_id, 4)
    assert (row.status_text, [*issues(row)]) == ("Another row has the same UPC/EAN.", ["upc"])
    harness.edit(batch_id, 4, upc="96385074")
    assert harness.statuses(batch_id) == ["duplicate", "duplicate", "new", "new", "new"]
    harness.edit(batch_id, 2, item_code="904")
    assert harness.statuses(batch_id) == ["new"] * 5
    with harness.engine() as engine:
        texts = {1: {"upc": "96385074"}, 5: {"item_code": "904"}}
        BulkEditor(engine).edit(batch_id, texts, "edit", "Some.")
    assert harness.statuses(batch_id) == ["same_upc", "duplicate", "new", "same_upc", "duplicate"]
    harness.remove(batch_id, 5)
    assert harness.statuses(batch_id)[:4] == ["same_upc", "new", "new", "same_upc"]
    harness.assert_counted(batch_id)


def test_codes_that_differ_in_case_only_are_duplicates_once_all_rows_are_checked(
    harness: BatchHarness,
) -> None:
    batch_id = harness.open(f"{HEADINGS}AB-7,,Pens,,,,,2.00,,\nab-7,,Ink,,,,,2.50,,\nAB-8,,Glue,,,,,2.50,,\n")
    assert harness.statuses(batch_id) == ["duplicate", "duplicate", "new"]
    harness.edit(batch_id, 2, item_code="AB-9")
    harness.run(batch_id, Action.REFRESH)
    assert harness.statuses(batch_id) == ["new", "new", "new"]


def test_a_similar_product_is_named_until_somebody_says_that_it_is_another(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADINGS}900,,WAFERS CHOCOLATE W HAZELNUTS,1000 g,,,Any,2.00,,\n")
    row = harness.row(batch_id, 1)
    assert (row.status, row.similar_to) == ("similar", "000000012")
    assert row.similar_product == "Chocolate wafers with hazelnuts, 1 KG"
    assert "It may be 000000012: Chocolate wafers with hazelnuts, 1 KG." in row.status_text
    harness.edit(batch_id, 1, different="yes")
    row = harness.row(batch_id, 1)
    assert (row.status, row.issues, row.similar_to) == ("new", None, "000000012")
    assert row.status_text == "Not 000000012, although it is similar."
    harness.edit(batch_id, 1, different="", size="500 g")
    row = harness.row(batch_id, 1)
    assert (row.status, row.status_text, row.similar_to) == ("new", None, None)


def test_the_header_says_whether_all_can_be_created(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADINGS}900,,Pens,,,,,2.00,,\n901,,Ink,,,,,,,\n")
    assert harness.batch(batch_id).status == "questions"
    harness.edit(batch_id, 2, price="3.00")
    assert harness.batch(batch_id).status == "ready"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_edit_neither_reads_all_rows_nor_brings_the_index_up_to_date(
    harness: BatchHarness, engine: Engine
) -> None:
    lines = "".join(f"{number},,Pens {number},,,,,2.00,,\n" for number in range(900, 950))
    batch_id = harness.open(HEADINGS + lines)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    harness.edit(batch_id, 1, description="Pencils")
    harness.edit(batch_id, 2, upc="96385074", department="grocery")
    assert not any("LEFT OUTER JOIN match_record" in statement for statement in sent)
    assert harness.row(batch_id, 2).department == "GROCERY"


def test_products_that_were_created_meanwhile_are_found_by_a_refresh(
    harness: BatchHarness, engine: Engine
) -> None:
    batch_id = harness.open(f"{HEADINGS}900,,Pens,,,,,2.00,,\n901,,Ink pots of glass,,,,,2.00,,\n")
    with transaction_scope(engine) as session:
        values = [
            {"item_code": "900", "description": "Pens"},
            {"item_code": "7", "description": "Glass ink pots of"},
        ]
        session.execute(insert(Product), [{**one, "price": 1} for one in values])
    harness.run(batch_id, Action.REFRESH)
    assert harness.statuses(batch_id) == ["in_catalogue", "similar"]
    assert harness.row(batch_id, 2).similar_to == "7"
