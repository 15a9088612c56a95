"""Suggestions for cells that name other records, while somebody types; JSON for the grid's editor."""

from __future__ import annotations

from collections.abc import Mapping

from pyramid.response import Response

from batchbook.batches.editing import editable_by_name
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.grid.references import Reference, suggestions
from batchbook.web.json_bodies import json_answer

#: The most suggestions.
MOST = 12


def references_of(context: ActionContext) -> Mapping[str, Reference]:
    """Return the records that the cells of editable columns name, by column.

    The row model declares them, or the handler for a column that only some of its batches have. Columns that the person may
    not edit have none.
    """
    per_batch = context.handler.per_batch_rows
    declared = per_batch.references(context.handler, context.batch) if per_batch else {}
    columns = editable_by_name(context.row, context.access)
    of_columns = {name: column.reference or declared.get(name) for name, column in columns.items()}
    return {name: reference for name, reference in of_columns.items() if reference is not None}


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
        reference = references_of(self.action_context).get(name)
        may = reference is not None and self.request.identity.may(reference.permission)
        found = suggestions(self.request.db, reference, typed, MOST) if reference and may else []
        body = [{"text": one.text, "label": one.label} for one in found]
        return json_answer(body)
