"""The handler of inventory counts: sheets, files and scans become quantities on hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from sqlalchemy import func, select, type_coerce

from batchbook.batches import (
    BatchHandler,
    Block,
    Effect,
    ExecutionPolicy,
    FileSource,
    FromBatch,
    FromSearch,
    Lookup,
    NumberChange,
    Outcome,
    QuickEntry,
    Reversing,
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
from batchbook.catalog.models import Department, Product
from batchbook.db import lock_records, spelled_like
from batchbook.errors import BadInput
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.inventory_count.adjustment import (
    Adjustment,
    Moved,
    applied,
    effect_of,
    left_out_rows,
    of_products,
    quantity_after,
    quantity_now,
    sentences_on,
)
from batchbook.types.inventory_count.comparison import compare, count_products_of, products_of
from batchbook.types.inventory_count.models import (
    COUNTED,
    OPEN,
    CountStatus,
    InventoryCount,
    InventoryCountRow,
    StageStatus,
)
from batchbook.words import counted, quoted_list

_row = InventoryCountRow
#: The headings of lists from spreadsheets and handhelds.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "item_code": (
        "item",
        "item number",
        "item no",
        "article",
        "sku",
        "code",
        "barcode",
        "upc",
        "ean",
        "gtin",
    ),
    "counted": ("count", "quantity", "qty", "counted quantity", "on shelf"),
    "counted_again": ("second count", "recount", "count 2"),
    "reason": ("remark", "comment", "note"),
}


def _scanned_column(handler: InventoryCountHandler, batch: InventoryCount) -> str:
    """Return the column to which the scans of the acting user add; with two counts, note whose scans are which."""
    if batch.counts == 1:
        return "counted"
    who = handler.context.actor
    if who not in (batch.first_counter, batch.second_counter):
        if batch.first_counter is None:
            batch.first_counter = who
        elif batch.second_counter is None:
            batch.second_counter = who
        else:
            raise BadInput(
                f"{batch.first_counter} and {batch.second_counter} count this batch, so nothing was entered. If you take over,"
                " write your name in its header, as the first or the second counter."
            )
    return "counted" if who == batch.first_counter else "counted_again"


def _reversing_header(
    _handler: InventoryCountHandler, source: InventoryCount, _effects: Iterator[Effect]
) -> dict[str, Any]:
    """Return the reason of the reversal."""
    return {"reason": f"Reversal of batch {source.number}"}


def _reversing_rows(
    _handler: InventoryCountHandler, _batch: InventoryCount, effects: Iterator[Effect]
) -> Iterator[RowValues]:
    """Yield a row for each quantity that was changed: counted as it was before, expected as the execution left it."""
    for effect in effects:
        before, after = int(effect.before["on_hand"]), int(effect.after["on_hand"])
        yield {"item_code": effect.record_key, "counted": before, "basis": before, "expected": after}


class InventoryCountHandler(BatchHandler[InventoryCount, InventoryCountRow]):
    """Handles inventory counts. Refresh and execute are set-based: no row travels to the application and back."""

    statuses: ClassVar[type[Status]] = CountStatus
    header_statuses: ClassVar[type[Status]] = StageStatus
    refresh_chunk_size: ClassVar[int | None] = 50_000
    # The rows of an item are added up.
    peer_columns: tuple[str, ...] = ("item_code",)
    refresh_after: ClassVar[tuple[str, ...]] = ("counts",)
    lookups: tuple[Lookup, ...] = (
        Lookup(
            column="item_code",
            key=Product.item_code,
            also=(Product.upc,),
            take={
                "description": Product.description,
                "size": Product.size,
                "unit": Product.unit,
                "department": Department.name,
                "on_hand": Product.on_hand,
                "cost": Product.cost,
            },
            joins=(Product.department,),
            missing=CountStatus.NOT_FOUND,
        ),
    )
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    reversing = Reversing(header=_reversing_header, rows=_reversing_rows)
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a code",
        find=(Product.upc, Product.item_code),
        key="item_code",
        adds=_scanned_column,
        unknown=True,
        named_by=("description",),
    )
    file_source: FileSource | None = FileSource(
        columns={
            "item_code": "item_code",
            "counted": "counted",
            "counted_again": "counted_again",
            "reason": "reason",
        },
        optional=("counted_again", "reason"),
        key=("item_code",),
        synonyms=_SYNONYMS,
        line_column="line",
    )
    sources: ClassVar[tuple[Source, ...]] = (
        FromBatch(
            "handheld",
            columns={"item_code": "item_code", "quantity": "counted"},
            header={"description": "description"},
        ),
        FromBatch(
            "inventory_count",
            columns={"item_code": "item_code"},
            header={"counts": "counts", "reason": "reason"},
        ),
        FromSearch(Product, columns={"item_code": "item_code"}),
    )
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "moved",
                    Kind.CHOICE,
                    label="Where stock has moved since it was counted",
                    widget="radio",
                    choices=choices_of(Moved),
                    required=True,
                ),
                Field.of(
                    "zero",
                    Kind.BOOLEAN,
                    label="Set what was not counted to zero",
                    help="If off, the quantities of rows without a count stay as they are.",
                ),
                Field.of("follow_up", Kind.BOOLEAN, label="Copy rows that are left out into a new batch"),
            ]
        ),
        defaults={"moved": Moved.DIFFERENCE.value},
    )

    def before_create(self, batch: InventoryCount, *, has_file: bool) -> None:
        """Take the catalogue's spelling of the department; refuse one that it lacks, and one besides a file."""
        if not batch.department:
            return
        if has_file:
            raise BadInput("Give either a file or a department to be counted, not both.")
        found = spelled_like(self.session, Department.name, batch.department)
        if len(found) != 1:
            several = f": it may be {quoted_list(found)}" if found else ""
            raise BadInput(f"There is no department “{batch.department}” in the catalogue{several}.")
        batch.department = found[0]

    def populate(self, batch: InventoryCount) -> Iterable[RowValues | Block]:
        """Yield the rows of the file, or one for each product of the department; none for a count by scanning."""
        if input_file(self.session, batch):
            yield from super().populate(batch)
        elif batch.department:
            self.expected_rows = count_products_of(self.session, batch.department)
            yield from ({"item_code": code} for code in products_of(self.session, batch.department))

    def refresh(self, batch: InventoryCount, rows: Rows) -> None:
        """Look up the items, and compare their counts with what is on hand, set-based."""
        super().refresh(batch, rows)
        if batch.refreshed_at is None and batch.reverses is None:
            # The rows of a clone come with what was expected when the other batch was counted.
            rows.update(basis=None, expected=None)
        compare(batch, rows)

    def header_status(self, batch: InventoryCount) -> str | None:
        """Return the stage of the count; none while it has no rows."""
        if not batch.kept_count:
            return None
        if batch.count_of(CountStatus.NOT_COUNTED, CountStatus.ONCE):
            return StageStatus.COUNTING
        if batch.count_of(CountStatus.DISAGREE):
            return StageStatus.RECOUNT
        differs = batch.count_of(CountStatus.OVER, CountStatus.SHORT)
        return StageStatus.DIFFERENT if differs else StageStatus.EVEN

    def totals(self, batch: InventoryCount) -> list[Total]:
        """Return the units that were counted, and the differences in units and at cost, over and short."""
        over, short = _row.difference > 0, _row.difference < 0

        def total(column: Any, *where: Any) -> Any:
            return type_coerce(func.coalesce(func.sum(column).filter(*where), 0), column.type)

        figures = (
            total(_row.total, _row.total.is_not(None)),
            *(total(column, where) for column in (_row.difference, _row.value) for where in (over, short)),
        )
        kept = (_row.batch_id == batch.id, ~_row.removed)
        units, units_over, units_short, value_over, value_short = self.session.execute(
            select(*figures).where(*kept)
        ).one()
        return [
            Total("Units counted", f"{int(units):,}", ("total",)),
            Total(
                "Units over and short", f"+{units_over:,} / \N{MINUS SIGN}{-units_short:,}", ("difference",)
            ),
            Total(
                "Over and short at cost",
                f"+{value_over:,.2f} / \N{MINUS SIGN}{-value_short:,.2f}",
                ("value",),
            ),
        ]

    def why_not_execute(self, batch: InventoryCount) -> str | None:
        """Return the reason where nothing was counted, or where the count was reversed by another batch already."""
        other = select(InventoryCount.id).where(
            InventoryCount.reverses == batch.reverses,
            InventoryCount.state == State.EXECUTED,
            InventoryCount.id != batch.id,
        )
        if batch.reverses is not None and self.session.scalar(other.limit(1)) is not None:
            return (
                "Another batch has reversed that count already, so its differences would be taken back twice."
            )
        if batch.count_of(*COUNTED):
            return None
        return "Nothing that is in the catalogue was counted, so there is nothing to execute."

    def describe_execution(self, batch: InventoryCount, options: Mapping[str, Any]) -> list[str]:
        """Return what becomes of quantities, by numbers of products, units and their cost, and what is left out."""
        sentences = [*sentences_on(effect_of(self.session, batch, options), options)]
        uncounted = batch.count_of(CountStatus.NOT_COUNTED)
        if uncounted and not options["zero"]:
            sentences.append(
                f"{counted(uncounted, 'row was', 'rows were')} not counted; their quantities stay as they are."
            )
        left_out = [s for s in (CountStatus.NOT_FOUND, *OPEN) if batch.count_of(s)]
        if left_out:
            words = ", ".join(f"{batch.count_of(s):,} {s.label[0].lower()}{s.label[1:]}" for s in left_out)
            sentences.append(f"{'Copied into a new batch' if options['follow_up'] else 'Left out'}: {words}.")
        return sentences

    def number_changes(self, batch: InventoryCount, options: Mapping[str, Any]) -> list[NumberChange]:  # noqa: ARG002 - It is a hook.
        """Return the change of the quantities on hand, from those of now."""
        return [
            NumberChange(
                name="on_hand",
                label="the quantity on hand",
                before=quantity_now(),
                after=quantity_after(options, quantity_now()),
                where=applied(options),
                records=(Product.id, of_products(options)),
            )
        ]

    def target_records(self, batch: InventoryCount, options: Mapping[str, Any]) -> list[TargetRecords]:  # noqa: ARG002 - It is a hook.
        """Return the products of the rows whose result is applied."""
        return [
            TargetRecords(
                model=Product,
                key=Product.item_code,
                join=_row.item_code == Product.item_code,
                fields={"on_hand": Product.on_hand},
                where=applied(options),
                creates=False,
            )
        ]

    def execute(self, batch: InventoryCount, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Set the quantities on hand and record the movements: of all rows that were counted, or of none."""
        adjustment = Adjustment(self.context, batch, rows.where, options)
        # Each part is one statement, so this is where the execution can be cancelled.
        self.report("lock the products")
        lock_records(self.session, Product.id, of_products(options), rows.where)
        adjustment.refuse_negative()
        self.report("record the movements")
        changed = adjustment.record_movements()
        self.report("set the quantities")
        adjustment.set_quantities()
        settled = batch.count_of(*COUNTED, *((CountStatus.NOT_COUNTED,) if options["zero"] else ()))
        left_out = batch.count_of(CountStatus.NOT_FOUND, *OPEN)
        figures = {"changed": changed, "unchanged": settled - changed, "left_out": left_out}
        words = (
            f"{counted(changed, 'quantity', 'quantities')} on hand changed, {settled - changed:,} unchanged,"
            f" {counted(left_out, 'row')} left out."
        )
        return Outcome(words, figures, left_out_rows() if options["follow_up"] and left_out else None)
