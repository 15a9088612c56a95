"""Vendor catalogues that reverse others: their rows are made of effects, and compared with what is there now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, or_

from batchbook.batches import Effect, Reversing, RowValues
from batchbook.db import decimal_text
from batchbook.types.vendor_catalog.execution import restores
from batchbook.types.vendor_catalog.models import CostStatus, VendorCatalog, VendorCatalogRow

_row = VendorCatalogRow

#: The fields of a vendor item that effects keep: the column of the row for the value from before, and what makes it of a text.
_FIELDS: Mapping[str, tuple[str, Any]] = {
    "cost": ("new_cost", Decimal),
    "case_pack": ("case_pack", int),
    "vendor_item_code": ("vendor_item_code", str),
    "effective_on": ("restored_on", date.fromisoformat),
}


def _header(_handler: Any, source: VendorCatalog, _effects: Iterator[Effect]) -> dict[str, Any]:
    """Return the vendor, whose items the other batch changed."""
    return {"vendor_code": source.vendor_code, "margin_limit": source.margin_limit}


def _rows(_handler: Any, _batch: VendorCatalog, effects: Iterator[Effect]) -> Iterator[RowValues]:
    """Yield a row for each row of the other batch that changed something. Effects on products come before those on vendor items."""
    costs: dict[int | None, Effect] = {}
    for effect in effects:
        if effect.target == "product":
            costs[effect.sequence] = effect
        else:
            yield _row_of(effect, costs.pop(effect.sequence, None))
    for effect in costs.values():
        yield _row_of(None, effect)


def _row_of(item: Effect | None, product: Effect | None) -> RowValues:
    values: dict[str, Any] = {}
    names: list[str] = []
    if item is not None:
        values |= {"line": item.sequence, "item_code": item.record_key}
        names = ["item"] if item.kind == "created" else [name for name in _FIELDS if name in item.before]
        for name, (column, made_of) in _FIELDS.items():
            before = item.before.get(name)
            values[column] = None if before is None else made_of(before)
        values["executed_cost"] = _decimal(item.after.get("cost"))
    if product is not None:
        values |= {"line": product.sequence, "item_code": product.record_key}
        names.append("product_cost")
        values["restored_cost"] = _decimal(product.before["cost"])
        values["executed_product_cost"] = _decimal(product.after["cost"])
    return values | {"restores": f",{','.join(names)},"}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


#: Executed batches are answered by one that brings back what they changed.
REVERSING = Reversing(header=_header, rows=_rows)


def restoring_status() -> ColumnElement[str | None]:
    """Return in SQL the status of rows of a batch that reverses another one, once their columns are looked up."""
    is_there = _row.is_known.is_(True)
    differs = or_(
        and_(restores("item"), is_there),
        and_(restores("cost"), _row.old_cost.is_distinct_from(_row.new_cost)),
        and_(restores("case_pack"), _row.old_case_pack.is_distinct_from(_row.case_pack)),
        and_(restores("vendor_item_code"), _row.old_vendor_item_code.is_distinct_from(_row.vendor_item_code)),
        and_(restores("product_cost"), _row.product_cost.is_distinct_from(_row.restored_cost)),
    )
    changed_since = or_(
        and_(or_(restores("cost"), restores("item")), _row.old_cost.is_distinct_from(_row.executed_cost)),
        and_(restores("product_cost"), _row.product_cost.is_distinct_from(_row.executed_product_cost)),
    )
    return case(
        (~differs, literal(CostStatus.UNCHANGED.value)),
        (changed_since, literal(CostStatus.CHANGED_SINCE.value)),
        else_=literal(CostStatus.RESTORED.value),
    )


def restoring_words() -> ColumnElement[str | None]:
    """Return in SQL the sentence about what a row restores."""
    before, now = decimal_text(_row.restored_cost), decimal_text(_row.product_cost)
    return case(
        (restores("item"), literal("The vendor item that was created is removed.")),
        (restores("product_cost"), literal("Cost in catalogue before ") + before + ", now " + now + "."),
        else_=None,
    )
