"""A matching that names what is not there is refused when the application starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.batches.shelf_count import ShelfCount, ShelfCountRow

from batchbook.batches.matching.declaration import MatchMemory, NewRecords
from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.types.price_change.matching import MATCHING
from batchbook.types.price_change.models import PriceChange, PriceChangeRow


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"key": "code"}, "code"),
        ({"key": "product"}, "not editable"),
        ({"description": "text"}, "text"),
        (
            {
                "memory": MatchMemory(
                    model=ProductMatch,
                    header="vendor",
                    owner=Vendor.code,
                    title="vendor",
                    permission="products:edit",
                )
            },
            "vendor",
        ),
        (
            {
                "new_records": NewRecords(
                    batch_type="import", header=lambda _: {}, columns={"a": "b"}, label="x"
                )
            },
            "b",
        ),
    ],
)
def test_a_name_that_is_not_there_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises((ValueError, TypeError), match=problem):
        replace(MATCHING, **change).check(PriceChange, PriceChangeRow)


def test_rows_without_the_columns_of_matches_are_refused() -> None:
    matching = replace(MATCHING, key="item_code", description=None, memory=None, new_records=None)
    with pytest.raises(TypeError, match="needs the columns of MatchedRow"):
        matching.check(ShelfCount, ShelfCountRow)


def test_records_are_described() -> None:
    records = MATCHING.records
    assert (records.model, records.id.key, records.name) == (Product, "id", "product")
