"""The base of the pages of documents: a list of documents, the page of one with its lines, and a list of all lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import Row

from batchbook.batches.models import number_in_sql
from batchbook.catalog.models import Vendor
from batchbook.grid import Column, Grid, GridState, Kind, Sort, columns_of
from batchbook.master import GRID_PAGES, Detail, Index, MasterView, TableRow, table_rows
from batchbook.web.request import Request

#: The number of lines on the page of a document; the list of lines has all of them.
SHOWN = 200


def batch_column(model: Any) -> Column:
    """Return the column of the batch that made a document."""
    return Column("batch", "Batch", number_in_sql(model.batch_id), Kind.TEXT, filterable=False, link="batch")


def batch_url(request: Request, row: Row[Any]) -> str | None:
    """Return the address of the batch that made a document; ``None`` where no batch did."""
    number = row._mapping["batch_id"]
    return None if number is None else request.route_path("batches.find", number=f"{number:08d}")


def product_url(request: Request, row: Row[Any]) -> str | None:
    """Return the address of the product of a line; ``None`` where it is unknown, or was deleted."""
    product_id = row._mapping["product_id"]
    return None if product_id is None else request.route_path("products.view", id=product_id)


@dataclass(frozen=True)
class Lines:
    """The lines of a document for its page: some of ``total``, and the address of the list that has all of them."""

    columns: tuple[Column, ...]
    rows: Iterator[TableRow]
    shown: int
    total: int
    url: str


def document_url(prefix: str, owner: str) -> Callable[[Request, Row[Any]], str]:
    """Return the link of a line to its document: the view called ``prefix`` has it, the line's ``owner`` is its key."""

    def url(request: Request, row: Row[Any]) -> str:
        path: str = request.route_path(f"{prefix}.view", id=row._mapping[owner])
        return path

    return url


class LineView(MasterView):
    """All lines of one kind of document, to be searched and exported.

    ``documents`` is the prefix of the documents' view, with whose permissions lines are seen, ``owner`` the column that names a
    line's document, and ``number`` the attribute by which people know that: the first column of the list has it.
    ``line_columns`` are those that a document shows of its lines.
    """

    documents: ClassVar[str]
    owner: ClassVar[Any]
    number: ClassVar[Any]
    line_columns: ClassVar[tuple[str | Column, ...]]
    title_one = "line"
    title_many = "lines"
    pages = (Index, *GRID_PAGES)

    @classmethod
    def permission(cls, name: str) -> str:
        """Return the permission for the documents."""
        return f"{cls.documents}:{name}"

    @classmethod
    def lines_of(cls, request: Request, record: Any) -> Lines:
        """Return the lines of the document ``record``, for its page."""
        columns = columns_of(cls.model, cls.line_columns)
        grid = Grid(
            columns,
            cls.base_select().where(cls.owner == record.id),
            key=(cls.model.id,),
            default_sort=(Sort("line"),),
            carried=[getattr(cls.model, name) for name in cls.carried],
        )
        window = grid.window(request.db, GridState(page_size=SHOWN), None)
        links = {column.name: partial(cls.links[column.link], request) for column in columns if column.link}
        number = cls.columns()[0].name
        return Lines(
            columns=columns,
            rows=table_rows(columns, window.rows, request.zone, request.conventions, links=links),
            shown=len(window.rows),
            total=window.total,
            url=request.route_path(
                f"{cls.prefix}.index", _query=[(f"f.{number}.equal", getattr(record, cls.number.key))]
            ),
        )


class DocumentView(MasterView):
    """Documents that batches make: seen, searched and exported by those with the permission, never changed here.

    ``line_view`` has their lines.
    """

    line_view: ClassVar[type[LineView]]
    pages = (Index, *GRID_PAGES, Detail)
    carried: ClassVar[Sequence[str]] = ("batch_id",)
    templates: ClassVar = {"view": "batchbook.templates:purchasing/document.jinja2"}
    links: ClassVar = {"batch": batch_url}

    def facts(self, record: Any) -> list[tuple[Column, Any]]:
        """Return the document's own columns, with the code of its vendor first."""
        vendor = (Column("vendor", "Vendor", Vendor.code, Kind.TEXT), record.vendor.code)
        return [vendor, *super().facts(record)]

    def lines(self, record: Any) -> Lines:
        """Return the lines of ``record``, for its page."""
        return self.line_view.lines_of(self.request, record)

    def batch_url(self, record: Any) -> str | None:
        """Return the address of the batch that made ``record``; ``None`` where no batch did."""
        if record.batch_id is None:
            return None
        path: str = self.request.route_path("batches.find", number=f"{record.batch_id:08d}")
        return path
