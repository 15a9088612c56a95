"""The page of vendor items: products as their vendors supply them, with the vendor's code, cost and case pack."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Select, select

from batchbook.catalog.models import CostHistory, Product, Vendor, VendorItem
from batchbook.db import spelled_like, utc_now
from batchbook.forms import Field, Form, form_of
from batchbook.grid import Column, Kind, Sort, columns_of
from batchbook.master import PAGES, Invalid, MasterView, RecordHooks
from batchbook.words import quoted_list

_VENDOR = Column("vendor", "Vendor", Vendor.code, Kind.TEXT)
_ITEM_CODE = Column("item_code", "Item code", Product.item_code, Kind.TEXT, link="product")
_VENDOR_FIELD = Field.of(
    "vendor",
    Kind.TEXT,
    label="Vendor",
    max_length=20,
    required=True,
    help="The vendor's code, such as V0764.",
)
_ITEM_FIELD = Field.of(
    "item_code",
    Kind.TEXT,
    label="Item code",
    max_length=20,
    required=True,
    help="The product's item code in your catalogue.",
)
_OWN = ("vendor_item_code", "cost", "case_pack", "effective_on")


class VendorItemHooks(RecordHooks):
    """Rules about vendor items: vendor and product are named by their codes, and changes of costs are in the cost history."""

    def before_save(self, record: VendorItem, values: dict[str, Any]) -> None:
        """Find vendor and product, refuse a second item for the two, and note a cost that changes."""
        vendor_id = self._id_of("vendor", Vendor.code, "vendor", values.pop("vendor"))
        product_id = self._id_of("item_code", Product.item_code, "product", values.pop("item_code"))
        same = select(VendorItem.id).where(
            VendorItem.vendor_id == vendor_id, VendorItem.product_id == product_id
        )
        if self.request.db.scalar(same.where(VendorItem.id.is_distinct_from(record.id))) is not None:
            raise Invalid(
                {"item_code": "This vendor has a vendor item for this product already; edit that one."}
            )
        values |= {"vendor_id": vendor_id, "product_id": product_id}
        # The cost of an item that becomes another vendor's or product's was never the cost of that one.
        is_same = (record.vendor_id, record.product_id) == (vendor_id, product_id)
        old = record.cost if is_same else None
        if values.get("cost", record.cost) != old:
            self._note_cost(old, values.get("cost", record.cost), values)

    def _note_cost(self, old: Decimal | None, new: Decimal | None, values: dict[str, Any]) -> None:
        db = self.request.db
        db.add(
            CostHistory(
                product_id=values["product_id"],
                vendor_id=values["vendor_id"],
                item_code=db.scalar(select(Product.item_code).where(Product.id == values["product_id"])),
                old_cost=old,
                new_cost=new,
                effective_on=values.get("effective_on") or utc_now().astimezone(self.request.zone).date(),
                changed_by=self.request.authenticated_userid,
            )
        )

    def _id_of(self, field: str, key: Any, title: str, code: str) -> int:
        db = self.request.db
        found = spelled_like(db, key, code)
        if len(found) == 1:
            return int(db.scalars(select(key.class_.id).where(key == found[0])).one())
        if found:
            raise Invalid({field: f"“{code}” may be more than one {title}: {quoted_list(found)}."})
        raise Invalid({field: f"There is no {title} {code}; see the list of {title}s for their codes."})


class VendorItemView(MasterView):
    """Vendor items, each with its product as it is in the catalogue."""

    model = VendorItem
    prefix = "vendor-items"
    path = "/vendor-items"
    title = "Vendor items"
    title_one = "vendor item"
    description = "Products as vendors supply them: the vendor's own code, what it asks for one unit, and the units in a case."
    grid_columns = (
        _VENDOR,
        _ITEM_CODE,
        Column("description", "Description", Product.description, Kind.TEXT),
        *_OWN,
        Column("price", "Price", Product.price, Kind.DECIMAL, scale=2),
    )
    filter_columns = (
        "modified_at",
        Column("product_cost", "Cost in catalogue", Product.cost, Kind.DECIMAL, scale=2),
    )
    carried = ("product_id",)
    default_sort = (Sort("vendor"), Sort("item_code"))
    pages = PAGES
    hooks_factory = VendorItemHooks
    links: ClassVar = {
        "product": lambda request, row: request.route_path("products.view", id=row._mapping["product_id"]),
    }

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return vendor items with their vendor and product."""
        return select(VendorItem).join(VendorItem.vendor).join(VendorItem.product)

    def form(self, record: VendorItem | None) -> Form:  # noqa: ARG002 - One form for all.
        """Return the form: vendor and product by their codes, and the item's own columns."""
        return form_of(VendorItem, (_VENDOR_FIELD, _ITEM_FIELD, *_OWN))

    def values_of(self, record: VendorItem) -> dict[str, Any]:
        """Return the values of the form, vendor and product by their codes."""
        codes = {"vendor": record.vendor.code, "item_code": record.product.item_code}
        return codes | {name: getattr(record, name) for name in _OWN}

    def label_of(self, record: VendorItem) -> str:
        """Return the label, such as vendor item V0764 000032265."""
        return f"vendor item {record.vendor.code} {record.product.item_code}"

    def facts(self, record: VendorItem) -> list[tuple[Column, Any]]:
        """Return the columns of the item, with vendor and product."""
        named = {
            "vendor": record.vendor.code,
            "item_code": record.product.item_code,
            "description": record.product.description,
            "price": record.product.price,
        }
        columns = columns_of(VendorItem, (*self.grid_columns, "modified_at"))
        return [
            (column, named[column.name] if column.name in named else getattr(record, column.name))
            for column in columns
        ]
