"""Lists of vendors as the source of rows: their columns, their codes, and what they are matched by; costs that hold without a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from batchbook.batches import (
    FileSource,
    IntakeField,
    MatchedRecords,
    Matching,
    MatchMemory,
    RowValues,
)
from batchbook.catalog.models import Product, ProductMatch, Vendor, VendorItem
from batchbook.types.vendor_catalog.models import CostStatus, VendorCatalog

#: The columns of a list that may name its items.
_CODES = ("item_code", "vendor_item_code", "upc")
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "item_code": ("item", "our item", "your item", "sku", "product code", "customer item"),
    "vendor_item_code": ("vendor item", "vendor item number", "supplier item", "supplier code", "article", "article number", "order number",
                         "catalogue number", "catalog number"),
    "upc": ("ean", "gtin", "barcode", "bar code", "upc code", "ean code"),
    "description": ("name", "item description", "product", "product name"),
    "new_cost": ("unit cost", "net cost", "net price", "cost each", "purchase price", "cost price"),
    "case_pack": ("case", "pack", "case qty", "case quantity", "units per case", "pack size"),
}  # fmt: skip


def _known_lengths(handler: Any, _batch: VendorCatalog, field: IntakeField) -> Mapping[int, int]:
    """Return the number of the catalogue's item codes, or bar codes, by their length."""
    known = {"item_code": Product.item_code, "upc": Product.upc}.get(field.name)
    if known is None:
        return {}
    length = func.length(known)
    rows = handler.session.execute(select(length, func.count()).where(known.is_not(None)).group_by(length))
    return {found: count for found, count in rows}  # noqa: C416 - Rows of a result are no pairs for the type checker.


#: The lists that vendor catalogues are made of.
FILE_SOURCE = FileSource(
    columns={
        "item_code": "item_code",
        "vendor item code": "vendor_item_code",
        "upc": "upc",
        "description": "description",
        "cost": "new_cost",
        "case pack": "case_pack",
    },
    optional=(*_CODES, "description", "case_pack"),
    key=_CODES,
    synonyms=_SYNONYMS,
    sender="vendor_code",
    line_column="line",
    known_lengths=_known_lengths,
)

#: Rows whose code means no product.
MATCHING = Matching(
    key="item_code",
    description="description",
    unknown=CostStatus.NOT_FOUND,
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
    key_title="item code",
    title="Not in the catalogue",
)


def costs_that_hold(session: Session, batch: VendorCatalog, today: date) -> Iterator[RowValues]:
    """Yield the vendor's costs that hold on the day of ``batch``, by default ``today``, and are not those of its products."""
    day = batch.effective_on or today
    held = (
        select(Product.item_code, VendorItem.vendor_item_code, VendorItem.cost, VendorItem.case_pack)
        .join(VendorItem.product)
        .join(VendorItem.vendor)
        .where(
            Vendor.code == batch.vendor_code,
            Product.vendor_id == VendorItem.vendor_id,
            VendorItem.cost.is_not(None),
            VendorItem.cost.is_distinct_from(Product.cost),
            VendorItem.is_in_effect(day),
        )
        .order_by(Product.item_code)
    )
    for item_code, own, cost, case_pack in session.execute(held):
        yield {"item_code": item_code, "vendor_item_code": own, "new_cost": cost, "case_pack": case_pack}
