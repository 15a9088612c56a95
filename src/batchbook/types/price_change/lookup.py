"""Lookup of a price change's rows in the catalogue: one statement for each purpose, exact on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from batchbook.batches import Rows, row_key
from batchbook.catalog.models import Department, Product, Vendor
from batchbook.db import changes_beyond, decimal_text, folded_key, key_form, percent_change, spelled_like
from batchbook.errors import BadInput
from batchbook.types.price_change.computed_prices import basis_of, follow_catalogue
from batchbook.types.price_change.models import PriceChange, PriceChangeRow, PriceStatus
from batchbook.words import quoted_list

_row = PriceChangeRow

_PAGE = 5_000


def resolve_scope(session: Session, batch: PriceChange) -> None:
    """Set the vendor and the department of a new batch to the catalogue's spelling of them.

    Raises ``BadInput`` where the catalogue has none of that name, whatever its case, or several.
    """
    batch.vendor_code = _spelling(session, Vendor.code, "vendor", batch.vendor_code)
    batch.department = _spelling(session, Department.name, "department", batch.department)


def _spelling(session: Session, names: InstrumentedAttribute[str], what: str, text: str | None) -> str | None:
    if not text:
        return None
    found = spelled_like(session, names, text)
    if not found:
        raise BadInput(f"There is no {what} “{text}” in the catalogue.")
    if len(found) > 1:
        raise BadInput(
            f"“{text}” may be more than one {what}: {quoted_list(found)}. Write it as the catalogue does."
        )
    return found[0]


#: The number of codes up to which each is looked for by itself; among more, all similar codes are joined.
_FEW_CODES = 100


def respelled_codes(rows: Rows) -> Subquery | None:
    """Return the key of each of ``rows`` whose item code is written unlike a product's, with that product's code.

    They differ in case, blanks, width or Unicode form only. Codes that are a product's, and those that may be several
    products', are not among them. ``None`` if all codes are products'.
    """
    row, session = _row, rows.session
    known = exists().where(Product.item_code == row.item_code)
    unknown = and_(rows.where, row.item_code != "", ~known)
    codes = session.scalars(select(row.item_code).where(unknown).limit(_FEW_CODES + 1)).all()
    if not codes:
        return None
    form = folded_key(Product.item_code)
    products = select(form.label("form"), func.min(Product.item_code).label("item_code"))
    wanted = select(folded_key(row.item_code)).where(unknown)
    few = len(codes) <= _FEW_CODES
    products = products.where(form.in_({key_form(code) for code in codes} if few else wanted))
    # Grouped, it is a table of its own for the databases, which they look up rather than scan for each row.
    similar = products.group_by(form).having(func.count() == 1).subquery("similar")
    return (
        select(*row_key(row), similar.c.item_code)
        .join(similar, similar.c.form == folded_key(row.item_code))
        .where(unknown)
        .subquery("found")
    )


def count_products(session: Session, vendor_code: str | None, department: str | None) -> int:
    """Return how many products :func:`products` yields."""
    return session.scalar(_active(select(func.count(Product.id)), vendor_code, department)) or 0


def _active(wanted: Any, vendor_code: str | None, department: str | None) -> Any:
    wanted = wanted.where(Product.active)
    if vendor_code:
        wanted = wanted.join(Vendor).where(Vendor.code == vendor_code)
    if department:
        wanted = wanted.join(Department).where(Department.name == department)
    return wanted


def products(session: Session, vendor_code: str | None, department: str | None) -> Iterator[Any]:
    """Yield active products of a vendor and a department (``None``: of all), by item code, a page at a time."""
    columns = (Product.item_code, Product.description, Product.size)
    wanted = _active(select(*columns), vendor_code, department)
    last = ""
    connection = session.connection()  # The session's own execute() would spend as much again on each row.
    while page := connection.execute(
        wanted.where(Product.item_code > last).order_by(Product.item_code).limit(_PAGE)
    ).all():
        yield from page
        last = page[-1].item_code


def code_lengths(session: Session) -> dict[int, int]:
    """Return the number of item codes of the catalogue by their length."""
    length = func.length(Product.item_code)
    counts = session.execute(select(length, func.count()).group_by(length))
    return {characters: count for characters, count in counts}  # noqa: C416 - Rows are no tuples.


def refreshed_values(batch: PriceChange, rows: Rows, found: Subquery) -> dict[str, Any]:
    """Return the columns that a refresh of ``rows`` sets, with their values from ``found``, their lookup."""
    values = _refreshed(batch, found)
    return values | _recomputed(found, rows) if batch.is_computed else values


def _recomputed(found: Subquery, rows: Rows) -> dict[str, Any]:
    """Return the columns that are set besides where prices are computed.

    The version of a row grows where its editor saw another price than the one computed now, so that the edit conflicts.
    """
    seen = and_(_row.status.is_not(None), found.c.new_price.is_distinct_from(_row.new_price))
    return {
        "new_price": found.c.new_price,
        "computed_from": found.c.computed_from,
        "price_moved": _moved(found),
        **rows.newer_where(seen),
    }


def _moved(found: Subquery) -> ColumnElement[bool]:
    """Return whether the product has another price or cost than the one behind a new price that a person edited."""
    return func.coalesce(found.c.basis != found.c.computed_from, literal(value=False))


def looked_up_rows(batch: PriceChange, rows: Rows) -> Subquery:
    """Return the key of each row with its product's present values, and whether the list has its item code twice."""
    basis = basis_of(batch)
    computed = follow_catalogue(batch, rows, basis) if batch.is_computed else {}
    return (
        select(
            *row_key(_row),
            Product.price,
            Product.cost,
            basis.label("basis"),
            Product.description,
            _twice().label("twice"),
            is_outside(Product.vendor_id, Vendor.id, Vendor.code, batch.vendor_code).label("other_vendor"),
            is_outside(Product.department_id, Department.id, Department.name, batch.department).label(
                "other_department"
            ),
            Product.active,
            *(value.label(name) for name, value in computed.items()),
        )
        .outerjoin(Product, Product.item_code == _row.item_code)
        .where(rows.where)
        .subquery("found")
    )


