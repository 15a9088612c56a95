"""The handler of price changes: populate from a list or the catalogue, refresh against it, execute into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    and_,
    func,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from batchbook.batches import (
    BatchHandler,
    Block,
    Callbacks,
    Duplicates,
    Effect,
    ExecutionPolicy,
    FileSource,
    HandlerContext,
    IntakeField,
    NumberChange,
    Outcome,
    Reversing,
    Rows,
    RowValues,
    Source,
    Status,
    TargetRecords,
    TouchedRecords,
    update_from,
)
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db import joining_by_hash, lock_records
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of, columns_of
from batchbook.types.price_change import lookup
from batchbook.types.price_change.matching import MATCHING, SOURCES
from batchbook.types.price_change.models import (
    APPLICABLE,
    OPTIONAL,
    WAYS,
    PriceChange,
    PriceChangeRow,
    PriceStatus,
)
from batchbook.types.price_change.staleness import (
    must_be_current,
    refuse_if_outside,
    refuse_if_stale,
    stale_since_refresh,
)
from batchbook.words import counted, quoted_list

#: The headings that vendors use in their lists.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "item_code": ("item", "item number", "item no", "article", "article number", "sku", "product code"),
    "description": ("name", "item description", "product", "product name"),
    "size": ("pack size", "package"),
    "new_price": ("unit price", "list price", "price each"),
}


def label_of_way(name: str) -> str:
    """Return the label of a field of the header by which prices are computed."""
    return columns_of(PriceChange, [name])[0].label


def _known_lengths(handler: PriceChangeHandler, _batch: PriceChange, field: IntakeField) -> Mapping[int, int]:
    """Return the number of the catalogue's item codes by their length."""
    return lookup.code_lengths(handler.session) if field.key else {}


def _after_edit(handler: PriceChangeHandler, batch: PriceChange, rows: Rows) -> None:
    """Refresh the few rows of an edit, and look up the codes of these alone."""
    _spell_as_catalogue(rows)
    handler._spelled = True
    handler.refresh(batch, rows)


def _spell_as_catalogue(rows: Rows) -> None:
    """Give ``rows`` the item codes of the products that theirs mean, in the catalogue's spelling."""
    found = lookup.respelled_codes(rows)
    if found is None:
        return
    with joining_by_hash(rows.session):
        update_from(rows, found, {"item_code": found.c.item_code} | rows.newer_where(true()))


def _reversing_header(
    _handler: PriceChangeHandler, source: PriceChange, _effects: Iterator[Effect]
) -> dict[str, Any]:
    """Return the limit above which changes are marked, which stays."""
    return {"warn_above": source.warn_above}


def _reversing_rows(
    _handler: PriceChangeHandler, _batch: PriceChange, effects: Iterator[Effect]
) -> Iterator[RowValues]:
    """Yield a row for each price that was changed, with the one from before as the new one."""
    for effect in effects:
        yield {
            "line": effect.sequence,
            "item_code": effect.record_key,
            "new_price": Decimal(effect.before["price"]),
            "executed_price": Decimal(effect.after["price"]),
        }


