"""The pages of purchasing: purchase orders, receipts and payables, each with a list of the lines of all."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Select, SQLColumnExpression, func, select, type_coerce

from batchbook.catalog.models import PRICE, Vendor
from batchbook.grid import Column, Kind, Sort
from batchbook.purchasing.documents import (
    DocumentView,
    LineView,
    batch_column,
    batch_url,
    document_url,
    product_url,
)
from batchbook.purchasing.models import (
    Payable,
    PayableLine,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
)

_VENDOR = Column("vendor", "Vendor", Vendor.code, Kind.TEXT)
_VENDOR_NAME = Column("vendor_name", "Vendor name", Vendor.name, Kind.TEXT)


def _amount(name: str, label: str, expression: Any) -> Column:
    """Return a column with an amount of money that is computed."""
    return Column(name, label, type_coerce(expression, PRICE), Kind.DECIMAL, scale=PRICE.scale)


def _of_lines(owner: Any, document: Any, expression: Any) -> SQLColumnExpression[Any]:
    """Return in SQL what ``expression`` aggregates over the lines whose column ``owner`` names the ``document``."""
    return select(expression).where(owner == document.id).correlate(document).scalar_subquery()


def _item_code(model: Any) -> Column:
    return Column("item_code", "Item code", model.item_code, Kind.TEXT, link="product")


class PurchaseOrderLineView(LineView):
    """The lines of all purchase orders, with what is still to come."""

    model = PurchaseOrderLine
    documents = "purchase-orders"
    owner = PurchaseOrderLine.order_id
    number = PurchaseOrder.number
    prefix = "purchase-order-lines"
    path = "/purchase-order-lines"
    title = "Lines of purchase orders"
    description = "All items that were ordered, in units, with what was received of them."
    line_columns = (
        "line", _item_code(PurchaseOrderLine), "description", "vendor_item_code", "quantity", "case_pack", "cost",
        _amount("amount", "Amount", PurchaseOrderLine.quantity * PurchaseOrderLine.cost), "received",
        Column("outstanding", "Outstanding", PurchaseOrderLine.outstanding(), Kind.INTEGER),
    )  # fmt: skip
    grid_columns = (
        Column("order", "Order", PurchaseOrder.number, Kind.TEXT, link="document"),
        _VENDOR,
        *line_columns,
        Column("ordered_at", "Ordered", PurchaseOrder.ordered_at, Kind.DATETIME),
    )
    filter_columns = (Column("state", "State", PurchaseOrder.state, Kind.TEXT),)
    carried = ("order_id", "product_id")
    default_sort = (Sort("ordered_at", descending=True), Sort("line"))
    links: ClassVar = {
        "document": document_url("purchase-orders", "order_id"),
        "product": product_url,
    }

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all lines with their order and its vendor."""
        return select(PurchaseOrderLine).join(PurchaseOrderLine.order).join(PurchaseOrder.vendor)


class PurchaseOrderView(DocumentView):
    """Purchase orders."""

    model = PurchaseOrder
    prefix = "purchase-orders"
    path = "/purchase-orders"
    title = "Purchase orders"
    title_one = "purchase order"
    description = "Orders that were placed with vendors. Batches make them; receipts fill them."
    line_view = PurchaseOrderLineView
    grid_columns = (
        "number", _VENDOR, _VENDOR_NAME, "state", "ordered_at", "ordered_by", "expected_on",
        Column("lines", "Lines", _of_lines(PurchaseOrderLine.order_id, PurchaseOrder, func.count()), Kind.INTEGER),
        _amount(
            "total", "Total",
            _of_lines(
                PurchaseOrderLine.order_id, PurchaseOrder, func.sum(PurchaseOrderLine.quantity * PurchaseOrderLine.cost)
            ),
        ),
        batch_column(PurchaseOrder),
    )  # fmt: skip
    facts_fields = ("number", "state", "ordered_at", "ordered_by", "expected_on")
    default_sort = (Sort("ordered_at", descending=True),)

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all orders with their vendor."""
        return select(PurchaseOrder).join(PurchaseOrder.vendor)

    def label_of(self, record: PurchaseOrder) -> str:
        """Return the label, such as purchase order PO-00000012."""
        return f"purchase order {record.number}"


class ReceiptLineView(LineView):
    """The lines of all receipts, with what was invoiced of them."""

    model = ReceiptLine
    documents = "receipts"
    owner = ReceiptLine.receipt_id
    number = Receipt.number
    prefix = "receipt-lines"
    path = "/receipt-lines"
    title = "Lines of receipts"
    description = "All items that were received, in units, with what was damaged, expired or missing, and what was invoiced."
    line_columns = (
        "line", _item_code(ReceiptLine), "description", "quantity", "damaged", "expired", "missing", "cost",
        _amount("amount", "Amount", ReceiptLine.quantity * ReceiptLine.cost), "credit", "invoiced",
        Column("to_invoice", "Not invoiced", ReceiptLine.quantity - ReceiptLine.invoiced, Kind.INTEGER),
    )  # fmt: skip
    grid_columns = (
        Column("receipt", "Receipt", Receipt.number, Kind.TEXT, link="document"),
        _VENDOR,
        *line_columns,
        Column("received_at", "Received", Receipt.received_at, Kind.DATETIME),
    )
    carried = ("receipt_id", "product_id")
    default_sort = (Sort("received_at", descending=True), Sort("line"))
    links: ClassVar = {
        "document": document_url("receipts", "receipt_id"),
        "product": product_url,
    }

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all lines with their receipt and its vendor."""
        return select(ReceiptLine).join(ReceiptLine.receipt).join(Receipt.vendor)


