"""Pages that list records, show one, and export them: a file sent at once, or made in the background after a confirmation."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response

from batchbook.master.direct_edits import direct_edits
from batchbook.master.export import BigExports, check_export, export_name, export_response
from batchbook.master.grid_sources import INDEX, GridReference
from batchbook.master.grid_view import GridView
from batchbook.master.links import href
from batchbook.master.view import Page, buttons_for

#: How many direct edits the page of a record shows.
DIRECT_EDITS_SHOWN = 20


class Detail(Page):
    """What one record holds, and what can be done with it."""

    name = "view"
    pattern = ""
    permission = "view"
    on_record = True
    template = "batchbook.templates:master/view.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the record."""
        return self.template_values(
            facts=self.view.facts(self.record),
            buttons=buttons_for(self.view, self.record),
            direct_edits=direct_edits(self.request.db, self.record, DIRECT_EDITS_SHOWN),
        )


class Index(Page):
    """The grid of all records."""

    name = "index"
    pattern = ""
    permission = "view"
    template = "batchbook.templates:master/index.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the grid in the state that the address says, or that was remembered."""
        return self.template_values(grid=self.view.grid(), buttons=buttons_for(self.view))


class Remember(Page):
    """The filter form's target: keeps the choice, and leads on to the link that shows it."""

    name = "remember"
    pattern = "/view"
    permission = "view"

    def post(self) -> HTTPSeeOther:
        """Keep what the form says for whoever asks, and redirect to the shareable link."""
        return HTTPSeeOther(self.view.grid().remember())


_OFFER = "batchbook.templates:master/big_export.jinja2"


class ExportPage(Page):
    """A page that sends what a grid shows as a file; a subclass says which grid, and what the file is called.

    Its pattern must have the part ``{format}``. A big export is offered on a page of its own, because asking for a
    job changes something, and that is never done on GET.
    """

    @abstractmethod
    def exported(self) -> GridView:
        """Return the grid whose results are wanted, in the state that the address says."""

    @property
    @abstractmethod
    def reference(self) -> GridReference:
        """The grid whose results are wanted, as a job can open it again."""

    @property
    @abstractmethod
    def file_name(self) -> str:
        """The name of the file, before the day and the ending."""

    def get(self) -> Response:
        """Send the rows of the current filters, in the current order, of all pages; or offer to make the file."""
        view = self.exported()
        check_export(view, self.file_format)
        big = self._big_exports
        if big is None or not big.are(view.total):
            return self.send(view)
        values = self.template_values(
            count=view.total, back_url=view.links.to(), action=href(self.request.path, view.state)
        )
        return render_to_response(_OFFER, values, self.request)

    def post(self) -> HTTPSeeOther:
        """Have the file made in the background."""
        view = self.exported()
        check_export(view, self.file_format)
        big = self._big_exports
        if big is None:
            return HTTPSeeOther(self.request.path_qs)
        name = export_name(view, self.file_format, self.file_name)
        reference = self.reference.in_state(view.state)
        return HTTPSeeOther(big.enqueue(self.request, reference, self.file_format, name))

    def send(self, view: GridView) -> Response:
        """Return the file with all rows of ``view``."""
        return export_response(view, self.file_format, self.file_name)

    @property
    def file_format(self) -> str:
        """What kind of file is wanted, such as ``csv``."""
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
        """What the addresses of the view begin with."""
        return self.view.prefix
