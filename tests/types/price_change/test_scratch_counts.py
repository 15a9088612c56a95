from __future__ import annotations

import random
from decimal import Decimal

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope

CODES = ("a-9", "A-9", "a -9", "zz", "ZZ", "000000001", "b")


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("seed", range(100))
def test_random(engine: Engine, harness: BatchHarness, seed: int) -> None:
    r = random.Random(seed)
    lines = "".join(f"{r.choice(CODES)},,,1.{r.randint(10, 99)}\n" for _ in range(9))
    b = harness.open("item_code,description,size,price\n" + lines)
    bad = []
    for code in r.sample(["A-9", "ZZ", "B"], 2):
        with transaction_scope(engine) as s:
            s.add(Product(item_code=code, description="", price=Decimal("1.00")))
    for step in range(8):
        n = r.randint(1, 9)
        what = r.choice(["price", "code", "remove", "add"])
        row = harness.row(b, n)
        if what == "price" and not row.removed:
            harness.edit(b, n, new_price=f"2.{r.randint(10, 99)}")
        elif what == "code" and not row.removed:
            c = r.choice(CODES)
            harness.edit(b, n, item_code=c)
            what += " " + c
        elif what == "remove":
            harness.remove(b, n, removed=not row.removed)
        elif what == "add":
            harness.add(b, item_code=r.choice(CODES), new_price="1.11")
        try:
            harness.assert_counted(b)
        except AssertionError as e:
            bad.append((step, what, n, "COUNT"))
    before = [(x.item_code, x.status) for x in harness.rows(b) if not x.removed]
    touched = [i for i in before]
    harness.run(b, Action.REFRESH)
    after = [(x.item_code, x.status) for x in harness.rows(b) if not x.removed]
    # rows that share a code must agree on being duplicates, as they stand
    half = {c for c, s in before if s == "duplicate"} & {
        c for c, s in before if s not in ("duplicate", "invalid")
    }
    lone = [c for c, s in before if s == "duplicate" and sum(1 for d, _ in before if d == c) == 1]
    assert not bad and not half and not lone, (bad, half, lone, before)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_special(engine: Engine, harness: BatchHarness) -> None:
    b = harness.open("item_code,description,size,price\na-9,,,1.10\na-9,,,1.20\nA-9,,,1.30\n")
    print(harness.statuses(b))
    with transaction_scope(engine) as s:
        s.add(Product(item_code="A-9", description="", price=Decimal("1.00")))
    harness.edit(b, 1, item_code="b")
    print([(x.item_code, x.status) for x in harness.rows(b)])
    harness.assert_counted(b)
    harness.run(b, Action.REFRESH)
    print([(x.item_code, x.status) for x in harness.rows(b)])
