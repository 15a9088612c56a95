"""The comparison of counts with what is on hand, in SQL: of each item once, whatever the number of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Integer, SQLColumnExpression, and_, case, func, null, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from batchbook.batches import Rows, row_key, update_from
from batchbook.catalog.models import Department, Product
from batchbook.types.inventory_count.models import MOST, VALUE, CountStatus, InventoryCount, InventoryCountRow

_row = InventoryCountRow
#: The highest sum of the counts of an item that its column holds; one beyond it is none.
_HIGHEST = 2_000_000_000
#: How many item codes of a sheet are read at a time.
_PAGE = 5_000


def products_of(session: Session, department: str) -> Iterator[str]:
    """Yield the item codes of the active products of a department, in their order, a page at a time."""
    wanted = select(Product.item_code).join(Department).where(Department.name == department, Product.active)
    last = ""
    while page := session.scalars(
        wanted.where(Product.item_code > last).order_by(Product.item_code).limit(_PAGE)
    ).all():
        yield from page
        last = page[-1]


def count_products_of(session: Session, department: str) -> int:
    """Return the number of active products of a department."""
    wanted = select(func.count()).select_from(Product).join(Department)
    return session.scalar(wanted.where(Department.name == department, Product.active)) or 0


def compare(batch: InventoryCount, rows: Rows) -> None:
    """Set what is computed of ``rows``, whose items have been looked up, and their statuses, by one statement."""
    other = aliased(_row)
    entries = and_(other.batch_id == _row.batch_id, other.item_code == _row.item_code, ~other.removed)

    def of_item(value: Any) -> Any:
        return select(value).where(entries).correlate(_row).scalar_subquery()

    found = (
        select(
            *row_key(_row),
            (of_item(func.min(other.sequence)) == _row.sequence).label("is_first"),
            of_item(func.sum(other.counted)).label("counted"),
            of_item(func.sum(other.counted_again)).label("counted_again"),
            of_item(func.max(other.agreed)).label("agreed"),
        )
        .where(rows.where)
        .subquery("of_items")
    )
    total = _total(batch, found.c)
    # Nested, so that a statement names each value once and the databases compute it once.
    totals = select(found, total.label("total")).subquery("totals")
    same = and_(_row.basis.is_not_distinct_from(totals.c.total), _row.expected.is_not(None))
    counts = and_(totals.c.is_first, totals.c.total.is_not(None), _row.on_hand.is_not(None))
    expected = case((and_(counts, same), _row.expected), (counts, _row.on_hand), else_=null())
    difference = case((counts, totals.c.total - expected), else_=null())
    update_from(
        rows,
        totals,
        {
            "total": case((totals.c.is_first, totals.c.total), else_=null()),
            "basis": case((totals.c.is_first, totals.c.total), else_=null()),
            "expected": expected,
            "moved": case((counts, _row.on_hand - expected), else_=null()),
            "difference": difference,
            "value": _value(difference),
            "status": _status(batch, totals.c, difference),
        },
    )


def _total(batch: InventoryCount, found: Any) -> SQLColumnExpression[Any]:
    """Return the count of an item that counts; null where there is none, or where two counts differ."""
    entered = found.counted
    if batch.counts > 1:
        entered = case((found.counted == found.counted_again, found.counted), else_=null())
    total = func.coalesce(found.agreed, entered)
    return case((total <= _HIGHEST, total), else_=null())


def _value(difference: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """Return the cost of a difference. On SQLite, costs are whole numbers of cents, and so is their product."""
    value = type_coerce(type_coerce(_row.cost, Integer) * difference, VALUE)
    return case((func.abs(difference) < MOST, value), else_=null())


def _status(
    batch: InventoryCount, found: Any, difference: SQLColumnExpression[Any]
) -> SQLColumnExpression[str]:
    # Of what was counted twice by one person only, there is no total yet.
    is_counted = or_(found.counted.is_not(None), found.counted_again.is_not(None))
    whens: list[tuple[Any, Any]] = [
        (_row.status == CountStatus.NOT_FOUND, CountStatus.NOT_FOUND),
        (~found.is_first, CountStatus.PART),
        (difference > 0, CountStatus.OVER),
        (difference < 0, CountStatus.SHORT),
        (difference == 0, CountStatus.MATCHES),
    ]
    if batch.counts > 1:
        both = and_(found.counted.is_not(None), found.counted_again.is_not(None))
        whens += [(both, CountStatus.DISAGREE), (is_counted, CountStatus.ONCE)]
    else:
        # A count of the other person only, from a file or from before the header was changed, is no count of zero.
        whens.append((is_counted, CountStatus.ONCE))
    return case(*((when, status.value) for when, status in whens), else_=CountStatus.NOT_COUNTED.value)
