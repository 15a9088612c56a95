"""Editing a batch's header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.bulk import ask_edit, is_big
from batchbook.batches.bulk_edits import EDIT_HEADER
from batchbook.batches.editing import HeaderEditor
from batchbook.batches.pages.base import led_on
from batchbook.batches.pages.edit import EditPage
from batchbook.forms import BoundForm, Form
from batchbook.master.conflicts import FieldConflict


class EditHeader(EditPage):
    """A form for what the header says."""

    name = "edit"
    pattern = "/edit"
    template = "batchbook.templates:batches/header.jinja2"
    button = "Edit header"

    def get(self) -> dict[str, Any]:
        """Show the form with what is stored."""
        bound = self.form().bind(self.view.values_of(self.batch))
        return self.shown(bound, self.batch.version)

    @property
    def next_url(self) -> str:
        """The batch's page."""
        return self.own_url

    def form(self) -> Form:
        """Return the header's form."""
        return self.view.form(self.batch)

    def stored(self, texts: Mapping[str, str], version: int) -> HTTPSeeOther:
        """Store the header, or have a job do so where that refreshes very many rows; what is wrong is said at once."""
        editor, services = HeaderEditor(self.engine), self.request.services
        if not is_big(services, editor.touches(self.batch.id, texts, version)):
            return super().stored(texts, version)
        arguments = {"texts": dict(texts), "version": version}
        result = ask_edit(services, self.engine, self.batch.id, EDIT_HEADER.name, arguments)
        return led_on(self.request, result, self.next_url)

    def store(self, texts: Mapping[str, str], version: int) -> list[str]:
        """Store the header."""
        return HeaderEditor(self.engine).edit(self.batch.id, texts, version)

    def shown(
        self, bound: BoundForm, version: int | None, stale: Sequence[FieldConflict] = ()
    ) -> dict[str, Any]:
        """Return what the page shows, with the form ``bound`` in it."""
        return self.template_values(bound=bound, version=version, stale=stale, cancel_url=self.own_url)
