from __future__ import annotations

import json
from decimal import Decimal

from sqlalchemy import Engine, delete, insert, select, update
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness, stock

from batchbook.batches import Rows, TargetRecords
from batchbook.batches.effects.models import BatchEffect, count_effects, effects_of
from batchbook.batches.effects.observation import observing
from batchbook.catalog.models import Product
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow

FILE = "item_code,description,size,price\n001,,,2.00\n002,,,2.00\n003,,,2.00\n003,,,3.00\n004,,,4.00\n"
RECORDS = TargetRecords(
    model=Product,
    key=Product.item_code,
    join=PriceChangeRow.item_code == Product.item_code,
    fields={"price": Product.price, "description": Product.description, "active": Product.active},
)


def test_what_is_created_changed_and_deleted_is_kept_as_it_was_and_is(engine: Engine) -> None:
    stock(engine, ("001", 1), ("002", 1), ("003", 1))
    harness = BatchHarness(engine, PRICE_CHANGE)
    number = harness.open(FILE)
    with transaction_scope(engine) as session:
        batch = harness.on(session).find(number)
        rows = Rows.of_batch(session, batch, PriceChangeRow, utc_now())
        with observing(rows, number, [RECORDS]):
            session.execute(delete(Product).where(Product.item_code == "001"))
            text = 'A "quoted"\\text\twith ü'
            session.execute(
                update(Product).where(Product.item_code == "003").values(description=text, active=False)
            )
            session.execute(insert(Product).values(item_code="004", description="New", price=Decimal("4.50")))
    with transaction_scope(engine, read_only=True) as session:
        found = list(effects_of(session, number))
        assert [(e.number, e.target, e.record_key, e.sequence, e.kind) for e in found] == [
            (1, "product", "001", 1, "deleted"),
            (2, "product", "003", 3, "updated"),
            (3, "product", "004", 5, "created"),
        ]
        assert (found[0].before["price"], found[0].after) == ("1.00", {})
        assert found[1].after == {"description": text, "active": False}
        assert found[2].changes[0] == ("price", None, "4.50")
        assert [e.number for e in effects_of(session, number, 2)] == [1, 2]
        assert count_effects(session, number) == {
            ("product", "created"): 1,
            ("product", "deleted"): 1,
            ("product", "updated"): 1,
        }
        kept = session.scalars(select(BatchEffect.after).where(BatchEffect.kind == "updated")).one()
        assert json.loads(kept) == found[1].after
