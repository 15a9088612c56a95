"""The list of all records: shown, remembered as a person likes it."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.master.page import Page, buttons_for


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
