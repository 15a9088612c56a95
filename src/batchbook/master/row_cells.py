"""Rows of a table as cells ready for a template: what all cells of a column share is made once for a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from pyramid.traversal import quote_path_segment
from pyramid.urldispatch import PATH_SAFE
from sqlalchemy import Row

from batchbook.grid import Column, Kind
from batchbook.web.formatting import value_writer
from batchbook.web.request import Request

LinkFor = Callable[[Row[Any]], str | None]

# The placeholder for the key of a row in an address.
_KEY = "~key~"
_NO = Markup('<span class="visually-hidden">No</span>')


class EditableCell(NamedTuple):
    """The data by which a cell is edited in its place.

    ``form_url`` is the row's form at this field, the way without JavaScript; ``url`` is where ``js/cell-editor.js``
    posts field, value and ``version``, which is the row's as the page saw it. ``text`` is what the input shows, the raw
    text where the value could not be stored. ``issue`` is a sentence on the problem in this cell, empty without one;
    ``message`` is its part without the ``suggestions``, texts that would do instead.
    """

    form_url: str
    url: str
    version: int
    text: str
    issue: str = ""
    severity: str = ""
    message: str = ""
    suggestions: Sequence[str] = ()


EditableCells = Callable[[Row[Any]], Mapping[str, EditableCell]]


class Cell(NamedTuple):
    """One cell: ``attributes`` are those of its column, ``html`` its value; ``edit`` and ``url`` are None for neither."""

    tag: str
    css: str
    attributes: Markup
    html: str
    url: str | None
    edit: EditableCell | None
    title: str


class TableRow(NamedTuple):
    """One row: its cells, and ``mark``, a word such as “removed” that says how it looks, or an empty text."""

    mark: str
    cells: list[Cell]


def table_rows(
    columns: Sequence[Column],
    rows: Iterable[Row[Any]],
    zone: tzinfo,
    *,
    links: Mapping[str, LinkFor] | None = None,
    editable: EditableCells | None = None,
    mark: Callable[[Row[Any]], str] | None = None,
) -> Iterator[TableRow]:
    """Yield each of ``rows`` with its cells; moments are in ``zone``.

    ``links`` say by the name of a column where its cells lead, ``editable`` which cells of a row can be edited, by
    the name of the column, and ``mark`` how a row looks.
    """
    links = links or {}
    makers = [
        (column.name, _cell_maker(column, zone, links.get(column.name), first=place == 0))
        for place, column in enumerate(columns)
    ]
    for row in rows:
        values = row._mapping
        edits = editable(row) if editable else {}
        cells = [make(values[name], row, edits.get(name)) for name, make in makers]
        yield TableRow(mark(row) if mark else "", cells)


def key_url(request: Request, route: str, name: str, **keys: Any) -> Callable[[Any], str]:
    """Return the function that makes the path of ``route`` for a row: its key is the part called ``name``."""
    before, _, after = request.route_path(route, **{name: _KEY}, **keys).rpartition(_KEY)
    return lambda key: f"{before}{quote_path_segment(str(key), safe=PATH_SAFE)}{after}"


def _cell_maker(
    column: Column, zone: tzinfo, link_for: LinkFor | None, *, first: bool
) -> Callable[[Any, Row[Any], EditableCell | None], Cell]:
    tag = "th" if first else "td"
    css = f"cell cell-{column.kind}"
    write = value_writer(column, zone)
    plain_attributes = Markup(' scope="row"') if first else Markup()
    edit_attributes = plain_attributes + _edit_attributes(column)
    is_text, is_boolean = column.kind is Kind.TEXT, column.kind is Kind.BOOLEAN

    def make(value: Any, row: Row[Any], edit: EditableCell | None) -> Cell:
        if edit is not None:
            look = f"{css} cell-editable cell-{edit.severity}" if edit.issue else f"{css} cell-editable"
            html = (
                _RAW.format(edit.text) if edit.issue and edit.text and value in (None, "") else write(value)
            )
            return Cell(tag, look, edit_attributes, html, None, edit, "")
        html = write(value)
        url = link_for(row) if link_for is not None else None
        if is_boolean and url is None and value is False:
            html = _NO  # A grid marks only what is true; a page of facts says “No”.
        return Cell(tag, css, plain_attributes, html, url, None, html if is_text and value else "")

    return make


_RAW = Markup('<span class="cell-raw">{}</span>')


def _edit_attributes(column: Column) -> Markup:
    attributes = Markup(' data-cell data-field="{}" data-label="{}" data-kind="{}"').format(
        column.name, column.label, column.kind
    )
    if column.choices:
        pairs = [[str(choice.value), choice.label] for choice in column.choices]
        attributes += Markup(" data-choices='{}'").format(htmlsafe_json_dumps(pairs))
    return attributes
