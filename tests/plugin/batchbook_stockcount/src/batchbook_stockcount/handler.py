"""What a stock count does: populate from a list or the catalogue, compare, make the counts quantities on hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sqlalchemy import select

from batchbook.batches import (
    BatchHandler,
    ExecutionPolicy,
    FileSource,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Total,
)
from batchbook.catalog.models import Department, Product
from batchbook.errors import BadInput
from batchbook.forms import Field, Form
from batchbook.grid import Kind
from batchbook_stockcount import sql
from batchbook_stockcount.models import CountStatus, RowStatus, StockCount, StockCountRow

_DIFFERENT = (RowStatus.MORE, RowStatus.LESS)


class StockCountHandler(BatchHandler[StockCount, StockCountRow]):
    """Count what lies on the shelves, then make it the quantity on hand."""

    statuses = RowStatus
    header_statuses = CountStatus
    refresh_chunk_size: ClassVar[int | None] = 50_000
    # The entries of one item are compared by their sum, so one that changes touches the others.
    peer_columns: ClassVar[tuple[str, ...]] = ("item_code",)
    file_source = FileSource(columns={"item_code": "item_code", "counted": "counted"})
    quick_entry = QuickEntry(
        label="Scan an item",
        find=(Product.item_code,),
        key="item_code",
        adds="counted",
        named_by=("description",),
    )
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "zero_uncounted",
                    Kind.BOOLEAN,
                    label="Set items that nobody counted to zero",
                    help="Without this, their quantities stay as they are.",
                )
            ]
        )
    )

    def before_create(self, batch: StockCount, *, has_file: bool) -> None:
        """A department must be one of the catalogue's."""
        known = select(Department.id).where(Department.name == batch.department)
        if batch.department and self.session.scalar(known) is None:
            raise BadInput(f"There is no department “{batch.department}” in the catalogue.")
        if batch.department and has_file:
            raise BadInput("Give either a list or a department to count, not both.")
        if not batch.department and not has_file:
            raise BadInput("Give a list, or a department to count.")

    def populate(self, batch: StockCount) -> Iterable[RowValues]:
        """Yield the entries of the list, or an empty entry for each product of the department."""
        if batch.department is None:
            yield from super().populate(batch)
        else:
            yield from ({"item_code": code} for code in sql.item_codes(self.session, batch.department))

    def refresh(self, batch: StockCount, rows: Rows) -> None:
        """Compare with what is on hand, in one statement."""
        sql.compare(self.session, batch, rows)

    def header_status(self, batch: StockCount) -> str | None:
        """A count is under way until every item of it was counted."""
        counts = batch.status_counts
        if counts.get(RowStatus.NOT_COUNTED):
            return CountStatus.COUNTING.value
        different = any(counts.get(status) for status in _DIFFERENT)
        return CountStatus.DIFFERENT.value if different else CountStatus.EVEN.value

    def totals(self, batch: StockCount) -> list[Total]:
        """Units counted, and those whose item the catalogue lacks."""
        counted, unknown = sql.units(self.session, batch)
        totals = [Total("Units counted", f"{counted:,}")]
        return [*totals, Total("Of unknown items", f"{unknown:,}")] if unknown else totals

    def describe_execution(self, batch: StockCount, options: Mapping[str, Any]) -> list[str]:
        """Say what becomes of entries with a difference, without a count, and without a product."""
        counts = {status: int(batch.status_counts.get(status, 0)) for status in RowStatus}
        different = sum(counts[status] for status in _DIFFERENT)
        zero = "are set to zero" if options["zero_uncounted"] else "keep their quantity"
        return [
            f"{different:,} entries change the quantity on hand of their items.",
            f"{counts[RowStatus.MATCHES]:,} entries match it.",
            f"{counts[RowStatus.NOT_COUNTED]:,} entries were not counted; their items {zero}.",
            f"{counts[RowStatus.UNKNOWN]:,} entries are left out: the catalogue does not have their items.",
        ]

    def execute(self, batch: StockCount, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Make the counts the quantities on hand, in one statement."""
        changed = sql.write_on_hand(
            self.session, rows, self.context.now, zero=bool(options["zero_uncounted"])
        )
        return Outcome(f"{changed:,} quantities on hand changed.", {"changed": changed})
