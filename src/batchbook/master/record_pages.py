"""Pages that list records, show one, and export them: a file sent at once, or made in the background after a confirmation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, Protocol
from urllib.parse import quote, urlencode

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import FileIter, Response
from sqlalchemy import Engine, Row
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Missing
from batchbook.grid import Column, csv_chunks, xlsx_file
from batchbook.master.direct_edits import batch_only_columns, direct_edits
from batchbook.master.export_choice import ExportChoice
from batchbook.master.filter_form import remember_form
from batchbook.master.grid_sources import INDEX, GridReference
from batchbook.master.grid_view import GridView
from batchbook.master.links import DEFAULT, PRINT, ListMenus
from batchbook.master.paging import whole_number
from batchbook.master.printing import Printout, print_page
from batchbook.master.view import Page, buttons_for
from batchbook.security.audit_log import DOWNLOADED, EXPORTED, FILE, record_event

#: How many direct edits the page of a record shows.
DIRECT_EDITS_SHOWN = 20


class Detail(Page):
    """The page of one record: its values, its direct edits and the buttons of its other pages."""

    name = "view"
    pattern = ""
    permission = "view"
    on_record = True
    template = "batchbook.templates:master/view.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the record; ``edits`` in the query is the last direct edit on the page before."""
        last = whole_number(self.request.GET.get("edits", ""))
        # One too many, so that the page tells of those that are older.
        edits = direct_edits(self.request.db, self.record, DIRECT_EDITS_SHOWN + 1, last)
        shown = edits[:DIRECT_EDITS_SHOWN]
        return self.template_values(
            facts=self.view.facts(self.record),
            buttons=buttons_for(self.view, self.record),
            direct_edits=shown,
            edited_columns={column.name: column for column in batch_only_columns(type(self.record))},
            older_edits=shown[-1].id if len(edits) > len(shown) else None,
        )


class Index(Page):
    """The grid of all records."""

    name = "index"
    pattern = ""
    permission = "view"
    template = "batchbook.templates:master/index.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the grid in the state of the address, or in the one that was remembered."""
        grid = self.view.grid()
        menus = ListMenus.of(self.request.services, self.view, grid.state)
        return self.template_values(grid=grid, buttons=buttons_for(self.view), menus=menus)


class Remember(Page):
    """The target of the filter form, which remembers the choice and redirects to the link that shows it."""

    name = "remember"
    pattern = "/view"
    permission = "view"

    def post(self) -> HTTPSeeOther:
        """Remember the posted state for the user, and redirect to its shareable link."""
        return HTTPSeeOther(remember_form(self.view.grid()))


_OFFER = "batchbook.templates:master/big_export.jinja2"


class ExportPage(Page):
    """A page that sends the results of a grid as a file, or prints them; a subclass defines the grid and the name of the file.

    Its pattern must have the part ``{format}``. The query has the state of the grid, and may choose columns and rows, see
    :class:`~batchbook.master.export_choice.ExportChoice`. A big export is offered on a page of its own, because
    enqueueing a job changes something, which a GET never does.
    """

    #: The column by whose numbers rows can be chosen; an empty text if they can't.
    number_column: ClassVar[str] = ""

    @abstractmethod
    def exported(self) -> GridView:
        """Return the grid to export, in the state of the address."""

    @property
    @abstractmethod
    def reference(self) -> GridReference:
        """The grid to export, as a job can open it again."""

    @property
    @abstractmethod
    def file_name(self) -> str:
        """The name of the file, before the day and the ending."""

    @property
    def print_title(self) -> tuple[str, str]:
        """The heading of the results when they are printed, and the line below it, which may be empty."""
        return self.view.title, ""

    def get(self) -> Response:
        """Send the rows of the current filters, in the current order, of all pages; or offer to make the file."""
        view = self.exported()
        if self.file_format == PRINT:
            return print_page(Printout(*self.print_title, view))
        check_export(view, self.file_format)
        back_url, choice = view.links.to(), self._choose(view)
        big = self._big_exports
        if big is None or not big.are(view.window.total):
            return self.send(view, choice.of(view.grid.file_columns))
        query = [*view.state.to_query(), *choice.query]
        action = f"{self.request.path}?{urlencode(query or DEFAULT)}"
        values = self.template_values(count=view.window.total, back_url=back_url, action=action)
        return render_to_response(_OFFER, values, self.request)

    def post(self) -> HTTPSeeOther:
        """Have the file made in the background."""
        view = self.exported()
        check_export(view, self.file_format)
        choice = self._choose(view)
        big = self._big_exports
        if big is None:
            return HTTPSeeOther(self.request.path_qs)
        name = export_name(view, self.file_format, self.file_name)
        export = BigExport(self.reference.in_state(view.state), self.file_format, name, choice.columns)
        return HTTPSeeOther(big.enqueue(self.request, export))

    def send(self, view: GridView, columns: Sequence[Column]) -> Response:
        """Return the file with these ``columns`` of all rows of ``view``."""
        return export_response(view, self.file_format, self.file_name, columns)

    def _choose(self, view: GridView) -> ExportChoice:
        """Return what the query chooses, and have ``view`` show the chosen rows."""
        choice = ExportChoice.read(self.request.GET)
        choice.of(view.grid.file_columns)
        view.state = choice.state_of(view.state, self.number_column)
        return choice

    @property
    def file_format(self) -> str:
        """The format of the file, such as ``csv``."""
        found: str = self.request.matchdict["format"]
        return found

    @property
    def _big_exports(self) -> BigExports | None:
        found: BigExports | None = self.request.services.find(BigExports)
        return found


