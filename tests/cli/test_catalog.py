from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope
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


def test_a_file_that_changes_prices_says_why(batchbook: Run, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    head = "item_code,description,department,category,brand,size,vendor_code,price,on_hand\n"
    file.write_text(f"{head}1,TEA,GROCERY,TEA,MILL,1,V1,2.00,5\n")
    batchbook("catalog", "load", file)
    file.write_text(f"{head}1,TEA,GROCERY,TEA,MILL,1,V1,2.50,5\n")
    refused = batchbook("catalog", "load", file, "--reason", " ")
    assert (refused.exit_code, "give a reason with --reason" in refused.stderr) == (1, True)
    assert "500 are the most" in batchbook("catalog", "load", file, "--reason", "x" * 501).stderr
    assert batchbook("catalog", "load", file, "--reason", "Moved from the old system").exit_code == 0
    with transaction_scope(engine, read_only=True) as session:
        (change,) = session.scalars(select(PriceHistory)).all()
        assert (str(change.new_price), change.reason) == ("2.50", "Moved from the old system")
