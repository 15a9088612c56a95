"""Computed prices: a catalogue price changed by per cent and rounded, as SQL that is exact on both databases.

A row remembers in ``computed_from`` the catalogue price behind its new price. As long as the new price is what that
price leads to, nobody has edited it, so it follows the catalogue at each refresh.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import SQLColumnExpression, case, func, literal, null
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from batchbook.batches import Rows
from batchbook.catalog.models import PRICE
from batchbook.types.price_change.models import PriceChange, PriceChangeRow, Rounding

_row = PriceChangeRow

#: A factor of 1, in hundredths of a per cent: what the header's ``percent`` counts in, on both databases.
_WHOLE = 10_000
#: The highest price that fits its column.
_HIGHEST = Decimal(10**PRICE.precision - 1).scaleb(-PRICE.scale)


def computed_price(batch: PriceChange, price: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """Return in SQL what ``price``, a column of prices, becomes by the batch's per cent and rounding.

    It is to the cent, half a cent up; with :attr:`Rounding.NINE` the nearest price that ends in 9, judged by the exact
    price, because 0.138 is nearer to 0.09 than to the 0.19 it would become by way of 0.14. What costs something goes on
    to cost something: at least 0.01, or 0.09. What is free stays free. Null where ``price`` is null, and where the
    result has more digits than prices have.
    """
    factor = _WHOLE + int((batch.percent or 0) * 100)
    if batch.rounding == Rounding.NINE:
        shift, step, ending = -4 * _WHOLE, 10, 9
    else:
        shift, step, ending = _WHOLE // 2, 1, 0
    computed = _stepped(price, factor, shift, step * _WHOLE, step, ending, max(ending, 1))
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
