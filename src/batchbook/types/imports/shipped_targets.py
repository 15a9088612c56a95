"""Import targets that ship: products, quantities on hand, vendors and departments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Insert, SQLColumnExpression, and_, literal, or_

from batchbook.catalog.models import CostHistory, Department, PriceHistory, Product, StockMovement, Vendor
from batchbook.types.imports.models import ImportStatus
from batchbook.types.imports.targets import Application, Check, ImportField, ImportTarget, Lookup

_ITEM = ("item", "item no", "item number", "article", "article no", "art no", "sku", "product code", "artikel",
         "artikelnummer", "artnr", "code")  # fmt: skip
_ON_HAND = ("stock", "quantity", "qty", "quantity on hand", "in stock", "bestand", "menge", "count")


def _write_records(application: Application) -> None:
    """Record each price, cost and quantity on hand that is about to change, with the row that changes it."""
    row, context = application.row, application.context
    changing = (application.rows_with(ImportStatus.UPDATE), row.record_id == Product.id)
    made = {"row": row, "reason": context.reason}
    price, cost, on_hand = (application.after(name) for name in ("price", "cost", "on_hand"))
    statements: list[Insert] = []
    if price is not None:
        differs = Product.price != price
        statements.append(
            PriceHistory.of_changes(price, context.now, context.actor, *changing, differs, **made)
        )
    if cost is not None:
        differs = and_(_sets_cost(application, cost), Product.cost.is_distinct_from(cost))
        statements.append(
            CostHistory.of_changes(cost, context.now, context.actor, *changing, differs, **made)
        )
    if on_hand is not None:
        differs = Product.on_hand != on_hand
        statements.append(
            StockMovement.of_changes(
                on_hand, context.now, context.actor, *changing, differs, kind="import", **made
            )
        )
    for statement in statements:
        application.session.execute(statement)


def _sets_cost(application: Application, cost: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return the condition for rows that set the cost: where their cell is empty, it may keep the cost that is there."""
    batch = application.batch
    if batch.reverses is not None:
        return or_(cost.is_not(None), application.row.reversed_fields.contains(",cost,"))
    return or_(cost.is_not(None), literal(batch.empty_cells == "clear"))


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
    before=_write_records,
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
    before=_write_records,
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
