"""Rows of a table as cells ready for a template: what all cells of a column share is made once for a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape
from pyramid.traversal import quote_path_segment
from pyramid.urldispatch import PATH_SAFE
from sqlalchemy import Row

from batchbook.grid import CANONICAL, Column, Conventions, Kind, shown_text
from batchbook.grid.cells import writer_for
from batchbook.grid.columns import NUMERIC_KINDS
from batchbook.web.formatting import value_writer
from batchbook.web.request import Request

LinkFor = Callable[[Row[Any]], str | None]

# The placeholder for the key of a row in an address.
_KEY = "~key~"
_NO = Markup('<span class="visually-hidden">No</span>')
_RAW = Markup('<span class="cell-raw">{}</span>')
_EDITABLE_LINK = Markup(' class="cell-link"')
#: The number of characters from which a text that cannot be edited is in the title of its cell too, because it may be cut off.
LONG_TEXT = 24
# The kinds whose visible text has signs that a spreadsheet would not read.
_WRITTEN_OTHERWISE = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.CHOICE})


class CellIssue(NamedTuple):
    """The problem in a cell: a ``sentence``, its part without the ``suggestions``, and the ``raw`` text, if any is kept.

    ``suggestions`` are texts that would do instead.
    """

    sentence: str
    severity: str
    message: str
    suggestions: Sequence[str] = ()
    raw: str | None = None

    def suggesting(self, texts: Iterable[str]) -> CellIssue:
        """Return the same problem with other suggestions."""
        return self._replace(suggestions=[*texts])


class CellNote(NamedTuple):
    """A mark on a cell: its look, such as “commented”, and the ``sentence`` on it.

    ``before`` is the text that the cell had, if that is to be shown.
    """

    look: str
    sentence: str
    before: str | None = None


#: The marks on the cells of some rows, by the key of the row and the name of the column.
CellNotes = Mapping[Any, Mapping[str, Sequence[CellNote]]]


#: The address to which a marked cell without a link leads, or None, by the key of the row, the name of the column and the marks.
NoteUrl = Callable[[Any, str, Sequence[CellNote]], str | None]


class EditableRow(NamedTuple):
    """A row whose editable columns can be edited: the address of its form, and its issues by column."""

    form_url: str
    issues: Mapping[str, CellIssue]


class RowIdentity(NamedTuple):
    """The key by which a row is found again, and its version."""

    key: Any
    version: int


EditableRows = Callable[[Row[Any]], EditableRow | None]


class Cell(NamedTuple):
    """One cell: ``attributes`` are those of its column, ``html`` its value, ``url`` its link or None.

    ``text`` is the text for editing and copying where that is not the visible one, else None.
    """

    tag: str
    attributes: Markup
    html: Markup
    url: str | None = None
    text: str | None = None
    issue: CellIssue | None = None
    title: Markup = Markup()
    link_attributes: Markup = Markup()

    def written(self) -> str:
        """Return the markup of the whole cell; what ``templates/macros/rows.jinja2`` says of its attributes holds."""
        tag, attributes, html, url, text, issue, title, link_attributes = self
        start = f"<{tag}{attributes}" if text is None else f'<{tag}{attributes} data-text="{escape(text)}"'
        if issue is not None:
            return f"{start}{_written_issue(issue, html, url or '')}</{tag}>"
        if url:
            return f'{start}><a{link_attributes} href="{escape(url)}">{html}</a></{tag}>'
        return f'{start} title="{title}">{html}</{tag}>' if title else f"{start}>{html}</{tag}>"

    def noted(self, notes: Sequence[CellNote], url: str | None = None) -> Cell:
        """Return the cell with the marks ``notes``, which leads to ``url`` if it has no link of its own."""
        looks = " ".join(f"cell-{one.look}" for one in notes)
        attributes = Markup(str(self.attributes).replace(' class="', f' class="{looks} ', 1))  # noqa: S704 - Names of looks.
        attributes += _NOTED.format(" ".join(one.sentence for one in notes))
        for one in notes:
            if one.before is not None:
                attributes += _BEFORE.format(one.before)
        return self._replace(attributes=attributes, title=Markup(), url=self.url or url)


_NOTED = Markup(' title="{}"')
_BEFORE = Markup(' data-before="{}"')


def _written_issue(issue: CellIssue, html: Markup, url: str) -> Markup:
    """Return the rest of the start of a cell with ``issue``, and its content."""
    attributes = _ISSUE.format(issue.message, issue.severity)
    if issue.suggestions:
        attributes += _SUGGESTIONS.format(htmlsafe_json_dumps(issue.suggestions))
    return attributes + _ISSUE_LINK.format(url, issue.sentence, html, issue.sentence)


_ISSUE = Markup(' data-issue="{}" data-severity="{}"')
_SUGGESTIONS = Markup(" data-suggestions='{}'")
_ISSUE_LINK = Markup(
    '><a class="cell-link" href="{}" title="{}">{}<span class="cell-flag" aria-hidden="true">!</span>'
    '<span class="visually-hidden">. {}</span></a>'
)


class TableRow(NamedTuple):
    """One row: its cells, and ``mark``, the name of its look, such as “removed”, or an empty text."""

    mark: str
    cells: list[Cell]
    attributes: Markup = Markup()

    def __html__(self) -> str:
        """Return the markup of the row. A template that wrote its parts would take several times as long."""
        look = f' class="row-{self.mark}"' if self.mark else ""
        cells = "".join([cell.written() for cell in self.cells])
        return f"<tr{look} data-row{self.attributes}>{cells}</tr>"


def table_rows(
    columns: Sequence[Column],
    rows: Iterable[Row[Any]],
    zone: tzinfo,
    conventions: Conventions = CANONICAL,
    *,
    links: Mapping[str, LinkFor] | None = None,
    editable: EditableRows | None = None,
    mark: Callable[[Row[Any]], str] | None = None,
    identity: Callable[[Row[Any]], RowIdentity] | None = None,
    places: Iterable[int] | None = None,
    notes: CellNotes | None = None,
    note_url: NoteUrl | None = None,
) -> Iterator[TableRow]:
    """Yield each of ``rows`` with its cells; moments are in ``zone``, and numbers are written by the ``conventions``.

    ``links`` say by the name of a column where its cells lead, ``editable`` which rows can be edited, ``mark`` how a row
    looks, and ``identity`` its key and version. ``places`` are those of the rows in the grid, from 1, where they are known.
    ``notes`` are the marks on cells, by the key of :class:`RowIdentity`, and ``note_url`` tells where a marked cell leads.
    """
    links = links or {}
    makers = [
        (column.name, links.get(column.name), _cell_maker(column, zone, conventions, first=place == 0))
        for place, column in enumerate(columns)
    ]
    for row, place in zip(rows, repeat(0) if places is None else places, strict=False):
        values = row._mapping
        edit = editable(row) if editable else None
        cells = [make(values[name], link(row) if link else None, edit) for name, link, make in makers]
        attributes = f' aria-rowindex="{place + 1}"' if place else ""
        if identity:
            key, version = identity(row)
            attributes = f' data-key="{escape(key)}" data-version="{version}"{attributes}'
            marked = notes.get(key, {}) if notes else {}
            for at, (name, _link, _make) in enumerate(makers if marked else ()):
                if name in marked:
                    url = note_url(key, name, marked[name]) if note_url else None
                    cells[at] = cells[at].noted(marked[name], url)
        yield TableRow(mark(row) if mark else "", cells, Markup(attributes))  # noqa: S704 - Escaped above.


def key_url(request: Request, route: str, name: str, **keys: Any) -> Callable[[Any], str]:
    """Return the function that makes the path of ``route`` for a row: its key is the part called ``name``."""
    before, _, after = request.route_path(route, **{name: _KEY}, **keys).rpartition(_KEY)
    return lambda key: f"{before}{quote_path_segment(str(key), safe=PATH_SAFE)}{after}"


def heading_attributes(column: Column, *, editable: bool) -> Markup:
    """Return the attributes of a column's heading that its cells have in common, for ``js/grid/columns.js``."""
    attributes = Markup(' data-field="{}" data-label="{}" data-kind="{}"').format(
        column.name, column.label, column.kind
    )
    if editable and column.editable:
        attributes += Markup(" data-editable")
    if column.scale is not None:
        attributes += Markup(' data-scale="{}"').format(column.scale)
    if column.required:
        attributes += Markup(" data-required")
    if editable and column.reference:
        attributes += Markup(" data-reference")
    if column.choices:
        pairs = [[str(choice.value), choice.label] for choice in column.choices]
        attributes += Markup(" data-choices='{}'").format(htmlsafe_json_dumps(pairs))
    return attributes


