"""Comparison of rows with the catalogue, once their columns are looked up: costs, margins, case packs and codes, in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, null, or_

from batchbook.batches import Rows, is_repeated
from batchbook.catalog.models import PRICE
from batchbook.db import decimal_text, percent_change
from batchbook.types.vendor_catalog.models import CostStatus, VendorCatalog, VendorCatalogRow
from batchbook.types.vendor_catalog.reversing import restoring_status, restoring_words

_row = VendorCatalogRow


def compare(batch: VendorCatalog, rows: Rows) -> None:
    """Set change, margin, status and note of ``rows`` that the lookup gave no status."""
    found, reverses = _row.status.is_(None), batch.reverses is not None
    rows.update(
        change_percent=percent_change(cost_before(), _row.new_cost),
        margin=-percent_change(_row.price, _row.new_cost),
    )
    status, words = (restoring_status(), restoring_words()) if reverses else (_status(batch), _words(batch))
    rows.update(status_text=_joined(words, _row.match_words(_row.item_code)))
    if not reverses:
        rows.update(
            or_(_row.item_code == "", _row.new_cost.is_(None)),
            status=CostStatus.INVALID,
            status_text=case((_row.item_code == "", "It has no item code."), else_="It has no usable cost."),
        )
    rows.update(found, status=status)
    if not reverses:
        # Inactive products are applied where that is chosen, and then one row of each.
        rows.update(
            _row.status == CostStatus.INACTIVE.value, is_repeated(_row.item_code), status=CostStatus.DUPLICATE
        )


def cost_before() -> Any:
    """Return in SQL the cost that a row changes: the vendor's or, where it has none, that of its product."""
    return func.coalesce(_row.old_cost, case((_row.is_own.is_(True), _row.product_cost)), type_=PRICE)


def _status(batch: VendorCatalog) -> ColumnElement[str]:
    """Return in SQL the status of rows of a list, once their columns are looked up."""
    new, old = _row.new_cost, _row.old_cost
    of_product = case((_row.is_own.is_(True), _row.product_cost), else_=new)
    up = or_(new > old, and_(new == old, new > of_product))
    down = or_(new < old, and_(new == old, new < of_product))
    first = or_(old.is_(None), of_product.is_(None))
    repacked = and_(_row.case_pack.is_not(None), _row.case_pack.is_distinct_from(_row.old_case_pack))
    own_code = _row.vendor_item_code
    renumbered = and_(own_code.is_not(None), own_code.is_distinct_from(_row.old_vendor_item_code))
    is_new = _row.is_known.is_not(True)
    changes = or_(is_new, up, down, first, repacked, renumbered)
    cases: list[tuple[Any, str]] = [
        (is_repeated(_row.item_code), CostStatus.DUPLICATE.value),
        (and_(_below(batch), changes), CostStatus.BELOW_MARGIN.value),
        (is_new, CostStatus.NEW_ITEM.value),
        (or_(up, and_(first, ~func.coalesce(down, literal(value=False)))), CostStatus.COST_UP.value),
        (down, CostStatus.COST_DOWN.value),
        (repacked, CostStatus.CASE_PACK.value),
        (renumbered, CostStatus.RENUMBERED.value),
    ]
    return case(*cases, else_=CostStatus.UNCHANGED.value)


def _below(batch: VendorCatalog) -> ColumnElement[bool]:
    if batch.margin_limit is None:
        return literal(value=False)
    return func.coalesce(_row.margin < literal(batch.margin_limit, _row.margin.type), literal(value=False))


def _words(batch: VendorCatalog) -> ColumnElement[str | None]:
    """Return in SQL the sentences about a margin below the limit, and a case pack that changes."""
    limit = literal(f" %, less than {batch.margin_limit} %.")
    margin = case((_below(batch), literal("Margin ") + decimal_text(_row.margin) + limit), else_=null())
    old, new = (cast(column, String) for column in (_row.old_case_pack, _row.case_pack))
    packed = and_(_row.case_pack != _row.old_case_pack)
    pack = case((packed, literal("Case pack ") + new + ", was " + old + "."), else_=null())
    return _joined(margin, pack)


def _joined(*sentences: Any) -> ColumnElement[str | None]:
    together: Any = sum((func.coalesce(" " + one, "") for one in sentences), start=literal(""))
    return func.nullif(func.trim(together), "")
