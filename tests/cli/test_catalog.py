from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, select

from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.session import transaction_scope
from batchbook.demo import CATALOG

Run = Callable[..., Any]


def test_loads_a_catalogue_and_again(batchbook: Run, engine: Engine) -> None:
    first = batchbook("catalog", "load", CATALOG, "--json")
    assert json.loads(first.stdout) == {"created": 3587, "updated": 0, "unchanged": 0}
    again = batchbook("catalog", "load", CATALOG)
    assert again.stdout == "Loaded 3,587 products: 0 created, 0 updated, 3,587 unchanged.\n"
    with transaction_scope(engine, read_only=True) as session:
        assert "000032265" in session.scalars(select(Product.item_code)).all()
        assert session.scalars(select(PriceHistory)).all() == []
