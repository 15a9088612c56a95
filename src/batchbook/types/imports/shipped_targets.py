"""Import targets that ship: products, quantities on hand, vendors and departments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.types.imports.models import ImportStatus
from batchbook.types.imports.record_writing import Application
from batchbook.types.imports.targets import Check, Lookup

_ITEM = ("item", "item no", "item number", "article", "article no", "art no", "sku", "product code", "artikel",
         "artikelnummer", "artnr", "code")  # fmt: skip
_ON_HAND = ("stock", "quantity", "qty", "quantity on hand", "in stock", "bestand", "menge", "count")


def includeme(config: Any) -> None:
    """Register them."""
    for register in (_products, _quantities, _vendors, _departments):
        register(config)


def _products(config: Any) -> None:
    config.add_import_target(
        Product,
        key="item_code",
        fields=("description", "size", "category", "brand", "price", "on_hand", "active"),
        lookups={
            "department": ("department_id", Lookup(Department.name, adds=True)),
            "vendor": ("vendor_id", Lookup(Vendor.code, also=(Vendor.name,), adds=True)),
        },
        title="Products",
        required=("description", "price"),
        defaults={"on_hand": 0, "active": True},
        synonyms={
            "item_code": _ITEM,
            "description": (
                "name",
                "product",
                "product name",
                "title",
                "bezeichnung",
                "beschreibung",
                "text",
            ),
            "size": ("pack", "pack size", "unit", "uom", "einheit"),
            "price": ("new price", "unit price", "retail price", "list price", "cost", "preis", "prix"),
            "on_hand": _ON_HAND,
            "department": ("dept", "abteilung"),
            "vendor": ("vendor code", "supplier", "supplier code", "lieferant"),
            "category": ("group", "kategorie", "warengruppe"),
            "brand": ("make", "marke"),
        },
        checks=(Check(("price",), lambda price: price >= 0, "A price is not below zero.", "below-zero"),),
        scopes=("vendor", "department"),
        deletes=True,
        mark_deleted={"active": False},
        touch=_touch,
        modified=Product.modified_at,
        before=_write_price_history,
        permission="products:edit",
    )


def _quantities(config: Any) -> None:
    config.add_import_target(
        Product,
        name="on_hand",
        title="Quantities on hand",
        key="item_code",
        fields=("on_hand",),
        labels={"on_hand": "On hand"},
        synonyms={"item_code": _ITEM, "on_hand": _ON_HAND},
        creates=False,
        touch=_touch,
        modified=Product.modified_at,
        permission="products:edit",
    )


def _vendors(config: Any) -> None:
    config.add_import_target(
        Vendor,
        key="code",
        fields=("name",),
        synonyms={
            "code": ("vendor", "vendor code", "supplier", "supplier code", "number"),
            "name": ("vendor name", "supplier name", "company"),
        },
        permission="vendors:edit",
    )


def _departments(config: Any) -> None:
    config.add_import_target(
        Department,
        key="name",
        fields=(),
        synonyms={"name": ("department", "department name", "dept")},
        permission="departments:edit",
    )


def _touch(now: datetime) -> dict[str, Any]:
    return {"version": Product.version + 1, "modified_at": now}


def _write_price_history(application: Application) -> None:
    """Write down each price that is about to change, with the row that changes it."""
    price, row, context = application.after("price"), application.row, application.context
    if price is None:
        return
    changing = (
        application.rows_with(ImportStatus.UPDATE),
        row.record_id == Product.id,
        Product.price != price,
    )
    application.session.execute(PriceHistory.of_rows(row, price, context.now, context.actor, *changing))
