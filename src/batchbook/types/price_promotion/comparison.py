"""The comparison of a promotion's rows with the catalogue and with other promotions: set-based, the same on both databases."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, null, or_, select, type_coerce
from sqlalchemy.orm import aliased

from batchbook.batches import Rows, State, is_repeated, number_in_sql
from batchbook.db import decimal_text, percent_change
from batchbook.grid import Rounding, rounded
from batchbook.types.price_promotion.models import PERCENT, PricePromotion, PricePromotionRow, PromotionStatus

_row = PricePromotionRow
_HUNDRED = Decimal(100)


def compare(batch: PricePromotion, rows: Rows, now: datetime, today: date) -> None:
    """Set prices, saving, status and note of ``rows``, whose ``current_price`` and status the lookup has just set.

    ``now`` is the time of the action, ``today`` its day at the site.
    """
    if not batch.returns:
        rows.update(regular_price=_row.current_price)
        _discount(batch, rows)
    rows.update(
        saving_percent=type_coerce(-percent_change(_row.regular_price, _row.promotion_price), PERCENT)
    )
    cases = _of_return() if batch.returns else _of_start(batch, now, today)
    cases = [
        (_is_incomplete(), PromotionStatus.INVALID, literal(_MISSING)),
        (is_repeated(_row.item_code), PromotionStatus.DUPLICATE, null()),
        *cases,
    ]
    whens = [(where, str(status)) for where, status, _ in cases]
    rows.update(
        _row.status == PromotionStatus.READY,
        status=case(*whens, else_=_row.status),
        status_text=case(*((where, note) for where, _, note in cases), else_=null()),
    )


_MISSING = "Enter an item code and a promotion price."
_Case = tuple[ColumnElement[bool], PromotionStatus, Any]


def _is_incomplete() -> ColumnElement[bool]:
    """Return the condition for rows that lack what they need: an item code, and both prices."""
    return or_(_row.item_code == "", _row.promotion_price.is_(None), _row.regular_price.is_(None))


def _discount(batch: PricePromotion, rows: Rows) -> None:
    """Give the rows without a promotion price the regular one less the batch's discount.

    They are few after the first refresh, because a price that is there stays.
    """
    if batch.discount is None:
        return
    rounding = Rounding(batch.rounding or Rounding.CENT)
    wanted = rows.narrowed(_row.promotion_price.is_(None), _row.regular_price > 0)
    for one in wanted:
        price = rounded(one.regular_price * (_HUNDRED - batch.discount) / _HUNDRED, rounding)
        one.promotion_price = price
    wanted.save()


def _of_start(batch: PricePromotion, now: datetime, today: date) -> list[_Case]:
    """Return the cases of a promotion that begins, the first one of which counts."""
    other = _first_overlapping(batch, now, today)
    return [
        (_row.promotion_price >= _row.regular_price, PromotionStatus.ABOVE_REGULAR, null()),
        (
            other.is_not(None),
            PromotionStatus.OVERLAPS,
            "In batch " + number_in_sql(other) + " at the same time.",
        ),
    ]


def _of_return() -> list[_Case]:
    """Return the cases of prices that return: a price that somebody has changed meanwhile is left alone."""
    note = "Now " + decimal_text(_row.current_price) + "; left as it is."
    return [
        (_row.current_price == _row.regular_price, PromotionStatus.REGULAR, null()),
        (_row.current_price != _row.promotion_price, PromotionStatus.CHANGED, note),
    ]


def _first_overlapping(batch: PricePromotion, now: datetime, today: date) -> ColumnElement[int | None]:
    """Return in SQL the lowest number of another promotion with the row's product on one of its days; null if there is none.

    These are promotions that were executed and whose prices have not returned, and those that were marked complete before this
    one: so of two that overlap, one has its way. A promotion that is over, and whose prices have not returned yet, counts as
    well: its price would be taken for the regular one.
    """
    other, theirs, end = aliased(PricePromotion), aliased(PricePromotionRow), aliased(PricePromotion)
    returned = exists().where(end.made_from == other.id, end.returns, end.state == State.EXECUTED)
    earlier = other.completed_at < (batch.completed_at or now)
    days = and_(other.starts_on <= batch.ends_on, other.ends_on >= batch.starts_on)
    overdue = and_(other.ends_on < today, _row.current_price == theirs.promotion_price)
    planned = and_(other.state.in_([State.COMPLETE, State.EXECUTING]), earlier)
    found = (
        select(func.min(theirs.batch_id))
        .join(other, other.id == theirs.batch_id)
        .where(
            theirs.item_code == _row.item_code,
            theirs.batch_id != batch.id,
            theirs.status == PromotionStatus.READY,
            ~theirs.removed,
            ~other.returns,
            or_(and_(days, planned), and_(other.state == State.EXECUTED, ~returned, or_(days, overdue))),
        )
        .correlate(PricePromotionRow)
    )
    return found.scalar_subquery()
