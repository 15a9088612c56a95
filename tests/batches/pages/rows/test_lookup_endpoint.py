"""Suggestions of records while somebody types a code."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from tests.functional.harness import CatalogueDatabase, url_of
from webtest import TestApp

from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.grid.references import Reference, suggestions


def ask(client: TestApp, batch_id: int, q: str, field: str = "item_code") -> Any:
    url = f"{url_of(batch_id, 'rows', 'lookup')}"
    headers = {"Accept": "application/json"}
    return client.get(url, {"field": field, "q": q}, headers=headers, status=200).json


def test_products_are_suggested_by_the_beginning_of_code_or_description(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    with catalogue.engine.connect() as connection:
        product = connection.execute(text("SELECT item_code, description FROM product LIMIT 1")).one()
    code, description = product
    first = {"text": code, "label": description}
    assert first in ask(staff, open_batch, code[:8])
    assert first in ask(staff, open_batch, description[:9].lower())
    assert ask(staff, open_batch, "%") == ask(staff, open_batch, "nothing-like-it") == []
    assert 0 < len(ask(staff, open_batch, "")) <= 12
    assert ask(staff, open_batch, "1", field="new_price") == ask(staff, open_batch, "1", field="no") == []


@pytest.mark.parametrize("typed", ["0001", "org"])
def test_an_index_serves_the_search(catalogue: CatalogueDatabase, typed: str) -> None:
    reference = Reference(Product.item_code, "products:view", Product.description)
    with transaction_scope(catalogue.engine, read_only=True) as session:
        statements: list[tuple[str, Any]] = []
        connection = session.connection()
        run = connection.dialect.do_execute
        connection.dialect.do_execute = lambda cursor, sql, values, context=None: (  # type: ignore[method-assign]
            statements.append((sql, values)),
            run(cursor, sql, values, context),
        )[1]
        try:
            suggestions(session, reference, typed, 12)
        finally:
            del connection.dialect.do_execute  # type: ignore[method-assign]
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        for sql, values in statements:
            plan = " ".join(map(str, connection.exec_driver_sql(explain + sql, values).all()))
            assert "ix_product_" in plan or "uq_product" in plan or "autoindex" in plan, plan
            assert "SCAN product" not in plan.replace("SCAN product USING INDEX", "")
