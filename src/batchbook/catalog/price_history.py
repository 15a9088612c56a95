"""The price history: a grid over all changes of prices, and the latest ones for the page of a product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Row, Select, select, type_coerce

from batchbook.batches.models import Batch, number_in_sql
from batchbook.catalog.models import PRICE, Department, PriceHistory, Product, Vendor
from batchbook.grid import Column, Grid, GridState, Kind, Sort, columns_of
from batchbook.master import (
    GRID_PAGES,
    Index,
    MasterView,
    TableRow,
    table_rows,
)
from batchbook.web.request import Request

#: The number of price changes on a product's page.
SHOWN = 20

_BATCH = Column(
    "batch", "Batch", number_in_sql(PriceHistory.batch_id), Kind.TEXT, filterable=False, link="batch"
)
_BATCH_DESCRIPTION = Column(
    "batch_description",
    "Batch description",
    select(Batch.description)
    .where(Batch.id == PriceHistory.batch_id)
    .correlate(PriceHistory)
    .scalar_subquery(),
    Kind.TEXT,
    sortable=False,
    filterable=False,
)
_ROW = Column("sequence", "Row", PriceHistory.sequence, Kind.INTEGER, link="row")
_DIFFERENCE = Column(
    "difference",
    "Difference",
    type_coerce(PriceHistory.new_price - PriceHistory.old_price, PRICE),
    Kind.DECIMAL,
    scale=PRICE.scale,
)
#: The columns of one product's changes.
_OF_A_PRODUCT = columns_of(
    PriceHistory,
    (
        "changed_at",
        "old_price",
        "new_price",
        _DIFFERENCE,
        "changed_by",
        _BATCH,
        _BATCH_DESCRIPTION,
        _ROW,
        "reason",
    ),
)
_NEWEST_FIRST = (Sort("changed_at", descending=True),)


def batch_path(request: Request, change: Row[Any]) -> str | None:
    """Return the address of the batch that made ``change``; ``None`` for one without a batch."""
    number = change._mapping["batch_id"]
    return None if number is None else request.route_path("batches.find", number=f"{number:08d}")


def row_path(request: Request, change: Row[Any]) -> str | None:
    """Return the address of the row of a batch that made ``change``; ``None`` for one without a batch."""
    number, sequence = change._mapping["batch_id"], change._mapping["sequence"]
    if number is None or sequence is None:
        return None
    path: str = request.route_path("batches.find", number=f"{number:08d}", _query={"row": sequence})
    return path


class PriceHistoryView(MasterView):
    """All changes of prices, of everybody who may see products: to be searched and exported, never changed."""

    model = PriceHistory
    prefix = "price-history"
    path = "/price-history"
    title = "Price history"
    title_one = "price change"
    title_many = "price changes"
    description = "Every change of a price: by a batch, by hand or by a catalogue file. Newest first."
    grid_columns = (
        Column("item_code", "Item code", Product.item_code, Kind.TEXT, link="product"),
        Column("description", "Description", Product.description, Kind.TEXT),
        *_OF_A_PRODUCT,
    )
    filter_columns = (
        Column("department", "Department", Department.name, Kind.TEXT),
        Column("vendor", "Vendor", Vendor.code, Kind.TEXT),
        # Compared as a number, which an index serves.
        Column("batch_id", "Batch number", PriceHistory.batch_id, Kind.INTEGER),
        Column("item_code_then", "Item code at that time", PriceHistory.item_code, Kind.TEXT),
    )
    carried = ("product_id",)
    default_sort = _NEWEST_FIRST
    pages = (Index, *GRID_PAGES)
    links: ClassVar = {
        "product": lambda request, row: request.route_path("products.view", id=row._mapping["product_id"]),
        "batch": batch_path,
        "row": row_path,
    }

    @classmethod
    def permission(cls, name: str) -> str:
        """Return the permission for products: their pages show the same changes."""
        return f"products:{name}"

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return all changes with their products, as these are now.

        Every change has its product. The joins are outer ones, so that the databases leave them out where a count does
        not need them.
        """
        return (
            select(PriceHistory)
            .outerjoin(PriceHistory.product)
            .outerjoin(Product.department)
            .outerjoin(Product.vendor)
        )


@dataclass(frozen=True)
class LatestChanges:
    """The latest price changes of a product, with their total and the address of the grid over all of them."""

    columns: tuple[Column, ...]
    rows: Iterator[TableRow]
    shown: int
    total: int
    url: str


def latest_changes(request: Request, product: Product) -> LatestChanges:
    """Return the latest price changes of ``product``, for its page."""
    changes = select(PriceHistory).where(PriceHistory.product_id == product.id)
    grid = Grid(
        _OF_A_PRODUCT,
        changes,
        key=(PriceHistory.id,),
        default_sort=_NEWEST_FIRST,
        carried=(PriceHistory.batch_id,),
    )
    window = grid.window(request.db, GridState(page_size=SHOWN), None)
    links = {"batch": lambda row: batch_path(request, row), "sequence": lambda row: row_path(request, row)}
    return LatestChanges(
        columns=_OF_A_PRODUCT,
        rows=table_rows(_OF_A_PRODUCT, window.rows, request.zone, request.conventions, links=links),
        shown=len(window.rows),
        total=window.total,
        url=request.route_path("price-history.index", _query=[("f.item_code.equal", product.item_code)]),
    )
