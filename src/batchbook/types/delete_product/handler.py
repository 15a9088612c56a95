"""The handler of removals of products: judge what can be done to each, then deactivate, delete or reactivate them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, func, literal, select, type_coerce

from batchbook.batches import (
    BatchHandler,
    Block,
    Duplicates,
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
    Status,
    TargetRecords,
    Total,
    TouchedRecords,
    input_file,
    update_from,
)
from batchbook.catalog.models import PRICE, Department, Product, Vendor
from batchbook.db import lock_records
from batchbook.errors import Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.delete_product.judgement import (
    Judgement,
    applicable,
    facts_of_now,
    note_batches,
    refuse_changed,
    stored_facts,
)
from batchbook.types.delete_product.models import (
    OBSTACLES,
    READY,
    DeleteProduct,
    DeleteProductRow,
    RemovalStatus,
    Step,
)
from batchbook.types.delete_product.steps import DONE, PAST, about_deleted, do_step, kept_records
from batchbook.words import counted

_row = DeleteProductRow

_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "item_code": ("item", "item number", "item no", "article", "article number", "sku", "product code", "upc", "ean"),
}  # fmt: skip


def _reversing_header(
    _handler: DeleteProductHandler, source: DeleteProduct, _effects: Iterator[Effect]
) -> dict[str, Any]:
    """Return the number of days, which stays."""
    return {"inactive_days": source.inactive_days}


def _reversing_rows(
    _handler: DeleteProductHandler, _batch: DeleteProduct, effects: Iterator[Effect]
) -> Iterator[RowValues]:
    """Yield a row for each product that was deactivated. Those that were deleted stay so."""
    for effect in effects:
        if effect.target == Product.__tablename__ and effect.after and effect.after.get("active") is False:
            yield {"line": effect.sequence, "item_code": effect.record_key}


class DeleteProductHandler(BatchHandler[DeleteProduct, DeleteProductRow]):
    """Handles removals of products. Rows are judged by SQL, but for the open batches that other types tell of."""

    statuses: ClassVar[type[Status]] = RemovalStatus
    refresh_chunk_size: ClassVar[int | None] = 10_000
    peer_columns: tuple[str, ...] = ("item_code",)
    refresh_after: ClassVar[tuple[str, ...]] = ("inactive_days",)
    duplicates = Duplicates(status=RemovalStatus.DUPLICATE)
    touched_records = TouchedRecords(key=(Product.item_code,))
    reversing = Reversing(header=_reversing_header, rows=_reversing_rows)
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a product",
        find=(Product.upc, Product.item_code),
        key="item_code",
        named_by=("description", "size"),
    )
    lookups: tuple[Lookup, ...] = (
        Lookup(
            column="item_code",
            key=Product.item_code,
            also=(Product.upc,),
            take={
                "description": Product.description,
                "size": Product.size,
                "department": Department.name,
                "vendor": Vendor.code,
                "price": Product.price,
                "active": Product.active,
                "on_hand": Product.on_hand,
                "changed_at": Product.modified_at,
            },
            joins=(Product.department, Product.vendor),
            missing=RemovalStatus.NOT_FOUND,
        ),
    )
    sources: ClassVar[tuple[Source, ...]] = (
        FromSearch(Product, columns={"item_code": "item_code"}),
        FromBatch("new_product", columns={"item_code": "item_code"}),
        FromBatch("price_change", columns={"item_code": "item_code"}),
        FromBatch("handheld", columns={"item_code": "item_code"}, adds=()),
    )
    file_source: FileSource | None = FileSource(
        columns={"item_code": "item_code"}, key=("item_code",), synonyms=_SYNONYMS, line_column="line"
    )
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "steps",
                    Kind.CHOICE,
                    label="Do",
                    widget="checkboxes",
                    choices=choices_of(Step),
                    required=True,
                    help="Deleting cannot be undone. Products are reactivated by a batch that reverses another one.",
                ),
                Field.of(
                    "also",
                    Kind.CHOICE,
                    label="Also to products that are",
                    widget="checkboxes",
                    choices=choices_of(OBSTACLES),
                    help="Of several reasons that are in the way of a product, all must be ticked.",
                ),
            ]
        ),
        defaults={"steps": [Step.DEACTIVATE.value, Step.REACTIVATE.value], "also": []},
    )

    def populate(self, batch: DeleteProduct) -> Iterable[RowValues | Block]:
        """Return the rows of the list; none for a batch without one, whose rows are scanned or added by hand."""
        return super().populate(batch) if input_file(self.session, batch) else ()

    def refresh(self, batch: DeleteProduct, rows: Rows) -> None:
        """Take what the catalogue has of the products, and judge what can be done to each."""
        super().refresh(batch, rows)
        note_batches(self.context, batch, rows)
        found = facts_of_now(rows).subquery("found")
        judgement = Judgement(self.context, batch, found.c)
        update_from(
            rows,
            found,
            {
                "on_order": found.c.on_order,
                "documents": found.c.documents,
                "records": found.c.records,
                "step": judgement.step(),
                "status": judgement.status(),
                "status_text": judgement.text(),
            },
        )

    def totals(self, batch: DeleteProduct) -> list[Total]:
        """Return how much of these products is on hand, and its value at the price."""
        value = func.sum(type_coerce(_row.on_hand * _row.price, PRICE))
        kept = select(func.sum(_row.on_hand), value).where(
            _row.batch_id == batch.id, ~_row.removed, _row.on_hand != 0
        )
        on_hand, amount = self.session.execute(kept).one()
        if not on_hand:
            return []
        return [
            Total("On hand", f"{on_hand:,}", ("on_hand",)),
            Total("Value at price", f"{amount:,}", ("on_hand", "price")),
        ]

    def why_not_execute(self, batch: DeleteProduct) -> str | None:
        """Return the reason where nothing can be done to any product."""
        if batch.count_of(*READY, *OBSTACLES):
            return None
        return "None of its products can be deactivated or deleted, so there is nothing to execute."

    def describe_execution(self, batch: DeleteProduct, options: Mapping[str, Any]) -> list[str]:
        """Return how many products are deactivated and deleted, what goes with them, and what is left out."""
        kept = and_(_row.batch_id == batch.id, ~_row.removed)
        chosen = and_(kept, self._chosen(batch, options))
        steps = dict(
            self.session.execute(select(_row.step, func.count()).where(chosen).group_by(_row.step)).all()
        )
        sentences = [
            f"{counted(steps[step], f'product is {words}', f'products are {words}')}."
            for step, words in DONE.items()
            if step in steps
        ]
        if not sentences:
            sentences.append("No product is changed with these options.")
        sentences += about_deleted(self.session, and_(chosen, _row.step == Step.DELETE.value))
        rest = select(_row.status, func.count()).where(kept, ~self._chosen(batch, options, known=True))
        left_out = dict(self.session.execute(rest.group_by(_row.status)).all())
        words = [f"{left_out[s]:,} {s.label[0].lower()}{s.label[1:]}" for s in self.statuses if s in left_out]
        return [*sentences, *([f"Left out: {', '.join(words)}."] if words else [])]

    def number_changes(self, batch: DeleteProduct, options: Mapping[str, Any]) -> list[NumberChange]:
        """Return the quantities on hand that vanish with deleted products, which have to be confirmed."""
        if RemovalStatus.IN_STOCK not in options["also"] or Step.DELETE not in options["steps"]:
            return []
        where = and_(self._chosen(batch, options), _row.step == Step.DELETE.value)
        return [
            NumberChange(
                name="on_hand",
                label="the quantity on hand",
                before=_row.on_hand,
                after=literal(0),
                where=where,
            )
        ]

    def target_records(self, batch: DeleteProduct, options: Mapping[str, Any]) -> list[TargetRecords]:
        """Return the products of the chosen rows, and the vendor items and matches that are deleted with them."""
        return kept_records(self._chosen(batch, options))

    def execute(self, batch: DeleteProduct, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Do the chosen steps to the products, or none of them where something has come in the way."""
        chosen = rows.narrowed(self._chosen(batch, options))
        self.report("lock the products")
        lock_records(self.session, Product.id, Product.item_code == _row.item_code, chosen.where)
        self.report("look for what has come in the way")
        refuse_changed(self.context, batch, chosen, options["also"], self.chunk_size)
        done = {}
        for step in Step:
            self.report(f"{step.label.lower()} products")
            done[step] = do_step(
                self.session, step, and_(chosen.where, _row.step == step.value), self.context.now
            )
        if not any(done.values()):
            raise Conflict(
                "Nothing was executed, because no product can have a step that was chosen. Choose others."
            )
        left_out = batch.kept_count - sum(done.values())
        words = [
            counted(number, f"product {PAST[step]}", f"products {PAST[step]}")
            for step, number in done.items()
            if number
        ]
        figures = {PAST[step]: number for step, number in done.items()} | {"left_out": left_out}
        return Outcome(f"{', '.join(words)}, {counted(left_out, 'row')} left out.", figures)

    def _chosen(
        self, batch: DeleteProduct, options: Mapping[str, Any], *, known: bool = False
    ) -> ColumnElement[bool]:
        """Return the condition for rows that ``options`` choose; with ``known``, it is false and never null for others."""
        judgement = Judgement(self.context, batch, stored_facts())
        chosen = applicable(judgement, options["steps"], options["also"] or ())
        return func.coalesce(chosen, False) if known else chosen
