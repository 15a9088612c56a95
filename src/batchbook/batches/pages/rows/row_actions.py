"""Rows added by a form, removed and restored one by one, and removed by a filter."""

from __future__ import annotations

from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.concurrency import read_version
from batchbook.batches.editing import CellProblems, RowEditor, RowRemover, Selection
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage, follow_on, sent_texts, show_problems
from batchbook.batches.pages.rows.row import ROW_PATTERN, OneRow, row_form
from batchbook.batches.pages.rows.row_grid import GridPage
from batchbook.batches.running.bulk_edits import (
    REMOVE_ROWS,
    RESTORE_ROWS,
    enqueue_edit,
    is_big,
    removed_words,
    restored_words,
    rows_reference,
)
from batchbook.forms import BoundForm, Form
from batchbook.jobs import Task
from batchbook.web.idempotency import claim_key


class AddRow(BatchPage):
    """A form for a row that the source lacks."""

    name = "add_row"
    pattern = "/rows/new"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/add_row.jinja2"
    button = "Add row"

    @classmethod
    def offered(cls, view: Any, record: Any) -> bool:  # noqa: ARG003 - The type decides, not the batch.
        """Offer it for types whose rows may be added by hand."""
        return bool(view.batch_type.handler.rows_can_be_added)

    def get(self) -> dict[str, Any]:
        """Show the empty form."""
        return self._page(self._form().bind())

    def post(self) -> Any:
        """Add the row and show the batch; or show the form again with its problems."""
        bound = self._form().validate(self.request.POST)
        editor = RowEditor(self.engine, self.request.conventions)
        try:
            with claim_key(self.request) as remember:
                sequence = editor.add(self.batch.id, sent_texts(bound, self.request.POST))
                remember(f"It added row {sequence}.")
        except CellProblems as error:
            show_problems(self.request, bound, error)
            return self._page(bound)
        return self.done(f"Added row {sequence}.", self.own_url)

    def _form(self) -> Form:
        return row_form(self.row_model, self.action_context.access).written_by(self.request.conventions)

    def _page(self, bound: BoundForm) -> dict[str, Any]:
        return self.template_values(bound=bound, cancel_url=self.own_url)


class RemoveRow(OneRow):
    """Mark a row as removed: it stays visible and can be restored, but is not executed."""

    name = "remove_row"
    pattern = f"{ROW_PATTERN}/remove"
    removed = True
    participle = "Removed"

    def post(self) -> HTTPSeeOther:
        """Change the mark and show the row."""
        version = read_version(self.request.POST)
        RowRemover(self.engine).set_removed(
            self.batch.id, self.sequence, removed=self.removed, version=version
        )
        return self.done(f"{self.participle} row {self.sequence}.", self.row_url)


class RestoreRow(RemoveRow):
    """Unmark a removed row."""

    name = "restore_row"
    pattern = f"{ROW_PATTERN}/restore"
    removed = False
    participle = "Restored"


class RemoveRows(GridPage):
    """Remove all rows that match the filters, after confirmation of their number."""

    name = "remove_rows"
    pattern = "/rows/remove"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/remove_rows.jinja2"
    removed: ClassVar[bool] = True
    task: ClassVar[Task] = REMOVE_ROWS

    def get(self) -> dict[str, Any]:
        """Show the confirmation with the current count."""
        seen = Selection.of(self.action_context, self.condition(), removed=not self.removed)
        link = self.rows.grid.links.to()
        action = f"{self.view.url(self.name, self.batch)}?{link.partition('?')[2]}"
        return self.template_values(
            count=seen.count, seen=seen.token, action=action, cancel_url=link, removing=self.removed
        )

    def post(self) -> HTTPSeeOther:
        """Remove or restore the rows, if they are still those that the person confirmed."""
        condition, done = self.condition(), "removed" if self.removed else "restored"
        seen = Selection.read(
            self.request.POST, f"The form doesn't say which rows you confirmed, so nothing was {done}."
        )
        remover = RowRemover(self.engine)
        if not is_big(self.request.services, seen.count):
            change = remover.remove_where if self.removed else remover.restore_where
            count = change(self.batch.id, condition, seen.token)
            return self.done(removed_words(count) if self.removed else restored_words(count), self.own_url)
        remover.demand_seen(self.action_context, condition, seen.token, removed=self.removed)
        grid = rows_reference(self.batch).in_state(self.rows.grid.state)
        arguments = {"grid": grid.to_json(), "seen": seen.token}
        result = enqueue_edit(self.request.services, self.engine, self.batch.id, self.task.name, arguments)
        return follow_on(self.request, result, self.own_url)


class RestoreRows(RemoveRows):
    """Restore all removed rows that match the filters, after confirmation of their number."""

    name = "restore_rows"
    pattern = "/rows/restore"
    removed = False
    task = RESTORE_ROWS
