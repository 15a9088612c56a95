"""Prices that a price change computes from prices or costs of the catalogue, in SQL, exact on both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import SQLColumnExpression, case, func, literal, null, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement

from batchbook.batches import Rows
from batchbook.catalog.models import PRICE, Product
from batchbook.grid import Rounding
from batchbook.types.price_change.models import PriceChange, PriceChangeRow

_row = PriceChangeRow

#: A factor of 1, in hundredths of a per cent: what the header's ``percent`` counts in, on both databases.
_WHOLE = 10_000
#: The highest price that fits its column.
_HIGHEST = Decimal(10**PRICE.precision - 1).scaleb(-PRICE.scale)


def computed_price(batch: PriceChange, price: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """Return in SQL the new price for ``price``, a column of prices or of costs, by the batch's way and rounding.

    It is the nearest price that the rounding allows, the higher one of two that are as near; judged by the exact price,
    because 0.138 is nearer to 0.09 than to the 0.19 it would become by way of 0.14. A price above zero stays above
    zero: at least the lowest one of the rounding. By per cent, a price of zero stays zero. Null where ``price`` is null,
    where the result has more digits than prices have, and where it would be zero or less: by an amount, or from a cost of
    zero.
    """
    if batch.set_to is not None:
        return case((price.is_(None), null()), else_=literal(batch.set_to, PRICE))
    factor, added = _WHOLE + int((batch.percent or batch.margin or 0) * 100), int((batch.amount or 0) * 100)
    step, ending = Rounding(batch.rounding or Rounding.CENT).step_and_ending
    shift = (added - ending) * _WHOLE + step * _WHOLE // 2
    computed = _stepped(price, factor, shift, step * _WHOLE, step, ending, ending or step)
    nothing = [price.is_(None), computed > _HIGHEST]
    if batch.percent is None:
        nothing.append(price <= literal(-(batch.amount or Decimal(0)), PRICE))
    # PostgreSQL's GREATEST passes over nulls, so a price that is not there would become the least one.
    stays = [] if batch.percent is None else [(price == 0, price)]
    return case((or_(*nothing), null()), *stays, else_=computed)


def basis_of(batch: PriceChange) -> InstrumentedAttribute[Any]:
    """Return the column of products from which the batch computes prices."""
    return Product.price if batch.margin is None else Product.cost


def follow_catalogue(batch: PriceChange, rows: Rows, price: SQLColumnExpression[Any]) -> dict[str, Any]:
    """Return in SQL, by name, the ``new_price`` and ``computed_from`` that ``rows`` get from ``price``, a price or a cost.

    A new price that nobody edited is computed from ``price``. One that was edited stays, with the catalogue price, or the
    cost, that its editor saw: the one of the last refresh.
    """
    shown = _row.old_price if batch.margin is None else _row.cost
    source = func.coalesce(_row.computed_from, shown)
    followed = _row.new_price.is_not_distinct_from(computed_price(batch, source)) & price.is_not(None)
    seen = case((_row.modified_at == rows.now, shown), else_=source)
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
