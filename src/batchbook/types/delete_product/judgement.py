"""The judgement of products in SQL: what refers to each, what can be done to it next, and what is in the way.

A refresh judges by it and stores the result; an execution judges again, and refuses where something has come in the way since.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    String,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from batchbook.batches import HandlerContext, Rows, count_open_batches, row_key
from batchbook.catalog.models import Product
from batchbook.db import foreign_keys_to
from batchbook.errors import Conflict
from batchbook.purchasing.models import units_on_order
from batchbook.types.delete_product.models import (
    OBSTACLES,
    READY,
    DeleteProduct,
    DeleteProductRow,
    RemovalStatus,
    Step,
)
from batchbook.words import counted

_row = DeleteProductRow

#: The number of products that a refusal names.
_NAMED = 5
#: The columns of rows that a judgement counts; they are null where there is no product.
_COUNTS = ("on_order", "documents", "records")


def _references() -> dict[str, ColumnElement[int]]:
    """Return in SQL, of a product, the counts of records that refer to it.

    Records that keep it from being deleted by their foreign key are its history: those that are only ever added to, and those
    of plug-ins. Those that forget it are documents. What is deleted with it does not count.
    """
    counts: dict[str, ColumnElement[int]] = {"documents": literal(0), "records": literal(0)}
    for key in foreign_keys_to(Product.id):
        if key.ondelete != "CASCADE":
            name = "documents" if key.ondelete == "SET NULL" else "records"
            number = select(func.count()).where(key.parent == Product.id).correlate(Product)
            counts[name] = counts[name] + number.scalar_subquery()
    return counts


class Judgement:
    """Judges the rows of ``batch`` by ``facts``, a mapping of names to SQL: of :func:`stored_facts` or :func:`facts_of_now`."""

    def __init__(self, context: HandlerContext, batch: DeleteProduct, facts: Any) -> None:
        self._facts = facts
        self._reverses = batch.reverses is not None
        self._days = batch.inactive_days
        self._since = context.now - timedelta(days=batch.inactive_days)
        self._active = facts["active"].is_(True)
        self._inactive = facts["active"].is_(False)

    def obstacles(self) -> list[tuple[RemovalStatus, ColumnElement[bool]]]:
        """Return the conditions for what is in the way of the next step, each with its status."""
        facts = self._facts
        found = (
            facts["on_hand"] != 0,
            facts["on_order"] > 0,
            facts["in_batches"] > 0,
            and_(self._inactive, facts["documents"] > 0),
        )
        return list(zip(OBSTACLES, found, strict=True))

    def _is_recent(self) -> ColumnElement[bool]:
        recent: ColumnElement[bool] = self._facts["changed_at"] > self._since
        return and_(self._inactive, recent)

    def step(self) -> ColumnElement[Any]:
        """Return the next step; null where there is none."""
        whens: list[tuple[Any, str]] = [(or_(self._facts["twice"], self._facts["active"].is_(None)), "")]
        if self._reverses:
            whens.append((self._inactive, Step.REACTIVATE.value))
        else:
            can_be_deleted = and_(self._inactive, self._facts["records"] == 0, ~self._is_recent())
            whens += [(self._active, Step.DEACTIVATE.value), (can_be_deleted, Step.DELETE.value)]
        return func.nullif(case(*whens, else_=""), "")

    def status(self) -> ColumnElement[Any]:
        """Return the status."""
        status, missing = RemovalStatus, self._facts["active"].is_(None)
        whens: list[tuple[Any, str]] = [
            (self._facts["twice"], status.DUPLICATE.value),
            (missing, status.NOT_FOUND.value),
        ]
        if self._reverses:
            return case(*whens, (self._active, status.ON_SALE.value), else_=status.REACTIVATE.value)
        whens.append((and_(self._inactive, self._facts["records"] > 0), status.HAS_HISTORY.value))
        whens.append((self._is_recent(), status.TOO_RECENT.value))
        whens += [(condition, found.value) for found, condition in self.obstacles()]
        return case(*whens, (self._active, status.DEACTIVATE.value), else_=status.DELETE.value)

    def text(self) -> ColumnElement[Any]:
        """Return the sentences about what is in the way; null for none."""
        facts = self._facts
        recent = f"Changed within the last {counted(self._days, 'day')}."
        parts = [] if self._reverses else [
            (and_(self._inactive, facts["records"] > 0), _number(facts["records"], "record of its history refers", "records of its history refer") + " to it, so it stays inactive."),
            (and_(self._is_recent(), facts["records"] == 0), literal(recent)),
            (facts["on_hand"] != 0, cast(facts["on_hand"], String) + " on hand."),
            (facts["on_order"] > 0, cast(facts["on_order"], String) + " on order."),
            (facts["in_batches"] > 0, "In " + _number(facts["in_batches"], "other open batch", "other open batches") + "."),
            (and_(self._inactive, facts["documents"] > 0, facts["records"] == 0), _number(facts["documents"], "line of orders and receipts names", "lines of orders and receipts name") + " it."),
        ]  # fmt: skip
        together: Any = literal("")
        for condition, sentence in parts:
            together = together + case((condition, literal(" ") + sentence), else_="")
        return case(
            (facts["twice"], "Another row has the same item code."),
            else_=func.nullif(func.trim(together), ""),
        )


def _number(count: SQLColumnExpression[int], one: str, several: str) -> ColumnElement[str]:
    return case((count == 1, f"1 {one}"), else_=cast(count, String) + f" {several}")


def stored_facts() -> dict[str, Any]:
    """Return the facts that a row has of its last refresh."""
    return {name: getattr(_row, name) for name in ("active", "on_hand", "changed_at", "in_batches", *_COUNTS)}


def facts_of_now(rows: Rows) -> Select[Any]:
    """Return the SELECT of the facts about the products of ``rows`` as they are now, with the keys of the rows."""
    other = aliased(_row)
    twice = exists().where(
        other.batch_id == _row.batch_id,
        other.item_code == _row.item_code,
        other.sequence != _row.sequence,
        _row.item_code != "",
        ~other.removed,
    )
    known = Product.id.is_not(None)
    counts = {"on_order": units_on_order(), **_references()}
    return (
        select(
            *row_key(_row),
            _row.in_batches,
            Product.active,
            Product.on_hand,
            Product.modified_at.label("changed_at"),
            twice.label("twice"),
            *(case((known, value), else_=null()).label(name) for name, value in counts.items()),
        )
        .outerjoin(Product, Product.item_code == _row.item_code)
        .where(rows.where)
    )


def note_batches(context: HandlerContext, batch: DeleteProduct, rows: Rows) -> None:
    """Note in ``rows`` how many other open batches change their products."""
    counts = _open_batches(context, batch, rows)
    rows.update(in_batches=0)
    for number in sorted(set(counts.values())):
        codes = [code for code, count in counts.items() if count == number]
        rows.update(_row.item_code.in_(codes), in_batches=number)


def _open_batches(context: HandlerContext, batch: DeleteProduct, rows: Rows) -> dict[str, int]:
    codes = context.session.scalars(select(_row.item_code).where(rows.where).distinct()).all()
    return count_open_batches(context, Product.item_code, codes, batch)


def applicable(judgement: Judgement, steps: Collection[str], also: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for rows to which one of ``steps`` is done: all that is in the way of a row is among ``also``."""
    barred = [
        ~func.coalesce(condition, False) for status, condition in judgement.obstacles() if status not in also
    ]
    statuses = [status.value for status in (*READY, *OBSTACLES)]
    return and_(_row.step.in_(list(steps)), _row.status.in_(statuses), *barred)


