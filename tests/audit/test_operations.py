"""What people did with executed batches, by person and period."""

from __future__ import annotations

from tests.functional.harness import CatalogueDatabase, column_of
from webtest import TestApp


def test_an_auditor_sees_what_a_person_did(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int, open_batch: int
) -> None:
    page = auditor.get("/audit").click("Operations")
    assert {*column_of(page, "Batch")} == {f"{executed_batch:08d}"}
    assert {*column_of(page, "Person")} == {"staff", "admin"}
    of_admin = auditor.get("/audit/operations?f.actor.equal=admin&f.at.after=2020-01-01")
    assert column_of(of_admin, "Kind") == ["Executed"]
    assert "No operations match" in auditor.get("/audit/operations?f.at.before=2020-01-01").text
    assert "Executed" in auditor.get("/audit/operations/export.csv?f.actor.equal=admin").text
