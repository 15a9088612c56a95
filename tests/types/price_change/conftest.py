from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness

from batchbook.catalog.models import Department, Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill

#: Item code, price, vendor, department.
PRODUCTS = (
    ("000000001", "1.00", "V1", "GROCERY"),
    ("000000002", "2.00", "V1", "GROCERY"),
    ("000000003", "3.00", "V1", "PRODUCE"),
    ("000000004", "4.00", "V2", "GROCERY"),
    ("000000005", "0.05", None, None),
)


def add_products(engine: Engine) -> None:
    """Add the products."""
    with transaction_scope(engine) as session:
        vendors = {code: Vendor(code=code) for code in ("V1", "V2", "V3")}
        departments = {name: Department(name=name) for name in ("GROCERY", "PRODUCE")}
        session.add_all([*vendors.values(), *departments.values()])
        session.flush()
        session.execute(
            insert(Product),
            [
                {
                    "item_code": code,
                    "description": f"Item {code[-1]}",
                    "size": f"{code[-1]} OZ",
                    "price": Decimal(price),
                    "vendor_id": vendors[vendor].id if vendor else None,
                    "department_id": departments[department].id if department else None,
                }
                for code, price, vendor, department in PRODUCTS
            ],
        )


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """The database has the products where the test takes ``five_items``."""
    return (*fill, add_products) if "five_items" in request.fixturenames else fill


@pytest.fixture
def five_items() -> None:
    """The database has the products when the test begins."""


@pytest.fixture
def harness(five_items: None, engine: Engine) -> BatchHarness:
    """Price changes, and a catalogue of five products."""
    return BatchHarness(engine, PRICE_CHANGE)


@pytest.fixture
def prices(engine: Engine) -> Callable[[], dict[str, str]]:
    """Returns the products' prices by the last digit of their item codes."""

    def read() -> dict[str, str]:
        with transaction_scope(engine, read_only=True) as session:
            found = session.execute(select(Product.item_code, Product.price).order_by(Product.item_code))
            return {row.item_code[-1]: str(row.price) for row in found}

    return read


@pytest.fixture
def set_price(engine: Engine) -> Callable[[str, str], Any]:
    """Changes a price in the catalogue, as somebody else would: ``set_price("1", "1.50")``."""

    def write(digit: str, price: str) -> None:
        with transaction_scope(engine) as session:
            product = session.scalars(select(Product).where(Product.item_code == f"00000000{digit}")).one()
            product.price, product.version = Decimal(price), product.version + 1

    return write
