"""The cost history and the stock movements: grids over all of them, to be searched and exported, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Select, func, select, type_coerce

from batchbook.batches.models import number_in_sql
from batchbook.catalog.models import PRICE, CostHistory, Department, Product, StockMovement, Vendor
from batchbook.catalog.price_history import batch_path, row_path
from batchbook.grid import Column, Kind, Sort, columns_of
from batchbook.master import GRID_PAGES, Index, MasterView
from batchbook.web.request import Request

_ITEM_CODE = Column("item_code", "Item code", Product.item_code, Kind.TEXT, link="product")
_DESCRIPTION = Column("description", "Description", Product.description, Kind.TEXT)
_DEPARTMENT = Column("department", "Department", Department.name, Kind.TEXT)
_NEWEST_FIRST = (Sort("changed_at", descending=True),)


def _batch_columns(model: Any) -> tuple[Column, Column]:
    """Return the columns that name the batch and its row that made a change."""
    batch = Column("batch", "Batch", number_in_sql(model.batch_id), Kind.TEXT, filterable=False, link="batch")
    return batch, Column("sequence", "Row", model.sequence, Kind.INTEGER, link="row")


class LedgerView(MasterView):
    """A record of changes of products: newest first, for everybody who may see products."""

    carried = ("product_id", "batch_id")
    default_sort = _NEWEST_FIRST
    pages = (Index, *GRID_PAGES)
    links: ClassVar = {
        "product": lambda request, row: request.route_path("products.view", id=row._mapping["product_id"]),
        "batch": batch_path,
        "row": row_path,
    }

    @classmethod
    def permission(cls, name: str) -> str:
        """Return the permission for products: who sees a product sees what changed it."""
        return f"products:{name}"

    @classmethod
    def of_product_url(cls, request: Request, product: Product) -> str:
        """Return the address of the changes of ``product``."""
        path: str = request.route_path(
            f"{cls.prefix}.index", _query=[("f.item_code.equal", product.item_code)]
        )
        return path


class CostHistoryView(LedgerView):
    """All changes of costs, of products and of what vendors ask for them."""

    model = CostHistory
    prefix = "cost-history"
    path = "/cost-history"
    title = "Cost history"
    title_one = "cost change"
    title_many = "cost changes"
    description = "Every change of a cost: by a batch, by hand or by a catalogue file. Newest first."
    grid_columns = (
        _ITEM_CODE,
        _DESCRIPTION,
        Column("vendor", "Vendor", Vendor.code, Kind.TEXT),
        *columns_of(
            CostHistory,
            (
                "changed_at",
                "old_cost",
                "new_cost",
                Column(
                    "difference",
                    "Difference",
                    type_coerce(CostHistory.new_cost - CostHistory.old_cost, PRICE),
                    Kind.DECIMAL,
                    scale=PRICE.scale,
                ),
                "effective_on",
                "changed_by",
                *_batch_columns(CostHistory),
                "reason",
            ),
        ),
    )
    filter_columns = (
        _DEPARTMENT,
        Column("batch_id", "Batch number", CostHistory.batch_id, Kind.INTEGER),
        Column("item_code_then", "Item code at that time", CostHistory.item_code, Kind.TEXT),
    )

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all changes with their products, as these are now, and the vendors that ask for the costs."""
        return (
            select(CostHistory)
            .outerjoin(CostHistory.product)
            .outerjoin(Product.department)
            .outerjoin(CostHistory.vendor)
        )


class StockMovementView(LedgerView):
    """All changes of quantities on hand."""

    model = StockMovement
    prefix = "stock-movements"
    path = "/stock-movements"
    title = "Stock movements"
    title_one = "stock movement"
    description = "Every change of a quantity on hand, in units: by a count, a receipt, an import or by hand. Newest first."
    grid_columns = (
        _ITEM_CODE,
        _DESCRIPTION,
        *columns_of(
            StockMovement,
            (
                "changed_at",
                "kind",
                "before",
                "change",
                "after",
                "cost",
                Column(
                    "value",
                    "Value",
                    type_coerce(StockMovement.change * StockMovement.cost, PRICE),
                    Kind.DECIMAL,
                    scale=PRICE.scale,
                ),
                "reason",
                "changed_by",
                *_batch_columns(StockMovement),
            ),
        ),
    )
    filter_columns = (
        _DEPARTMENT,
        Column("vendor", "Vendor", Vendor.code, Kind.TEXT),
        Column("batch_id", "Batch number", StockMovement.batch_id, Kind.INTEGER),
        Column("item_code_then", "Item code at that time", StockMovement.item_code, Kind.TEXT),
    )

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all movements with their products, as these are now."""
        return (
            select(StockMovement)
            .outerjoin(StockMovement.product)
            .outerjoin(Product.department)
            .outerjoin(Product.vendor)
        )


@dataclass(frozen=True)
class LedgerLink:
    """The way from a product to what one of the ledgers has of it: the number of entries and their address."""

    title: str
    entries: int
    url: str


def ledger_links(request: Request, product: Product) -> list[LedgerLink]:
    """Return the ways to the stock movements and to the cost history of ``product``."""
    return [
        LedgerLink(
            view.title,
            request.db.scalar(select(func.count()).where(view.model.product_id == product.id)) or 0,
            view.of_product_url(request, product),
        )
        for view in (StockMovementView, CostHistoryView)
    ]
