"""One row of a batch: its page and its form."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from batchbook.batches.editing import CellProblems, RowEditor, Stale, cell_text, editable_columns, find_row
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import CellChange, Operation
from batchbook.batches.pages.base import CONFLICT, BatchPage, seen_version, sent_texts, show_problems
from batchbook.batches.pages.conflict import conflicts
from batchbook.forms import BoundForm, Form, form_of

if TYPE_CHECKING:
    from batchbook.batches.views import BatchMasterView

#: How many changes of its cells a row's page shows.
CHANGES_SHOWN = 50

ROW_TEMPLATE = "batchbook.templates:batches/row.jinja2"
ROW_PATTERN = "/rows/{sequence:[0-9]{1,10}}"


class OneRow(BatchPage):
    """A page of one row."""

    permission = Action.EDIT.value

    @cached_property
    def sequence(self) -> int:
        """The row's number in the batch."""
        return int(self.request.matchdict["sequence"])

    @cached_property
    def row(self) -> Any:
        """The row; raises ``Missing`` if there is none."""
        return find_row(self.work, self.sequence)

    @property
    def row_url(self) -> str:
        """The row's page."""
        return self.view.url("row", self.batch, sequence=self.sequence)

    def shown(self, bound: BoundForm, version: int | None, stale: Stale | None = None) -> dict[str, Any]:
        """Return what the row's page shows, with the form ``bound`` in it."""
        columns = self.view.row_columns()
        return self.template_values(
            row=self.row,
            bound=bound,
            version=version,
            stale=conflicts(bound, stale) if stale else (),
            facts=[(column, getattr(self.row, column.name)) for column in columns],
            editing=self.view.may(Action.EDIT, self.batch),
            changes=self._changes(),
            row_url=self.row_url,
            neighbours=self._neighbours(),
        )

    def _neighbours(self) -> tuple[str | None, str | None]:
        ends = {"previous": self.sequence - 1, "next": self.sequence + 1}
        urls = {
            name: self.view.url("row", self.batch, sequence=number)
            for name, number in ends.items()
            if 1 <= number <= self.batch.row_count
        }
        return urls.get("previous"), urls.get("next")

    def _changes(self) -> Any:
        wanted = (
            select(CellChange, Operation)
            .join(
                Operation,
                (Operation.batch_id == CellChange.batch_id) & (Operation.number == CellChange.operation),
            )
            .where(CellChange.batch_id == self.batch.id, CellChange.sequence == self.sequence)
            .order_by(CellChange.operation.desc(), CellChange.position)
            .limit(CHANGES_SHOWN)
        )
        return self.request.db.execute(wanted).all()


class RowPage(OneRow):
    """A row with all it holds, its history, and its form while the batch is open."""

    name = "row"
    pattern = ROW_PATTERN
    permission = Action.VIEW.value
    template = ROW_TEMPLATE

    def get(self) -> dict[str, Any]:
        """Show the row."""
        columns = editable_columns(self.view.batch_type.row)
        bound = row_form(self.view).bind()
        bound.texts = {column.name: cell_text(column, self.row) for column in columns}
        for issue in self.row.issues or ():
            bound.add_error(issue["field"], issue["message"])
        return self.shown(bound, self.row.version)


class EditRow(OneRow):
    """The target of the row's form."""

    name = "edit_row"
    pattern = f"{ROW_PATTERN}/edit"
    template = ROW_TEMPLATE

    def post(self) -> Any:
        """Store the form and show the row; or show it again with what is wrong, or what both people wrote."""
        bound = row_form(self.view).validate(self.request.POST)
        version = seen_version(self.request.POST)
        try:
            changed = RowEditor(self.engine).edit(self.batch.id, self.sequence, sent_texts(bound), version)
        except CellProblems as error:
            show_problems(self.request, bound, error)
            return self.shown(bound, version)
        except Stale as error:
            self.request.response.status_int = CONFLICT
            return self.shown(bound, error.version, error)
        said = f"Changed {', '.join(changed)} in row {self.sequence}." if changed else "Nothing was changed."
        return self.done(said, self.row_url)


def row_form(view: BatchMasterView) -> Form:
    """Return the form of a row: all its editable columns."""
    row = view.batch_type.row
    return form_of(row, [column.name for column in editable_columns(row)])
