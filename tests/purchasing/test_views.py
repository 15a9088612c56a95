"""The lists of purchase orders, receipts and payables, and of their lines."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import text
from tests.functional.harness import CatalogueDatabase, column_of, result_count
from webtest import TestApp

from batchbook.db.transactions import transaction_scope

DOCUMENTS = ("/purchase-orders", "/receipts", "/payables")
LINES = ("/purchase-order-lines", "/receipt-lines", "/payable-lines")

FOUND = {
    "/purchase-orders?view=default": 2,
    "/purchase-orders?f.state.any_of=open": 1,
    "/purchase-orders?f.total.greater=28": 1,
    "/purchase-orders?f.vendor.equal=V2": 0,
    "/purchase-order-lines?f.outstanding.greater=4": 1,
    "/purchase-order-lines?f.amount.equal=28.80": 1,
    "/purchase-order-lines?f.state.equal=closed": 0,
    "/receipts?f.order.equal=PO-1": 1,
    "/receipts?f.credit.equal=3.60": 1,
    "/receipt-lines?f.to_invoice.greater=0": 0,
    "/receipt-lines?f.damaged.equal=1": 1,
    "/payables?f.due_on.on=2026-12-10": 1,
    "/payable-lines?f.receipt.equal=R-1": 1,
}


def test_documents_and_lines_are_found_by_what_they_have(
    documents: CatalogueDatabase, staff: TestApp
) -> None:
    assert {query: result_count(staff.get(query)) for query in FOUND} == FOUND
    page = staff.get("/purchase-orders?sort=number")
    assert (column_of(page, "Total"), column_of(page, "Lines")) == (["28.80", ""], ["2", "0"])


def test_lines_lead_to_their_documents(documents: CatalogueDatabase, staff: TestApp) -> None:
    assert "purchase order PO-1" in staff.get("/purchase-order-lines").click(
        "PO-1", index=0
    ).text.lower().replace("po-1", "PO-1")
    assert staff.get("/receipt-lines").click("R-1").click("000000011").request.path.startswith("/products/")
    assert staff.get("/receipts").click("PO-1").request.path.startswith("/purchase-orders/")
    page = staff.get("/payable-lines")
    assert "4711 of vendor V1" in page.click("4711").text
    assert result_count(page.click("R-1")) == 1


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("path", [*DOCUMENTS, *LINES])
def test_they_are_exported_and_cannot_be_changed(
    documents: CatalogueDatabase, auditor: TestApp, admin: TestApp, path: str
) -> None:
    rows = list(csv.DictReader(io.StringIO(auditor.get(f"{path}/export.csv").body.decode("utf-8-sig"))))
    assert rows
    assert {row["Vendor"] for row in rows} == {"V1"}
    admin.get(f"{path}/new", status=404)
    admin.get(f"{path}/1/edit", status=404)
    admin.get(f"{path}/1/delete", status=404)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_may_not_see_documents_sees_no_lines_either(documents: CatalogueDatabase, staff: TestApp) -> None:
    assert 'href="/payables"' in staff.get("/")
    with transaction_scope(documents.engine) as session:
        session.execute(text("DELETE FROM role_permission WHERE permission = 'payables:view'"))
    for path in ("/payables", "/payables/1", "/payable-lines", "/payable-lines/export.csv"):
        if "export" not in path:
            staff.get(path, status=403)
    assert 'href="/payables"' not in staff.get("/")
    assert staff.get("/receipts")
