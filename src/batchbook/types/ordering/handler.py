"""The handler of orders: propose what is to be ordered, refresh it, and place the order as a document and as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    type_coerce,
)
from sqlalchemy import String as Text
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.batches import (
    BatchHandler,
    Block,
    Duplicates,
    ExecutionPolicy,
    FromBatch,
    FromSearch,
    HandlerContext,
    Lookup,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Source,
    Status,
    TargetRecords,
    Total,
    TouchedRecords,
    is_repeated,
    store_file,
)
from batchbook.catalog.models import Department, Product, Vendor, vendor_called
from batchbook.db import lock_name, spelled_like
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Column, Kind, choices_of, columns_of
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine
from batchbook.types.ordering.document import order_csv, order_pdf
from batchbook.types.ordering.lookup import products, proposed
from batchbook.types.ordering.models import (
    AMOUNT,
    OPTIONAL,
    ORDERED,
    Ordering,
    OrderingRow,
    OrderStatus,
)
from batchbook.words import counted, quoted_list

_row = OrderingRow
#: The lines that are fetched at a time.
_AT_A_TIME = 2_000

_OPTIONS = Form(
    [
        Field.of(
            "apply",
            Kind.CHOICE,
            label="Order",
            widget="checkboxes",
            choices=choices_of((*ORDERED, *OPTIONAL)),
            required=True,
        ),
        Field.of(
            "overwrite",
            Kind.BOOLEAN,
            label="Order as of the last refresh",
            help="If off, execution stops when a cost, a case pack or the units on order have changed since the refresh.",
        ),
    ]
)


class OrderingHandler(BatchHandler[Ordering, OrderingRow]):
    """Handles orders. Everything but the files is set-based SQL."""

    statuses: ClassVar[type[Status]] = OrderStatus
    #: Of a day on which every cost counts; an action has its own day.
    lookups: tuple[Lookup, ...] = (products(date.max),)
    refresh_chunk_size: ClassVar[int | None] = 50_000
    peer_columns: tuple[str, ...] = ("item_code",)
    duplicates = Duplicates(status=OrderStatus.DUPLICATE, key=("item_code",), number="wanted")
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a code",
        find=(Product.upc, Product.item_code),
        key="item_code",
        adds="wanted",
        named_by=("item_code", "description"),
    )
    sources: ClassVar[tuple[Source, ...]] = (
        FromBatch(
            "handheld",
            columns={"item_code": "item_code", "quantity": "wanted"},
            header={"vendor_code": "vendor_code", "description": "description"},
            adds=("wanted",),
        ),
        FromBatch("new_product", columns={"item_code": "item_code"}, header={"vendor_code": "vendor_code"}),
        FromSearch(Product, columns={"item_code": "item_code"}),
    )
    execution_policy = ExecutionPolicy(options=_OPTIONS, defaults={"apply": [str(one) for one in ORDERED]})

    def __init__(
        self,
        context: HandlerContext,
        model: type[Ordering],
        row_model: type[OrderingRow],
        services: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__(context, model, row_model, services)
        self.lookups = (products(context.today),)

    def before_create(self, batch: Ordering, *, has_file: bool) -> None:  # noqa: ARG002 - It is a hook.
        """Write vendor and department as the catalogue does; refuse those that it lacks."""
        batch.vendor_code = vendor_called(self.session, batch.vendor_code)
        if batch.department:
            found = spelled_like(self.session, Department.name, batch.department)
            if len(found) != 1:
                known = f" It may be {quoted_list(found)}." if found else ""
                raise BadInput(f"There is no department “{batch.department}”.{known}")
            batch.department = found[0]

    def populate(self, batch: Ordering) -> Iterable[RowValues | Block]:
        """Yield what the reorder points propose; nothing if the order is to begin empty."""
        return proposed(self.session, batch) if batch.from_reorder_points else ()

    def refresh(self, batch: Ordering, rows: Rows) -> None:
        """Look up ``rows``, compute their cases, and tell duplicates, roundings, and items without the vendor's code apart."""
        super().refresh(batch, rows)
        is_rounded = _row.quantity != _row.wanted
        rounding = cast(_row.wanted, Text) + " wanted, rounded up to full cases of "
        status = case(
            (is_repeated(_row.item_code), OrderStatus.DUPLICATE.value),
            (_row.vendor_item_code.is_(None), OrderStatus.NO_VENDOR_ITEM.value),
            (is_rounded, OrderStatus.ROUNDED.value),
            else_=OrderStatus.TO_ORDER.value,
        )
        words = case((is_rounded, rounding + cast(_row.case_pack, Text) + "."))
        rows.update(_row.status == OrderStatus.TO_ORDER.value, status=status, status_text=words)
        optional = [one.value for one in OPTIONAL]
        rows.update(_row.status.in_(optional), is_repeated(_row.item_code), status=OrderStatus.DUPLICATE)

    # Information for people.

    def totals(self, batch: Ordering) -> list[Total]:
        """Return what would be ordered by default."""
        lines, cases, units, amount = self._sums(batch, ORDERED)
        return [
            Total("Items to order", lines),
            Total("Cases", cases, ("cases",)),
            Total("Units", units, ("quantity",)),
            Total("Amount", amount, ("cost", "amount")),
        ]

    def _sums(self, batch: Ordering, statuses: Iterable[str]) -> tuple[int, int, int, Decimal]:
        """Return the lines, cases and units that rows with ``statuses`` order, and their amount."""
        sums = select(func.count(), func.sum(_row.cases), func.sum(_row.quantity), func.sum(_row.amount))
        where = (_row.batch_id == batch.id, ~_row.removed, _ordering(statuses))
        lines, cases, units, amount = self.session.execute(sums.where(*where)).one()
        return lines, int(cases or 0), int(units or 0), amount or Decimal(0)

    def why_not_execute(self, batch: Ordering) -> str | None:
        """Return the reason where there is nothing to order, or another order has the number."""
        if not batch.count_of(*ORDERED, *OPTIONAL):
            return "None of its rows orders anything."
        return self._why_number_is_taken(batch)

    def _why_number_is_taken(self, batch: Ordering) -> str | None:
        number = _number(batch)
        if self.session.scalar(select(PurchaseOrder.id).where(PurchaseOrder.number == number)) is None:
            return None
        return f"There is already an order {number}. Give this one another number."

    def describe_execution(self, batch: Ordering, options: Mapping[str, Any]) -> list[str]:
        """Return what is ordered, with its amount, and what is left out."""
        lines, cases, units, amount = self._sums(batch, options["apply"])
        expected = f", expected on {batch.expected_on:%Y-%m-%d}" if batch.expected_on else ""
        what = f"{counted(lines, 'item')}, {counted(units, 'unit')} in {counted(cases, 'case')}, {amount:,.2f} in all"
        sentences = [
            f"Order {_number(batch)} is placed with {batch.vendor_code}{expected}: {what}.",
            "It is kept with the batch as PDF and CSV; open it there to send it.",
        ]
        left_out = [one for one in self.statuses if one not in options["apply"] and batch.count_of(one)]
        if left_out:
            words = ", ".join(f"{batch.count_of(one):,} {one.label.lower()}" for one in left_out)
            sentences.append(f"Left out: {words}.")
        return sentences

    def target_records(self, batch: Ordering, options: Mapping[str, Any]) -> list[TargetRecords]:
        """Return the order and its lines, which the execution creates."""
        order, line = PurchaseOrder, PurchaseOrderLine
        made = select(order.id).where(order.batch_id == batch.id)
        where = _ordering(options["apply"])
        return [
            TargetRecords(
                model=order,
                key=order.number,
                name="purchase order",
                join=order.batch_id == _row.batch_id,
                fields={"number": order.number, "vendor": _vendor_of(order.vendor_id), "state": order.state},
                where=where,
                locked=False,
            ),
            TargetRecords(
                model=line,
                key=line.item_code,
                name="order line",
                join=and_(line.item_code == _row.item_code, line.order_id.in_(made)),
                fields={"line": line.line, "quantity": line.quantity, "cost": line.cost},
                where=where,
                locked=False,
            ),
        ]

    # The execution.

    def execute(self, batch: Ordering, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Store the order with its lines, and the files for the vendor."""
        lines, cases, units, amount = self._sums(batch, options["apply"])
        if not lines:
            raise BadInput(
                "Nothing was executed, because no row has a status that was chosen. Choose another one."
            )
        self.report("place the order")
        # Another batch with this number may be executed at this moment.
        lock_name(self.session, f"{PurchaseOrder.__tablename__}.{_number(batch)}")
        if reason := self._why_number_is_taken(batch):
            raise Conflict(f"Nothing was executed. {reason}")
        vendor = self.session.scalars(select(Vendor).where(Vendor.code == batch.vendor_code)).one()
        order = PurchaseOrder(
            number=_number(batch),
            vendor=vendor,
            ordered_at=self.context.now,
            ordered_by=self.context.actor,
            expected_on=batch.expected_on,
            batch_id=batch.id,
        )
        self.session.add(order)
        # A delivery that is made of these rows finds the order by it.
        batch.order_number = order.number
        self.session.flush()  # Its lines are written by SQL.
        self._write_lines(order, rows.narrowed(_ordering(options["apply"])))
        self.report("write the files")
        self._store_files(batch, order, amount)
        return Outcome(
            f"Order {order.number} was placed with {vendor.code}: {counted(lines, 'item')}, {counted(units, 'unit')},"
            f" {amount:,.2f}.",
            {"order": order.number, "lines": lines, "cases": cases, "units": units, "amount": str(amount)},
        )

    def _write_lines(self, order: PurchaseOrder, rows: Rows) -> None:
        values = {
            "order_id": literal(order.id),
            "line": func.row_number().over(order_by=_row.sequence),
            "product_id": Product.id,
            **{
                name: getattr(_row, name)
                for name in ("item_code", "description", "vendor_item_code", "quantity", "case_pack", "cost")
            },
            "received": literal(0),
        }
        found = select(*values.values()).outerjoin(Product, Product.item_code == _row.item_code)
        self.session.execute(insert(PurchaseOrderLine).from_select([*values], found.where(rows.where)))

    def _store_files(self, batch: Ordering, order: PurchaseOrder, amount: Decimal) -> None:
        """Store the order as CSV and PDF, with the batch; the names have no characters that mean something in paths."""
        columns = _line_columns()
        name = f"order-{order.number}".replace("/", "-").replace("\\", "-")
        facts = [
            f"Vendor {order.vendor.code}  {order.vendor.name or ''}",
            f"Ordered on {self.context.today:%Y-%m-%d}",
        ]
        facts += [f"Expected on {order.expected_on:%Y-%m-%d}"] if order.expected_on else []
        with order_csv(columns, self._lines(order, columns)) as file:
            store_file(self.context, batch, f"{name}.csv", file, "output")
        title = f"Purchase order {order.number}"
        with order_pdf(title, facts, columns, self._lines(order, columns), amount) as file:
            store_file(self.context, batch, f"{name}.pdf", file, "output")

    def _lines(self, order: PurchaseOrder, columns: Iterable[Column]) -> Any:
        lines: Any = select(*(one.expression.label(one.name) for one in columns))
        lines = lines.where(PurchaseOrderLine.order_id == order.id).order_by(PurchaseOrderLine.line)
        return self.session.execute(lines, execution_options={"yield_per": _AT_A_TIME})


def _vendor_of(vendor_id: InstrumentedAttribute[int]) -> ColumnElement[str]:
    """Return the code of the vendor with the key ``vendor_id``, in SQL."""
    return select(Vendor.code).where(Vendor.id == vendor_id).scalar_subquery()


def _number(batch: Ordering) -> str:
    """Return the number that the vendor is told."""
    return batch.order_number or batch.number


def _ordering(statuses: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition for rows with ``statuses`` that order anything."""
    return and_(_row.status.in_([str(one) for one in statuses]), _row.quantity > 0)


def _line_columns() -> list[Column]:
    """Return the columns of the order's files."""
    line = PurchaseOrderLine
    cases = func.coalesce(line.quantity // line.case_pack, line.quantity)
    amount = type_coerce(line.quantity * line.cost, AMOUNT)
    return [
        *columns_of(line, ("line", "vendor_item_code", "item_code", "description", "case_pack")),
        Column("cases", "Cases", cases, Kind.INTEGER),
        *columns_of(line, ("quantity", "cost")),
        Column("amount", "Amount", amount, Kind.DECIMAL, scale=AMOUNT.scale),
    ]
