"""Promotions of a catalogue of six products, and what becomes of their prices."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action, BatchType
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill
from batchbook.types.price_promotion.handler import PricePromotionHandler
from batchbook.types.price_promotion.models import PricePromotion, PricePromotionRow

PRICE_PROMOTION = BatchType(
    "price_promotion",
    PricePromotion,
    SharedTable(PricePromotionRow),
    PricePromotionHandler,
    object,
    "Price promotion",
    "Price promotions",
)
#: Item code, price, whether it is active.
PRODUCTS = (
    ("A", "10.00", True),
    ("B", "5.00", True),
    ("C", "2.99", True),
    ("D", "1.00", True),
    ("E", "8.00", False),
)
LIST = "item_code,price\nA,7.50\nB,6.00\nE,4.00\nX,1.00\nC,1.99\nC,1.89\nD,\n"


def day(offset: int) -> date:
    """Return the day that is so many days from today, in UTC."""
    return utc_now().date() + timedelta(days=offset)


def add_products(engine: Engine) -> None:
    """Add the products."""
    with transaction_scope(engine) as session:
        session.execute(
            insert(Product),
            [
                {"item_code": code, "description": f"Item {code}", "price": Decimal(price), "active": active}
                for code, price, active in PRODUCTS
            ],
        )


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """The database has the products where the test takes ``promotions``."""
    return (*fill, add_products) if "promotions" in request.fixturenames else fill


@dataclass(frozen=True)
class Promotions(BatchHarness):
    """Acts on promotions, and looks at the prices of the catalogue."""

    def made(self, file: str | None, **texts: str) -> int:
        """Create a promotion called Sale, and populate it."""
        with self.engine() as engine:
            upload = None if file is None else io.BytesIO(file.encode())
            batch = create_batch(engine, "price_promotion", {"name": "Sale", **texts}, upload, "list.csv")
        assert not self.run(batch.id, Action.POPULATE).failed
        return batch.id

    def promote(self, file: str = LIST, first: int = 0, last: int = 6, **texts: str) -> int:
        """Create a promotion from a list, from the ``first`` day to the ``last``, in days from now."""
        days = {"starts_on": str(day(first)), "ends_on": str(day(last))}
        return self.made(file, **{**days, **texts})

    def executed_promotion(self, file: str = LIST, first: int = 0, last: int = 6, **texts: str) -> int:
        """Create a promotion and execute it; the one of its return is the next number."""
        batch_id = self.promote(file, first, last, **texts)
        self.run(batch_id, Action.COMPLETE, Action.EXECUTE)
        return batch_id

    def return_of(self, batch_id: int) -> int:
        """Return the number of the batch by which the prices return."""
        outcome = self.batch(batch_id).execution_outcome
        assert outcome is not None
        (number,) = outcome["figures"]["made"]
        return int(number)

    def summary(self, batch_id: int) -> str:
        """Return the sentence on the execution of a batch."""
        outcome = self.batch(batch_id).execution_outcome
        assert outcome is not None
        return str(outcome["summary"])

    def prices(self) -> dict[str, str]:
        """Return the products' prices by code."""
        with transaction_scope(self.database, read_only=True) as session:
            found = session.execute(select(Product.item_code, Product.price).order_by(Product.item_code))
            return {code: str(price) for code, price in found}

    def set_price(self, code: str, price: str) -> None:
        """Change a price in the catalogue, as somebody else would."""
        with transaction_scope(self.database) as session:
            session.execute(update(Product).where(Product.item_code == code).values(price=Decimal(price)))

    def history(self) -> list[tuple[Any, ...]]:
        """Return item code, prices, batch, row and reason of all changes of prices."""
        h = PriceHistory
        wanted = select(h.item_code, h.old_price, h.new_price, h.batch_id, h.sequence, h.reason).order_by(
            h.id
        )
        with transaction_scope(self.database, read_only=True) as session:
            return [(row[0], str(row[1]), str(row[2]), *row[3:]) for row in session.execute(wanted)]

    def shown(self, batch_id: int, *names: str) -> list[tuple[Any, ...]]:
        """Return columns of the rows of a batch, numbers as texts."""
        return [
            tuple(str(row[name]) if isinstance(row[name], Decimal) else row[name] for name in names)
            for row in self.rows(batch_id)
        ]


@pytest.fixture
def promotions(engine: Engine) -> Promotions:
    """Promotions of the products."""
    return Promotions(engine, PRICE_PROMOTION)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], datetime]:
    """Have actions take place so many days from now: ``at(7)``."""
    modules: Iterable[str] = ("engine.engine", "engine.copying")

    def later(days: int) -> datetime:
        moment = utc_now() + timedelta(days=days)
        for module in modules:
            monkeypatch.setattr(f"batchbook.batches.{module}.utc_now", lambda: moment)
        return moment

    return later
