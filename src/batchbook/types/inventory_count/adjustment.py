"""The changes that executing a count makes to quantities on hand, in SQL: described, refused or done for all rows together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    SQLColumnExpression,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session, aliased

from batchbook.batches import HandlerContext
from batchbook.catalog.models import Product, StockMovement
from batchbook.errors import Conflict
from batchbook.types.inventory_count.models import (
    COUNTED,
    OPEN,
    VALUE,
    CountStatus,
    InventoryCount,
    InventoryCountRow,
)
from batchbook.words import counted

_row = InventoryCountRow
#: The kind of the stock movements of a count.
KIND = "count"
#: How many products a refusal names.
_NAMED = 5


class Moved(StrEnum):
    """What becomes of stock that has moved since a row was counted."""

    DIFFERENCE = "difference", "Keep the difference: what moved since then stays"
    COUNT = "count", "Keep the count: what moved since then is overwritten"

    label: str

    def __new__(cls, value: str, label: str) -> Moved:
        """Return the member with what people read for it."""
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member


class Effect(NamedTuple):
    """What executing a batch does now: products by what becomes of their quantity, units, and what these cost.

    ``moved`` is the number of products whose stock has moved since they were counted, ``moved_units`` by how many units,
    ``zeroed`` the number of those that were not counted and have something on hand, and ``below_zero`` of those that would have less than nothing.
    """

    more: int
    less: int
    same: int
    units_more: int
    units_less: int
    value_more: Any
    value_less: Any
    moved: int
    moved_units: int
    zeroed: int
    zeroed_units: int
    below_zero: int


def applied(options: Mapping[str, Any]) -> ColumnElement[bool]:
    """Return the condition for the rows whose result is applied with ``options``."""
    counts = _row.status.in_([status.value for status in COUNTED])
    return or_(counts, _row.status == CountStatus.NOT_COUNTED.value) if options["zero"] else counts


def quantity_after(
    options: Mapping[str, Any], now: SQLColumnExpression[int] = Product.on_hand
) -> ColumnElement[int]:
    """Return in SQL the quantity that the product of a row gets, from what is on hand ``now``."""
    count = _row.total if options["moved"] == Moved.COUNT else now + _row.difference
    return case((_row.status == CountStatus.NOT_COUNTED.value, literal(0)), else_=count)


def quantity_now() -> Any:
    """Return in SQL what is on hand of the product of a row."""
    return select(Product.on_hand).where(Product.item_code == _row.item_code).scalar_subquery()


def of_products(options: Mapping[str, Any]) -> ColumnElement[bool]:
    """Return the condition that joins the rows whose result is applied to their products."""
    return and_(_row.item_code == Product.item_code, applied(options))


def effect_of(session: Session, batch: InventoryCount, options: Mapping[str, Any]) -> Effect:
    """Return what executing ``batch`` with ``options`` would do now, by one statement."""
    after = quantity_after(options)
    change, moved = after - Product.on_hand, Product.on_hand - _row.expected
    cost = type_coerce(Product.cost, Integer)
    is_zeroed = and_(_row.status == CountStatus.NOT_COUNTED.value, Product.on_hand != 0)

    def number(where: ColumnElement[bool]) -> Any:
        return func.count().filter(where)

    def units(value: Any, where: ColumnElement[bool]) -> Any:
        return func.coalesce(func.sum(value).filter(where), 0)

    def value(where: ColumnElement[bool]) -> Any:
        return type_coerce(func.coalesce(func.sum(cost * change).filter(where), 0), VALUE)

    figures = (
        *(number(change > 0), number(change < 0), number(change == 0)),
        *(units(change, change > 0), units(-change, change < 0)),
        *(value(change > 0), value(change < 0)),
        *(number(moved != 0), units(func.abs(moved), moved != 0)),
        *(number(is_zeroed), units(Product.on_hand, is_zeroed)),
        number(after < 0),
    )
    kept = (_row.batch_id == batch.id, ~_row.removed)
    found = session.execute(select(*figures).where(*kept, of_products(options))).one()
    return Effect._make(found)


def sentences_on(effect: Effect, options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences that describe ``effect`` before a batch is executed."""
    changed = counted(effect.more + effect.less, "product gets", "products get")
    same = counted(effect.same, "stays as it is", "stay as they are")
    yield f"{changed} another quantity on hand: {effect.more:,} more, {effect.less:,} less; {same}."
    yield (
        f"That is {effect.units_more:,} units more and {effect.units_less:,} less; at cost,"
        f" {effect.value_more:,.2f} more and {-effect.value_less:,.2f} less."
    )
    if effect.moved:
        it = "it was" if effect.moved == 1 else "they were"
        kept = (
            "overwritten" if options["moved"] == Moved.COUNT else "kept, and the differences are added to it"
        )
        yield (
            f"The stock of {counted(effect.moved, 'product')} has moved since {it} counted, by"
            f" {counted(effect.moved_units, 'unit')} in all; that is {kept}."
        )
    if effect.zeroed:
        what = counted(effect.zeroed, "product was not counted and is", "products were not counted and are")
        yield f"{what} set to zero, from {counted(effect.zeroed_units, 'unit')} in all."
    if effect.below_zero:
        what = counted(effect.below_zero, "product", "products")
        yield f"Not possible like this: {what} would have less than nothing on hand."


