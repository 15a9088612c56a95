"""The pages of retention: policies, legal holds and purged batches."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select
from tests.functional.harness import CatalogueDatabase, column_of, form_to, form_with, text_of, url_of
from webtest import TestApp

from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.batches.retention.models import RetentionPolicy
from batchbook.batches.retention.purge import purge_batch
from batchbook.db.transactions import transaction_scope
from batchbook.services import services_of


def test_administrators_set_the_retention_of_a_type(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, executed_batch: int, engine: Engine
) -> None:
    staff.get("/retention", status=403)
    form = form_with(admin.get("/retention/new"), "days")
    form["type"], form["days"] = "price_change", "3650"
    form.submit(status=303)
    policies = admin.get("/retention")
    assert (column_of(policies, "Batch type"), column_of(policies, "Days")) == (["Price change"], ["3,650"])
    with transaction_scope(engine, read_only=True) as session:
        batch = session.scalars(select(Batch).where(Batch.id == executed_batch)).one()
        assert batch.purge_after is None, "It was executed before, when its type kept batches for good."
    log = admin.get("/audit-log?f.event.equal=retention+policy+changed")
    assert column_of(log, "Detail") == ["kept 3650 days"]


def test_a_batch_is_held_with_a_reason_and_released(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, auditor: TestApp, executed_batch: int
) -> None:
    staff.get("/legal-holds/new", status=403)
    assert "Kept for good" in text_of(auditor.get(url_of(executed_batch)), "#panel-details")

    def enter(placed: bool, status: int) -> Any:
        form = form_with(admin.get("/legal-holds/new"), "reason")
        form["number"], form["reason"], form["placed"] = str(executed_batch), "Lawsuit <b>12</b>/26.", placed
        return form.submit(status=status)

    enter(True, 303)
    assert "is already under a legal hold" in text_of(enter(True, 422))
    page = admin.get("/legal-holds?view=default")
    assert column_of(page, "Reason") == ["Lawsuit <b>12</b>/26."]
    assert page.click(f"{executed_batch:08d}", index=0).follow().request.path == url_of(executed_batch)
    held = auditor.get(url_of(executed_batch))
    assert "Legal hold" in text_of(held, ".page-lead")
    assert "Lawsuit <b>12</b>/26. All entries" in text_of(held, "#panel-details")
    entries = held.click("All entries")
    assert column_of(entries, "Reason") == ["Lawsuit <b>12</b>/26."]
    assert "New legal hold" not in text_of(entries)
    enter(False, 303)
    assert "Legal hold" not in text_of(auditor.get(url_of(executed_batch)), ".page-lead")
    assert "is not under a legal hold" in text_of(enter(False, 422))


def test_purged_batches_are_listed_and_found_by_their_number(
    app: Any,
    catalogue: CatalogueDatabase,
    admin: TestApp,
    staff: TestApp,
    auditor: TestApp,
    engine: Engine,
    complete_batch: int,
) -> None:
    with transaction_scope(engine) as session:
        session.add(RetentionPolicy(type="price_change", days=0))
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    with transaction_scope(engine) as session:
        purge_batch(session, services_of(app.registry).get(BatchTypes), complete_batch, "admin")
    admin.get(url_of(complete_batch), status=404)
    left = auditor.get(f"/batches/{complete_batch:08d}").follow()
    assert left.request.path == f"/tombstones/{complete_batch}"
    page = admin.get("/audit-log").click("Purged batches")
    assert (column_of(page, "Purged by"), column_of(page, "Type")) == (["admin"], ["Price change"])
    assert f"{complete_batch:08d}" in text_of(page.click(f"{complete_batch:08d}", index=0))
    # The price history names it for good; its number leads auditors to what is left of it.
    product = auditor.get("/products?f.item_code.equal=000000011").click("000000011")
    stone = product.click(f"{complete_batch:08d}", index=0).follow()
    assert "Purged by admin" in text_of(stone)
    staff.get(f"/batches/{complete_batch:08d}", status=404)
