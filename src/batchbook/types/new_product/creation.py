"""The creation of proposed products: refused where the catalogue has changed since the refresh, else one statement each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from batchbook.catalog.models import Department, Product, Vendor, VendorItem
from batchbook.db import UTCDateTime, folded_key, lock_name
from batchbook.errors import Conflict
from batchbook.types.new_product.checks import codes_written_alike
from batchbook.types.new_product.models import NewProduct, NewProductRow
from batchbook.words import counted

_row = NewProductRow

#: The number of rows that a refusal names.
_NAMED = 5
#: The columns that products get from rows as they are.
COPIED = (
    "item_code", "upc", "description", "size", "category", "brand", "price", "cost", "case_pack", "reorder_point",
)  # fmt: skip
#: The unit of a row that names none, and the case unit of one that only has a case pack.
_UNIT, _CASE = "each", "case"
#: The zeros that may stand before the number of a bar code in the catalogue.
_ZEROS = tuple("0" * count for count in range(7))


def has_status(statuses: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for the rows with one of ``statuses``."""
    return _row.status.in_([str(status) for status in statuses])


def has_item() -> ColumnElement[bool]:
    """Return the condition for rows that tell of a vendor's item: its vendor, and a cost, a case pack or the vendor's code."""
    told = or_(_row.cost.is_not(None), _row.case_pack.is_not(None), _row.vendor_item_code.is_not(None))
    return and_(_row.vendor_code.is_not(None), told)


class Creation:
    """Creates the products of the rows of ``batch`` that satisfy ``where``, at the time ``now``."""

    def __init__(
        self, session: Session, batch: NewProduct, where: ColumnElement[bool], now: datetime
    ) -> None:
        self._session, self._batch, self._where = session, batch, where
        self._now = literal(now, UTCDateTime())

    def refuse_conflicts(self) -> None:
        """Raise ``Conflict``, naming some rows, where the catalogue is not any more what the rows were checked against.

        Other batches of this type wait from here on until the transaction ends: no two create the same product.
        """
        lock_name(self._session, Product.__tablename__)
        self._refuse(
            or_(
                folded_key(_row.item_code).in_(select(folded_key(Product.item_code))),
                exists().where(Product.upc.in_([literal(zeros) + _row.upc for zeros in _ZEROS])),
            ),
            "product has been created since the last refresh",
            "products have been created since the last refresh",
        )
        self._refuse(
            or_(
                self._is_gone(_row.department, Department.name),
                self._is_gone(_row.vendor_code, Vendor.code),
            ),
            "row names a department or vendor that was renamed or deleted since the last refresh",
            "rows name departments or vendors that were renamed or deleted since the last refresh",
        )
        if alike := codes_written_alike(self._session, self._batch, self._where):
            self._refuse(
                folded_key(_row.item_code).in_([*alike][:_NAMED]),
                "row has an item code that differs from another one in case or blanks only",
                "rows have item codes that differ in case or blanks only",
            )

    @staticmethod
    def _is_gone(name: Any, known: Any) -> ColumnElement[bool]:
        return and_(name.is_not(None), ~exists().where(known == name))

    def _refuse(self, condition: ColumnElement[bool], one: str, several: str) -> None:
        where = and_(self._where, condition)
        count = self._session.scalar(select(func.count()).select_from(_row).where(where)) or 0
        if count:
            codes = select(_row.item_code).where(where).order_by(_row.sequence).limit(_NAMED)
            named = f"{', '.join(self._session.scalars(codes))}{' and others' if count > _NAMED else ''}"
            raise Conflict(
                f"Nothing was created, because {counted(count, one, several)}: {named}. Reopen the"
                " batch and refresh it to see them."
            )

    def create_products(self, *, active: bool) -> int:
        """Create the products, with nothing on hand; return their number. They are on sale if ``active``."""
        has_case_pack = and_(_row.case_unit.is_(None), _row.case_pack.is_not(None))
        values: dict[str, Any] = {
            **{name: getattr(_row, name) for name in COPIED},
            "unit": func.coalesce(_row.unit, _UNIT),
            "case_unit": case((has_case_pack, _CASE), else_=_row.case_unit),
            "department_id": Department.id,
            "vendor_id": Vendor.id,
            "on_hand": literal(0),
            "active": literal(active),
            "version": literal(1),
            "modified_at": self._now,
        }
        wanted = (
            select(*values.values())
            .select_from(_row)
            .outerjoin(Department, Department.name == _row.department)
            .outerjoin(Vendor, Vendor.code == _row.vendor_code)
            .where(self._where)
            .order_by(
                _row.item_code
            )  # Two executions that add the same products must not wait for each other.
        )
        return self._insert(Product, values, wanted)

    def create_vendor_items(self) -> int:
        """Create what vendors are known to supply, for the products that were created; return the number of items."""
        values: dict[str, Any] = {
            "vendor_id": Vendor.id,
            "product_id": Product.id,
            "vendor_item_code": _row.vendor_item_code,
            "cost": _row.cost,
            "case_pack": _row.case_pack,
            "modified_at": self._now,
        }
        wanted = (
            select(*values.values())
            .select_from(_row)
            .join(Product, Product.item_code == _row.item_code)
            .join(Vendor, Vendor.code == _row.vendor_code)
            .where(self._where, has_item())
            .order_by(Product.id)
        )
        return self._insert(VendorItem, values, wanted)

    def _insert(self, model: Any, values: dict[str, Any], wanted: Select[Any]) -> int:
        statement = insert(model).from_select(list(values), wanted, include_defaults=False)
        done = self._session.connection().execute(statement, execution_options={"preserve_rowcount": True})
        return done.rowcount