def refuse_changed(
    context: HandlerContext, batch: DeleteProduct, rows: Rows, also: Collection[str], chunk: int
) -> None:
    """Raise ``Conflict``, naming some, where something has come in the way of products of ``rows`` since the refresh.

    ``rows`` are those to apply, and their products are locked; ``chunk`` is the number of rows that are read together.
    """
    found: Subquery = facts_of_now(rows).subquery("found")
    now = Judgement(context, batch, found.c)
    barred = [func.coalesce(condition, False) for status, condition in now.obstacles() if status not in also]
    differs = or_(now.step().is_distinct_from(_row.step), *barred)
    moved = select(_row.item_code).join(
        found, and_(found.c.of_batch == _row.batch_id, found.c.of_row == _row.sequence)
    )
    codes = list(context.session.scalars(moved.where(differs).order_by(_row.sequence).limit(_NAMED + 1)))
    if RemovalStatus.IN_BATCHES not in also:
        for part in rows.chunks(chunk):
            codes += sorted(_open_batches(context, batch, part))[: _NAMED + 1]
    if codes:
        named = list(dict.fromkeys(codes))
        listed = f"{', '.join(named[:_NAMED])}{' and others' if len(named) > _NAMED else ''}"
        raise Conflict(
            f"Nothing was executed, because the catalogue, orders or other batches have changed since the last refresh: {listed}."
            " Reopen the batch and refresh it to see what is in the way now."
        )
