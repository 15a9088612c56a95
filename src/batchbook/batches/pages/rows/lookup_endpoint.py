"""Suggestions for cells that name other records, while somebody types; JSON for the grid's editor."""

from __future__ import annotations

from pyramid.response import Response

from batchbook.batches.editing import editable_by_name
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.grid.references import suggestions
from batchbook.web.json_bodies import json_answer

#: The most suggestions.
MOST = 12


class LookUp(BatchPage):
    """Return the records that a cell of the column ``field`` may name, and that begin with ``q``.

    They are a list of ``{"text", "label"}``: the text for the cell, and the words by which people know the record.
    """

    name = "lookup"
    pattern = "/rows/lookup"
    permission = Action.EDIT.value

    def get(self) -> Response:
        """Return the suggestions; none for another column, or somebody who may not see these records."""
        name, typed = self.request.GET.get("field", ""), self.request.GET.get("q", "")
        column = editable_by_name(self.row_model).get(name)
        reference = column.reference if column else None
        may = reference is not None and self.request.identity.may(reference.permission)
        found = suggestions(self.request.db, reference, typed, MOST) if reference and may else []
        body = [{"text": one.text, "label": one.label} for one in found]
        return json_answer(body)
