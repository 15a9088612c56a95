"""Rows of a price change whose products got other prices since the last refresh."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, false, func, literal, null, or_, select
from sqlalchemy.orm import Session

from batchbook.catalog.models import PriceHistory, Product
from batchbook.errors import Conflict
from batchbook.types.price_change.lookup import scope_status
from batchbook.types.price_change.models import SCOPE, PriceChange, PriceChangeRow, PriceStatus
from batchbook.words import counted

_NAMED = 5
#: The number of the last changes of prices that are checked for the warning.
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

    It only checks the rows of the products whose prices changed last, as the price history tells, so that a page costs
    the same whatever the number of rows and of products. An execution calls :func:`refuse_if_stale`, which checks every row.
    """
    if batch.refreshed_at is None:
        return 0, False
    latest = (
        select(PriceHistory.product_id)
        .where(PriceHistory.changed_at > batch.refreshed_at - _LONGEST)
        .order_by(PriceHistory.changed_at.desc())
        .limit(_RECENT)
        .cte("latest")
    )
    changed = (
        select(literal(batch.id).label("batch_id"), Product.item_code, Product.price)
        .where(Product.id.in_(select(latest.c.product_id)))
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
    looked_at = select(func.count()).select_from(latest).scalar_subquery()
    found, seen = session.execute(
        select(func.coalesce(func.sum(each.c.rows), 0), looked_at).select_from(each)
    ).one()
    return int(found), seen == _RECENT


def refuse_if_outside(session: Session, batch: PriceChange, where: ColumnElement[bool]) -> None:
    """Raise ``Conflict``, naming some, where products are no longer what their rows' statuses say.

    Since the refresh they have got another vendor or department, or have become inactive or active, so that their rows
    would have another status, which may not be among those that were chosen.
    """
    status_then = case((_row.status.in_([str(status) for status in SCOPE]), _row.status), else_=null())
    moved = select(_row.item_code).join(Product, Product.item_code == _row.item_code)
    moved = moved.where(where, scope_status(batch).is_distinct_from(status_then))
    count = session.scalar(select(func.count()).select_from(moved.subquery())) or 0
    if count:
        found = session.scalars(moved.order_by(_row.sequence).limit(_NAMED)).all()
        named = f"{', '.join(found)}{' and others' if count > _NAMED else ''}"
        words = counted(
            count,
            "product has changed its vendor, its department or whether it is active",
            "products have changed their vendor, their department or whether they are active",
        )
        raise Conflict(
            f"Nothing was executed, because {words} since the last refresh: {named}. Reopen the batch and refresh it to see"
            " that."
        )


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