class Export(ExportPage):
    """All results of an index as a file."""

    name = "export"
    pattern = "/export.{format}"
    permission = "export"

    def exported(self) -> GridView:
        """Return the index's grid."""
        return self.view.grid()

    @property
    def reference(self) -> GridReference:
        """The index."""
        return GridReference(INDEX, {"view": self.view.prefix})

    @property
    def file_name(self) -> str:
        """The prefix of the view."""
        return self.view.prefix


#: The content type of each format.
CONTENT_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class BigExport:
    """An export that a job is to make: a grid in a state, the format and the name of the file, and the names of its columns, or none for all."""

    grid: GridReference
    file_format: str
    file_name: str
    columns: Sequence[str] = ()


class BigExports(Protocol):
    """A service that has jobs prepare the files of big exports, in applications with jobs."""

    def are(self, count: int) -> bool:
        """Return whether an export of ``count`` rows is big."""

    def enqueue(self, request: Any, export: BigExport) -> str:
        """Enqueue the job that makes the file; return the address to go on to."""


def check_export(view: GridView, file_format: str) -> None:
    """Raise ``Missing`` for an unknown format, and ``BadInput`` where a filter cannot be used."""
    if file_format not in CONTENT_TYPES:
        raise Missing(f"Results can be downloaded as CSV or XLSX, not as “{file_format[:20]}”.")
    if view.state.problems:
        raise BadInput(
            f"{' '.join(view.state.problems)} Nothing was exported, because the file would have more rows than you asked for."
        )


def export_name(view: GridView, file_format: str, name: str) -> str:
    """Return the name of a file: ``name`` and today's date."""
    zone = view.request.zone
    return f"{name}-{utc_now().astimezone(zone).strftime('%Y-%m-%d')}.{file_format}"


def file_response(
    request: Any,
    name: str,
    size: int,
    content_type: str,
    chunks: Callable[[Session], Iterator[bytes]],
    owner: str = "",
) -> Response:
    """Return a stored file as a download called ``name``, byte for byte: ``size`` bytes, which ``chunks`` reads.

    The audit log keeps who gets it, with the ``owner`` of the file, such as the number of a batch.
    """
    record_event(request, DOWNLOADED, f"{owner} {name}".strip(), f"{size:,} bytes", FILE)

    def stream() -> Iterator[bytes]:
        # The server sends the bytes after the request's transaction has ended, so the stream has one of its own.
        with transaction_scope(request.services.get(Engine), read_only=True) as session:
            yield from chunks(session)

    response = Response(content_type=content_type, app_iter=stream())
    if content_type.startswith("text/"):
        response.charset = "utf-8"
    response.content_length = size
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return response


def export_response(
    view: GridView, file_format: str, name: str, columns: Sequence[Column] | None = None
) -> Response:
    """Return all rows of ``view``'s filters as a download called ``name`` and today's date.

    It has these ``columns``, by default all. ``file_format`` is ``csv`` or ``xlsx``; raises as :func:`check_export` does.
    """
    check_export(view, file_format)
    columns = view.grid.file_columns if columns is None else columns
    record_event(view.request, EXPORTED, name, view.request.path_qs, FILE)
    response = Response(content_type=CONTENT_TYPES[file_format])
    response.headers["Content-Disposition"] = f'attachment; filename="{export_name(view, file_format, name)}"'
    if file_format == "csv":
        response.charset = "utf-8"
        response.app_iter = _csv(view, columns)
    else:
        rows = view.grid.all_rows(view.request.db, view.state, view.user)
        response.app_iter = FileIter(xlsx_file(columns, rows))
    return response


def write_export(
    columns: Sequence[Column], file_format: str, rows: Iterable[Row[Any]], file: BinaryIO
) -> None:
    """Write ``rows`` into ``file`` one by one: they are never all in memory."""
    if file_format == "csv":
        file.writelines(csv_chunks(columns, rows))
        return
    with xlsx_file(columns, rows) as made:
        file.writelines(FileIter(made))


def _csv(view: GridView, columns: Sequence[Column]) -> Iterator[bytes]:
    # The server sends the rows after the request's transaction has ended, so the stream has one of its own.
    engine, state, user = view.request.services.get(Engine), view.state, view.user

    def chunks() -> Iterator[bytes]:
        with transaction_scope(engine, read_only=True) as db:
            yield from csv_chunks(columns, view.grid.all_rows(db, state, user))

    return chunks()
