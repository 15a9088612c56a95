"""What is kept of products that are removed, and what becomes of the records that refer to them."""

from __future__ import annotations

from sqlalchemy import Engine, func, select
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.effects.models import effects_of
from batchbook.catalog.models import Product, ProductMatch, VendorItem
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import PurchaseOrderLine, ReceiptLine

from .conftest import RemovalHarness, order, receive

ALL = {"steps": ["deactivate", "delete"], "also": ["on_order", "has_documents"]}


def executed(harness: BatchHarness, batch_id: int) -> int:
    harness.run(batch_id, Action.COMPLETE)
    harness.run(batch_id, Action.EXECUTE, **ALL)
    return batch_id


def test_the_values_of_a_deleted_product_are_kept_with_the_batch(harness: RemovalHarness) -> None:
    batch_id = executed(harness, harness.of("A1", "N1"))
    with transaction_scope(harness.database, read_only=True) as session:
        effects = {(one.target, one.record_key): one for one in effects_of(session, batch_id)}
    assert effects["product", "A1"].before == {"active": True}
    assert effects["product", "A1"].after == {"active": False}
    gone = effects["product", "N1"]
    assert (gone.kind, gone.sequence, gone.after) == ("deleted", 2, {})
    kept = {
        "description": "Item N1",
        "price": "2.50",
        "department": "GROCERY",
        "vendor": "V1",
        "active": False,
    }
    assert kept.items() <= gone.before.items()
    assert effects["vendor_item", "N1"].before["cost"] == "0.50"
    assert effects["product_match", "N1"].before == {"key": "X-1", "matched_by": "ann"}


def test_documents_keep_the_item_code_of_a_deleted_product(harness: RemovalHarness, engine: Engine) -> None:
    order(engine, "N2", 5, 0)
    receive(engine, "N2")
    executed(harness, harness.of("N1", "N2"))
    with transaction_scope(engine, read_only=True) as session:
        lines = [
            session.execute(select(one.item_code, one.product_id)).one()
            for one in (PurchaseOrderLine, ReceiptLine)
        ]
        left = [session.scalar(select(func.count()).select_from(one)) for one in (VendorItem, ProductMatch)]
    assert [tuple(line) for line in lines] == [("N2", None), ("N2", None)]
    assert left == [0, 0]


def test_a_deactivated_product_gets_a_new_version(harness: RemovalHarness, engine: Engine) -> None:
    executed(harness, harness.of("A1"))
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(
            select(Product.version, Product.modified_at).where(Product.item_code == "A1")
        ).one()
    batch = harness.batch(1)
    assert (found.version, found.modified_at) == (2, batch.executed_at)
