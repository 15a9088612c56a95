"""Rows selected by a filter: the remembered view, export, and removal of them all."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import and_, true

from batchbook.batches.editing import RowRemover, Selection
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage, follow_on
from batchbook.batches.pages.rows.row_grid import RowGrid
from batchbook.batches.running.bulk_edits import (
    REMOVE_ROWS,
    enqueue_edit,
    is_big,
    removed_words,
    rows_reference,
)
from batchbook.errors import BadInput
from batchbook.master import ExportPage, GridReference, GridView


class _RowSet(BatchPage):
    """A page of the rows that the grid's filters select."""

    permission = Action.VIEW.value

    @cached_property
    def rows(self) -> RowGrid:
        """The batch's grid, in the state that the address says."""
        return RowGrid(self.view, self.batch)


class RememberRows(_RowSet):
    """The filter form's target: keeps the choice, and leads on to the link that shows it."""

    name = "rows"
    pattern = "/rows"

    def post(self) -> HTTPSeeOther:
        """Keep what the form says for whoever asks, and redirect to the shareable link."""
        return HTTPSeeOther(self.rows.grid.remember())


class ExportRows(_RowSet, ExportPage):
    """The rows as a file."""

    name = "export_rows"
    pattern = "/rows.{format}"

    def exported(self) -> GridView:
        """Return the batch's grid."""
        return self.rows.grid

    @property
    def reference(self) -> GridReference:
        """The batch's grid."""
        return rows_reference(self.batch)

    @property
    def file_name(self) -> str:
        """The type and the batch's number."""
        return f"{self.view.batch_type.path}-{self.batch.number}"


class RemoveRows(_RowSet):
    """Remove every row that the filters show, after saying how many that are."""

    name = "remove_rows"
    pattern = "/rows/remove"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/remove_rows.jinja2"

    def get(self) -> dict[str, Any]:
        """Ask, with the count as it is now."""
        seen = Selection.of(self.work, self.condition())
        link = self.rows.grid.links.to()
        action = f"{self.view.url(self.name, self.batch)}?{link.partition('?')[2]}"
        return self.template_values(count=seen.count, seen=seen.token, action=action, cancel_url=link)

    def post(self) -> HTTPSeeOther:
        """Remove them, if they are still those that were shown."""
        condition = self.condition()
        seen = Selection.read(
            self.request.POST, "What was sent does not say which rows you were shown, so nothing was removed."
        )
        remover = RowRemover(self.engine)
        if not is_big(self.request.services, seen.count):
            return self.done(
                removed_words(remover.remove_where(self.batch.id, condition, seen.token)), self.own_url
            )
        remover.demand_seen(self.work, condition, seen.token)
        grid = rows_reference(self.batch).in_state(self.rows.grid.state)
        arguments = {"grid": grid.to_json(), "seen": seen.token}
        result = enqueue_edit(self.request.services, self.engine, self.batch.id, REMOVE_ROWS.name, arguments)
        return follow_on(self.request, result, self.own_url)

    def condition(self) -> Any:
        """Return the condition for the rows that the filters of the address show; raise ``BadInput`` for bad ones."""
        state = self.rows.grid.state
        if state.problems:
            raise BadInput(f"{' '.join(state.problems)} Nothing was removed.")
        return and_(true(), *self.rows.grid.grid.where(state, self.request.authenticated_userid))
