"""Pages that list records and show one."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.master.direct_edits import direct_edits
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
