"""Suggestions of records by the beginning of their key or label."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Engine, insert

from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.grid import Reference
from batchbook.grid.references import Suggestion, suggestions

PRODUCTS = Reference(Product.item_code, "products:view", Product.description)


def test_keys_come_before_labels_in_any_case_and_no_more_than_wanted(engine: Engine) -> None:
    names = {"a1": "Milk", "a2": "A2 MILK", "b1": "a1 steak sauce", "c%": "Cheese_50%"}
    with transaction_scope(engine) as session:
        session.execute(
            insert(Product),
            [{"item_code": code, "description": name, "price": Decimal(1)} for code, name in names.items()],
        )

        def found(typed: str, most: int = 10) -> list[str]:
            return [one.text for one in suggestions(session, PRODUCTS, typed, most)]

        assert found("A") == ["a1", "a2", "b1"]
        assert found(" mil ") == ["a1"]
        assert found("c%") == ["c%"]
        assert found("%") == found("_") == found("milk 2") == []
        assert found("", 3) == ["a1", "a2", "b1"]
        assert found("a", 2) == ["a1", "a2"]
        assert suggestions(session, PRODUCTS, "CHEESE_", 1) == [Suggestion("c%", "Cheese_50%")]
