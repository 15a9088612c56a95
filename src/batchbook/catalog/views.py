"""The pages of the catalogue: products with the history of their prices, vendors, departments."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, cast

from sqlalchemy import Select, func, select
from stdnum import ean

from batchbook.audit.effects import effects_url
from batchbook.audit.executed_batches import touching_url
from batchbook.batches.pages.batch.overlap_page import RecordBatch, in_batches
from batchbook.catalog.ledgers import LedgerLink, ledger_links
from batchbook.catalog.models import CostHistory, Department, PriceHistory, Product, StockMovement, Vendor
from batchbook.catalog.price_history import LatestChanges, latest_changes
from batchbook.db import spelled_like, utc_now
from batchbook.forms import Field, Form, form_of
from batchbook.grid import Choice, Column, Kind, Sort, columns_of
from batchbook.master import PAGES, DirectChange, Invalid, MasterView, RecordHooks
from batchbook.words import quoted_list

_DEPARTMENT = Column("department", "Department", Department.name, Kind.TEXT)
_VENDOR = Column("vendor", "Vendor", Vendor.code, Kind.TEXT)
_VENDOR_CODE = Field.of(
    "vendor_code", Kind.TEXT, label="Vendor", max_length=20, help="The vendor's code, such as V0764."
)


class ProductHooks(RecordHooks):
    """Rules about products: the vendor is named by its code, and a price that is edited is in the price history."""

    def before_save(self, record: Product, values: dict[str, Any]) -> None:
        """Check the bar code, find the vendor, and note a cost that changes; the first one of a new product is no change."""
        upc = values.get("upc")
        if upc is not None and upc != record.upc and not (upc.isdigit() and ean.is_valid(upc)):
            raise Invalid(
                {
                    "upc": f"“{upc}” is no UPC or EAN: it has 8, 12, 13 or 14 digits, of which the last is the check digit."
                }
            )
        values["vendor_id"] = self._vendor_id(values.pop("vendor_code"))
        if record.id is not None and values.get("cost", record.cost) != record.cost:
            self.request.db.add(
                CostHistory(
                    product_id=record.id,
                    item_code=record.item_code,
                    old_cost=record.cost,
                    new_cost=values["cost"],
                    effective_on=utc_now().astimezone(self.request.zone).date(),
                    changed_by=self.request.authenticated_userid,
                )
            )

    def direct_edit_entry(self, record: Product, change: DirectChange, reason: str) -> Any | None:
        """Return the entry in the price history, and add one to the stock movements; first values of a new product are no changes."""
        if change.old is None:
            return None
        if change.column.name == "on_hand":
            self._add_movement(record, change, reason)
        if change.column.name != "price":
            return None
        return PriceHistory(
            product_id=record.id,
            item_code=record.item_code,
            old_price=change.old,
            new_price=change.new,
            changed_by=self.request.authenticated_userid,
            reason=reason,
        )

    def _add_movement(self, record: Product, change: DirectChange, reason: str) -> None:
        self.request.db.add(
            StockMovement(
                product_id=record.id,
                item_code=record.item_code,
                kind="edit",
                before=change.old,
                change=change.new - change.old,
                after=change.new,
                cost=record.cost,
                changed_by=self.request.authenticated_userid,
                reason=reason,
            )
        )

    def _vendor_id(self, code: str | None) -> int | None:
        if code is None:
            return None
        db = self.request.db
        found = spelled_like(db, Vendor.code, code)
        if len(found) == 1:
            return cast("int", db.scalar(select(Vendor.id).where(Vendor.code == found[0])))
        if found:
            raise Invalid({"vendor_code": f"“{code}” may be more than one vendor: {quoted_list(found)}."})
        raise Invalid({"vendor_code": f"There is no vendor {code}; see the list of vendors for their codes."})


class _InBatches(MasterView):
    """A master view whose records' pages name the batches that change the record, and lead to what batches changed in it."""

    templates: ClassVar = {"view": "batchbook.templates:catalog/record.jinja2"}

    def in_batches(self, record: Any) -> list[RecordBatch]:
        """Return the open and complete batches that change ``record`` and that the reader may see."""
        return in_batches(self.request, record)

    def effects_url(self, record: Any) -> str:
        """Return the address of what executed batches changed in the record; empty for who may see none."""
        return effects_url(self.request, record)


