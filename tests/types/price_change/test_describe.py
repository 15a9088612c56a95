from __future__ import annotations

from io import BytesIO

from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.loader import load
from batchbook.db.transactions import transaction_scope

HEADER = "item_code,description,size,price\n"
LIST = HEADER + (
    "000000001,,,1.50\n000000002,,,1.99\n000000003,,,3.00\n000000004,,,4.50\n000000099,,,1.00\n000000005,,,oops\n"
)
CATALOGUE = (
    b"item_code,description,department,category,brand,size,vendor_code,price,on_hand\n"
    b"000000002,Item 2,GROCERY,,,2 OZ,V1,"
)


def complete(harness: BatchHarness, file: str = LIST) -> int:
    batch_id = harness.open(file)
    harness.run(batch_id, Action.COMPLETE)
    return batch_id


def described(harness: BatchHarness, batch_id: int, *apply: str) -> list[str]:
    with harness.engine() as at_work:
        batch = at_work.find(batch_id)
        return at_work.context_of(batch).handler.describe_execution(
            batch, {"apply": apply, "overwrite": False}
        )


def test_the_description_counts_what_will_happen(harness: BatchHarness, engine: Engine) -> None:
    batch_id = complete(harness)
    assert described(harness, batch_id, "increase", "decrease") == [
        "3 products get a new price, effective immediately: 2 go up, 1 goes down.",
        "1 price stays as it is.",
        "Left out: 1 not in catalogue, 1 invalid.",
    ]
    with transaction_scope(engine) as session:
        for price in (b"2.30", b"2.20"):
            file = BytesIO(CATALOGUE + price + b",0\n")
            load(session, "catalog.csv", file, by="test", reason="test")
    assert described(harness, batch_id, "increase")[2:] == [
        "Left out: 1 decrease, 1 not in catalogue, 1 invalid."
    ]
    assert described(harness, batch_id, "decrease")[3] == (
        "1 of these prices changed in the catalogue since the last refresh."
    )
