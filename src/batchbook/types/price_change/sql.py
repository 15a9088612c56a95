"""The SQL of price changes: reading the catalogue, comparing with it, and changing it, each in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from batchbook.batches import HandlerContext, Rows
from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.db import percent_change
from batchbook.errors import BadInput, Conflict
from batchbook.types.price_change.models import PriceChange, PriceChangeRow, PriceStatus
from batchbook.words import counted

_PAGE = 5_000
_NAMED = 5
#: How many of the products that changed last are looked at before a person is told of them.
_RECENT = 1_000
#: A change bears the time at which its transaction began; it may have ended so much later.
_LONGEST = timedelta(hours=1)

_row = PriceChangeRow


def check_scope(session: Session, vendor_code: str | None, department: str | None) -> None:
    """Raise ``BadInput`` where the catalogue has no such vendor or department."""
    if vendor_code and session.scalar(select(Vendor.id).where(Vendor.code == vendor_code)) is None:
        raise BadInput(f"There is no vendor “{vendor_code}” in the catalogue.")
    if department and session.scalar(select(Department.id).where(Department.name == department)) is None:
        raise BadInput(f"There is no department “{department}” in the catalogue.")


def products(session: Session, vendor_code: str | None, department: str | None) -> Iterator[Any]:
    """Yield active products of a vendor and a department (``None``: of all), by item code, a page at a time."""
    wanted = select(Product.item_code, Product.description, Product.size, Product.price).where(Product.active)
    if vendor_code:
        wanted = wanted.join(Vendor).where(Vendor.code == vendor_code)
    if department:
        wanted = wanted.join(Department).where(Department.name == department)
    last = ""
    connection = session.connection()  # The session's own execute() would spend as much again on each row.
    while page := connection.execute(
        wanted.where(Product.item_code > last).order_by(Product.item_code).limit(_PAGE)
    ).all():
        yield from page
        last = page[-1].item_code


def refresh(session: Session, batch: PriceChange, rows: Rows) -> None:
    """Set old price, change and status of ``rows`` from the catalogue as it is now."""
    found = _looked_up(rows)
    session.execute(
        update(rows.table)
        .where(_row.batch_id == found.c.batch_id, _row.sequence == found.c.sequence)
        .values(_refreshed(batch, found))
    )


def _looked_up(rows: Rows) -> Subquery:
    """Return the key of each row with what the catalogue says of it, and whether its item stands twice in the list."""
    return (
        select(
            # An expression, so that PostgreSQL does not look for all rows of the batch each time: where its statistics
            # do not know the batch yet, it takes that for as quick as looking for one.
            (_row.batch_id + 0).label("batch_id"),
            _row.sequence,
            Product.price,
            Product.description,
            Product.size,
            _twice().label("twice"),
        )
        .outerjoin(Product, Product.item_code == _row.item_code)
        .where(rows.where)
        .subquery("found")
    )


def _twice() -> ColumnElement[bool]:
    other = aliased(_row)
    return exists().where(
        other.batch_id == _row.batch_id,
        other.item_code == _row.item_code,
        other.sequence != _row.sequence,
        ~other.removed,
    )


def _refreshed(batch: PriceChange, found: Subquery) -> dict[str, Any]:
    """Return the columns that a refresh sets, with their values."""
    old, new = found.c.price, _row.new_price
    over = _over_limit(batch, old, new)
    return {
        "old_price": old,
        "description": func.coalesce(_row.description, found.c.description),
        "size": func.coalesce(_row.size, found.c.size),
        "change_percent": percent_change(old, new),
        "over_limit": over,
        "status": _status(old, new, found.c.twice),
        "status_text": _words(batch, new, over),
    }


def _status(
    old: SQLColumnExpression[Any], new: SQLColumnExpression[Any], twice: ColumnElement[bool]
) -> SQLColumnExpression[Any]:
    return case(
        ((_row.item_code == "") | new.is_(None), PriceStatus.INVALID.value),
        (twice, PriceStatus.DUPLICATE.value),
        (old.is_(None), PriceStatus.NOT_IN_CATALOGUE.value),
        (new == old, PriceStatus.UNCHANGED.value),
        (new > old, PriceStatus.INCREASE.value),
        else_=PriceStatus.DECREASE.value,
    )


def _over_limit(
    batch: PriceChange, old: SQLColumnExpression[Any], new: SQLColumnExpression[Any]
) -> ColumnElement[bool]:
    if batch.warn_above is None:
        return literal(value=False)
    # Whole numbers on both sides: |new - old| * 10,000 against hundredths of a per cent of the old price.
    limit = literal(int(batch.warn_above * 100))
    return func.coalesce(func.abs(new - old) * 10_000 > limit * old, literal(value=False))


def _words(
    batch: PriceChange, new: SQLColumnExpression[Any], over: ColumnElement[bool]
) -> SQLColumnExpression[Any]:
    return case(
        (_row.item_code == "", "It has no item code."),
        (new.is_(None), "It has no usable new price."),
        (over, f"Changes by more than {batch.warn_above} %."),
        else_=null(),
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


def stale_since_refresh(session: Session, batch: PriceChange, statuses: Iterable[str]) -> tuple[int, bool]:
    """Return how many rows with ``statuses`` are stale, and whether there may be more than were looked for.

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
        _row.status.in_([str(status) for status in statuses]),
        changed.c.price.is_distinct_from(_row.old_price),
    )
    each = select(stale.scalar_subquery().label("rows")).select_from(changed).subquery()
    found, looked_at = session.execute(
        select(func.coalesce(func.sum(each.c.rows), 0), func.count()).select_from(each)
    ).one()
    return int(found), looked_at == _RECENT


def lock_products(session: Session, where: ColumnElement[bool]) -> None:
    """Keep the products of the rows from changing until the transaction ends (SQLite has one writer anyway)."""
    locked = select(Product.id).join(_row, _row.item_code == Product.item_code).where(where)
    locked = locked.order_by(Product.id).with_for_update(of=Product)
    session.scalar(select(func.count()).select_from(locked.subquery()))


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
    """Write down each price that is about to change, with the row that changes it; return how many."""
    changes = select(
        Product.id,
        Product.item_code,
        Product.price,
        _row.new_price,
        literal(context.now, PriceHistory.changed_at.type),
        literal(context.actor),
        _row.batch_id,
        _row.sequence,
    ).where(_changing(where))
    names = (
        "product_id",
        "item_code",
        "old_price",
        "new_price",
        "changed_at",
        "changed_by",
        "batch_id",
        "sequence",
    )
    statement = insert(PriceHistory).from_select(names, changes)
    return session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def write_prices(session: Session, where: ColumnElement[bool], now: datetime) -> None:
    """Set the products' prices to those of the rows."""
    session.connection().execute(
        update(Product)
        .where(_changing(where))
        .values(price=_row.new_price, version=Product.version + 1, modified_at=now)
    )
