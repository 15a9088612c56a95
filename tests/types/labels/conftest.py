from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness
from tests.types.labels.label_batches import LABELS

from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill

#: Item code, UPC, description, price, vendor, department, whether it is active, and when it was changed last.
PRODUCTS = (
    ("000000001", "4006381333931", "Green tea", "2.49", "V1", "GROCERY", True, "2026-11-01"),
    ("000000002", "012000161155", "Black tea", "1.29", "V1", "GROCERY", True, "2026-11-10"),
    ("000000003", None, "Apples", "0.99", "V2", "PRODUCE", True, "2026-11-20"),
    ("000000004", "4006381333930", "Pears", "1.99", "V2", "PRODUCE", True, "2026-11-25"),
    ("000000005", "96385074", "Plums", "3.49", "V2", "PRODUCE", False, "2026-11-28"),
    ("000000006", None, "中国茶", "5.00", None, None, True, "2026-10-01"),
)


def add_products(engine: Engine) -> None:
    """Add the products; the price of the second one changed on its day."""
    with transaction_scope(engine) as session:
        vendors = {code: Vendor(code=code) for code in ("V1", "V2")}
        departments = {name: Department(name=name) for name in ("GROCERY", "PRODUCE")}
        session.add_all([*vendors.values(), *departments.values()])
        for code, upc, description, price, vendor, department, active, day in PRODUCTS:
            session.add(
                Product(
                    item_code=code,
                    upc=upc,
                    description=description,
                    size="100 G",
                    price=Decimal(price),
                    vendor=vendors.get(vendor or ""),
                    department=departments.get(department or ""),
                    active=active,
                    modified_at=datetime.fromisoformat(day).replace(tzinfo=UTC),
                )
            )
        session.flush()
        black = session.scalars(select(Product).where(Product.item_code == "000000002")).one()
        session.add(
            PriceHistory(
                product_id=black.id,
                item_code=black.item_code,
                old_price=Decimal("1.19"),
                new_price=black.price,
                changed_at=black.modified_at,
                changed_by="admin",
                reason="A test",
            )
        )


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """The database has the products where the test takes ``six_products``."""
    return (*fill, add_products) if "six_products" in request.fixturenames else fill


@pytest.fixture
def six_products() -> None:
    """The database has the products when the test begins."""


@pytest.fixture
def harness(six_products: None, engine: Engine) -> BatchHarness:
    """Labels, and a catalogue of six products."""
    return BatchHarness(engine, LABELS)
