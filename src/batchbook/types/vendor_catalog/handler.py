"""The handler of vendor catalogues: populate from a list or from announced costs, compare with the catalogue, execute into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import and_, case, func, select, type_coerce
from sqlalchemy.orm import aliased

from batchbook.batches import (
    BatchHandler,
    Block,
    Duplicates,
    ExecutionPolicy,
    FileSource,
    FromSearch,
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
    input_file,
)
from batchbook.catalog.models import Product, Vendor, VendorCodes, VendorItem, vendor_called
from batchbook.db import ExactDecimal
from batchbook.errors import Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.vendor_catalog.comparison import compare, cost_before
from batchbook.types.vendor_catalog.execution import CostWriter, changes_of_list, changes_that_restore
from batchbook.types.vendor_catalog.lists import FILE_SOURCE, MATCHING, costs_that_hold
from batchbook.types.vendor_catalog.models import (
    APPLICABLE,
    OPTIONAL,
    CostStatus,
    VendorCatalog,
    VendorCatalogRow,
)
from batchbook.types.vendor_catalog.reversing import REVERSING
from batchbook.words import counted

_row = VendorCatalogRow
#: A value of stock.
_VALUE = ExactDecimal(18, 2)


class VendorCatalogHandler(BatchHandler[VendorCatalog, VendorCatalogRow]):
    """Handles vendor catalogues. Refresh and execute are set-based SQL: no row travels to the application and back."""

    statuses: ClassVar[type[Status]] = CostStatus
    reversing = REVERSING
    refresh_chunk_size: ClassVar[int | None] = 50_000
    peer_columns: tuple[str, ...] = ("item_code",)
    refresh_after: ClassVar[tuple[str, ...]] = ("margin_limit",)
    duplicates = Duplicates(status=CostStatus.DUPLICATE, also=(CostStatus.INVALID,), number="new_cost")
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a code",
        find=(Product.upc, Product.item_code),
        key="item_code",
        named_by=("product",),
    )
    sources: ClassVar[tuple[Source, ...]] = (
        FromSearch(Product, columns={"item_code": "item_code", "cost": "new_cost", "case_pack": "case_pack"}),
    )
    lookups: tuple[Lookup, ...] = (
        Lookup(
            column="item_code",
            key=Product.item_code,
            also=(Product.upc,),
            take={
                "product": Product.description,
                "price": Product.price,
                "product_cost": Product.cost,
                "old_cost": VendorItem.cost,
                "old_case_pack": VendorItem.case_pack,
                "old_vendor_item_code": VendorItem.vendor_item_code,
                "is_known": VendorItem.id.is_not(None),
                "is_own": Product.vendor_id == Vendor.id,
            },
            joins=(
                (Vendor, Vendor.code == VendorCatalog.vendor_code),
                (VendorItem, and_(VendorItem.vendor_id == Vendor.id, VendorItem.product_id == Product.id)),
            ),
            missing=CostStatus.NOT_FOUND,
            unless=((~Product.active, CostStatus.INACTIVE),),
            watch=("old_cost", "product_cost"),
            overridden_by="overwrite",
        ),
    )
    matching = MATCHING
    file_source: FileSource | None = FILE_SOURCE
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "apply",
                    Kind.CHOICE,
                    label="Apply",
                    widget="checkboxes",
                    choices=choices_of((*APPLICABLE, *OPTIONAL)),
                    required=True,
                ),
                Field.of(
                    "overwrite",
                    Kind.BOOLEAN,
                    label="Overwrite costs that changed since the refresh",
                    help="If off, execution stops when a cost has changed since the refresh.",
                ),
            ]
        ),
        defaults={"apply": [str(s) for s in APPLICABLE]},
    )

    def before_create(self, batch: VendorCatalog, *, has_file: bool) -> None:  # noqa: ARG002 - It is a hook.
        """Write the vendor's code as it is known, and refuse an unknown vendor."""
        batch.vendor_code = vendor_called(self.session, batch.vendor_code)

    def populate(self, batch: VendorCatalog) -> Iterable[RowValues | Block]:
        """Yield the rows of the list or, without one, the vendor's costs that hold and are not those of its products."""
        if input_file(self.session, batch) is None:
            yield from costs_that_hold(self.session, batch, self.context.today)
            return
        codes = VendorCodes.of(self.session, batch.vendor_code)
        for block in super().populate(batch):
            yield codes.filled(block) if isinstance(block, Block) else block

    def refresh(self, batch: VendorCatalog, rows: Rows) -> None:
        """Look up products and vendor items of ``rows``, and compare: one statement each."""
        super().refresh(batch, rows)
        compare(batch, rows)

    def why_not_execute(self, batch: VendorCatalog) -> str | None:
        """Return the reason where no row changes anything."""
        if batch.count_of(*APPLICABLE, *OPTIONAL):
            return None
        return "None of its rows changes a cost, a case pack or a code of the vendor, so there is nothing to execute."

    def describe_execution(self, batch: VendorCatalog, options: Mapping[str, Any]) -> list[str]:
        """Return the counts of what changes, whether products get their costs now, and what is left out."""
        chosen = [status for status in (*APPLICABLE, *OPTIONAL) if status in options["apply"]]
        counts = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in chosen if batch.count_of(s))
        items = counted(batch.count_of(*chosen), "item")
        sentences = [f"{items} of vendor {batch.vendor_code}: {counts or 'none'}."]
        if self._is_due(batch):
            sentences.append("Products of this vendor get the new costs, effective immediately.")
        else:
            sentences.append(
                f"Costs are effective from {batch.effective_on}: products keep theirs. To change these as well, schedule the execution"
                " for that day, or make a vendor catalogue without a list from then on."
            )
        left_out = [
            s for s in self.statuses if s not in (*chosen, CostStatus.UNCHANGED) and batch.count_of(s)
        ]
        if left_out:
            words = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in left_out)
            sentences.append(f"Left out: {words}.")
        return sentences

    def totals(self, batch: VendorCatalog) -> list[Total]:
        """Return the average margin, and what the stock on hand of the vendor's products is worth more or less."""
        kept = and_(_row.batch_id == batch.id, ~_row.removed, _row.status.in_([str(s) for s in APPLICABLE]))
        cost, old = _row.new_cost, func.coalesce(_row.product_cost, _row.new_cost)
        value = func.sum(case((_row.is_own.is_(True), (cost - old) * Product.on_hand)))
        margins, rows, change = self.session.execute(
            select(func.sum(_row.margin), func.count(_row.margin), type_coerce(value, _VALUE))
            .select_from(_row)
            .join(Product, Product.item_code == _row.item_code)
            .where(kept)
        ).one()
        average = (Decimal(margins) / rows).quantize(Decimal("0.01")) if margins is not None else None
        return [
            Total("Average margin (%)", average, ("margin",)),
            Total("Change of stock value", change, ("new_cost", "product_cost")),
        ]

    def number_changes(self, batch: VendorCatalog, options: Mapping[str, Any]) -> list[NumberChange]:  # noqa: ARG002 - It is a hook.
        """Return the change of the costs of the chosen rows."""
        return [
            NumberChange(
                name="cost",
                label="the cost",
                before=cost_before(),
                after=_row.new_cost,
                where=_row.status.in_(options["apply"]),
            )
        ]

    def target_records(self, batch: VendorCatalog, options: Mapping[str, Any]) -> list[TargetRecords]:
        """Return the products and vendor items that rows of the chosen statuses name."""
        chosen, vendor_id = _row.status.in_(options["apply"]), self._vendor_id(batch)
        # A product of its own, because that of the row is in the statement already.
        product = aliased(Product)
        item_code = select(product.item_code).where(product.id == VendorItem.product_id).scalar_subquery()
        return [
            TargetRecords(
                model=Product,
                key=Product.item_code,
                join=_row.item_code == Product.item_code,
                fields={"cost": Product.cost},
                where=chosen,
                creates=False,
            ),
            TargetRecords(
                model=VendorItem,
                key=item_code,
                join=and_(
                    _row.item_code == Product.item_code,
                    VendorItem.product_id == Product.id,
                    VendorItem.vendor_id == vendor_id,
                ),
                fields={
                    name: getattr(VendorItem, name)
                    for name in ("vendor_item_code", "cost", "case_pack", "effective_on")
                },
                where=chosen,
            ),
        ]

    def execute(self, batch: VendorCatalog, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Set the vendor's items and, once they are effective, the costs of its products: for all chosen rows, or for none."""
        if not batch.count_of(*options["apply"]):
            raise Conflict(
                "Nothing was executed, because no row has a status that was chosen. Choose another one."
            )
        vendor_id = self._vendor_id(batch)
        changes = (
            changes_of_list(vendor_id, batch.effective_on, are_due=self._is_due(batch))
            if batch.reverses is None
            else changes_that_restore()
        )
        chosen = and_(rows.where, _row.status.in_(options["apply"]))
        writer = CostWriter(self.context, batch, vendor_id, chosen, changes)
        self.report("lock products and vendor items")
        writer.lock()
        self.report("write the history of costs")
        costs = writer.write_history()
        self.report("set the vendor's items")
        created, removed = writer.write_items()
        self.report("set the costs of products")
        writer.write_costs()
        applied = batch.count_of(*options["apply"])
        figures = {"applied": applied, "product_costs": costs, "created": created, "removed": removed}
        words = [f"{counted(applied, 'item')} applied", f"{counted(costs, 'cost')} of products changed"]
        words += [f"{counted(created, 'vendor item')} created"] if created else []
        words += [f"{counted(removed, 'vendor item')} removed"] if removed else []
        announced = "" if self._is_due(batch) else f" The costs are effective from {batch.effective_on}."
        return Outcome(f"{', '.join(words)}.{announced}", figures)

    def _is_due(self, batch: VendorCatalog) -> bool:
        return batch.effective_on is None or batch.effective_on <= self.context.today

    def _vendor_id(self, batch: VendorCatalog) -> int:
        found = self.session.scalar(select(Vendor.id).where(Vendor.code == batch.vendor_code))
        if found is None:
            raise Conflict(f"There is no vendor {batch.vendor_code} any more, so nothing was executed.")
        return found
