"""What the database keeps of the catalogue, and the statements by which its records change in bulk."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from batchbook.catalog.models import PRICE, Department, PriceHistory, Product, Vendor
from batchbook.db.transactions import transaction_scope

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def products(engine: Engine) -> dict[str, int]:
    """Three products, by item code; the first has a vendor and a department."""
    with transaction_scope(engine) as session:
        session.add_all(
            [
                Product(
                    item_code="000000001",
                    description="RYE",
                    price=Decimal("0.10"),
                    vendor=Vendor(code="V1"),
                    department=Department(name="BAKERY"),
                ),
                Product(item_code="1", description="OATS", price=Decimal("9999999999.99")),
                Product(item_code="2", description="MILK", price=Decimal("1.10")),
            ]
        )
        session.flush()
        return {row.item_code: row.id for row in session.execute(select(Product.item_code, Product.id))}


def test_codes_keep_their_zeros_and_prices_every_cent(engine: Engine, products: dict[str, int]) -> None:
    assert len(products) == 3
    with transaction_scope(engine, read_only=True) as session:
        prices = session.scalars(select(Product.price).order_by(Product.item_code)).all()
        assert prices == [Decimal("0.10"), Decimal("9999999999.99"), Decimal("1.10")]
        assert {(p.version, p.on_hand, p.active) for p in session.scalars(select(Product))} == {(1, 0, True)}


@pytest.mark.parametrize("model", [Vendor, Department])
def test_what_a_product_refers_to_cannot_be_deleted(
    engine: Engine, products: dict[str, int], model: type[Any]
) -> None:
    with pytest.raises(IntegrityError), transaction_scope(engine) as session:
        session.execute(delete(model))


def test_no_two_products_have_one_code(engine: Engine, products: dict[str, int]) -> None:
    with pytest.raises(IntegrityError), transaction_scope(engine) as session:
        session.add(Product(item_code="1", description="AGAIN", price=Decimal(1)))


def test_changes_of_prices_are_recorded_with_their_reason(engine: Engine, products: dict[str, int]) -> None:
    with transaction_scope(engine) as session:
        changing = Product.item_code.in_(["000000001", "2"])
        price = literal(Decimal("1.10"), PRICE)
        session.execute(
            PriceHistory.of_changes(price, NOON, "admin", changing, Product.price != price, reason="Moved")
        )
        (entry,) = session.scalars(select(PriceHistory)).all()
        assert (entry.product_id, entry.item_code) == (products["000000001"], "000000001")
        assert (entry.old_price, entry.new_price) == (Decimal("0.10"), Decimal("1.10"))
        assert (entry.changed_at, entry.changed_by, entry.reason) == (NOON, "admin", "Moved")
        assert (entry.batch_id, entry.sequence) == (None, None)


def test_a_touched_product_has_the_next_version_and_the_time(
    engine: Engine, products: dict[str, int]
) -> None:
    with transaction_scope(engine) as session:
        session.execute(update(Product).where(Product.item_code == "1").values(Product.touch(NOON)))
        found = session.execute(select(Product.item_code, Product.version, Product.modified_at)).all()
        assert {code: version for code, version, _ in found} == {"000000001": 1, "1": 2, "2": 1}
        assert [code for code, _, at in found if at == NOON] == ["1"]


def test_a_product_with_a_history_cannot_be_deleted(engine: Engine, products: dict[str, int]) -> None:
    values = {"product_id": products["2"], "item_code": "2", "changed_by": "admin"}
    with transaction_scope(engine) as session:
        prices = {"old_price": Decimal(1), "new_price": Decimal(2)}
        session.execute(insert(PriceHistory).values(**values, **prices, changed_at=NOON))
    with pytest.raises(IntegrityError), transaction_scope(engine) as session:
        session.execute(delete(Product).where(Product.item_code == "2"))