@lru_cache(maxsize=4096)
def _cell_maker(
    column: Column, zone: tzinfo, conventions: Conventions, *, first: bool
) -> Callable[[Any, str | None, EditableRow | None], Cell]:
    """Return the function that makes a cell of ``column`` from its value, the address of its link, and its row where that can be edited."""
    tag, scope = ("th", Markup(' scope="row"')) if first else ("td", Markup())
    css = f"cell cell-{column.kind}"
    name, anchor = column.name, f"#field-{column.name}"
    write, write_text = value_writer(column, zone, conventions), writer_for(column, conventions)
    plain = _ATTRIBUTES.format(css, name) + scope
    cell_of_form = _ATTRIBUTES.format(f"{css} cell-editable", name) + scope + Markup(" data-cell")
    is_text, is_boolean = column.kind is Kind.TEXT, column.kind is Kind.BOOLEAN
    is_written_otherwise = column.kind in _WRITTEN_OTHERWISE

    def make_editable(value: Any, edit: EditableRow) -> Cell:
        issue = edit.issues.get(name)
        url = f"{edit.form_url}{anchor}"
        raw = issue.raw if issue is not None and (value is None or value == column.blank) else None
        raw = raw and shown_text(column, raw, conventions)
        text = write_text(value) if raw is None else raw
        html = _RAW.format(raw) if raw else write(value)
        if issue is not None:
            attributes = _ATTRIBUTES.format(f"{css} cell-editable cell-{issue.severity}", name) + scope
            if issue.suggestions and column.kind in NUMERIC_KINDS:
                issue = issue.suggesting(shown_text(column, one, conventions) for one in issue.suggestions)
            return Cell(tag, attributes + Markup(" data-cell"), html, url, text, issue)
        shown = None if html == escape(text) else text
        return Cell(tag, cell_of_form, html, url, shown, link_attributes=_EDITABLE_LINK)

    def make(value: Any, url: str | None, edit: EditableRow | None) -> Cell:
        if edit is not None and column.editable:
            return make_editable(value, edit)
        html = write(value)
        text = write_text(value) if is_written_otherwise else None if value else ""
        if text is not None and html == text:
            text = None
        if is_boolean and url is None and value is False:
            html = _NO  # A grid marks only what is true; a page of facts says “No”.
        title = html if is_text and value and len(html) > LONG_TEXT else Markup()
        return Cell(tag, plain, html, url, text, title=title)

    return make


_ATTRIBUTES = Markup(' class="{}" data-field="{}"')
