"""The handler of vendor invoices: lines are matched with what was received, and become a payable when they add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import and_, func, select

from batchbook.batches import (
    BatchHandler,
    Block,
    Duplicates,
    ExecutionPolicy,
    FileSource,
    FromBatch,
    FromSearch,
    Lookup,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Source,
    State,
    Status,
    TargetRecords,
    Total,
    TouchedRecords,
    input_file,
)
from batchbook.catalog.models import Product, Vendor, VendorCodes, vendor_called
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.purchasing.models import Payable, PayableLine, Receipt, ReceiptLine
from batchbook.types.vendor_invoice.matching import IS_ORDERED, RECEIVED, lines_that_differ, match
from batchbook.types.vendor_invoice.models import (
    DIFFERENT,
    WRONG,
    InvoiceStatus,
    VendorInvoice,
    VendorInvoiceRow,
)
from batchbook.types.vendor_invoice.payables import PayableWriter, payable_of, total_of_lines
from batchbook.words import counted, quoted_list

_row = VendorInvoiceRow
_CENT = Decimal("0.01")
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "item_code": ("item", "your item", "sku", "product code", "customer item"),
    "vendor_item_code": ("vendor item", "supplier item", "supplier code", "article", "article number", "our item", "order number"),
    "upc": ("ean", "gtin", "barcode", "bar code"),
    "description": ("name", "item description", "text", "product"),
    "quantity": ("qty", "units", "pieces", "quantity invoiced", "invoiced"),
    "cost": ("unit cost", "unit price", "price", "net price", "price each"),
    "amount": ("line total", "total", "extended", "net amount", "line amount"),
}  # fmt: skip


class VendorInvoiceHandler(BatchHandler[VendorInvoice, VendorInvoiceRow]):
    """Handles vendor invoices. Matching and execution are set-based SQL: no line travels to the application and back."""

    statuses: ClassVar[type[Status]] = InvoiceStatus
    refresh_chunk_size: ClassVar[int | None] = 50_000
    peer_columns: tuple[str, ...] = ("item_code",)
    refresh_after: ClassVar[tuple[str, ...]] = ("tolerance",)
    duplicates = Duplicates(status=InvoiceStatus.DUPLICATE, also=(InvoiceStatus.INVALID,), number="cost")
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a code",
        find=(Product.upc, Product.item_code),
        key="item_code",
        adds="quantity",
        named_by=("product",),
    )
    sources: ClassVar[tuple[Source, ...]] = (
        FromBatch(
            "receiving",
            columns={"item_code": "item_code", "received": "quantity", "cost": "cost"},
            header={"vendor_code": "vendor_code"},
        ),
        FromSearch(ReceiptLine, columns={"item_code": "item_code", "quantity": "quantity", "cost": "cost"}),
    )
    lookups: tuple[Lookup, ...] = (
        Lookup(
            column="item_code",
            key=Product.item_code,
            also=(Product.upc,),
            take={"product": Product.description, "received": RECEIVED, "is_ordered": IS_ORDERED},
            joins=((Vendor, Vendor.code == VendorInvoice.vendor_code),),
            missing=InvoiceStatus.NOT_FOUND,
            watch=("received",),
        ),
    )
    file_source: FileSource | None = FileSource(
        columns={
            "item_code": "item_code",
            "vendor item code": "vendor_item_code",
            "upc": "upc",
            "description": "description",
            "quantity": "quantity",
            "cost": "cost",
            "amount": "amount",
        },
        optional=("item_code", "vendor_item_code", "upc", "description", "cost", "amount"),
        key=("item_code", "vendor_item_code", "upc"),
        synonyms=_SYNONYMS,
        sender="vendor_code",
        line_column="line",
    )
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "accept",
                    Kind.CHOICE,
                    label="Accept lines that differ",
                    widget="checkboxes",
                    choices=choices_of(DIFFERENT),
                    help="Other differences stop the execution, those of lines with several differences as well. What is accepted is paid as"
                    " it is on the invoice.",
                )
            ]
        )
    )

    def before_create(self, batch: VendorInvoice, *, has_file: bool) -> None:  # noqa: ARG002 - It is a hook.
        """Write the vendor's code as it is known, and refuse an invoice that was entered already."""
        batch.vendor_code = vendor_called(self.session, batch.vendor_code)
        other = self._other_batch(batch)
        if (reason := self._why_entered_already(batch)) or other is not None:
            raise BadInput(reason or f"{_invoice(batch)} is being entered already, in {str(other).lower()}.")

    def populate(self, batch: VendorInvoice) -> Iterable[RowValues | Block]:
        """Yield the lines of the file, each with a code of its product; none without a file, for lines that are typed or scanned."""
        if input_file(self.session, batch) is None:
            return
        codes = VendorCodes.of(self.session, batch.vendor_code)
        for block in super().populate(batch):
            yield codes.filled(block) if isinstance(block, Block) else block

    def refresh(self, batch: VendorInvoice, rows: Rows) -> None:
        """Look up the products of ``rows`` with what was received of them, and match."""
        super().refresh(batch, rows)
        match(batch, rows)

    def why_not_execute(self, batch: VendorInvoice) -> str | None:
        """Return the reason where the invoice was executed already, lines are wrong, or they do not add up to its total."""
        if not batch.kept_count:
            return "It has no lines."
        if reason := self._why_entered_already(batch):
            return reason
        if wrong := batch.count_of(*WRONG):
            return f"{counted(wrong, 'line is', 'lines are')} invalid or there twice. Correct or remove them."
        total = total_of_lines(self.session, batch)
        if abs(total - batch.invoice_total) > _CENT:
            return (
                f"The lines add up to {total:,.2f}, and the invoice's total is {batch.invoice_total:,.2f}. Correct the lines, add"
                " what is missing, such as freight, or correct the total."
            )
        return None

    def describe_execution(self, batch: VendorInvoice, options: Mapping[str, Any]) -> list[str]:
        """Return what becomes payable, and which lines differ."""
        due = f", due on {batch.due_on}" if batch.due_on else ""
        sentences = [
            f"{_invoice(batch)} over {batch.invoice_total:,.2f} becomes payable{due}.",
            f"{counted(batch.count_of(InvoiceStatus.MATCHED), 'line')} matched with what was received.",
        ]
        count, differing = lines_that_differ(self.session, batch)
        if count:
            sentences.append(f"{_differing(count, differing)}.")
        if left := [s.label for s in differing if s not in _accepted(options)]:
            sentences.append(f"To execute it, accept {quoted_list(left)}, or correct these lines.")
        return sentences

    def totals(self, batch: VendorInvoice) -> list[Total]:
        """Return the sum of the lines, what it differs from the invoice's total, and what it differs from the receipts."""
        total = total_of_lines(self.session, batch)
        beyond = select(func.sum(_row.difference)).where(_row.batch_id == batch.id, ~_row.removed)
        return [
            Total("Sum of the lines", total, ("amount",)),
            Total("Difference to the invoice's total", total - batch.invoice_total, ("amount",)),
            Total("Difference to what was received", self.session.scalar(beyond), ("difference",)),
        ]

    def target_records(self, batch: VendorInvoice, options: Mapping[str, Any]) -> list[TargetRecords]:  # noqa: ARG002 - It is a hook.
        """Return the payable, and the lines of receipts of the products that rows name."""
        vendor_id = self._vendor_id(batch)
        return [
            TargetRecords(
                model=Payable,
                key=Payable.invoice_number,
                join=and_(Payable.batch_id == _row.batch_id, Payable.vendor_id == vendor_id),
                fields={"due_on": Payable.due_on, "total": Payable.total},
                locked=False,
            ),
            TargetRecords(
                model=PayableLine,
                key=PayableLine.item_code,
                join=and_(
                    Payable.batch_id == _row.batch_id,
                    PayableLine.payable_id == Payable.id,
                    PayableLine.item_code == _row.item_code,
                ),
                fields={"quantity": PayableLine.quantity, "amount": PayableLine.amount},
                locked=False,
            ),
            TargetRecords(
                model=ReceiptLine,
                key=ReceiptLine.item_code,
                join=and_(
                    Product.item_code == _row.item_code,
                    ReceiptLine.product_id == Product.id,
                    Receipt.id == ReceiptLine.receipt_id,
                    Receipt.vendor_id == vendor_id,
                ),
                fields={"invoiced": ReceiptLine.invoiced},
                creates=False,
            ),
        ]

    def execute(self, batch: VendorInvoice, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Store the payable with its lines, and count the matched units of receipts as invoiced."""
        count, left = lines_that_differ(self.session, batch, _accepted(options))
        if count:
            raise Conflict(
                f"Nothing was executed, because {_differing(count, left)}. Accept them when you execute, or reopen the batch and"
                " correct them."
            )
        writer = PayableWriter(self.context, batch, self._vendor_id(batch), rows.where)
        self.report("lock the lines of receipts")
        writer.lock()
        if reason := self._why_entered_already(batch):
            raise Conflict(f"Nothing was executed. {reason}")
        self.report("write the payable")
        matched = writer.write_payable()
        self.report("count what is invoiced")
        writer.write_receipts()
        figures = {"lines": batch.kept_count, "matched": matched, "total": str(batch.invoice_total)}
        return Outcome(
            f"{_invoice(batch)} over {batch.invoice_total:,.2f} is payable: {counted(batch.kept_count, 'line')},"
            f" {matched:,} matched with receipts.",
            figures,
        )

    def _vendor_id(self, batch: VendorInvoice) -> int:
        found = self.session.scalar(select(Vendor.id).where(Vendor.code == batch.vendor_code))
        if found is None:
            raise Conflict(f"There is no vendor {batch.vendor_code} any more. Nothing was executed.")
        return found

    def _why_entered_already(self, batch: VendorInvoice) -> str | None:
        payable = payable_of(self.session, batch.vendor_code, batch.invoice_number)
        if payable is None or payable.batch_id == batch.id:
            return None
        made = "" if payable.batch_id is None else f", by batch {payable.batch_id:08d}"
        return (
            f"{_invoice(batch)} is payable already{made}. Correct the invoice number, or delete this batch."
        )

    def _other_batch(self, batch: VendorInvoice) -> VendorInvoice | None:
        same = select(VendorInvoice).where(
            VendorInvoice.vendor_code == batch.vendor_code,
            VendorInvoice.invoice_number == batch.invoice_number,
            VendorInvoice.state != State.EXECUTED,
        )
        return self.session.scalars(same.order_by(VendorInvoice.id).limit(1)).first()


def _accepted(options: Mapping[str, Any]) -> list[str]:
    return options.get("accept") or []


def _invoice(batch: VendorInvoice) -> str:
    return f"Invoice {batch.invoice_number} of vendor {batch.vendor_code}"


def _differing(count: int, differences: Mapping[InvoiceStatus, int]) -> str:
    """Return the words on ``count`` lines that differ, and the numbers of those with each of ``differences``."""
    words = ", ".join(f"{number:,} {status.label.lower()}" for status, number in differences.items())
    return f"{counted(count, 'line differs', 'lines differ')}: {words}"
