"""The execution of price promotions: prices set with their history, and the batch by which the regular ones return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update

from batchbook.batches import HandlerContext, LinkedBatch, Rows, RowValues
from batchbook.catalog.models import PriceHistory, Product
from batchbook.types.price_promotion.models import PricePromotion, PricePromotionRow, PromotionStatus

_row = PricePromotionRow
#: The number of rows that are read together, and of those that the outcome names.
_PAGE, _NAMED = 5_000, 5


def is_ready() -> ColumnElement[bool]:
    """Return the condition for rows whose price is set by an execution."""
    return _row.status == PromotionStatus.READY


def from_to(batch: PricePromotion) -> tuple[Any, Any]:
    """Return the columns with the prices that the execution of ``batch`` replaces, and with those that it sets."""
    regular, promotion = _row.regular_price, _row.promotion_price
    return (promotion, regular) if batch.returns else (regular, promotion)


def set_prices(context: HandlerContext, batch: PricePromotion, rows: Rows) -> int:
    """Set the prices of the ``rows`` that are ready, with their history; return how many were set.

    The products are locked, and the rows were compared with them since.
    """
    _, price = from_to(batch)
    changing = and_(rows.where, is_ready(), _row.item_code == Product.item_code, Product.price != price)
    reason = context.reason or f"{'End of' if batch.returns else 'Promotion'} {batch.name}"
    history = PriceHistory.of_changes(price, context.now, context.actor, changing, row=_row, reason=reason)
    connection = context.session.connection()
    connection.execute(history)
    values = Product.touch(context.now) | {"price": price}
    return connection.execute(update(Product).where(changing).values(values)).rowcount


def changed_meanwhile(rows: Rows) -> Iterator[str]:
    """Yield a sentence that names products whose prices somebody else has changed, so that they were left alone."""
    wanted = select(_row.item_code, _row.current_price).where(rows.where)
    wanted = wanted.where(_row.status == PromotionStatus.CHANGED).order_by(_row.sequence).limit(_NAMED + 1)
    found = rows.session.execute(wanted).all()
    if found:
        named = ", ".join(f"{code} (now {price})" for code, price in found[:_NAMED])
        yield f"Changed meanwhile, and left as they are: {named}{' and others' if len(found) > _NAMED else ''}."


def return_of(context: HandlerContext, batch: PricePromotion, rows: Rows) -> LinkedBatch:
    """Return the batch that restores the prices which the promotion replaces, as soon as its last day is over."""
    return LinkedBatch(
        type="price_promotion",
        header={
            "name": batch.name,
            "starts_on": batch.starts_on,
            "ends_on": batch.ends_on,
            "returns": True,
        },
        rows=_replaced(rows),
        execute_at=context.start_of(batch.day_after),
        description=f"Regular prices after {batch.name}",
    )


def _replaced(rows: Rows) -> Iterator[RowValues]:
    """Yield the rows that were ready, each with the price that its product had and the one that it has; a page at a time."""
    columns = (_row.sequence, _row.item_code, _row.regular_price, _row.promotion_price)
    wanted = select(*columns).where(rows.where, is_ready()).order_by(_row.sequence).limit(_PAGE)
    last = 0
    while page := rows.session.connection().execute(wanted.where(_row.sequence > last)).all():
        for _, code, regular, promotion in page:
            yield {"item_code": code, "regular_price": regular, "promotion_price": promotion}
        last = page[-1].sequence
