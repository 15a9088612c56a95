"""Lookup of a price change's rows in the catalogue, and computed prices: one statement each, exact on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
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
    true,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.functions import FunctionElement

from batchbook.batches import Rows
from batchbook.catalog.models import PRICE, Department, Product, Vendor
from batchbook.db import decimal_text, folded_key, key_form, percent_change
from batchbook.errors import BadInput
from batchbook.types.price_change.models import PriceChange, PriceChangeRow, PriceStatus, Rounding
from batchbook.words import quoted_list

_row = PriceChangeRow

#: A factor of 1, in hundredths of a per cent: what the header's ``percent`` counts in, on both databases.
_WHOLE = 10_000
#: The highest price that fits its column.
_HIGHEST = Decimal(10**PRICE.precision - 1).scaleb(-PRICE.scale)


def computed_price(batch: PriceChange, price: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """Return in SQL the new price for ``price``, a column of prices, by the batch's per cent and rounding.

    It is the nearest price that the rounding allows, the higher one of two that are as near; judged by the exact price,
    because 0.138 is nearer to 0.09 than to the 0.19 it would become by way of 0.14. A price above zero stays above
    zero: at least the lowest one of the rounding. A price of zero stays zero. Null where ``price`` is null, and where the
    result has more digits than prices have.
    """
    factor = _WHOLE + int((batch.percent or 0) * 100)
    step, ending = Rounding(batch.rounding or Rounding.CENT).step_and_ending
    shift = step * _WHOLE // 2 - ending * _WHOLE
    computed = _stepped(price, factor, shift, step * _WHOLE, step, ending, ending or step)
    # PostgreSQL's GREATEST passes over nulls, so a price that is not there would become the least one.
    return case((price.is_(None) | (computed > _HIGHEST), null()), (price == 0, price), else_=computed)


def follow_catalogue(batch: PriceChange, rows: Rows, price: SQLColumnExpression[Any]) -> dict[str, Any]:
    """Return in SQL, by name, the ``new_price`` and ``computed_from`` that ``rows`` get while products cost ``price``.

    A new price that nobody edited is computed from ``price``. One that was edited stays, with the catalogue price that
    its editor saw: the one of the last refresh.
    """
    source = func.coalesce(_row.computed_from, _row.old_price)
    followed = _row.new_price.is_not_distinct_from(computed_price(batch, source)) & price.is_not(None)
    seen = case((_row.modified_at == rows.now, _row.old_price), else_=source)
    return {
        "new_price": case((followed, computed_price(batch, price)), else_=_row.new_price),
        "computed_from": case((followed, price), else_=func.coalesce(seen, price)),
    }


class _stepped(FunctionElement[Any]):  # noqa: N801 - Reads as a function of SQL.
    """A price in cents times ``factor`` plus ``shift``, divided by ``divisor`` without a rest, times ``step`` plus ``ending``.

    It is at least ``least``. All but the price are whole numbers; a negative quotient may be rounded either way,
    because ``least`` is above it.
    """

    name = "stepped"
    inherit_cache = True
    type = PRICE

    def __init__(self, price: SQLColumnExpression[Any], *numbers: int) -> None:
        super().__init__(price, *map(literal, numbers))


@compiles(_stepped)
def _postgresql(element: _stepped, compiler: Any, **options: Any) -> str:
    price, factor, shift, divisor, step, ending, least = _parts(element, compiler, options)
    cents = f"div({price} * 100 * {factor} + {shift}, {divisor}) * {step} + {ending}"
    return f"(greatest({cents}, {least}) / 100.0)"


@compiles(_stepped, "sqlite")
def _sqlite(element: _stepped, compiler: Any, **options: Any) -> str:
    # Prices are whole numbers of cents here, and whole numbers are divided without a rest.
    price, factor, shift, divisor, step, ending, least = _parts(element, compiler, options)
    return f"max(({price} * {factor} + {shift}) / {divisor} * {step} + {ending}, {least})"


def _parts(element: _stepped, compiler: Any, options: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]


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
    similar = select(names).where(folded_key(names) == key_form(text)).order_by(names)
    found = session.scalars(similar).all()
    if text in found:
        return text
    if not found:
        raise BadInput(f"There is no {what} “{text}” in the catalogue.")
    if len(found) > 1:
        raise BadInput(
            f"“{text}” may be more than one {what}: {quoted_list(found)}. Write it as the catalogue does."
        )
    return found[0]


#: The number of codes up to which each is looked for by itself; among more, all similar codes are joined.
_FEW_CODES = 100


def spell_as_catalogue(rows: Rows) -> None:
    """Give ``rows`` the item code of the product whose code differs from theirs in case, blanks, width or Unicode form only.

    Codes that are a product's, and those that may be several products', stay as they are.
    """
    row, session = _row, rows.session
    known = exists().where(Product.item_code == row.item_code)
    unknown = and_(rows.where, row.item_code != "", ~known)
    codes = session.scalars(select(row.item_code).where(unknown).limit(_FEW_CODES + 1)).all()
    if not codes:
        return
    form = folded_key(Product.item_code)
    products = select(form.label("form"), func.min(Product.item_code).label("item_code"))
    if len(codes) <= _FEW_CODES:
        products = products.where(form.in_({key_form(code) for code in codes}))
    # Grouped, it is a table of its own for the databases, which they look up rather than scan for each row.
    similar = products.group_by(form).having(func.count() == 1).subquery("similar")
    found = (
        select((row.batch_id + 0).label("batch_id"), row.sequence, similar.c.item_code)
        .join(similar, similar.c.form == folded_key(row.item_code))
        .where(unknown)
        .subquery("found")
    )
    session.execute(
        update(rows.table)
        .where(row.batch_id == found.c.batch_id, row.sequence == found.c.sequence)
        .values(item_code=found.c.item_code, **rows.newer_where(true()))
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
    return values if batch.percent is None else values | _recomputed(found, rows)


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
    """Return whether the product has another price than the one behind a new price that a person edited."""
    return func.coalesce(found.c.price != found.c.computed_from, literal(value=False))


def looked_up_rows(batch: PriceChange, rows: Rows) -> Subquery:
    """Return the key of each row with its product's present values, and whether the list has its item code twice."""
    computed = {} if batch.percent is None else follow_catalogue(batch, rows, Product.price)
    return (
        select(
            # An expression, so that PostgreSQL does not look for all rows of the batch each time: where its statistics
            # do not know the batch yet, it takes that for as quick as looking for one.
            (_row.batch_id + 0).label("batch_id"),
            _row.sequence,
            Product.price,
            Product.description,
            _twice().label("twice"),
            _outside(Product.vendor_id, Vendor.id, Vendor.code, batch.vendor_code).label("other_vendor"),
            _outside(Product.department_id, Department.id, Department.name, batch.department).label(
                "other_department"
            ),
            Product.active,
            *(value.label(name) for name, value in computed.items()),
        )
        .outerjoin(Product, Product.item_code == _row.item_code)
        .where(rows.where)
        .subquery("found")
    )


