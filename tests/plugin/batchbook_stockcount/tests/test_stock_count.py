"""The package's own tests: Batchbook's conformance kit, and what is particular to stock counts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches import Action
from batchbook.catalog.models import Department, Product
from batchbook.testing import AppHarness, BatchTypeConformance, HarnessFixtures, Sample

SETTINGS = {
    "batchbook.include": "batchbook_stockcount",
    "batchbook.migrations": "batchbook_stockcount:migrations",
}


def add_products(session: Session, rows: int) -> list[str]:
    """Add products, of each of which 3 are on hand, and return their codes."""
    codes = [f"{number:06d}" for number in range(1, rows + 1)]
    grocery = Department(name="GROCERY")
    session.add_all(
        Product(item_code=code, description=f"Item {code}", price=Decimal(1), on_hand=3, department=grocery)
        for code in codes
    )
    return codes


class TestCountOfAList(BatchTypeConformance):
    key = "stock_count"
    settings = SETTINGS

    def sample(self, session: Session, rows: int) -> Sample:
        codes = add_products(session, rows)
        lines = [f"{code},{number % 5}" for number, code in enumerate(codes)]
        return Sample(
            file="\n".join(["item_code,counted", *lines]).encode(),
            edit=("counted", "17"),
            row={"item_code": codes[0], "counted": "4"},
            scan=codes[0],
        )


class TestCountOfADepartment(HarnessFixtures):
    """What the kit does not know of stock counts, with its fixtures."""

    key = "stock_count"
    settings = SETTINGS

    def sample(self, session: Session, rows: int) -> Sample:
        add_products(session, rows)
        return Sample(texts={"department": "GROCERY"}, options={"zero_uncounted": "true"})

    def test_entries_of_one_item_are_added_up(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        _, number = made
        client = harness.client("staff")
        for _ in range(2):
            page = client.get(f"{harness.path}/{number}")
            form = next(form for form in page.forms.values() if form.action.endswith("/enter"))
            form["text"] = "000002"
            form.submit(status=303)
        found = [row for row in harness.rows(number).values() if row["item_code"] == "000002"]
        assert [(row["counted"], row["total"], row["status"]) for row in found] == [(2, 2, "less")]

    @pytest.mark.parametrize(("zero", "left"), [("false", 3), ("true", 0)])
    def test_the_option_decides_about_what_nobody_counted(
        self, harness: AppHarness, made: tuple[Sample, int], zero: str, left: int
    ) -> None:
        _, number = made
        harness.run(number, Action.COMPLETE, Action.EXECUTE, options={"zero_uncounted": zero})
        with harness.transaction(read_only=True) as session:
            assert set(session.scalars(select(Product.on_hand))) == {left}

    def test_the_page_has_the_panel_of_the_package(self, harness: AppHarness) -> None:
        with harness.transaction() as session:
            add_products(session, 2)
        number = harness.create(Sample(file=b"item_code,counted\n000001,3\n000002,10\n"))
        page = harness.client("staff").get(f"{harness.path}/{number}")
        panel = page.text.partition("Largest differences")[2][:1000]
        assert "Item 000002" in panel
        assert "+7" in panel
        assert "Item 000001" not in panel
        assert harness.batch(number).status == "different"
        assert "Units counted" in page.text
