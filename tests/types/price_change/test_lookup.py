"""Vendors, departments and products as the catalogue spells them."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches.editing import BulkEditor
from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput

FILE = "item_code,description,size,price\n000000001,,,1.00\n"


def test_a_vendor_that_is_two_by_another_spelling_must_be_written_as_it_is(
    engine: Engine, harness: BatchHarness
) -> None:
    with transaction_scope(engine) as session:
        session.add_all([Vendor(code="AB"), Vendor(code="ab")])
    with pytest.raises(BadInput, match="“aB” may be more than one vendor: “AB”, “ab”"):
        harness.create(FILE, vendor_code="aB")
    assert harness.batch(harness.create(FILE, vendor_code="ab")).vendor_code == "ab"  # type: ignore[attr-defined]


def test_an_item_code_is_found_whatever_its_case_blanks_and_width(
    engine: Engine, harness: BatchHarness
) -> None:
    codes = ("Ab-1", "CAFÉ 7", "x1", "X1", "X2")
    with transaction_scope(engine) as session:
        session.add_all(Product(item_code=code, description="", price=Decimal("1.00")) for code in codes)
    texts = ("aB-1", "cafe\u03017", "X1", "x 1", "\uff58\uff12", "X2", "no such")
    batch_id = harness.open(
        "item_code,description,size,price\n" + "".join(f"{text},,,1.10\n" for text in texts)
    )
    assert [(row.item_code, row.status) for row in harness.rows(batch_id)] == [
        ("Ab-1", "increase"),
        ("CAFÉ 7", "increase"),
        ("X1", "increase"),
        ("x 1", "not_in_catalogue"),  # It may be either.
        ("X2", "duplicate"),
        ("X2", "duplicate"),
        ("no such", "not_in_catalogue"),
    ]
    harness.edit(batch_id, 7, item_code="AB-1")
    assert (harness.row(batch_id, 7).item_code, harness.row(batch_id, 7).status) == ("Ab-1", "duplicate")
    assert harness.row(batch_id, 1).status == "duplicate"
    with harness.engine() as at_work:
        texts = {7: {"item_code": "no such"}, 4: {"item_code": "cafe\u0301 7"}}
        BulkEditor(at_work).edit(batch_id, texts, "edit", "Changed codes.")
    assert harness.statuses(batch_id) == [
        "increase",
        "duplicate",
        "increase",
        "duplicate",
        "duplicate",
        "duplicate",
        "not_in_catalogue",
    ]
    harness.assert_counted(batch_id)


def test_counts_hold_where_codes_are_spelled_anew_by_an_edit(engine: Engine, harness: BatchHarness) -> None:
    file = "item_code,description,size,price\na-9,,,1.10\na-9,,,1.20\nzz,,,1.00\nzz,,,1.00\n"
    batch_id = harness.open(file)
    with transaction_scope(engine) as session:
        session.add(Product(item_code="A-9", description="", price=Decimal("1.00")))
    harness.edit(batch_id, 1, new_price="1.30")
    batch = harness.batch(batch_id)
    assert (batch.row_count, batch.kept_count, sum(batch.status_counts.values())) == (4, 4, 4)
    assert batch.status_counts == dict(Counter(harness.statuses(batch_id)))


CODES = ("a-9", "A-9", "a -9", "zz", "ZZ", "000000001", "b")


@pytest.mark.parametrize(
    "seed", [20, 26, 47, 63, 91, 92]
)  # Of a hundred, those that once left an old status.
def test_rows_with_one_code_agree_on_being_duplicates_whatever_is_edited(
    engine: Engine, harness: BatchHarness, seed: int
) -> None:
    chance = random.Random(seed)
    lines = "".join(f"{chance.choice(CODES)},,,1.{chance.randint(10, 99)}\n" for _ in range(9))
    batch_id = harness.open("item_code,description,size,price\n" + lines)
    with transaction_scope(engine) as session:
        for code in chance.sample(["A-9", "ZZ", "B"], 2):
            session.add(Product(item_code=code, description="", price=Decimal("1.00")))
    for _ in range(8):
        row = harness.row(batch_id, chance.randint(1, 9))
        what = chance.choice(["price", "code", "remove", "add"])
        if what == "add":
            harness.add(batch_id, item_code=chance.choice(CODES), new_price="1.11")
        elif what == "remove":
            harness.remove(batch_id, row.sequence, removed=not row.removed)
        elif not row.removed:
            change = (
                {"new_price": f"2.{chance.randint(10, 99)}"}
                if what == "price"
                else {"item_code": chance.choice(CODES)}
            )
            harness.edit(batch_id, row.sequence, **change)
        harness.assert_counted(batch_id)
    kept = [(row.item_code, row.status) for row in harness.rows(batch_id) if not row.removed]
    times = Counter(code for code, _ in kept)
    assert [(code, status) for code, status in kept if (times[code] > 1) is not (status == "duplicate")] == []
