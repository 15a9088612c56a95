"""Batchbook's conformance kit for the batch type, and what is particular to it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from batchbook.batches import Action
from batchbook.catalog.models import Product, Vendor
from batchbook.errors import BadInput, Conflict
from batchbook.testing import AppHarness, BatchTypeConformance, HarnessFixtures, Sample
from sqlalchemy import select, update
from sqlalchemy.orm import Session

SETTINGS = {
    "batchbook.include": "batchbook_reorderpoints",
    "batchbook.migrations": "batchbook_reorderpoints:migrations",
}


def add_products(session: Session, rows: int) -> list[str]:
    """Add products of one vendor, and return their codes."""
    codes, mill = [f"{number:06d}" for number in range(rows)], Vendor(code="MILL")
    session.add_all(
        Product(item_code=code, description="Tea", price=Decimal("2.49"), vendor=mill, reorder_point=6)
        for code in codes
    )
    return codes


class TestReorderPoints(BatchTypeConformance):
    key = "reorder_points"
    settings = SETTINGS

    def sample(self, session: Session, rows: int) -> Sample:
        lines = ["item_code,reorder_point", *(f"{code},7" for code in add_products(session, rows))]
        return Sample(
            texts={"vendor_code": "mill"},
            file="\n".join(lines).encode(),
            edit=("reorder_point", "12"),
            edits=(("item_code", "999999"),),
            row={"item_code": "000001", "reorder_point": "5"},
        )


class TestABatchOfOneVendor(HarnessFixtures):
    """What the kit does not know of reorder points, with its fixtures."""

    key = "reorder_points"
    settings = SETTINGS

    def sample(self, session: Session, rows: int) -> Sample:
        add_products(session, rows)
        session.add(
            Product(item_code="X", description="Salt", price=Decimal("0.49"), vendor=Vendor(code="SEA"))
        )
        file = b"item_code,reorder_point\n000000,6\n000001,7\n000002,\nX,3\nY,3\n"
        return Sample(texts={"vendor_code": "MILL"}, file=file)

    def test_each_row_has_the_status_that_fits(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        _, number = made
        found = [(row["old_point"], row["status"]) for row in harness.rows(number).values()]
        assert found == [
            (6, "unchanged"),
            (6, "ready"),
            (6, "empty"),
            (None, "other_vendor"),
            (None, "not_found"),
        ]

    def test_only_rows_that_are_ready_change_their_products(
        self, harness: AppHarness, made: tuple[Sample, int]
    ) -> None:
        sample, number = made
        harness.execute(number, sample)
        with harness.transaction(read_only=True) as session:
            rows = session.execute(select(Product.item_code, Product.reorder_point))
            found = {code: point for code, point in rows}
        assert (found["000000"], found["000001"], found["000002"], found["X"]) == (6, 7, 6, None)
        outcome = harness.batch(number).execution_outcome or {}
        assert outcome["summary"] == "1 reorder point changed, 4 rows left out."

    def test_a_point_that_changed_since_the_refresh_is_noticed(
        self, harness: AppHarness, made: tuple[Sample, int]
    ) -> None:
        _, number = made
        harness.run(number, Action.COMPLETE)
        with harness.transaction() as session:
            session.execute(update(Product).values(reorder_point=9))
        with pytest.raises(Conflict, match=r"000001 \(old point was 6, now 9\)"):
            harness.run(number, Action.EXECUTE)

    def test_an_unknown_vendor_is_refused(self, harness: AppHarness) -> None:
        with pytest.raises(BadInput, match="There is no vendor “LAKE”"):
            harness.create(Sample(texts={"vendor_code": "LAKE"}, file=b"item_code,reorder_point\n"))

    def test_products_that_are_chosen_in_their_grid_become_a_batch(self, harness: AppHarness) -> None:
        with harness.transaction() as session:
            add_products(session, 3)
        page = harness.client("staff").get("/products").click("Reorder points…")
        form = next(one for one in page.forms.values() if "vendor_code" in one.fields)
        form["vendor_code"] = "MILL"
        form.submit(status=303)
        assert [(row["item_code"], row["old_point"], row["status"]) for row in harness.rows(1).values()] == [
            (f"00000{number}", 6, "empty") for number in range(3)
        ]
