from __future__ import annotations

import pytest
from tests.batches.harness import BatchHarness

from batchbook.types.vendor_invoice.models import InvoiceStatus as S

from .conftest import open_invoice


@pytest.mark.parametrize(
    ("line", "status", "received", "matched", "expected", "receipt"),
    [
        # The whole of the first delivery, of both, and parts of them.
        ("000000001,12,1.00,", S.MATCHED, 36, 12, "12.00", "R-1"),
        ("000000001,36,1.07,", S.COST, 36, 36, "38.40", "R-1"),
        ("000000001,7,1.00,", S.QUANTITY, 36, 7, "7.00", "R-1"),
        ("000000001,14,,14.20", S.QUANTITY, 36, 14, "14.20", "R-1"),
        ("000000001,72,,76.80", S.QUANTITY, 36, 36, "38.40", "R-1"),
        # What is invoiced already is left out.
        ("000000002,6,2.00,", S.MATCHED, 6, 6, "12.00", "R-2"),
        ("000000003,3,3.00,", S.MATCHED, 3, 3, "9.00", "R-1"),
        ("000000003,3,3.10,", S.COST, 3, 3, "9.00", "R-1"),
        ("000000003,3,,9.00", S.MATCHED, 3, 3, "9.00", "R-1"),
        ("000000003,3,,9.30", S.COST, 3, 3, "9.00", "R-1"),
        ("000000003,3,3.00,8.50", S.AMOUNT, 3, 3, "9.00", "R-1"),
        # Only another vendor delivered the fourth; the fifth is ordered; receipts may lack a cost.
        ("000000004,8,1.00,", S.NOT_ORDERED, 0, 0, None, None),
        ("000000005,10,1.00,", S.NOT_RECEIVED, 0, 0, None, None),
        ("000000006,4,1.00,", S.COST, 4, 4, None, "R-2"),
        ("FREIGHT,1,5.00,", S.NOT_FOUND, None, 0, None, None),
        ("000000001,x,1.00,", S.INVALID, 36, 0, None, None),
        ("000000001,1,,", S.INVALID, 36, 0, None, None),
        ("000000001,999999,9999999999.99,", S.INVALID, 36, 0, None, None),
    ],
)  # fmt: skip
def test_a_line_is_matched_with_the_oldest_units_that_are_not_invoiced(
    harness: BatchHarness,
    line: str,
    status: str,
    received: int | None,
    matched: int,
    expected: str | None,
    receipt: str | None,
) -> None:
    row = harness.row(open_invoice(harness, line), 1)
    assert (row.status, row.received, row.matched) == (status, received, matched)
    assert (row.expected and str(row.expected), row.receipt) == (expected, receipt)
    difference = None if expected is None else row.amount - row.expected
    assert row.difference == difference


@pytest.mark.parametrize(
    ("cost", "tolerance", "status"),
    [
        ("3.06", "2", S.MATCHED),
        ("3.07", "2", S.COST),
        ("2.94", "2.00", S.MATCHED),
        ("2.93", "2", S.COST),
        ("3.01", "", S.COST),
    ],
)
def test_costs_may_differ_within_the_tolerance(
    harness: BatchHarness, cost: str, tolerance: str, status: str
) -> None:
    batch = open_invoice(harness, f"000000003,3,{cost},", tolerance=tolerance)
    assert harness.statuses(batch) == [status]


@pytest.mark.parametrize(
    ("line", "differences"),
    [
        ("000000001,14,1.00,", "Quantity differs. Cost differs."),
        ("000000001,72,,80.00", "Quantity differs. Cost differs."),
        ("000000001,7,1.00,6.00", "Quantity differs. Amount differs."),
        ("000000003,3,3.10,9.00", "Cost differs. Amount differs."),
        ("000000001,40,1.00,41.00", "Quantity differs. Cost differs. Amount differs."),
        ("000000006,3,1.00,", "Quantity differs. Cost differs."),  # Its receipt has no cost.
        ("000000005,10,1.00,9.00", "Amount differs. Not received."),
        ("000000004,8,1.00,9.00", "Amount differs. Not ordered."),
        ("FREIGHT,1,5.00,6.00", "Amount differs. Not in catalogue."),
    ],
)
def test_a_line_tells_of_each_difference(harness: BatchHarness, line: str, differences: str) -> None:
    batch = open_invoice(harness, line)
    row = harness.row(batch, 1)
    assert (row.status, row.status_text) == (S.SEVERAL, differences)
    # What is corrected is no longer told.
    harness.edit(batch, 1, item_code="000000002", quantity="6", cost="2.00", amount="12.00")
    row = harness.row(batch, 1)
    assert (row.status, row.status_text) == (S.MATCHED, None)


def test_another_tolerance_matches_all_lines_again(harness: BatchHarness) -> None:
    batch = open_invoice(harness, "000000003,3,3.06,")
    assert harness.statuses(batch) == [S.COST]
    harness.edit_header(batch, tolerance="5")
    assert harness.statuses(batch) == [S.MATCHED]


def test_two_lines_of_a_product_are_duplicates_until_one_is_removed(harness: BatchHarness) -> None:
    batch = open_invoice(harness, "000000001,12,1.00,\n400000000015,24,1.10,\n000000003,3,3.00,")
    assert harness.statuses(batch) == [S.DUPLICATE, S.DUPLICATE, S.MATCHED]
    assert harness.row(batch, 2).item_code == "000000001"
    harness.remove(batch, 2)
    assert harness.row(batch, 1).status == S.MATCHED


def test_a_computed_amount_keeps_the_version_of_its_row(harness: BatchHarness) -> None:
    batch = open_invoice(harness, "000000003,3,3.00,\n000000001,,1.00,")
    versions = [row.version for row in harness.rows(batch)]
    harness.edit_header(batch, tolerance="5")
    assert [row.version for row in harness.rows(batch)] == versions
    assert str(harness.row(batch, 1).amount) == "9.00"
