"""The handler of price promotions: compare with the catalogue, set the promotion's prices, and have the regular ones return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import and_, func, select

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
)
from batchbook.catalog.models import Product
from batchbook.db import lock_records
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind
from batchbook.types.price_promotion.comparison import compare
from batchbook.types.price_promotion.execution import (
    changed_meanwhile,
    from_to,
    is_ready,
    return_of,
    set_prices,
)
from batchbook.types.price_promotion.models import PricePromotion, PricePromotionRow, PromotionStatus
from batchbook.words import counted

_row = PricePromotionRow


def _reversing_header(
    _handler: PricePromotionHandler, source: PricePromotion, _effects: Iterator[Effect]
) -> dict[str, Any]:
    """Return the header of a batch that restores the prices from before: a return, like that of the promotion."""
    return {
        "name": source.name,
        "starts_on": source.starts_on,
        "ends_on": source.ends_on,
        "returns": True,
    }


def _reversing_rows(
    _handler: PricePromotionHandler, _batch: PricePromotion, effects: Iterator[Effect]
) -> Iterator[RowValues]:
    """Yield a row for each price that was changed, which returns if the product still has it."""
    for effect in effects:
        yield {
            "line": effect.sequence,
            "item_code": effect.record_key,
            "regular_price": Decimal(effect.before["price"]),
            "promotion_price": Decimal(effect.after["price"]),
        }


def _when(handler: PricePromotionHandler, batch: PricePromotion) -> datetime:
    """Return the time for which a schedule is proposed: the beginning of the promotion, or of the day after it."""
    return handler.context.start_of(batch.day_after if batch.returns else batch.starts_on)


class PricePromotionHandler(BatchHandler[PricePromotion, PricePromotionRow]):
    """Handles promotions and the returns of their prices. Refresh and execute are set-based SQL."""

    statuses: ClassVar[type[Status]] = PromotionStatus
    refresh_chunk_size: ClassVar[int | None] = 50_000
    peer_columns: tuple[str, ...] = ("item_code",)
    refresh_after: ClassVar[tuple[str, ...]] = ("starts_on", "ends_on")
    lookups: tuple[Lookup, ...] = (
        Lookup(
            column="item_code",
            key=Product.item_code,
            also=(Product.upc,),
            take={"description": Product.description, "current_price": Product.price},
            missing=PromotionStatus.NOT_FOUND,
            unless=((and_(~Product.active, ~PricePromotion.returns), PromotionStatus.INACTIVE),),
            found=PromotionStatus.READY,
        ),
    )
    duplicates = Duplicates(status=PromotionStatus.DUPLICATE, key=("item_code",), number="promotion_price")
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    reversing = Reversing(header=_reversing_header, rows=_reversing_rows)
    file_source: FileSource | None = FileSource(
        columns={"item_code": "item_code", "price": "promotion_price"},
        optional=("promotion_price",),
        key=("item_code",),
        synonyms={
            "item_code": ("item", "item number", "article", "sku", "product code", "upc"),
            "promotion_price": ("promotion price", "promo price", "sale price", "special price", "offer"),
        },
        line_column="line",
    )
    sources: ClassVar[tuple[Source, ...]] = (
        FromSearch(Product, columns={"item_code": "item_code"}),
        FromBatch("price_change", columns={"item_code": "item_code", "new_price": "promotion_price"}),
        FromBatch(
            "price_promotion",
            columns={"item_code": "item_code", "promotion_price": "promotion_price"},
            header={"name": "name"},
        ),
        FromBatch("handheld", columns={"item_code": "item_code"}, adds=()),
    )
    quick_entry: QuickEntry | None = QuickEntry(
        label="Scan or type a product",
        find=(Product.upc, Product.item_code),
        value=Product.item_code,
        key="item_code",
        named_by=("item_code", "description"),
    )
    execution_policy = ExecutionPolicy(
        options=Form(
            [
                Field.of(
                    "early",
                    Kind.BOOLEAN,
                    label="Begin before the first day",
                    help="If off, a promotion is executed on its days only: schedule it, or wait until it begins.",
                )
            ]
        ),
        schedules=True,
        proposed_time=_when,
    )

    def before_create(self, batch: PricePromotion, *, has_file: bool) -> None:  # noqa: ARG002 - Products may be added later.
        """Refuse days in the wrong order, a promotion that is over, and a rounding of nothing; its name describes it."""
        if batch.ends_on < batch.starts_on:
            raise BadInput(f"It would end on {batch.ends_on}, before it starts on {batch.starts_on}.")
        if batch.ends_on < self.context.today:
            raise BadInput(f"Its last day, {batch.ends_on}, is over.")
        if batch.rounding is not None and batch.discount is None:
            raise BadInput(
                "Only discounted prices are rounded. Give a discount, or leave the rounding empty."
            )
        batch.description = batch.description or batch.name

    def populate(self, batch: PricePromotion) -> Iterable[RowValues | Block]:
        """Yield the rows of the list; none without one, because products are then scanned or added."""
        return super().populate(batch) if input_file(self.session, batch) else ()

    def refresh(self, batch: PricePromotion, rows: Rows) -> None:
        """Look up the products of ``rows``, and compare prices with them and with other promotions."""
        super().refresh(batch, rows)
        compare(batch, rows, self.context.now, self.context.today)

    def why_not_execute(self, batch: PricePromotion) -> str | None:
        """Return the reason where the promotion is over, or where no row is ready."""
        if batch.returns:
            return super().why_not_execute(batch)
        if batch.ends_on < batch.starts_on:
            return f"It ends on {batch.ends_on}, before it starts on {batch.starts_on}. Correct its days."
        if batch.ends_on < self.context.today:
            return f"Its last day, {batch.ends_on}, is over. Correct its days."
        if not batch.count_of(PromotionStatus.READY):
            return "None of its rows is ready, so there is no price to set."
        return None

    def describe_execution(self, batch: PricePromotion, options: Mapping[str, Any]) -> list[str]:
        """Return the counts of prices that are set and of rows that are left out, and when the regular ones return."""
        products = counted(batch.count_of(PromotionStatus.READY), "product gets", "products get")
        if batch.returns:
            sentences = [f"{products} the regular price back, if nobody has changed the promotion's."]
            if self.context.today < batch.day_after and batch.count_of(PromotionStatus.READY):
                sentences.append(
                    f"The promotion's last day is {batch.ends_on}: executing this now ends it early. To keep it until then, schedule"
                    f" this for {batch.day_after}."
                )
        else:
            back = "another batch gives them back the prices that they have when this is executed"
            sentences = [f"{products} the promotion's price. When {batch.day_after} begins, {back}."]
            if self.context.today < batch.starts_on and not options["early"]:
                sentences.append(
                    f"It starts on {batch.starts_on}: schedule it, or choose to begin before that."
                )
        left_out = [one for one in self.statuses if one != PromotionStatus.READY and batch.count_of(one)]
        if left_out:
            words = ", ".join(f"{batch.count_of(one):,} {one.label.lower()}" for one in left_out)
            sentences.append(f"Left out: {words}.")
        return sentences

    def totals(self, batch: PricePromotion) -> list[Total]:
        """Return the number of products, and what customers save on average."""
        wanted = select(func.count(), func.sum(_row.regular_price), func.sum(_row.promotion_price))
        count, regular, promotion = self.session.execute(
            wanted.where(_row.batch_id == batch.id, ~_row.removed, is_ready())
        ).one()
        saving = f"{(1 - promotion / regular) * 100:.1f} %" if regular and promotion else None
        return [
            Total("Products", count, ("item_code",)),
            Total("Average saving", saving, ("regular_price", "promotion_price")),
        ]

    def number_changes(self, batch: PricePromotion, options: Mapping[str, Any]) -> list[NumberChange]:  # noqa: ARG002 - It is a hook.
        """Return the change of the prices of the rows that are ready; for a promotion, the one of their return as well."""
        before, after = from_to(batch)
        change = NumberChange(name="price", label="the price", before=before, after=after, where=is_ready())
        if batch.returns:
            return [change]
        return [
            change,
            replace(
                change,
                name="return",
                label="the price on its return",
                before=after,
                after=before,
                later=True,
            ),
        ]

    def target_records(self, batch: PricePromotion, options: Mapping[str, Any]) -> list[TargetRecords]:  # noqa: ARG002 - It is a hook.
        """Return the products of all rows, because an execution finds out once more which are ready."""
        return [
            TargetRecords(
                model=Product,
                key=Product.item_code,
                join=_row.item_code == Product.item_code,
                fields={"price": Product.price},
                creates=False,
            )
        ]

    def execute(self, batch: PricePromotion, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Set the prices of the rows that are ready as the catalogue is now, and record the changes.

        A promotion by schedule begins although a price has changed since the refresh: what returns is what was there.
        """
        if not batch.returns and self.context.today < batch.starts_on and not options["early"]:
            raise Conflict(
                f"Nothing was executed, because the promotion starts on {batch.starts_on}. Schedule it for that day, or choose to"
                " begin before it."
            )
        self.report("lock the products")
        lock_records(self.session, Product.id, rows.where, _row.item_code == Product.item_code)
        self.report("compare with the catalogue")
        self.refresh(batch, rows)
        self.report("set the prices")
        applied = set_prices(self.context, batch, rows)
        if not applied and not batch.returns:
            raise Conflict(
                "Nothing was executed, because no row is ready any more. Reopen the batch and refresh it to see why."
            )
        left_out, done = rows.count() - applied, "restored" if batch.returns else "set"
        sentences = [f"{counted(applied, 'price')} {done}, {counted(left_out, 'row')} left out."]
        return Outcome(
            " ".join([*sentences, *changed_meanwhile(rows)]),
            {"applied": applied, "left_out": left_out},
            batches=() if batch.returns else (return_of(self.context, batch, rows),),
        )
