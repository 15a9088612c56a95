"""Import targets that ship: products, quantities on hand, vendors and departments."""

from __future__ import annotations

from typing import Any

from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.types.imports.models import ImportStatus
from batchbook.types.imports.targets import Application, Check, ImportField, ImportTarget, Lookup

_ITEM = ("item", "item no", "item number", "article", "article no", "art no", "sku", "product code", "artikel",
         "artikelnummer", "artnr", "code")  # fmt: skip
_ON_HAND = ("stock", "quantity", "qty", "quantity on hand", "in stock", "bestand", "menge", "count")


def _write_price_history(application: Application) -> None:
    """Record each price that is about to change, with the row that changes it."""
    price, row, context = application.after("price"), application.row, application.context
    if price is None:
        return
    changing = (
        application.rows_with(ImportStatus.UPDATE),
        row.record_id == Product.id,
        Product.price != price,
    )
    statement = PriceHistory.of_changes(
        price, context.now, context.actor, *changing, row=row, reason=context.reason
    )
    application.session.execute(statement)


PRODUCTS = ImportTarget(
    model=Product,
    title="Products",
    key="item_code",
    fields=(
        ImportField("item_code", synonyms=_ITEM),
        ImportField(
            "description",
            required=True,
            synonyms=("name", "product", "product name", "title", "bezeichnung", "beschreibung", "text"),
        ),
        ImportField("size", synonyms=("pack", "pack size")),
        ImportField("category", synonyms=("group", "kategorie", "warengruppe")),
        ImportField("brand", synonyms=("make", "marke")),
        ImportField(
            "price",
            required=True,
            synonyms=("new price", "unit price", "retail price", "list price", "preis", "prix"),
        ),
        ImportField(
            "cost",
            synonyms=(
                "cost price",
                "unit cost",
                "purchase price",
                "buying price",
                "einkaufspreis",
                "ek",
                "einstandspreis",
            ),
        ),
        ImportField("on_hand", default=0, synonyms=_ON_HAND),
        ImportField(
            "upc", synonyms=("ean", "gtin", "barcode", "bar code", "upc code", "ean code", "strichcode")
        ),
        ImportField("unit", default="each", synonyms=("uom", "unit of measure", "einheit")),
        ImportField("case_unit", synonyms=("case uom", "order unit", "gebinde")),
        ImportField("case_pack", synonyms=("case qty", "case quantity", "units per case", "case size")),
        ImportField(
            "reorder_point", synonyms=("reorder level", "minimum stock", "min stock", "meldebestand")
        ),
        ImportField("active", default=True),
        ImportField(
            "department",
            stored="department_id",
            lookup=Lookup(Department.name, adds=True),
            synonyms=("dept", "abteilung"),
        ),
        ImportField(
            "vendor",
            stored="vendor_id",
            lookup=Lookup(Vendor.code, also=(Vendor.name,), adds=True),
            synonyms=("vendor code", "supplier", "supplier code", "lieferant"),
        ),
    ),
    checks=(
        Check(("price",), lambda price: price >= 0, "A price must not be negative.", "below-zero"),
        Check(("cost",), lambda cost: cost >= 0, "A cost must not be negative.", "below-zero"),
    ),
    scopes=("vendor", "department"),
    deletes=True,
    mark_deleted={"active": False},
    touch=Product.touch,
    modified=Product.modified_at,
    before=_write_price_history,
    cheapest_by="price",
    sender="vendor",
    permission="products:edit",
)
QUANTITIES = ImportTarget(
    model=Product,
    name="on_hand",
    title="Quantities on hand",
    key="item_code",
    fields=(
        ImportField("item_code", synonyms=_ITEM),
        ImportField("on_hand", label="On hand", synonyms=_ON_HAND),
    ),
    creates=False,
    touch=Product.touch,
    modified=Product.modified_at,
    permission="products:edit",
)
VENDORS = ImportTarget(
    model=Vendor,
    key="code",
    fields=(
        ImportField("code", synonyms=("vendor", "vendor code", "supplier", "supplier code", "number")),
        ImportField("name", synonyms=("vendor name", "supplier name", "company")),
    ),
    permission="vendors:edit",
)
DEPARTMENTS = ImportTarget(
    model=Department,
    key="name",
    fields=(ImportField("name", synonyms=("department", "department name", "dept")),),
    permission="departments:edit",
)


def includeme(config: Any) -> None:
    """Register the targets."""
    for target in (PRODUCTS, QUANTITIES, VENDORS, DEPARTMENTS):
        config.add_import_target(target)
