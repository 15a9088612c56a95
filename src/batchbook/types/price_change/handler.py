"""The handler of price changes: populate from a list or the catalogue, refresh against it, execute into it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from batchbook.batches import (
    BatchHandler,
    Block,
    Callbacks,
    ExecutionPolicy,
    FileSource,
    HandlerContext,
    IntakeField,
    NumberChange,
    Outcome,
    Rows,
    RowValues,
)
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db import lock_records
from batchbook.errors import BadInput, Conflict
from batchbook.forms import Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.types.price_change import lookup
from batchbook.types.price_change.matching import MATCHING
from batchbook.types.price_change.models import (
    APPLICABLE,
    OPTIONAL,
    PriceChange,
    PriceChangeRow,
    PriceStatus,
)
from batchbook.words import counted

#: The headings that vendors use in their lists.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "item_code": ("item", "item number", "item no", "article", "article number", "sku", "product code"),
    "description": ("name", "item description", "product", "product name"),
    "size": ("pack size", "package"),
    "new_price": ("unit price", "list price", "price each"),
}


def _known_lengths(handler: PriceChangeHandler, _batch: PriceChange, field: IntakeField) -> Mapping[int, int]:
    """Return the number of the catalogue's item codes by their length."""
    return lookup.code_lengths(handler.session) if field.key else {}


def _after_edit(handler: PriceChangeHandler, batch: PriceChange, rows: Rows) -> None:
    """Refresh the few rows of an edit, and look up the codes of these alone."""
    lookup.spell_as_catalogue(rows)
    handler.spelled = True
    handler.refresh(batch, rows)


