"""Product proposals in a small shop, whose products have codes of bar codes, sizes and brands."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import BatchType
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Department, Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill
from batchbook.types.new_product.handler import NewProductHandler
from batchbook.types.new_product.models import NewProduct, NewProductRow

PROPOSALS = BatchType(
    "new_product",
    NewProduct,
    SharedTable(NewProductRow),
    NewProductHandler,
    object,
    "Product proposal",
    "Product proposals",
)

HEADINGS = "item_code,upc,description,size,department,vendor_code,brand,price,cost,case_pack\n"


def add_shop(engine: Engine) -> None:
    """Add three departments, two vendors, and five products."""
    with transaction_scope(engine) as session:
        session.add_all(Department(name=name) for name in ("BAKERY", "GROCERY", "PRODUCE"))
        session.add_all(Vendor(code=code) for code in ("V0764", "V0002"))
        session.add_all(
            Product(item_code=code, upc=upc, description=text, size=size, brand=brand, price=Decimal("1.00"))
            for code, upc, text, size, brand in (
                ("000000011", "036000291452", "Rye bread", "500 G", "Mill"),
                ("000000012", "5901234123457", "Chocolate wafers with hazelnuts", "1 KG", None),
                ("000000013", None, "Oat flakes", "500 G", "Mill"),
                ("AB-1", None, "Olive oil, extra virgin", "1 L", None),
                ("000000014", None, "Pretzel", None, None),
            )
        )


@pytest.fixture
def fill(fill: tuple[Fill, ...]) -> tuple[Fill, ...]:
    """The database has the shop."""
    return (*fill, add_shop)


@pytest.fixture
def harness(engine: Engine) -> BatchHarness:
    """Product proposals of staff."""
    return BatchHarness(engine, PROPOSALS)
