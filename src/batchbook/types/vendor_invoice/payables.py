"""The records that executing an invoice writes: the payable, a line for each part of a line that one receipt answers, and what is invoiced."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    case,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from batchbook.batches import HandlerContext
from batchbook.catalog.models import Product, Vendor
from batchbook.db import lock_name, lock_records
from batchbook.purchasing.models import Payable, PayableLine, Receipt, ReceiptLine
from batchbook.types.vendor_invoice.matching import is_taken, open_units, taken
from batchbook.types.vendor_invoice.models import AMOUNT, VendorInvoice, VendorInvoiceRow

_row = VendorInvoiceRow
#: The units of a row from which its unmatched part begins, and the amount of its parts before a unit.
_MATCHED = func.coalesce(_row.matched, 0)


def total_of_lines(session: Session, batch: VendorInvoice) -> Decimal:
    """Return the sum of the amounts of the lines of ``batch``, without removed ones."""
    total = select(func.sum(_row.amount)).where(_row.batch_id == batch.id, ~_row.removed)
    return session.scalar(total) or Decimal(0)


def payable_of(session: Session, vendor_code: str, invoice_number: str) -> Payable | None:
    """Return the payable for an invoice that was executed already; ``None`` if there is none."""
    found = select(Payable).join(Payable.vendor).where(Vendor.code == vendor_code)
    return session.scalars(found.where(Payable.invoice_number == invoice_number)).one_or_none()


class PayableWriter:
    """Writes the payable of ``batch``, an invoice of the vendor ``vendor_id``, whose lines are the rows ``where``."""

    def __init__(
        self, context: HandlerContext, batch: VendorInvoice, vendor_id: int, where: ColumnElement[bool]
    ) -> None:
        self._session, self._batch = context.session, batch
        self._vendor_id, self._where = vendor_id, where
        self._units = open_units(vendor_id)

    def lock(self) -> None:
        """Keep others from using the invoice's number, and from changing lines of receipts, until the transaction ends."""
        lock_name(self._session, f"{Payable.__tablename__}.{self._vendor_id}.{self._batch.invoice_number}")
        lock_records(
            self._session,
            ReceiptLine.id,
            self._where,
            Product.item_code == _row.item_code,
            ReceiptLine.product_id == Product.id,
            Receipt.id == ReceiptLine.receipt_id,
            Receipt.vendor_id == self._vendor_id,
        )

    def write_payable(self) -> int:
        """Store the payable with its lines; return how many lines were matched with receipts."""
        batch = self._batch
        payable = Payable(
            vendor_id=self._vendor_id,
            invoice_number=batch.invoice_number,
            invoice_date=batch.invoice_date,
            due_on=batch.due_on,
            total=batch.invoice_total,
            batch_id=batch.id,
        )
        self._session.add(payable)
        self._session.flush()  # Its lines are written by SQL.
        parts = union_all(self._matched_parts(), self._rest()).subquery("parts")
        values = {
            "payable_id": literal(payable.id),
            "line": func.row_number().over(order_by=(parts.c.sequence, parts.c.start)),
            **{name: parts.c[name] for name in _COPIED},
        }
        self._session.execute(insert(PayableLine).from_select([*values], select(*values.values())))
        matched = select(func.count()).where(self._where, _MATCHED > 0)
        return self._session.scalar(matched) or 0

    def write_receipts(self) -> None:
        """Count the matched units as invoiced in the lines of receipts."""
        take = select(self._units.c.id, taken(self._units).label("take"))
        found = take.where(self._where, _MATCHED > 0, is_taken(self._units)).subquery("found")
        self._session.connection().execute(
            update(ReceiptLine)
            .where(ReceiptLine.id == found.c.id)
            .values(invoiced=ReceiptLine.invoiced + found.c.take)
        )

    def _matched_parts(self) -> Any:
        """Return the SELECT of the parts of rows that lines of receipts answer."""
        units = self._units
        is_last = units.c.stop >= _row.quantity
        amount = case((is_last, _rest_of_amount(units.c.start)), else_=_amount_of(taken(units)))
        return select(*_part(units.c.start, taken(units), amount, units.c.id)).where(
            self._where, _MATCHED > 0, is_taken(units)
        )

    def _rest(self) -> Any:
        """Return the SELECT of the parts of rows that no receipt answers: whole rows, or what is beyond the units received."""
        quantity = _row.quantity - _MATCHED
        return select(*_part(_MATCHED, quantity, _rest_of_amount(_MATCHED), null())).where(
            self._where, quantity > 0
        )


#: The columns that a line of a payable takes from a part of a row.
_COPIED = ("receipt_line_id", "item_code", "description", "quantity", "cost", "amount")


def _part(start: Any, quantity: Any, amount: Any, receipt_line_id: Any) -> list[ColumnElement[Any]]:
    columns = {
        "sequence": _row.sequence,
        "start": start,
        "receipt_line_id": receipt_line_id,
        "item_code": _row.item_code,
        "description": func.coalesce(_row.description, _row.product),
        "quantity": quantity,
        "cost": _row.cost,
        "amount": amount,
    }
    return [value.label(name) for name, value in columns.items()]


def _amount_of(units: Any) -> ColumnElement[Decimal]:
    """Return the amount of a part that is not the last one of its row: so the parts add up to the row's amount."""
    return func.coalesce(units * _row.cost, literal(Decimal(0), AMOUNT), type_=AMOUNT)


def _rest_of_amount(start: Any) -> ColumnElement[Any]:
    """Return the amount of the last part of a row, which begins behind ``start`` units."""
    return _row.amount - _amount_of(start)
