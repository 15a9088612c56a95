"""The page of a document has its lines, and leads to the list of all lines."""

from __future__ import annotations

import pytest
from tests.functional.harness import CatalogueDatabase, column_of, result_count, text_of
from webtest import TestApp

from batchbook.purchasing import documents as pages


def test_a_document_shows_its_lines_and_leads_to_its_products(
    documents: CatalogueDatabase, auditor: TestApp
) -> None:
    page = auditor.get("/purchase-orders?f.number.equal=PO-1").click("PO-1")
    assert text_of(page, "h1") == "Purchase order PO-1"
    lines = page.html.select("#lines tbody tr, table#lines tr")
    assert len([line for line in lines if "RYE BREAD" in line.text or "UNKNOWN" in line.text]) == 2
    assert "V1" in text_of(page)
    product = page.click("000000011")
    assert text_of(product, "h1") == "Product 000000011"
    # The other line has no product to lead to.
    assert page.html.find("a", string="X") is None
    everything = page.click("Search and export")
    assert result_count(everything) == 2
    assert column_of(everything, "Outstanding") == ["4", "5"]


def test_a_document_without_lines_says_so(documents: CatalogueDatabase, auditor: TestApp) -> None:
    page = auditor.get("/purchase-orders?f.number.equal=PO-2").click("PO-2")
    assert "It has no lines" in text_of(page)
    assert page.html.find("a", string="The batch that made this purchase order") is None


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_first_lines_of_many_are_shown(
    documents: CatalogueDatabase, auditor: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SHOWN", 1)
    page = auditor.get("/purchase-orders?f.number.equal=PO-1").click("PO-1")
    assert "The first 1 of 2" in text_of(page)
    assert "UNKNOWN" not in text_of(page)
    assert result_count(page.click("All 2 lines")) == 2
