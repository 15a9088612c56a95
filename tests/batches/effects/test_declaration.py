from __future__ import annotations

from sqlalchemy import true

from batchbook.batches import TargetRecords
from batchbook.catalog.models import Product


def test_records_are_called_as_their_table_unless_they_have_a_name() -> None:
    parts = {"model": Product, "key": Product.item_code, "join": true(), "fields": {}}
    assert TargetRecords(**parts).kind == "product"
    assert TargetRecords(**parts, name="article").kind == "article"
    assert TargetRecords(**parts).id is Product.id
