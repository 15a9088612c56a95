from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.purchasing.models import ReceiptLine
from batchbook.types.vendor_invoice.models import VendorInvoiceRow

from .conftest import invoiced, open_invoice, payable_lines, payables

BEFORE = {
    ("R-1", "1"): 0, ("R-1", "2"): 6, ("R-1", "3"): 2, ("R-2", "1"): 0, ("R-2", "2"): 0, ("R-2", "6"): 0, ("R-3", "4"): 0,
    ("R-3", "1"): 0,
}  # fmt: skip
EVERYTHING = ["quantity", "cost", "amount", "not_received", "not_ordered", "not_found"]


def execute(harness: BatchHarness, batch: int, *accept: str) -> str:
    assert not harness.run(batch, Action.COMPLETE).failed
    result = harness.run(batch, Action.EXECUTE, accept=[*accept])
    assert not result.failed, result.message
    return result.message


def test_an_invoice_that_matches_becomes_payable(harness: BatchHarness, engine: Engine) -> None:
    batch = open_invoice(harness, "000000001,12,1.00,\n000000002,6,2.00,", "24.00", due_on="2026-12-10")
    message = execute(harness, batch)
    assert "Invoice 4711 of vendor V1 over 24.00 is payable: 2 lines, 2 matched with receipts." in message
    assert payables(engine) == [("4711", "V1", Decimal("24.00"), date(2026, 12, 10), batch)]
    assert payable_lines(engine) == [
        (1, "1", 12, "1.00", "12.00", "R-1"),
        (2, "2", 6, "2.00", "12.00", "R-2"),
    ]
    assert invoiced(engine) == BEFORE | {("R-1", "1"): 12, ("R-2", "2"): 6}


def test_a_line_is_divided_among_receipts_and_what_nobody_received(
    harness: BatchHarness, engine: Engine
) -> None:
    # 36 were received, at two costs; 40 are asked for. The parts add up to the amount, which is no multiple of the cost.
    batch = open_invoice(harness, "000000001,40,1.05,41.99\nFREIGHT,1,,5.00\n000000005,2,,3.00", "49.99")
    execute(harness, batch, *EVERYTHING)
    assert payable_lines(engine) == [
        (1, "1", 12, "1.05", "12.60", "R-1"),
        (2, "1", 24, "1.05", "25.20", "R-2"),
        (3, "1", 4, "1.05", "4.19", None),
        (4, "T", 1, None, "5.00", None),
        (5, "5", 2, None, "3.00", None),
    ]
    assert invoiced(engine) == BEFORE | {("R-1", "1"): 12, ("R-2", "1"): 24}


def test_an_amount_without_a_cost_is_kept_together(harness: BatchHarness, engine: Engine) -> None:
    batch = open_invoice(harness, "000000001,14,,14.20", "14.20")
    execute(harness, batch, "quantity")
    assert [line[2:5] for line in payable_lines(engine)] == [(12, None, "0.00"), (2, None, "14.20")]


def test_the_rest_of_a_receipt_is_matched_by_the_next_invoice(harness: BatchHarness, engine: Engine) -> None:
    execute(harness, open_invoice(harness, "000000001,14,1.00,", "14.00"), *EVERYTHING)
    second = open_invoice(harness, "000000001,22,1.10,", "24.20", invoice_number="4712")
    assert (harness.row(second, 1).status, harness.row(second, 1).receipt) == ("matched", "R-2")
    execute(harness, second)
    assert invoiced(engine) == BEFORE | {("R-1", "1"): 12, ("R-2", "1"): 24}


@pytest.mark.parametrize("accept", [[], ["cost"], ["quantity"]])
def test_lines_that_differ_are_paid_only_if_that_is_accepted(
    harness: BatchHarness, engine: Engine, accept: list[str]
) -> None:
    batch = open_invoice(harness, "000000001,14,1.00,\n000000003,3,3.10,", "23.30")
    harness.run(batch, Action.COMPLETE)
    with pytest.raises(Conflict, match=r"Nothing was executed, because (1|2) lines? differs?"):
        harness.run(batch, Action.EXECUTE, accept=accept)
    assert (payables(engine), invoiced(engine)) == ([], BEFORE)
    assert not harness.run(batch, Action.EXECUTE, accept=["quantity", "cost"]).failed


@pytest.mark.parametrize(
    ("accept", "left"),
    [
        (["quantity"], "1 line differs: 1 cost differs"),
        (["cost"], "2 lines differ: 2 quantity differs"),
        (["quantity", "amount"], "1 line differs: 1 cost differs"),
    ],
)
def test_an_accepted_difference_hides_no_other_one(
    harness: BatchHarness, engine: Engine, accept: list[str], left: str
) -> None:
    batch = open_invoice(harness, "000000001,14,9.00,\n000000002,5,2.00,", "136.00")
    harness.run(batch, Action.COMPLETE)
    with pytest.raises(Conflict, match=left):
        harness.run(batch, Action.EXECUTE, accept=accept)
    with harness.engine() as at_work, pytest.raises(Conflict, match=left):
        at_work.dry_run(batch, {"accept": accept}, lambda *_: None)
    assert (payables(engine), invoiced(engine)) == ([], BEFORE)
    harness.run(batch, Action.EXECUTE, accept=["quantity", "cost"])
    assert len(payables(engine)) == 1


def test_a_line_that_was_matched_before_it_could_tell_two_differences_needs_both(
    harness: BatchHarness, engine: Engine
) -> None:
    batch = open_invoice(harness, "000000001,14,9.00,", "126.00")
    harness.run(batch, Action.COMPLETE)
    with transaction_scope(engine) as session:
        row = VendorInvoiceRow
        session.execute(update(row).where(row.batch_id == batch).values(status="quantity", status_text=None))
    with pytest.raises(Conflict, match="1 line differs: 1 cost differs"):
        harness.run(batch, Action.EXECUTE, accept=["quantity"])


def test_units_that_another_invoice_took_meanwhile_stop_the_execution(
    harness: BatchHarness, engine: Engine
) -> None:
    batch = open_invoice(harness, "000000001,12,1.00,", "12.00")
    harness.run(batch, Action.COMPLETE)
    with transaction_scope(engine) as session:
        for line in session.scalars(select(ReceiptLine).where(ReceiptLine.item_code == "000000001")):
            line.invoiced = 1
    with pytest.raises(Conflict, match="000000001"):
        harness.run(batch, Action.EXECUTE)
    assert payables(engine) == []