class ReceiptView(DocumentView):
    """Receipts, each with the order that it fills, if there is one."""

    model = Receipt
    prefix = "receipts"
    path = "/receipts"
    title = "Receipts"
    title_one = "receipt"
    description = "Deliveries that were received, against an order or without one."
    line_view = ReceiptLineView
    grid_columns = (
        "number", _VENDOR, _VENDOR_NAME, Column("order", "Order", PurchaseOrder.number, Kind.TEXT, link="order"),
        "received_at", "received_by",
        Column("lines", "Lines", _of_lines(ReceiptLine.receipt_id, Receipt, func.count()), Kind.INTEGER),
        _amount(
            "total", "Total", _of_lines(ReceiptLine.receipt_id, Receipt, func.sum(ReceiptLine.quantity * ReceiptLine.cost))
        ),
        _amount("credit", "Credit", _of_lines(ReceiptLine.receipt_id, Receipt, func.sum(ReceiptLine.credit))),
        batch_column(Receipt),
    )  # fmt: skip
    carried = ("batch_id", "order_id")
    facts_fields = ("number", "received_at", "received_by")
    default_sort = (Sort("received_at", descending=True),)
    links: ClassVar = {
        "batch": batch_url,
        "order": lambda request, row: (
            row._mapping["order_id"]
            and request.route_path("purchase-orders.view", id=row._mapping["order_id"])
        ),
    }

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all receipts with their vendor and their order."""
        return select(Receipt).join(Receipt.vendor).outerjoin(Receipt.order)

    def label_of(self, record: Receipt) -> str:
        """Return the label, such as receipt R-00000012."""
        return f"receipt {record.number}"


class PayableLineView(LineView):
    """The lines of all payables, with the receipt for which they ask to be paid."""

    model = PayableLine
    documents = "payables"
    owner = PayableLine.payable_id
    number = Payable.invoice_number
    prefix = "payable-lines"
    path = "/payable-lines"
    title = "Lines of payables"
    description = "All lines of invoices that are to be paid, with the receipts that they were matched with."
    line_columns = (
        "line", "item_code", "description", "quantity", "cost", "amount",
        Column("receipt", "Receipt", Receipt.number, Kind.TEXT, link="receipt"),
    )  # fmt: skip
    grid_columns = (
        Column("invoice_number", "Invoice", Payable.invoice_number, Kind.TEXT, link="document"),
        _VENDOR,
        *line_columns,
        Column("invoice_date", "Invoice date", Payable.invoice_date, Kind.DATE),
    )
    carried = ("payable_id",)
    default_sort = (Sort("invoice_date", descending=True), Sort("line"))
    links: ClassVar = {
        "document": document_url("payables", "payable_id"),
        "receipt": lambda request, row: request.route_path(
            "receipts.index", _query=[("f.number.equal", row.receipt)]
        ),
    }

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all lines with their payable, its vendor, and the receipt that they were matched with."""
        return (
            select(PayableLine)
            .join(PayableLine.payable)
            .join(Payable.vendor)
            .outerjoin(PayableLine.receipt_line)
            .outerjoin(ReceiptLine.receipt)
        )


class PayableView(DocumentView):
    """Payables."""

    model = Payable
    prefix = "payables"
    path = "/payables"
    title = "Payables"
    title_one = "payable"
    description = "Invoices of vendors that are to be paid. Batches of invoices make them, once they were matched with receipts."
    line_view = PayableLineView
    grid_columns = (
        "invoice_number", _VENDOR, _VENDOR_NAME, "invoice_date", "due_on", "total",
        Column("lines", "Lines", _of_lines(PayableLine.payable_id, Payable, func.count()), Kind.INTEGER),
        batch_column(Payable),
    )  # fmt: skip
    facts_fields = ("invoice_number", "invoice_date", "due_on", "total")
    default_sort = (Sort("invoice_date", descending=True),)

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all payables with their vendor."""
        return select(Payable).join(Payable.vendor)

    def label_of(self, record: Payable) -> str:
        """Return the label, such as invoice 4711 of vendor V0764."""
        return f"invoice {record.invoice_number} of vendor {record.vendor.code}"


def includeme(config: Any) -> None:
    """Register the pages; the documents have entries in the navigation."""
    for order, view in enumerate((PurchaseOrderView, ReceiptView, PayableView), start=60):
        config.add_master_view(view)
        config.add_master_view(view.line_view)
        config.add_navigation(
            view.title, f"{view.prefix}.index", view.permission("view"), "Purchasing", order
        )