def is_outside(
    of_product: InstrumentedAttribute[int | None],
    key: InstrumentedAttribute[int],
    names: InstrumentedAttribute[str],
    name: str | None,
) -> ColumnElement[bool]:
    """Return whether the product is of another vendor or department than the one called ``name``; no, if none is named."""
    if not name:
        return literal(value=False)
    wanted = select(key).where(names == name).scalar_subquery()
    return func.coalesce(of_product != wanted, literal(value=True))


def scope_status(batch: PriceChange) -> ColumnElement[Any]:
    """Return the status that a product's vendor, department or activity gives to its row now; null for none."""
    if batch.reverses is not None:
        return (
            null()
        )  # It restores the prices of the products whose prices were changed, whatever these are now.
    return case(
        (
            is_outside(Product.vendor_id, Vendor.id, Vendor.code, batch.vendor_code),
            PriceStatus.OTHER_VENDOR.value,
        ),
        (
            is_outside(Product.department_id, Department.id, Department.name, batch.department),
            PriceStatus.OTHER_DEPARTMENT.value,
        ),
        (~Product.active, PriceStatus.INACTIVE.value),
        else_=null(),
    )


@cache
def _twice() -> ColumnElement[bool]:
    """Return whether the batch has the row's item code in another row as well; made once, because every refresh needs it."""
    other = aliased(_row)
    return exists().where(
        other.batch_id == _row.batch_id,
        other.item_code == _row.item_code,
        other.sequence != _row.sequence,
        ~other.removed,
    )


def _refreshed(batch: PriceChange, found: Subquery) -> dict[str, Any]:
    """Return the columns that a refresh sets, with their values."""
    computed = batch.is_computed
    old, new = found.c.price, found.c.new_price if computed else _row.new_price
    over = _over_limit(batch, old, new)
    return {
        "old_price": old,
        "cost": found.c.cost,
        "product": found.c.description,
        "change_percent": percent_change(old, new),
        "over_limit": over,
        "status": _status(batch, old, new, found),
        "status_text": _words(batch, new, over, found),
    }


