"""The page of a seal: it tells what was sealed, and verifies it on demand."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from tests.functional.harness import CatalogueDatabase, text_of, url_of
from webtest import TestApp

from batchbook.audit import seal_page
from batchbook.batches.freeze import unfreeze_table
from batchbook.db.transactions import transaction_scope


def test_an_auditor_verifies_a_batch_and_is_told_what_differs(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int, engine: Engine
) -> None:
    page = auditor.get(url_of(executed_batch)).click("Seal and evidence")
    assert "As it was sealed" not in text_of(page)
    verified = page.click("Verify now")
    assert "The batch is as it was sealed" in text_of(verified)
    for link in (
        "Timeline of everything",
        "Each cell that people changed",
        "before and after",
        "Rows and files",
    ):
        assert page.click(link, index=0).status_int == 200
    with transaction_scope(engine) as session:
        if engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            unfreeze_table(session.connection(), "price_change_row")
        session.execute(text("UPDATE price_change_row SET new_price = 7 WHERE sequence = 2"))
    found = text_of(page.click("Verify now"))
    assert "is not as it was sealed" in found
    assert "table price_change_row, sequence 2, column new_price: was changed." in found


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_large_batch_is_for_the_command(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_page, "MOST_ROWS", 3)
    page = auditor.get(url_of(executed_batch, "seal?verify=yes"))
    assert f"batchbook verify {executed_batch}" in page.text
    assert "Verify now" not in page.text
    assert "The batch is as it was sealed" not in page.text


def test_what_is_not_executed_has_no_seal(
    catalogue: CatalogueDatabase, admin: TestApp, open_batch: int
) -> None:
    assert "has no seal" in admin.get(url_of(open_batch, "seal"), status=404).text
