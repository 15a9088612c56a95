"""The steps of removing products: what is done, what is kept of it, and what goes with a product that is deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from batchbook.batches import TargetRecords
from batchbook.catalog.models import Department, Product, ProductMatch, Vendor, VendorItem
from batchbook.types.delete_product.models import DeleteProductRow, Step
from batchbook.words import counted

_row = DeleteProductRow

#: What is done to products by each step, by its value, in sentences about what will be, and by the step about what was.
DONE = {
    Step.DEACTIVATE.value: "taken off sale",
    Step.DELETE.value: "deleted for good",
    Step.REACTIVATE.value: "put on sale again",
}
PAST = {Step.DEACTIVATE: "deactivated", Step.DELETE: "deleted", Step.REACTIVATE: "reactivated"}

#: The values of products that are kept with the batch: of one that is deactivated, those that differ.
_KEPT = (
    "item_code", "upc", "description", "size", "category", "brand", "price", "cost", "unit", "case_unit", "case_pack",
    "reorder_point", "on_hand", "active",
)  # fmt: skip
#: What is deleted with a product, with the values that are kept of it, and its name for one and for several.
_WITH_IT: tuple[tuple[Any, tuple[str, ...], tuple[str, str]], ...] = (
    (VendorItem, ("vendor_item_code", "cost", "case_pack"), ("vendor item", "vendor items")),
    (ProductMatch, ("key", "matched_by"), ("remembered match", "remembered matches")),
)


def about_deleted(session: Session, deleted: ColumnElement[bool]) -> list[str]:
    """Return a sentence on what is deleted with the products of the rows ``deleted``; none if nothing is."""
    parts = []
    for model, _, words in _WITH_IT:
        of_product = and_(Product.item_code == _row.item_code, model.product_id == Product.id)
        if count := session.scalar(select(func.count()).where(deleted, of_product)):
            parts.append(counted(count, *words))
    return [f"Deleted with them: {' and '.join(parts)}."] if parts else []


def kept_records(chosen: ColumnElement[bool]) -> list[TargetRecords]:
    """Return the products of the ``chosen`` rows, and what is deleted with them, so that their values are kept."""
    join = Product.item_code == _row.item_code
    fields: dict[str, Any] = {name: getattr(Product, name) for name in _KEPT}
    of_department, of_vendor = Department.id == Product.department_id, Vendor.id == Product.vendor_id
    fields["department"] = select(Department.name).where(of_department).scalar_subquery()
    fields["vendor"] = select(Vendor.code).where(of_vendor).scalar_subquery()
    deleted, owner = and_(chosen, _row.step == Step.DELETE.value), aliased(Product)
    products = TargetRecords(
        model=Product, key=Product.item_code, join=join, fields=fields, where=chosen, creates=False
    )
    others = (
        TargetRecords(
            model=model,
            key=select(owner.item_code).where(owner.id == model.product_id).scalar_subquery(),
            join=and_(model.product_id == Product.id, join),
            fields={name: getattr(model, name) for name in names},
            where=deleted,
            creates=False,
        )
        for model, names, _ in _WITH_IT
    )
    return [products, *others]


def do_step(session: Session, step: Step, where: ColumnElement[bool], now: datetime) -> int:
    """Do ``step`` to the products of the rows ``where``, by one statement at the time ``now``; return their number."""
    named = Product.item_code.in_(select(_row.item_code).where(where))
    if step is Step.DELETE:
        statement: Any = delete(Product).where(named)
    else:
        active = {"active": step is Step.REACTIVATE}
        statement = update(Product).where(named).values(Product.touch(now) | active)
    return session.connection().execute(statement).rowcount
