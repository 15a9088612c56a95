"""The SQL of stock counts: comparing with the catalogue and changing it, each in one statement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, select, update
from sqlalchemy.orm import Session, aliased

from batchbook.batches import Rows
from batchbook.catalog.models import Department, Product
from batchbook_stockcount.models import RowStatus, StockCount, StockCountRow

_PAGE = 5_000
_row = StockCountRow


def item_codes(session: Session, department: str) -> Iterator[str]:
    """Yield the codes of a department's active products, in their order, a page at a time."""
    wanted = select(Product.item_code).join(Department).where(Department.name == department, Product.active)
    last = ""
    while page := session.scalars(
        wanted.where(Product.item_code > last).order_by(Product.item_code).limit(_PAGE)
    ).all():
        yield from page
        last = page[-1]


def compare(session: Session, batch: StockCount, rows: Rows) -> None:
    """Set description, quantities and status of ``rows``. Entries of one item are compared by their sum."""
    other = aliased(_row)
    counted = (
        select(func.sum(other.counted))
        .where(other.batch_id == _row.batch_id, other.item_code == _row.item_code, ~other.removed)
        .scalar_subquery()
    )
    found = (
        select(_row.sequence, Product.description, Product.on_hand, counted.label("total"))
        .outerjoin(Product, Product.item_code == _row.item_code)
        .where(rows.where)
        .subquery("found")
    )
    status = case(
        (found.c.on_hand.is_(None), RowStatus.UNKNOWN.value),
        (found.c.total.is_(None), RowStatus.NOT_COUNTED.value),
        (found.c.total > found.c.on_hand, RowStatus.MORE.value),
        (found.c.total < found.c.on_hand, RowStatus.LESS.value),
        else_=RowStatus.MATCHES.value,
    )
    session.execute(
        update(rows.table)
        .where(_row.batch_id == batch.id, _row.sequence == found.c.sequence)
        .values(description=found.c.description, total=found.c.total, on_hand=found.c.on_hand, status=status)
    )


def write_on_hand(session: Session, rows: Rows, now: datetime, *, zero: bool) -> int:
    """Make what was counted the quantity on hand; with ``zero`` items that nobody counted too. Return how many."""
    total = func.sum(_row.counted)
    counted = select(_row.item_code, func.coalesce(total, 0).label("total")).where(rows.where)
    counted = counted.group_by(_row.item_code)
    sums = (counted if zero else counted.having(total.is_not(None))).subquery("sums")
    changed = (
        update(Product)
        .where(Product.item_code == sums.c.item_code, Product.on_hand != sums.c.total)
        .values(on_hand=sums.c.total, version=Product.version + 1, modified_at=now)
    )
    return session.connection().execute(changed).rowcount


def units(session: Session, batch: StockCount) -> tuple[int, int]:
    """Return how many units were counted, and how many of them are of items that the catalogue lacks."""
    unknown = case((_row.status == RowStatus.UNKNOWN.value, _row.counted), else_=0)
    wanted = select(func.coalesce(func.sum(_row.counted), 0), func.coalesce(func.sum(unknown), 0))
    counted, lost = session.execute(wanted.where(_row.batch_id == batch.id, ~_row.removed)).one()
    return int(counted), int(lost)


def largest_differences(session: Session, batch: StockCount, limit: int) -> list[Row[Any]]:
    """Return item code, description and difference of the items whose count is farthest from what is on hand."""
    difference = (_row.total - _row.on_hand).label("difference")
    wanted = select(_row.item_code, func.max(_row.description).label("description"), difference)
    wanted = wanted.where(_row.batch_id == batch.id, ~_row.removed, _row.total != _row.on_hand)
    wanted = wanted.group_by(_row.item_code, difference).order_by(func.abs(difference).desc(), _row.item_code)
    return list(session.execute(wanted.limit(limit)).all())