class PriceChangeHandler(BatchHandler[PriceChange, PriceChangeRow]):
    """Handles price changes. Refresh and execute are set-based SQL: no row travels to the application and back."""

    statuses = PriceStatus
    callbacks = Callbacks(after_edit=_after_edit)
    matching = MATCHING
    #: Whether the rows have the catalogue's spelling of their item codes. All rows get it before the first ones are
    #: refreshed, so that duplicates are found.
    spelled = False
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
        line_column="line",
        known_lengths=_known_lengths,
    )
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
        if has_file and batch.percent is not None:
            raise BadInput("Give either a price list or a change by %, not both.")
        if not has_file and batch.percent is None:
            raise BadInput("Give a price list, or the % by which to change today's prices.")
        if has_file and batch.rounding is not None:
            raise BadInput(
                "A price list has its own prices, which are not rounded. Leave the rounding empty."
            )
        lookup.resolve_scope(self.session, batch)

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
        """Look up the current prices of ``rows``, compute new ones from them, and set statuses, set-based."""
        if not self.spelled:
            self.spelled = True
            whole = Rows.of_batch(self.session, batch, self.row_model, rows.now, self.statuses)
            lookup.spell_as_catalogue(whole)
        row, found = PriceChangeRow, lookup.looked_up_rows(batch, rows)
        self.session.execute(
            update(rows.table)
            .where(row.batch_id == found.c.batch_id, row.sequence == found.c.sequence)
            .values(lookup.refreshed_values(batch, rows, found))
        )

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
        left_out = [s for s in PriceStatus if s not in (*chosen, PriceStatus.UNCHANGED) and batch.count_of(s)]
        if left_out:
            words = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in left_out)
            sentences.append(f"Left out: {words}.")
        stale, perhaps_more = stale_since_refresh(self.session, batch, chosen)
        if stale:
            count = f"At least {stale:,}" if perhaps_more else f"{stale:,}"
            sentences.append(f"{count} of these prices changed in the catalogue since the last refresh.")
        return sentences

    def number_changes(self, batch: PriceChange, options: Mapping[str, Any]) -> list[NumberChange]:
        """Return the change of the prices of the chosen rows."""
        row = PriceChangeRow
        return [
            NumberChange(
                name="price",
                label="the price",
                before=row.old_price,
                after=row.new_price,
                where=row.status.in_(options["apply"]),
                warn_above=batch.warn_above,
                flag=None if batch.warn_above is None else "over_limit",
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
        lock_records(self.session, Product.id, PriceChangeRow.item_code == Product.item_code, checked.where)
        if not options["overwrite"]:
            self.report("look for other changes")
            refuse_if_stale(self.session, checked.where)
        self.report("write the price history")
        applied = write_history(self.session, chosen.where, self.context)
        self.report("set the prices")
        write_prices(self.session, chosen.where, self.context.now)
        unchanged = batch.count_of(PriceStatus.UNCHANGED)
        figures = {
            "applied": applied,
            "unchanged": unchanged,
            "left_out": batch.kept_count - applied - unchanged,
        }
        words = [f"{counted(applied, 'price')} changed", f"{counted(figures['left_out'], 'row')} left out"]
        if unchanged:
            words.insert(1, f"{unchanged:,} unchanged")
        return Outcome(f"{', '.join(words)}.", figures)


_NAMED = 5
#: The number of the last changed products that are checked for the warning.
_RECENT = 1_000
#: A change has the time at which its transaction began; it may have ended so much later.
_LONGEST = timedelta(hours=1)

_row = PriceChangeRow


def must_be_current(
    statuses: Collection[str], price: SQLColumnExpression[Any] = Product.price
) -> ColumnElement[bool]:
    """Return the condition for the rows whose products must have the known ``price`` when ``statuses`` are applied.

    These are the rows to apply, and unchanged rows that no longer are, because the product's price has changed: they
    would rise or fall, and be applied with the others.
    """
    moved = {PriceStatus.INCREASE: price < _row.new_price, PriceStatus.DECREASE: price > _row.new_price}
    would_be = or_(false(), *(where for status, where in moved.items() if status in statuses))
    return or_(
        _row.status.in_([str(status) for status in statuses]),
        and_(_row.status == PriceStatus.UNCHANGED.value, would_be),
    )


def _stale(where: ColumnElement[bool]) -> Any:
    """Return the SELECT of the rows whose product has neither the price of the refresh nor the new one, or is gone.

    Where somebody else has set the new price already, nothing is left to do.
    """
    return (
        select(_row.item_code, _row.old_price, Product.price)
        .outerjoin(Product, Product.item_code == _row.item_code)
        .where(
            where,
            Product.price.is_distinct_from(_row.old_price),
            Product.price.is_distinct_from(_row.new_price),
        )
    )


def stale_since_refresh(session: Session, batch: PriceChange, statuses: Collection[str]) -> tuple[int, bool]:
    """Return the number of stale rows if ``statuses`` are applied, and whether there may be more of them.

    It only checks the rows of the products that changed last, so that a page costs the same whatever the number of
    rows. An execution calls :func:`refuse_if_stale`, which checks every row.
    """
    if batch.refreshed_at is None:
        return 0, False
    changed = (
        select(literal(batch.id).label("batch_id"), Product.item_code, Product.price)
        .where(Product.modified_at > batch.refreshed_at - _LONGEST)
        .order_by(Product.modified_at.desc())
        .limit(_RECENT)
        .subquery("changed")
    )
    # The batch comes from there too: compared with a constant, PostgreSQL would rather read all rows of the batch.
    stale = select(func.count()).where(
        _row.batch_id == changed.c.batch_id,
        _row.item_code == changed.c.item_code,
        ~_row.removed,
        must_be_current(statuses, changed.c.price),
        changed.c.price.is_distinct_from(_row.old_price),
        changed.c.price.is_distinct_from(_row.new_price),
    )
    each = select(stale.scalar_subquery().label("rows")).select_from(changed).subquery()
    found, looked_at = session.execute(
        select(func.coalesce(func.sum(each.c.rows), 0), func.count()).select_from(each)
    ).one()
    return int(found), looked_at == _RECENT


def refuse_if_stale(session: Session, where: ColumnElement[bool]) -> None:
    """Raise ``Conflict``, naming some, where prices changed in the catalogue since the refresh."""
    count = session.scalar(select(func.count()).select_from(_stale(where).subquery())) or 0
    if not count:
        return
    named = ", ".join(
        f"{code} (was {old}, {'no longer in the catalogue' if price is None else f'now {price}'})"
        for code, old, price in session.execute(_stale(where).order_by(_row.sequence).limit(_NAMED))
    )
    named += " and others" if count > _NAMED else ""
    raise Conflict(
        f"Nothing was executed, because {counted(count, 'price')} changed in the catalogue since the last refresh: {named}."
        " Reopen the batch and refresh it to see them, or choose to overwrite them."
    )


def _changing(where: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(where, _row.item_code == Product.item_code, Product.price != _row.new_price)


def write_history(session: Session, where: ColumnElement[bool], context: HandlerContext) -> int:
    """Record each price that is about to change, with the row that changes it; return how many."""
    statement = PriceHistory.of_changes(
        _row.new_price, context.now, context.actor, _changing(where), row=_row
    )
    return session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def write_prices(session: Session, where: ColumnElement[bool], now: datetime) -> None:
    """Set the products' prices to those of the rows."""
    session.connection().execute(
        update(Product).where(_changing(where)).values(Product.touch(now) | {"price": _row.new_price})
    )
