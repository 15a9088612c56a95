from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Engine

from batchbook.batches import Block
from batchbook.catalog.models import Product, Vendor, VendorCodes, VendorItem, vendor_called
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput


@pytest.fixture(autouse=True)
def _items(engine: Engine) -> None:
    """Vendor V1 knows product 0001 as “A-1”, vendor V2 as “B-1”."""
    with transaction_scope(engine) as session:
        product = Product(item_code="0001", description="RYE", price=Decimal(1))
        session.add_all(
            VendorItem(vendor=Vendor(code=code), product=product, vendor_item_code=own)
            for code, own in (("V1", "A-1"), ("V2", "B-1"))
        )
        session.add_all([Vendor(code="V 3"), Vendor(code="v3")])


def test_a_vendor_is_found_however_its_code_is_written(engine: Engine) -> None:
    with transaction_scope(engine, read_only=True) as session:
        assert vendor_called(session, " v1") == "V1"
        assert vendor_called(session, "v3") == "v3"
        with pytest.raises(BadInput, match="There is no vendor “V9”"):
            vendor_called(session, "V9")


def test_codes_are_those_of_one_vendor_however_they_are_written(engine: Engine) -> None:
    with transaction_scope(engine, read_only=True) as session:
        codes = VendorCodes.of(session, "V1")
    assert [codes.item_code(own) for own in ("A-1", "a-1 ", "B-1", None)] == ["0001", "0001", None, None]


def test_rows_of_a_list_get_a_code_of_their_product() -> None:
    codes = VendorCodes({"a-1": "0001"})
    block = Block(
        ("item_code", "vendor_item_code", "upc", "cost"),
        [
            ("0007", "A-1", "4", 1),
            (None, "A-1", "4", 2),
            (None, "X", "4", 3),
            (None, "X", None, 4),
            (None, None, None, 5),
        ],
    )
    found = codes.filled(block).values
    assert [*found["item_code"]] == ["0007", "0001", "4", "X", ""]
    assert [*found["cost"]] == [1, 2, 3, 4, 5]
    assert [*codes.filled(Block(("vendor_item_code",), [("A-1",)])).values["item_code"]] == ["0001"]


def test_a_list_without_any_codes_is_refused() -> None:
    with pytest.raises(BadInput, match="No column of the list has item codes"):
        VendorCodes({}).filled(Block(("cost",), [(1,)]))
