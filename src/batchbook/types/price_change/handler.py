"""The handler of price changes: populate from a list or the catalogue, refresh against it, execute into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sqlalchemy import update

from batchbook.batches import (
    BatchHandler,
    Block,
    ExecutionPolicy,
    FileSource,
    IntakeField,
    Outcome,
    Rows,
    RowValues,
)
from batchbook.catalog.models import Product
from batchbook.db import lock_records
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.price_change import execution, lookup
from batchbook.types.price_change.models import PriceChange, PriceChangeRow, PriceStatus
from batchbook.words import counted

#: The statuses whose rows can be applied.
APPLICABLE = (PriceStatus.INCREASE, PriceStatus.DECREASE)

#: What vendors call the columns of their lists.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "item_code": ("item", "item number", "item no", "article", "article number", "sku", "product code"),
    "description": ("name", "item description", "product", "product name"),
    "size": ("pack size", "package"),
    "new_price": ("unit price", "list price", "price each"),
}


def _known_lengths(handler: PriceChangeHandler, _batch: PriceChange, field: IntakeField) -> Mapping[int, int]:
    """Return how many of the catalogue's item codes have which length."""
    return lookup.code_lengths(handler.session) if field.key else {}


class PriceChangeHandler(BatchHandler[PriceChange, PriceChangeRow]):
    """Handles price changes. Refresh and execute are set-based SQL: no row travels to the application and back."""

    statuses = PriceStatus
    refresh_chunk_size: ClassVar[int | None] = 50_000
    peer_columns: tuple[str, ...] = ("item_code",)
    refresh_after: ClassVar[tuple[str, ...]] = ("warn_above",)
    file_source = FileSource(
        columns={
            "item_code": "item_code",
            "description": "description",
            "size": "size",
            "price": "new_price",
        },
        key=("item_code",),
        synonyms=_SYNONYMS,
        sender="vendor_code",
        known_lengths=_known_lengths,
    )
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "apply",
                    Kind.CHOICE,
                    label="Apply rows that are",
                    widget="checkboxes",
                    choices=choices_of(APPLICABLE),
                    required=True,
                ),
                Field.of(
                    "overwrite",
                    Kind.BOOLEAN,
                    label="Overwrite prices that changed since the refresh",
                    help="Without this, nothing is applied if any of these prices changed meanwhile.",
                ),
            ]
        ),
        defaults={"apply": [str(s) for s in APPLICABLE]},
    )

    def before_create(self, batch: PriceChange, *, has_file: bool) -> None:
        """A price change comes either from a list or from a change by per cent."""
        if has_file and batch.percent is not None:
            raise BadInput("Give either a price list or a change by %, not both.")
        if not has_file and batch.percent is None:
            raise BadInput("Give a price list, or say by how many % today's prices are to change.")
        if not has_file:
            lookup.check_scope(self.session, batch.vendor_code, batch.department)

    def populate(self, batch: PriceChange) -> Iterable[RowValues | Block]:
        """Yield the rows of the list, or the products whose prices the refresh that follows computes."""
        if batch.percent is None:
            yield from super().populate(batch)
            return
        scope = (batch.vendor_code, batch.department)
        self.expected_rows = lookup.count_products(self.session, *scope)
        for item_code, description, size in lookup.products(self.session, *scope):
            yield {"item_code": item_code, "description": description, "size": size}

    def refresh(self, batch: PriceChange, rows: Rows) -> None:
        """Look up the current prices of ``rows``, compute new ones from them, and set statuses, in one statement."""
        row, found = PriceChangeRow, lookup.looked_up_rows(batch, rows)
        self.session.execute(
            update(rows.table)
            .where(row.batch_id == found.c.batch_id, row.sequence == found.c.sequence)
            .values(lookup.refreshed_values(batch, rows, found))
        )

    def why_not_execute(self, batch: PriceChange) -> str | None:
        """A price change without a row that changes a price has nothing to execute."""
        if batch.count_of(*APPLICABLE):
            return None
        return "None of its rows raises or lowers a price, so there is nothing to execute."

    def describe_execution(self, batch: PriceChange, options: Mapping[str, Any]) -> list[str]:
        """Count the prices that go up and down, and the rows that are left out."""
        chosen = [status for status in APPLICABLE if status in options["apply"]]
        rise, fall = (batch.count_of(s) if s in chosen else 0 for s in APPLICABLE)
        products = counted(rise + fall, "product gets", "products get")
        moves = f"{counted(rise, 'goes up', 'go up')}, {counted(fall, 'goes down', 'go down')}"
        unchanged = batch.count_of(PriceStatus.UNCHANGED)
        sentences = [
            f"{products} a new price, effective immediately: {moves}.",
            f"{counted(unchanged, 'price stays as it is', 'prices stay as they are')}.",
        ]
        left_out = [s for s in PriceStatus if s not in (*chosen, PriceStatus.UNCHANGED) and batch.count_of(s)]
        if left_out:
            words = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in left_out)
            sentences.append(f"Left out: {words}.")
        stale, perhaps_more = execution.stale_since_refresh(self.session, batch, chosen)
        if stale:
            count = f"At least {stale:,}" if perhaps_more else f"{stale:,}"
            sentences.append(f"{count} of these prices changed in the catalogue since the last refresh.")
        return sentences

    def execute(self, batch: PriceChange, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Set the products' prices and write their history: all of the chosen rows, or none."""
        chosen = rows.narrowed(PriceChangeRow.status.in_(options["apply"]))
        if not batch.count_of(*options["apply"]):
            raise Conflict(
                "Nothing was executed, because no row has a status that was chosen. Choose another one."
            )
        looked_at = rows.narrowed(execution.to_look_at(options["apply"]))
        # Each part is one statement, so this is where the execution can be cancelled.
        self.report("lock the products")
        lock_records(self.session, Product.id, PriceChangeRow.item_code == Product.item_code, looked_at.where)
        if not options["overwrite"]:
            self.report("look for other changes")
            execution.refuse_if_stale(self.session, looked_at.where)
        self.report("write the price history")
        applied = execution.write_history(self.session, chosen.where, self.context)
        self.report("set the prices")
        execution.write_prices(self.session, chosen.where, self.context.now)
        figures = {"applied": applied, "left_out": batch.kept_count - applied}
        return Outcome(
            f"{counted(applied, 'price')} changed, {counted(figures['left_out'], 'row')} left out.", figures
        )
