"""Editing a batch's header."""

from __future__ import annotations

from typing import Any

from batchbook.batches.editing import CellProblems, HeaderEditor, Stale
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.base import CONFLICT, BatchPage, seen_version, sent_texts, show_problems
from batchbook.batches.pages.conflict import conflicts
from batchbook.forms import BoundForm


class EditHeader(BatchPage):
    """A form for what the header says."""

    name = "edit"
    pattern = "/edit"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/header.jinja2"
    button = "Edit header"

    def get(self) -> dict[str, Any]:
        """Show the form with what is stored."""
        bound = self.view.form(self.batch).bind(self.view.values_of(self.batch))
        return self._form(bound, self.batch.version)

    def post(self) -> Any:
        """Store it and show the batch; or show the form again with what is wrong, or what both people wrote."""
        bound = self.view.form(self.batch).validate(self.request.POST)
        version = seen_version(self.request.POST)
        try:
            changed = HeaderEditor(self.engine).edit(self.batch.id, sent_texts(bound), version)
        except CellProblems as error:
            show_problems(self.request, bound, error)
            return self._form(bound, version)
        except Stale as error:
            self.request.response.status_int = CONFLICT
            return self._form(bound, error.version, error)
        said = f"Changed {', '.join(changed)}." if changed else "Nothing was changed."
        return self.done(said, self.own_url)

    def _form(self, bound: BoundForm, version: int | None, stale: Stale | None = None) -> dict[str, Any]:
        return self.template_values(
            bound=bound,
            version=version,
            stale=conflicts(bound, stale) if stale else (),
            cancel_url=self.own_url,
        )
