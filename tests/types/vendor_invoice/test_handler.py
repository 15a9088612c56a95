from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness
from tests.types.racing import told_second

from batchbook.batches import Action
from batchbook.catalog.models import Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict
from batchbook.purchasing.models import Payable

from .conftest import open_invoice, payables
from .test_payables import execute


def asked(harness: BatchHarness, batch: int, hook: str, *args: Any) -> Any:
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch))
        return getattr(context.handler, hook)(context.batch, *args)


@pytest.mark.parametrize(
    ("total", "is_met"),
    [("12.00", True), ("12.01", True), ("11.99", True), ("12.02", False), ("11.98", False)],
)
def test_the_lines_must_add_up_to_the_total(harness: BatchHarness, total: str, is_met: bool) -> None:
    batch = open_invoice(harness, "000000001,12,1.00,", total)
    if is_met:
        assert asked(harness, batch, "why_not_execute") is None
        harness.run(batch, Action.COMPLETE)
        return
    with pytest.raises(Conflict, match=rf"The lines add up to 12\.00, and the invoice's total is {total}"):
        harness.run(batch, Action.COMPLETE)


def test_removed_lines_do_not_count(harness: BatchHarness) -> None:
    batch = open_invoice(harness, "000000001,12,1.00,\nFREIGHT,1,,5.00", "12.00")
    assert "add up to 17.00" in asked(harness, batch, "why_not_execute")
    harness.remove(batch, 2)
    assert asked(harness, batch, "why_not_execute") is None


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("000000001,x,1.00,0", "1 line is invalid or there twice"),
        ("000000001,12,1.00,\n000000001,12,1.00,", "2 lines are invalid or there twice"),
    ],
)
def test_wrong_lines_have_to_be_corrected(harness: BatchHarness, lines: str, sentence: str) -> None:
    assert sentence in asked(harness, open_invoice(harness, lines, "24.00"), "why_not_execute")


def test_an_invoice_is_entered_once(harness: BatchHarness, engine: Engine) -> None:
    batch = open_invoice(harness, "000000001,12,1.00,", "12.00")
    with pytest.raises(BadInput, match=r"Invoice 4711 of vendor V1 is being entered already"):
        open_invoice(harness, "000000001,12,1.00,", "12.00")
    execute(harness, batch)
    with pytest.raises(
        BadInput, match=rf"Invoice 4711 of vendor V1 is payable already, by batch {batch:08d}"
    ):
        open_invoice(harness, "000000001,12,1.00,", "12.00", vendor_code="v1")
    # Another vendor may use the number, and this one another number.
    open_invoice(harness, "000000001,50,1.00,", "50.00", vendor_code="V2")
    second = open_invoice(harness, "000000001,24,1.10,", "26.40", invoice_number="4712")
    harness.edit_header(second, invoice_number="4711")
    with pytest.raises(Conflict, match="is payable already"):
        harness.run(second, Action.COMPLETE)
    assert len(payables(engine)) == 1


def test_one_that_became_payable_by_another_way_is_refused_when_it_is_executed(
    harness: BatchHarness, engine: Engine
) -> None:
    batch = open_invoice(harness, "000000001,12,1.00,", "12.00")
    harness.run(batch, Action.COMPLETE)
    with transaction_scope(engine) as session:
        vendor = session.scalars(select(Vendor).where(Vendor.code == "V1")).one()
        header = {"invoice_number": "4711", "total": Decimal(1)}
        session.add(Payable(vendor=vendor, invoice_date=asked_date(harness, batch), **header))
    with pytest.raises(Conflict, match="is payable already"):
        harness.run(batch, Action.EXECUTE)


def asked_date(harness: BatchHarness, batch: int) -> Any:
    return harness.batch(batch).invoice_date  # type: ignore[attr-defined]


def test_it_is_described_with_what_differs(harness: BatchHarness) -> None:
    batch = open_invoice(
        harness, "000000001,14,1.00,\n000000003,3,3.10,\n000000002,6,2.00,", "35.30", due_on="2026-12-10"
    )
    assert asked(harness, batch, "describe_execution", {"accept": ["cost"]}) == [
        "Invoice 4711 of vendor V1 over 35.30 becomes payable, due on 2026-12-10.",
        "1 line matched with what was received.",
        "2 lines differ: 1 quantity differs, 2 cost differs.",
        "To execute it, accept “Quantity differs”, or correct these lines.",
    ]


def test_totals_show_what_is_missing(harness: BatchHarness) -> None:
    batch = open_invoice(harness, "000000001,12,1.00,\n000000003,3,3.10,", "25.00")
    assert {total.label: total.value for total in asked(harness, batch, "totals")} == {
        "Sum of the lines": Decimal("21.30"),
        "Difference to the invoice's total": Decimal("-3.70"),
        "Difference to what was received": Decimal("0.30"),
    }


def test_lines_are_scanned_and_add_up(harness: BatchHarness) -> None:
    batch = harness.create(vendor_code="V1", invoice_number="1", invoice_date="2026-11-10", invoice_total="1")
    harness.run(batch, Action.POPULATE)
    row = harness.enter(batch, "12*400000000015")
    harness.enter(batch, "000000001")
    assert (harness.row(batch, row).item_code, harness.row(batch, row).quantity) == ("000000001", 13)


def test_the_vendors_own_codes_are_known(harness: BatchHarness) -> None:
    header = {"vendor_code": "V1", "invoice_number": "9", "invoice_date": "2026-11-10", "invoice_total": "12"}
    batch = harness.open("Article;Qty;Price;Line total\na-1;12;1,00;12,00\n", **header)
    assert (harness.row(batch, 1).item_code, harness.row(batch, 1).status) == ("000000001", "matched")


def test_each_difference_has_to_be_accepted(harness: BatchHarness) -> None:
    batch = open_invoice(harness, "000000001,14,9.00,\n000000002,5,2.00,\n000000003,3,3.00,", "145.00")
    told = asked(harness, batch, "describe_execution", {"accept": ["quantity"]})
    assert told[1:] == [
        "1 line matched with what was received.",
        "2 lines differ: 2 quantity differs, 1 cost differs.",
        "To execute it, accept “Cost differs”, or correct these lines.",
    ]
    assert len(asked(harness, batch, "describe_execution", {"accept": ["quantity", "cost"]})) == 3


def test_of_two_invoices_with_one_number_at_one_moment_one_becomes_payable(
    harness: BatchHarness, engine: Engine
) -> None:
    first = open_invoice(harness, "000000001,12,1.00,", "12.00")
    second = open_invoice(harness, "000000003,3,3.00,", "9.00", invoice_number="4712")
    harness.edit_header(second, invoice_number="4711")
    for batch in (first, second):
        harness.run(batch, Action.COMPLETE)
    told = told_second(harness, first, second)
    assert f"Invoice 4711 of vendor V1 is payable already, by batch {first:08d}." in told
    assert [harness.batch(one).state for one in (first, second)] == ["executed", "complete"]
    assert payables(engine) == [("4711", "V1", Decimal("12.00"), None, first)]
