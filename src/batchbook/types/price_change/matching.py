"""The matching of item codes that the catalogue lacks: products that they may mean, what is remembered, and new products.

Beside that, the rows and the records of which price changes are made.
"""

from __future__ import annotations

from collections.abc import Mapping

from batchbook.batches import FromBatch, FromSearch, MatchedRecords, Matching, MatchMemory, NewRecords
from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.types.price_change.models import PriceChange, PriceStatus


def _header_of_new_products(batch: PriceChange) -> Mapping[str, str]:
    """Return the header of the import that creates the products which the catalogue lacks."""
    return {
        "target": "product",
        "mode": "create",
        "sender": batch.vendor_code or "",
        "description": f"New products of {str(batch).lower()}",
    }


#: Rows whose item code is not in the catalogue.
MATCHING = Matching(
    key="item_code",
    description="description",
    unknown=PriceStatus.NOT_IN_CATALOGUE,
    records=MatchedRecords(
        key=Product.item_code,
        title="product",
        permission="products:view",
        description=Product.description,
        owner=Product.vendor_id,
    ),
    memory=MatchMemory(
        model=ProductMatch,
        header="vendor_code",
        owner=Vendor.code,
        title="vendor",
        permission="products:edit",
    ),
    new_records=NewRecords(
        batch_type="import",
        header=_header_of_new_products,
        columns={
            "item_code": "item_code",
            "description": "description",
            "size": "size",
            "price": "new_price",
            "vendor": lambda batch: batch.vendor_code,
            "department": lambda batch: batch.department,
        },
        label="Make new products",
    ),
    key_title="item code",
    title="Not in the catalogue",
)

#: Rows of another price change, such as a part of a long list, and products that are chosen in their grid: their prices are
#: computed, or entered by hand.
SOURCES = (
    FromBatch(
        "price_change",
        columns={name: name for name in ("line", "item_code", "description", "size", "new_price")},
        header={name: name for name in ("vendor_code", "department", "warn_above")},
    ),
    FromSearch(Product, columns={name: name for name in ("item_code", "description", "size")}),
)
