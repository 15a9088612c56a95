"""Execution of a vendor catalogue: one statement for each table, whether rows come from a list or restore what was there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
)

from batchbook.batches import HandlerContext
from batchbook.catalog.models import CostHistory, Product, VendorItem
from batchbook.db import lock_records
from batchbook.types.vendor_catalog.models import VendorCatalog, VendorCatalogRow

_row = VendorCatalogRow
_OF_PRODUCT = _row.item_code == Product.item_code


def restores(name: str) -> ColumnElement[bool]:
    """Return the condition for rows that bring ``name`` back, see :class:`VendorCatalogRow`."""
    return _row.restores.contains(f",{name},", autoescape=True)


@dataclass(frozen=True)
class Changes:
    """What rows set, in SQL: ``values`` of vendor items, the ``cost`` of products, and which rows do which.

    ``sets_item`` are rows that set a vendor item, or create it, ``removes_item`` those that remove it, ``sets_cost`` those that set
    the product's cost; ``None`` for no rows.
    """

    values: dict[str, Any]
    sets_item: ColumnElement[bool]
    removes_item: ColumnElement[bool] | None
    cost: SQLColumnExpression[Any]
    sets_cost: ColumnElement[bool] | None


def changes_of_list(vendor_id: int, effective_on: date | None, *, are_due: bool) -> Changes:
    """Return what the rows of a list set: what the list lacks stays, and costs of products wait until they ``are_due``."""
    announced = literal(effective_on, VendorItem.effective_on.type)
    values = {
        "vendor_item_code": func.coalesce(_row.vendor_item_code, VendorItem.vendor_item_code),
        "case_pack": func.coalesce(_row.case_pack, VendorItem.case_pack),
        "effective_on": case(
            (VendorItem.cost.is_distinct_from(_row.new_cost), announced), else_=VendorItem.effective_on
        ),
        "cost": _row.new_cost,
    }
    is_own = Product.vendor_id == vendor_id if are_due else None
    return Changes(values, true(), None, _row.new_cost, is_own)


def changes_that_restore() -> Changes:
    """Return what the rows of a batch that reverses another one set: just what that one changed."""
    sources = {
        "vendor_item_code": _row.vendor_item_code,
        "case_pack": _row.case_pack,
        "effective_on": _row.restored_on,
        "cost": _row.new_cost,
    }
    values = {
        name: case((restores(name), value), else_=getattr(VendorItem, name))
        for name, value in sources.items()
    }
    sets_item = or_(*(restores(name) for name in sources))
    return Changes(values, sets_item, restores("item"), _row.restored_cost, restores("product_cost"))


class CostWriter:
    """Writes what the rows ``where`` of ``batch`` set to the items of the vendor ``vendor_id``, to products and to the cost history."""

    def __init__(
        self,
        context: HandlerContext,
        batch: VendorCatalog,
        vendor_id: int,
        where: ColumnElement[bool],
        changes: Changes,
    ) -> None:
        self._context, self._session = context, context.session
        self._batch, self._vendor_id, self._changes = batch, vendor_id, changes
        self._where = and_(where, _OF_PRODUCT)
        self._of_item = and_(VendorItem.vendor_id == vendor_id, VendorItem.product_id == Product.id)

    def lock(self) -> None:
        """Keep products and vendor items from changing until the transaction ends."""
        lock_records(self._session, Product.id, self._where)
        lock_records(self._session, VendorItem.id, self._where, self._of_item)

    def write_history(self) -> int:
        """Record each cost that is about to change, of the vendor and of products; return the number of those of products."""
        changes, of_item = self._changes, select(VendorItem.cost).where(self._of_item).scalar_subquery()
        new, touched = changes.values["cost"], changes.sets_item
        if changes.removes_item is not None:
            new = case((changes.removes_item, null()), (restores("cost"), _row.new_cost), else_=of_item)
            touched = or_(touched, changes.removes_item)
        self._record(new, touched, of_item.is_distinct_from(new), old=of_item, vendor_id=self._vendor_id)
        if changes.sets_cost is None:
            return 0
        return self._record(changes.cost, changes.sets_cost, Product.cost.is_distinct_from(changes.cost))

    def write_items(self) -> tuple[int, int]:
        """Update, remove and create vendor items; return how many were created and how many removed."""
        changes, values = self._changes, {**self._changes.values, "modified_at": self._context.now}
        differs = or_(
            *(getattr(VendorItem, name).is_distinct_from(value) for name, value in changes.values.items())
        )
        self._run(
            update(VendorItem).where(self._where, self._of_item, changes.sets_item, differs).values(values)
        )
        return self._create_items(), self._remove_items()

    def write_costs(self) -> None:
        """Set the costs of products."""
        changes = self._changes
        if changes.sets_cost is None:
            return
        differs = Product.cost.is_distinct_from(changes.cost)
        values = Product.touch(self._context.now) | {"cost": changes.cost}
        self._run(update(Product).where(self._where, changes.sets_cost, differs).values(values))

    def _remove_items(self) -> int:
        if self._changes.removes_item is None:
            return 0
        gone = select(Product.id).where(self._where, self._changes.removes_item)
        of_vendor = VendorItem.vendor_id == self._vendor_id
        return self._run(delete(VendorItem).where(of_vendor, VendorItem.product_id.in_(gone)))

    def _create_items(self) -> int:
        is_list = self._batch.reverses is None
        announced = literal(self._batch.effective_on, VendorItem.effective_on.type)
        values: dict[str, Any] = {
            "vendor_id": literal(self._vendor_id),
            "product_id": Product.id,
            "vendor_item_code": _row.vendor_item_code,
            "cost": _row.new_cost,
            "case_pack": _row.case_pack,
            "effective_on": announced if is_list else _row.restored_on,
            "modified_at": literal(self._context.now, VendorItem.modified_at.type),
        }
        # In the order of their codes, so that two batches that create the same ones never deadlock.
        new = select(*values.values()).where(self._where, ~exists().where(self._of_item))
        if not is_list:
            new = new.where(restores("cost"))
        return self._run(insert(VendorItem).from_select(list(values), new.order_by(Product.item_code)))

    def _record(self, cost: SQLColumnExpression[Any], *where: ColumnElement[bool], **more: Any) -> int:
        context = self._context
        return self._run(
            CostHistory.of_changes(
                cost,
                context.now,
                context.actor,
                self._where,
                *where,
                effective_on=self._batch.effective_on or context.today,
                row=_row,
                reason=context.reason,
                **more,
            )
        )

    def _run(self, statement: Any) -> int:
        connection = self._session.connection()
        return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
