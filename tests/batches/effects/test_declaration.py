from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import true

from batchbook.batches import TargetRecords
from batchbook.batches.effects.declaration import values_as_json
from batchbook.catalog.models import Product


def test_values_are_kept_as_json_values_exactly() -> None:
    assert values_as_json(("a", 1, None, True)) == ("a", 1, None, True)
    assert values_as_json((Decimal("1.10"), None, Decimal("0.0000000"))) == ["1.10", None, "0.0000000"]
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert values_as_json((date(2026, 1, 2), moment, b"x")) == [
        "2026-01-02",
        "2026-01-02T03:04:00+00:00",
        "b'x'",
    ]


def test_records_are_called_as_their_table_unless_they_have_a_name() -> None:
    parts = {"model": Product, "key": Product.item_code, "join": true(), "fields": {}}
    assert TargetRecords(**parts).kind == "product"
    assert TargetRecords(**parts, name="article").kind == "article"
    assert TargetRecords(**parts).id is Product.id