class ProductView(_InBatches):
    """Products. Prices and quantities change by batches; a direct edit here needs a permission and a reason."""

    model = Product
    prefix = "products"
    path = "/products"
    title = "Products"
    title_one = "product"
    description = "Products on sale, with their prices."
    grid_columns = (
        "item_code", "description", "size", _DEPARTMENT, "category", "brand", _VENDOR, "price", "cost", "on_hand",
        "upc", "unit", "case_unit", "case_pack", "reorder_point", "active",
    )  # fmt: skip
    default_sort = (Sort("item_code"),)
    facts_fields = (*grid_columns, "modified_at")
    pages = PAGES
    hooks_factory = ProductHooks
    templates: ClassVar = {"view": "batchbook.templates:catalog/product.jinja2"}

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return products with their department and vendor, where they have one."""
        return select(Product).outerjoin(Product.department).outerjoin(Product.vendor)

    def form(self, record: Product | None) -> Form:  # noqa: ARG002 - One form for all.
        """Return the form: the product's own columns, its department to choose, its vendor by code."""
        return form_of(
            Product,
            (
                "item_code", "description", "size", self._department, "category", "brand", _VENDOR_CODE, "price",
                "cost", "on_hand", "upc", "unit", "case_unit", "case_pack", "reorder_point", "active",
            ),
        )  # fmt: skip

    def values_of(self, record: Product) -> dict[str, Any]:
        """Return the values of the form, the vendor by its code."""
        names = (field.name for field in self.form(record).fields if field is not _VENDOR_CODE)
        code = record.vendor.code if record.vendor else None
        return {name: getattr(record, name) for name in names} | {"vendor_code": code}

    def label_of(self, record: Product) -> str:
        """Return the label, such as product 000032265."""
        return f"product {record.item_code}"

    def facts(self, record: Product) -> list[tuple[Column, Any]]:
        """Return the grid's columns, with the names of the department and the vendor."""
        named = {
            "department": record.department.name if record.department else None,
            "vendor": record.vendor.code if record.vendor else None,
        }
        columns = columns_of(Product, self.facts_fields)
        return [
            (column, named[column.name] if column.name in named else getattr(record, column.name))
            for column in columns
        ]

    def price_changes(self, record: Product) -> LatestChanges:
        """Return the latest changes of the product's price, for its page."""
        return latest_changes(self.request, record)

    def ledgers(self, record: Product) -> list[LedgerLink]:
        """Return the ways to the product's stock movements and cost history, for its page."""
        return ledger_links(self.request, record)

    def touching_url(self, record: Product) -> str:
        """Return the address of the executed batches that touched the product; empty for who may see none."""
        return touching_url(self.request, record.item_code)

    @cached_property
    def _department(self) -> Field:
        rows = self.request.db.execute(select(Department.id, Department.name).order_by(Department.name))
        choices = tuple(Choice(row.id, row.name) for row in rows)
        return Field.of("department_id", Kind.CHOICE, label="Department", choices=choices)


def _number_of_products(owner: type[Vendor | Department], refers: Any) -> Column:
    """A column that counts the products whose ``refers`` names the row of ``owner``, and leads to them."""
    counted = select(func.count(Product.id)).where(refers == owner.id).correlate(owner).scalar_subquery()
    return Column("products", "Products", counted, Kind.INTEGER, link="products")


class VendorView(_InBatches):
    """Vendors, each with the number of its products."""

    model = Vendor
    prefix = "vendors"
    path = "/vendors"
    title = "Vendors"
    title_one = "vendor"
    pages = PAGES
    description = "Suppliers of the products on sale."
    grid_columns = (
        "code",
        "name",
        _number_of_products(Vendor, Product.vendor_id),
    )
    default_sort = (Sort("code"),)
    form_fields = ("code", "name")
    facts_fields = ("code", "name")
    links: ClassVar = {
        "products": lambda request, row: request.route_path(
            "products.index", _query=[("f.vendor.equal", row.code)]
        )
    }

    def label_of(self, record: Vendor) -> str:
        """Return the label, such as vendor V0764."""
        return f"vendor {record.code}"


class DepartmentView(_InBatches):
    """Departments, each with the number of its products."""

    model = Department
    prefix = "departments"
    path = "/departments"
    title = "Departments"
    title_one = "department"
    pages = PAGES
    description = "Departments of the shop."
    grid_columns = (
        "name",
        _number_of_products(Department, Product.department_id),
    )
    default_sort = (Sort("name"),)
    form_fields = ("name",)
    facts_fields = ("name",)
    links: ClassVar = {
        "products": lambda request, row: request.route_path(
            "products.index", _query=[("f.department.equal", row.name)]
        )
    }

    def label_of(self, record: Department) -> str:
        """Return the label, such as department GROCERY."""
        return f"department {record.name}"