def _outside(
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
    computed = batch.percent is not None
    old, new = found.c.price, found.c.new_price if computed else _row.new_price
    over = _over_limit(batch, old, new)
    return {
        "old_price": old,
        "product": found.c.description,
        "change_percent": percent_change(old, new),
        "over_limit": over,
        "status": _status(old, new, found),
        "status_text": _words(batch, new, over, _moved_words(found) if computed else null()),
    }


def _status(
    old: SQLColumnExpression[Any], new: SQLColumnExpression[Any], found: Subquery
) -> SQLColumnExpression[Any]:
    return case(
        ((_row.item_code == "") | new.is_(None), PriceStatus.INVALID.value),
        (found.c.twice, PriceStatus.DUPLICATE.value),
        (old.is_(None), PriceStatus.NOT_IN_CATALOGUE.value),
        (found.c.other_vendor, PriceStatus.OTHER_VENDOR.value),
        (found.c.other_department, PriceStatus.OTHER_DEPARTMENT.value),
        (~found.c.active, PriceStatus.INACTIVE.value),
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
    batch: PriceChange,
    new: SQLColumnExpression[Any],
    over: ColumnElement[bool],
    moved: SQLColumnExpression[Any],
) -> SQLColumnExpression[Any]:
    limit = case((over, f"Changes by more than {batch.warn_above} %."), else_=null())
    sentences = (moved, limit, _row.match_words(_row.item_code))
    together = sum((func.coalesce(" " + sentence, "") for sentence in sentences), start=literal(""))
    return case(
        (_row.item_code == "", "It has no item code."),
        (new.is_(None), "It has no usable new price."),
        else_=func.nullif(func.trim(together), ""),
    )


def _moved_words(found: Subquery) -> SQLColumnExpression[Any]:
    """Return in SQL the sentence about a catalogue price that moved after a person edited the row; null for others."""
    then, now = decimal_text(found.c.computed_from), decimal_text(found.c.price)
    return case((_moved(found), "Edited; computed from " + then + ", now " + now + "."), else_=null())