class Adjustment:
    """The changes of quantities on hand by the rows that satisfy ``where``, with ``options``."""

    def __init__(
        self,
        context: HandlerContext,
        batch: InventoryCount,
        where: ColumnElement[bool],
        options: Mapping[str, Any],
    ) -> None:
        self._context, self._batch = context, batch
        self._after = quantity_after(options)
        self._join = and_(where, of_products(options))

    @property
    def _changing(self) -> ColumnElement[bool]:
        return and_(self._join, Product.on_hand != self._after)

    def refuse_negative(self) -> None:
        """Raise ``Conflict`` if a product would have less than nothing on hand."""
        wanted = select(_row.item_code, Product.on_hand, _row.difference).where(self._join, self._after < 0)
        found = self._context.session.execute(wanted.order_by(_row.sequence).limit(_NAMED + 1)).all()
        if found:
            named = ", ".join(f"{one.item_code} ({one.on_hand} {one.difference:+})" for one in found[:_NAMED])
            more = " and others" if len(found) > _NAMED else ""
            raise Conflict(
                f"Nothing was executed, because of these products less than nothing would be on hand: {named}{more}. Stock has moved"
                " since they were counted. Count them again, or keep the count instead of the difference."
            )

    def record_movements(self) -> int:
        """Record each quantity that is about to change, with the row that changes it and the reason; return how many."""
        reason = func.coalesce(_row.reason, literal(self._batch.reason), literal(self._context.reason))
        statement = StockMovement.of_changes(
            self._after,
            self._context.now,
            self._context.actor,
            self._changing,
            kind=KIND,
            row=_row,
            reason=reason,
        )
        connection = self._context.session.connection()
        return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount

    def set_quantities(self) -> None:
        """Set the quantities on hand."""
        values = Product.touch(self._context.now) | {"on_hand": self._after}
        self._context.session.connection().execute(update(Product).where(self._changing).values(values))


def left_out_rows() -> ColumnElement[bool]:
    """Return the condition for rows that are left out: those of an item all together, because they are added up."""
    first = aliased(_row)
    of_open = exists().where(
        first.batch_id == _row.batch_id,
        first.item_code == _row.item_code,
        ~first.removed,
        first.status.in_([status.value for status in OPEN]),
    )
    return or_(
        _row.status.in_([status.value for status in (CountStatus.NOT_FOUND, *OPEN)]),
        and_(_row.status == CountStatus.PART.value, of_open),
    )
