"""Execution of a price change: each effect on the catalogue in one statement, and its preconditions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

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

from batchbook.batches import HandlerContext
from batchbook.catalog.models import PriceHistory, Product
from batchbook.errors import Conflict
from batchbook.types.price_change.models import PriceChange, PriceChangeRow, PriceStatus
from batchbook.words import counted

_NAMED = 5
#: How many of the products that changed last are looked at before a person is told of them.
_RECENT = 1_000
#: A change bears the time at which its transaction began; it may have ended so much later.
_LONGEST = timedelta(hours=1)

_row = PriceChangeRow


def to_look_at(
    statuses: Collection[str], price: SQLColumnExpression[Any] = Product.price
) -> ColumnElement[bool]:
    """Return the condition for the rows whose products an execution of ``statuses`` must know as they are.

    Besides the rows to apply these are unchanged ones that would no longer be, because the product's ``price`` is
    another now: they would rise or fall, and be applied with the others.
    """
    moved = {PriceStatus.INCREASE: price < _row.new_price, PriceStatus.DECREASE: price > _row.new_price}
    would_be = or_(false(), *(moved[PriceStatus(status)] for status in statuses))
    return or_(
        _row.status.in_([str(status) for status in statuses]),
        and_(_row.status == PriceStatus.UNCHANGED.value, would_be),
    )


def _stale(where: ColumnElement[bool]) -> Any:
    return (
        select(_row.item_code, _row.old_price, Product.price)
        .outerjoin(Product, Product.item_code == _row.item_code)
        .where(where, Product.price.is_distinct_from(_row.old_price))
    )


def stale_count(session: Session, where: ColumnElement[bool]) -> int:
    """Return how many products of the rows have a price other than at the refresh, or are gone."""
    return session.scalar(select(func.count()).select_from(_stale(where).subquery())) or 0


def stale_since_refresh(session: Session, batch: PriceChange, statuses: Collection[str]) -> tuple[int, bool]:
    """Return how many rows are stale if ``statuses`` are applied, and whether there may be more than were looked for.

    For telling people: it looks up the rows of the products that changed last, so that it costs the same whatever the
    number of rows. Executing asks :func:`refuse_if_stale`, which looks at every row.
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
        to_look_at(statuses, changed.c.price),
        changed.c.price.is_distinct_from(_row.old_price),
    )
    each = select(stale.scalar_subquery().label("rows")).select_from(changed).subquery()
    found, looked_at = session.execute(
        select(func.coalesce(func.sum(each.c.rows), 0), func.count()).select_from(each)
    ).one()
    return int(found), looked_at == _RECENT


def refuse_if_stale(session: Session, where: ColumnElement[bool]) -> None:
    """Raise ``Conflict``, naming some, where prices changed in the catalogue since the refresh."""
    count = stale_count(session, where)
    if not count:
        return
    some = session.execute(_stale(where).order_by(_row.sequence).limit(_NAMED)).all()
    named = ", ".join(_named(row) for row in some) + (" and others" if count > _NAMED else "")
    raise Conflict(
        f"Nothing was executed, because {counted(count, 'price')} changed in the catalogue since the last refresh: {named}."
        " Reopen the batch and refresh it to see them, or choose to overwrite them."
    )


def _named(row: Any) -> str:
    now = "no longer in the catalogue" if row.price is None else f"now {row.price}"
    return f"{row.item_code} (was {row.old_price}, {now})"


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