class PriceChangeHandler(BatchHandler[PriceChange, PriceChangeRow]):
    """Handles price changes. Refresh and execute are set-based SQL: no row travels to the application and back."""

    statuses: ClassVar[type[Status]] = PriceStatus
    callbacks = Callbacks(after_edit=_after_edit)
    matching = MATCHING
    reversing = Reversing(header=_reversing_header, rows=_reversing_rows)
    #: Whether the rows have the catalogue's spelling of their item codes. All rows get it before the first ones are
    #: refreshed, so that duplicates are found.
    _spelled = False
    refresh_chunk_size: ClassVar[int | None] = 50_000
    peer_columns: tuple[str, ...] = ("item_code",)
    refresh_after: ClassVar[tuple[str, ...]] = ("warn_above",)
    duplicates = Duplicates(
        status=PriceStatus.DUPLICATE, also=(PriceStatus.INVALID,), key=("item_code",), number="new_price"
    )
    touched_records = TouchedRecords(key=(Product.item_code,), columns=("item_code",))
    file_source: FileSource | None = FileSource(
        columns={
            "item_code": "item_code",
            "description": "description",
            "size": "size",
            "price": "new_price",
        },
        key=("item_code",),
        synonyms=_SYNONYMS,
        sender="vendor_code",
        line_column="line",
        known_lengths=_known_lengths,
    )
    sources: ClassVar[tuple[Source, ...]] = SOURCES
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
                    label="Overwrite prices that changed since the refresh",
                    help="If off, execution stops when a price has changed since the refresh.",
                ),
            ]
        ),
        defaults={"apply": [str(s) for s in APPLICABLE]},
    )

    def before_create(self, batch: PriceChange, *, has_file: bool) -> None:
        """Refuse what does not fit the source of the prices, and vendors and departments that the catalogue lacks."""
        labels = [label_of_way(way) for way in batch.ways]
        if has_file and labels:
            raise BadInput(f"Give either a price list or {quoted_list(labels)}, not both.")
        if len(labels) > 1:
            raise BadInput(f"Give only one of {quoted_list(labels)}.")
        if not has_file and not labels and not batch.has_chosen_rows:
            every = quoted_list([label_of_way(way) for way in WAYS])
            raise BadInput(f"Give a price list, or one of {every}, by which prices are computed.")
        if batch.rounding is not None and (not labels or batch.set_to is not None):
            entered = (
                "Prices that you enter are"
                if batch.has_chosen_rows
                else "A price list has its own prices, which are"
            )
            prices = entered if not labels else "A price that is set is"
            raise BadInput(f"{prices} not rounded. Leave the rounding empty.")
        lookup.resolve_scope(self.session, batch)

    def populate(self, batch: PriceChange) -> Iterable[RowValues | Block]:
        """Yield the rows of the list, or the products whose prices the refresh that follows computes."""
        if not batch.is_computed:
            yield from super().populate(batch)
            return
        scope = (batch.vendor_code, batch.department)
        self.expected_rows = lookup.count_products(self.session, *scope)
        for item_code, description, size in lookup.products(self.session, *scope):
            yield {"item_code": item_code, "description": description, "size": size}

    def refresh(self, batch: PriceChange, rows: Rows) -> None:
        """Look up the current prices of ``rows``, compute new ones from them, and set statuses, set-based."""
        if not self._spelled:
            self._spelled = True
            whole = Rows.of_batch(self.session, batch, self.row_model, rows.now, self.statuses)
            _spell_as_catalogue(whole)
        found = lookup.looked_up_rows(batch, rows)
        update_from(rows, found, lookup.refreshed_values(batch, rows, found))

    def why_not_execute(self, batch: PriceChange) -> str | None:
        """Return the reason where no row changes a price."""
        if batch.count_of(*APPLICABLE, *OPTIONAL):
            return None
        return "None of its rows raises or lowers a price, so there is nothing to execute."

    def describe_execution(self, batch: PriceChange, options: Mapping[str, Any]) -> list[str]:
        """Return the counts of prices that go up and down, and of rows that are left out."""
        chosen = [status for status in (*APPLICABLE, *OPTIONAL) if status in options["apply"]]
        rise, fall = (batch.count_of(s) if s in chosen else 0 for s in APPLICABLE)
        others = [s for s in chosen if s in OPTIONAL and batch.count_of(s)]
        products = counted(batch.count_of(*chosen), "product gets", "products get")
        moves = f"{counted(rise, 'goes up', 'go up')}, {counted(fall, 'goes down', 'go down')}"
        moves += "".join(f", {batch.count_of(s):,} {s.label.lower()}" for s in others)
        unchanged = batch.count_of(PriceStatus.UNCHANGED)
        sentences = [
            f"{products} a new price, effective immediately: {moves}.",
            f"{counted(unchanged, 'price stays as it is', 'prices stay as they are')}.",
        ]
        left_out = [
            s for s in self.statuses if s not in (*chosen, PriceStatus.UNCHANGED) and batch.count_of(s)
        ]
        if left_out:
            words = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in left_out)
            sentences.append(f"Left out: {words}.")
        stale, perhaps_more = stale_since_refresh(self.session, batch, chosen)
        if stale:
            count = f"At least {stale:,}" if perhaps_more else f"{stale:,}"
            sentences.append(f"{count} of these prices changed in the catalogue since the last refresh.")
        return sentences

    def number_changes(self, batch: PriceChange, options: Mapping[str, Any]) -> list[NumberChange]:
        """Return the change of the prices of the chosen rows: where prices may be overwritten, from those of now."""
        row = PriceChangeRow
        of_now = select(Product.price).where(Product.item_code == row.item_code).scalar_subquery()
        return [
            NumberChange(
                name="price",
                label="the price",
                before=of_now if options["overwrite"] else row.old_price,
                after=row.new_price,
                where=row.status.in_(options["apply"]),
                warn_above=batch.warn_above,
                records=(Product.id, _to_lock(options)) if options["overwrite"] else None,
            )
        ]

    def target_records(self, batch: PriceChange, options: Mapping[str, Any]) -> list[TargetRecords]:  # noqa: ARG002 - It is a hook.
        """Return the products that rows of the chosen statuses name."""
        return [
            TargetRecords(
                model=Product,
                key=Product.item_code,
                join=_row.item_code == Product.item_code,
                fields={"price": Product.price},
                where=_row.status.in_(options["apply"]),
                creates=False,
            )
        ]

    def execute(self, batch: PriceChange, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        """Set the products' prices and record the changes: for all of the chosen rows, or for none."""
        chosen = rows.narrowed(PriceChangeRow.status.in_(options["apply"]))
        if not batch.count_of(*options["apply"]):
            raise Conflict(
                "Nothing was executed, because no row has a status that was chosen. Choose another one."
            )
        checked = rows.narrowed(must_be_current(options["apply"]))
        # Each part is one statement, so this is where the execution can be cancelled.
        self.report("lock the products")
        lock_records(self.session, Product.id, _to_lock(options), rows.where)
        self.report("look for other changes")
        refuse_if_outside(self.session, batch, chosen.where)
        if not options["overwrite"]:
            refuse_if_stale(self.session, checked.where)
        self.report("write the price history")
        applied = write_history(self.session, chosen.where, self.context)
        unchanged = batch.count_of(PriceStatus.UNCHANGED)
        if applied < batch.count_of(*options["apply"]):
            unchanged += count_set_already(self.session, chosen.where)
        self.report("set the prices")
        write_prices(self.session, chosen.where, self.context.now)
        figures = {
            "applied": applied,
            "unchanged": unchanged,
            "left_out": batch.kept_count - applied - unchanged,
        }
        words = [f"{counted(applied, 'price')} changed", f"{counted(figures['left_out'], 'row')} left out"]
        if unchanged:
            words.insert(1, f"{unchanged:,} unchanged")
        return Outcome(f"{', '.join(words)}.", figures)


_row = PriceChangeRow


def _to_lock(options: Mapping[str, Any]) -> ColumnElement[bool]:
    """Return the condition that joins the rows to the products whose prices may not change while they are executed."""
    return and_(_row.item_code == Product.item_code, must_be_current(options["apply"]))


def _changing(where: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(where, _row.item_code == Product.item_code, Product.price != _row.new_price)


def write_history(session: Session, where: ColumnElement[bool], context: HandlerContext) -> int:
    """Record each price that is about to change, with the row that changes it; return how many."""
    statement = PriceHistory.of_changes(
        _row.new_price, context.now, context.actor, _changing(where), row=_row, reason=context.reason
    )
    return session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def count_set_already(session: Session, where: ColumnElement[bool]) -> int:
    """Return the number of rows whose product has the new price already, because somebody else has set it."""
    statement = select(func.count()).select_from(_row)
    statement = statement.join(Product, Product.item_code == _row.item_code)
    return session.scalar(statement.where(where, Product.price == _row.new_price)) or 0


def write_prices(session: Session, where: ColumnElement[bool], now: datetime) -> None:
    """Set the products' prices to those of the rows."""
    session.connection().execute(
        update(Product).where(_changing(where)).values(Product.touch(now) | {"price": _row.new_price})
    )
