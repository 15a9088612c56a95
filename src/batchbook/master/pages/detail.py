"""The page of one record."""

from __future__ import annotations

from typing import Any

from batchbook.master.direct import direct_edits
from batchbook.master.page import Page, buttons_for

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