def _status(
    batch: PriceChange, old: SQLColumnExpression[Any], new: SQLColumnExpression[Any], found: Subquery
) -> SQLColumnExpression[Any]:
    outside = [] if batch.reverses is not None else _outside(found)
    since = [] if batch.reverses is None else [(_changed_since(old, new), PriceStatus.CHANGED_SINCE.value)]
    return case(
        (_lacks_cost(batch, found, new), PriceStatus.NO_COST.value),
        ((_row.item_code == "") | new.is_(None), PriceStatus.INVALID.value),
        (found.c.twice, PriceStatus.DUPLICATE.value),
        (old.is_(None), PriceStatus.NOT_IN_CATALOGUE.value),
        *outside,
        *since,
        (new == old, PriceStatus.UNCHANGED.value),
        (new > old, PriceStatus.INCREASE.value),
        else_=PriceStatus.DECREASE.value,
    )


def _outside(found: Subquery) -> list[tuple[Any, str]]:
    return [
        (found.c.other_vendor, PriceStatus.OTHER_VENDOR.value),
        (found.c.other_department, PriceStatus.OTHER_DEPARTMENT.value),
        (~found.c.active, PriceStatus.INACTIVE.value),
    ]


def _changed_since(old: SQLColumnExpression[Any], new: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return whether a product has neither the price of the batch that is reversed nor the one from before."""
    return and_(old != new, old.is_distinct_from(_row.executed_price))


def _reversing_words(
    old: SQLColumnExpression[Any], new: SQLColumnExpression[Any]
) -> SQLColumnExpression[Any]:
    """Return in SQL the sentence on what a row restores: the price from before, the one that was executed, and the one of now."""
    before, executed, now = (decimal_text(price) for price in (new, _row.executed_price, old))
    values = literal("Before ") + before + ", executed " + executed
    return case(
        (old.is_(None), literal("The product is no longer there. ") + values + "."),
        (old == new, literal("It already has the earlier price.")),
        (_changed_since(old, new), literal("Changed since. ") + values + ", now " + now + "."),
        else_=literal("Reversible. ") + values + ".",
    )


def _lacks_cost(batch: PriceChange, found: Subquery, new: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return whether a price cannot be computed because the product has no cost, or one of 0."""
    if batch.margin is None:
        return literal(value=False)
    return and_(found.c.price.is_not(None), new.is_(None), func.coalesce(found.c.cost, 0) == 0)


def _over_limit(
    batch: PriceChange, old: SQLColumnExpression[Any], new: SQLColumnExpression[Any]
) -> ColumnElement[bool]:
    if batch.warn_above is None:
        return literal(value=False)
    return func.coalesce(changes_beyond(old, new, batch.warn_above), literal(value=False))


def _words(
    batch: PriceChange,
    new: SQLColumnExpression[Any],
    over: ColumnElement[bool],
    found: Subquery,
) -> SQLColumnExpression[Any]:
    moved = _moved_words(found) if batch.is_computed else null()
    limit = case((over, f"Changes by more than {batch.warn_above} %."), else_=null())
    reverses = null() if batch.reverses is None else _reversing_words(found.c.price, new)
    sentences = (reverses, moved, limit, _row.match_words(_row.item_code))
    together = sum((func.coalesce(" " + sentence, "") for sentence in sentences), start=literal(""))
    falls = literal(value=False) if batch.amount is None else and_(new.is_(None), found.c.price.is_not(None))
    return case(
        (_row.item_code == "", "It has no item code."),
        (_lacks_cost(batch, found, new), "The product has no cost from which a price could be computed."),
        (falls, "The amount would take its price to 0 or below, or above the highest one."),
        (new.is_(None), "It has no usable new price."),
        else_=func.nullif(func.trim(together), ""),
    )


def _moved_words(found: Subquery) -> SQLColumnExpression[Any]:
    """Return in SQL the sentence about a catalogue price, or a cost, that moved after a person edited the row; null for others."""
    then, now = decimal_text(found.c.computed_from), decimal_text(found.c.basis)
    return case((_moved(found), "Edited; computed from " + then + ", now " + now + "."), else_=null())
