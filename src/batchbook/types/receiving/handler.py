"""The handler of deliveries: begin with what is open of an order, compare what came, and bring it into stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, func, select

from batchbook.batches import (
    BatchHandler,
    Block,
    Duplicates,
    ExecutionPolicy,
    FromBatch,
    FromSearch,
    HandlerContext,
    Lookup,
    NumberChange,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Source,
    Status,
    TargetRecords,
    Total,
    TouchedRecords,
)
from batchbook.catalog.models import Product, vendor_called
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.purchasing.models import OrderState, PurchaseOrder
from batchbook.types.receiving import targets, writing
from batchbook.types.receiving.lookup import compared, open_lines, products
from batchbook.types.receiving.models import (
    OPTIONAL,
    RECEIVED,
    SETTLED,
    DeliveryStatus,
    Receiving,
    ReceivingRow,
)
from batchbook.words import counted

_row = ReceivingRow

_OPTIONS = Form(
    [
        Field.of(
            "apply",
            Kind.CHOICE,
            label="Receive",
            widget="checkboxes",
            choices=choices_of((*RECEIVED, *OPTIONAL)),
            required=True,
        ),
        Field.of(
            "update_costs",
            Kind.BOOLEAN,
            label="Take these costs as those of the products",
            help="The change goes into the cost history.",
        ),
        Field.of(
            "close_order",
            Kind.BOOLEAN,
            label="Close the order",
            help="Nothing more of it is expected, even if some of it did not come.",
        ),
    ]
)


class ReceivingHandler(BatchHandler[Receiving, ReceivingRow]):
    """Handles deliveries, by set-based SQL."""

    statuses: ClassVar[type[Status]] = DeliveryStatus
    #: Of a day on which every cost counts; an action has its own day.
    lookups: tuple[Lookup, ...] = (products(date.max),)
    refresh_chunk_size: ClassVar[int | None] = 50_000
    peer_columns: tuple[str, ...] = ("item_code",)
    duplicates = Duplicates(status=DeliveryStatus.DUPLICATE, key=("item_code",), number="received")
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a code",
        find=(Product.upc, Product.item_code),
        key="item_code",
        adds="received",
        unknown=True,
        named_by=("item_code", "description"),
    )
    sources: ClassVar[tuple[Source, ...]] = (
        # What is still ordered is looked up; what came is counted.
        FromBatch(
            "ordering",
            columns={"item_code": "item_code"},
            header={"order_number": "order_number", "vendor_code": "vendor_code"},
        ),
        FromBatch(
            "handheld",
            columns={"item_code": "item_code", "quantity": "received"},
            header={name: name for name in ("order_number", "vendor_code", "description")},
            adds=("received",),
        ),
        FromSearch(Product, columns={"item_code": "item_code"}),
    )
    execution_policy = ExecutionPolicy(options=_OPTIONS, defaults={"apply": [str(one) for one in RECEIVED]})

    def __init__(
        self,
        context: HandlerContext,
        model: type[Receiving],
        row_model: type[ReceivingRow],
        services: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__(context, model, row_model, services)
        self.lookups = (products(context.today),)

    def before_create(self, batch: Receiving, *, has_file: bool) -> None:  # noqa: ARG002 - It is a hook.
        """Take the vendor from the order; refuse an order that is not open, and a vendor that is not there."""
        if batch.order_number is None:
            if batch.vendor_code is None:
                raise BadInput(
                    "Give the purchase order that is delivered, or the vendor that delivers without one."
                )
            batch.vendor_code = vendor_called(self.session, batch.vendor_code)
            return
        order = self.session.scalars(
            select(PurchaseOrder).where(PurchaseOrder.number == batch.order_number)
        ).one_or_none()
        if order is None:
            raise BadInput(f"There is no purchase order “{batch.order_number}”.")
        if order.state != OrderState.OPEN:
            raise BadInput(
                f"Order {order.number} is {OrderState(order.state).label.lower()}: nothing of it is expected."
            )
        if batch.vendor_code and vendor_called(self.session, batch.vendor_code) != order.vendor.code:
            raise BadInput(f"Order {order.number} is with {order.vendor.code}, not with {batch.vendor_code}.")
        batch.vendor_code = order.vendor.code

    def populate(self, batch: Receiving) -> Iterable[RowValues | Block]:
        """Yield the items of the order that have not come; nothing without an order."""
        return open_lines(self.session, batch) if batch.order_number else ()

    def refresh(self, batch: Receiving, rows: Rows) -> None:
        """Look up ``rows``, and compare what came with what was ordered."""
        super().refresh(batch, rows)
        status, words = compared(batch)
        rows.update(_row.status == DeliveryStatus.RECEIVED.value, status=status, status_text=words)

    # Information for people.

    def totals(self, batch: Receiving) -> list[Total]:
        """Return what comes into stock by default, and the credit."""
        lines, units, amount, credit = self._sums(batch, RECEIVED)
        return [
            Total("Items that came", lines),
            Total("Units into stock", units, ("received",)),
            Total("Amount", amount, ("cost", "expected_cost", "amount")),
            Total("Credit", credit, ("cost", "expected_cost", "credit")),
        ]

    def _sums(self, batch: Receiving, statuses: Iterable[str]) -> tuple[int, int, Decimal, Decimal]:
        """Return the lines, the units for stock, their amount and the credit of rows with ``statuses``."""
        sums = select(func.count(), func.sum(_row.received), func.sum(_row.amount), func.sum(_row.credit))
        where = (_row.batch_id == batch.id, ~_row.removed, settling(statuses))
        lines, units, amount, credit = self.session.execute(sums.where(*where)).one()
        return lines, int(units or 0), amount or Decimal(0), credit or Decimal(0)

    def why_not_execute(self, batch: Receiving) -> str | None:
        """Return the reason where nothing came, the order is no longer open, or another receipt has the number."""
        if not batch.count_of(*RECEIVED, *OPTIONAL):
            return "Nothing came: none of its rows has units that could be received."
        if reason := writing.why_number_is_taken(self.session, batch):
            return reason
        if batch.order_number is None:
            return None
        state = self.session.scalar(
            select(PurchaseOrder.state).where(PurchaseOrder.number == batch.order_number)
        )
        if state != OrderState.OPEN:
            return f"Order {batch.order_number} is no longer open."
        return None

    def describe_execution(self, batch: Receiving, options: Mapping[str, Any]) -> list[str]:
        """Return what comes into stock, what is credited, and what becomes of the order and of costs."""
        lines, units, amount, credit = self._sums(batch, options["apply"])
        sentences = [
            f"{counted(units, 'unit')} of {counted(lines, 'item')} from {batch.vendor_code} go into stock, for {amount:,.2f}.",
        ]
        if credit:
            sentences.append(
                f"The vendor owes a credit of {credit:,.2f} for damaged, expired and missing units."
            )
        if batch.order_number:
            ending = "is closed" if options["close_order"] else "stays open until all of it has come"
            sentences.append(f"Order {batch.order_number} {ending}.")
        if options["update_costs"]:
            sentences.append("Costs that differ become the costs of the products.")
        left_out = [one for one in self.statuses if one not in options["apply"] and batch.count_of(one)]
        if left_out:
            words = ", ".join(f"{batch.count_of(one):,} {one.label.lower()}" for one in left_out)
            sentences.append(f"Left out: {words}.")
        return sentences

    def number_changes(self, batch: Receiving, options: Mapping[str, Any]) -> list[NumberChange]:  # noqa: ARG002 - It is a hook.
        """Return the change of the products' costs, where it is chosen; stock rises by what came, whatever it was."""
        if not options["update_costs"]:
            return []
        before = select(Product.cost).where(Product.item_code == _row.item_code).scalar_subquery()
        where = settling(options["apply"])
        return [
            NumberChange(
                name="cost",
                label="the cost",
                before=before,
                after=writing.COST,
                where=where,
                records=(Product.id, and_(_row.item_code == Product.item_code, where)),
            )
        ]

    def target_records(self, batch: Receiving, options: Mapping[str, Any]) -> list[TargetRecords]:
        """Return the products, the receipt with its lines, and the order with its lines."""
        where = settling(options["apply"])
        of_order = [] if batch.order_number is None else targets.of_order(batch.order_number, where)
        return [targets.products(where), *targets.of_receipt(batch, where), *of_order]

    # The execution.

    def execute(self, batch: Receiving, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Store the receipt, and bring stock, order and costs up to date."""
        lines, units, amount, credit = self._sums(batch, options["apply"])
        if not lines:
            raise Conflict(
                "Nothing was executed, because no row has a status that was chosen. Choose another one."
            )
        chosen = rows.narrowed(settling(options["apply"]))
        self.report("lock products and order")
        order = writing.lock_targets(self.context, batch, chosen)
        self.report("write the receipt")
        writing.write_receipt(self.context, batch, chosen, order)
        self.report("bring the goods into stock")
        writing.write_stock(self.context, chosen)
        costs = 0
        if options["update_costs"]:
            self.report("set the costs")
            costs = writing.write_costs(self.context, chosen)
        state = (
            ""
            if order is None
            else writing.settle_order(self.context, order, chosen, close=options["close_order"])
        )
        sentences = [
            f"{counted(units, 'unit')} of {counted(lines, 'item')} went into stock for {amount:,.2f}",
            *([f"a credit of {credit:,.2f} is owed"] if credit else []),
            *([f"{counted(costs, 'cost')} changed"] if costs else []),
            *([f"order {batch.order_number} is {state}"] if state else []),
        ]
        figures = {
            "receipt": writing.receipt_number(batch),
            "lines": lines,
            "units": units,
            "amount": str(amount),
            "credit": str(credit),
            "costs": costs,
        }
        return Outcome(f"{'; '.join(sentences)}.", figures | ({"order": state} if state else {}))


def settling(statuses: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition for rows with ``statuses`` of which anything came, or is credited."""
    return and_(_row.status.in_([str(one) for one in statuses]), SETTLED > 0)
