"""One row: its page, its form, and the row as it is in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from batchbook.batches.changed_cells import ChangedCell, in_row
from batchbook.batches.changed_rows import original_text
from batchbook.batches.editing import (
    RowEditor,
    cell_text,
    editable_by_name,
    editable_columns,
    find_row,
)
from batchbook.batches.effects.models import effects_of_row
from batchbook.batches.engine.file_intake import FileRecords, intake_fields
from batchbook.batches.intake.file_inspection import Intake
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import BatchRow, Operation
from batchbook.batches.pages.batch.changes_page import changed_cells_url
from batchbook.batches.pages.batch.comments_page import ROW, Comments, ShownComments, shown_comments
from batchbook.batches.pages.batch_page import BatchPage, EditPage, ShownChange
from batchbook.batches.pages.rows.match_pages import row_match
from batchbook.batches.pages.view import PROBLEMS
from batchbook.batches.pages.view_models import effect_changes
from batchbook.batches.policies.edit_reasons import may_need_reason
from batchbook.batches.policies.field_access import seen_cells
from batchbook.batches.policies.field_rules import EVERYTHING, FieldAccess
from batchbook.batches.review.comments import comments_of
from batchbook.batches.rows.issues import Issue
from batchbook.errors import Missing
from batchbook.forms import BoundForm, Form, form_of
from batchbook.grid import CellError, Column, GridState, Verb, label_of, parse, same_as, shown_text, to_text
from batchbook.master.conflicts import FieldConflict
from batchbook.master.links import href

#: The prefix of parameters in the address that fill fields of the form.
_WITH = "with."
#: The number of changed cells on a row's page.
CHANGES_SHOWN = 50

#: Columns that the row's page shows in its heading or in a notice.
_ELSEWHERE = ("sequence", "removed", PROBLEMS)

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
        return find_row(self.action_context, self.sequence)

    @property
    def issues(self) -> Sequence[Issue]:
        """The problems of the row in columns that the person may see."""
        return self.action_context.access.issues(self.row.issues)

    @property
    def row_url(self) -> str:
        """The row's page."""
        return self.view.url("row", self.batch, sequence=self.sequence)

    @property
    def line(self) -> int | None:
        """The number of the row in the batch's file; ``None`` where that is not known."""
        source = self.view.batch_type.handler.file_source
        column = source.line_column if source else None
        return None if column is None else getattr(self.row, column, None)

    def texts_now(self) -> dict[str, str]:
        """Return the stored texts of the row's fields, as the person reads them."""
        return {
            column.name: self.text_of(column)
            for column in editable_columns(self.row_model, self.action_context.access)
        }

    def text_of(self, column: Column) -> str:
        """Return the text of the row's cell for editing, as the person reads it."""
        return shown_text(column, cell_text(column, self.row), self.request.conventions)

    def page_values(
        self,
        bound: BoundForm,
        version: int | None,
        stale: Sequence[FieldConflict] = (),
        seen: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the values of the row's page with the form ``bound`` in it."""
        editing = self.view.may(Action.EDIT, self.batch)
        # The facts leave out columns that the form, the heading or a notice shows.
        elsewhere = {*_ELSEWHERE, *(bound.texts if editing and not self.row.removed else ())}
        columns = [column for column in self.seen_columns if column.name not in elsewhere]
        return self.template_values(
            row=self.row,
            bound=bound,
            version=version,
            stale=stale,
            seen=self.texts_now() if seen is None else seen,
            facts=[(column, getattr(self.row, column.name)) for column in columns],
            same=self._same(),
            editing=editing,
            changes=self.changes(),
            changes_url=changed_cells_url(self.view, self.batch, sequence=self.sequence),
            most_changes=CHANGES_SHOWN,
            suggestions=self._suggestions(),
            row_url=self.row_url,
            duplicates_url=self._duplicates_url() if editing else None,
            file_url=None if self.line is None else f"{self.row_url}/file",
            match=row_match(self, self.row),
            neighbours=self._neighbours(),
            comments=self._comments(),
            **self._outcome(),
            needs=may_need_reason(self.action_context) if editing else None,
        )

    def _outcome(self) -> dict[str, Any]:
        """Return the operation that executed the batch, if it is executed, and the effects of the row on records.

        Each effect has the name of the records, and fields with their texts before and after.
        """
        if not self.batch.is_final:
            return {"execution": None, "effects": []}
        own = (Operation.batch_id == self.batch.id, Operation.kind == Action.EXECUTE.value)
        executed = select(Operation).where(*own).order_by(Operation.number.desc()).limit(1)
        # Records have fields that tell of columns.
        is_whole = not self.action_context.access.is_limited
        found = effects_of_row(self.request.db, self.batch.id, self.sequence) if is_whole else ()
        effects = [
            (label_of(one.target), one, effect_changes(one, self.request.conventions)) for one in found
        ]
        return {"execution": self.request.db.scalar(executed), "effects": effects}

    def _comments(self) -> ShownComments | None:
        """Return the comments on the row and its cells; ``None`` for a type whose pages leave comments out."""
        if not any(page is Comments for page in self.view.pages):
            return None
        found = comments_of(self.action_context, sequence=self.sequence)
        return shown_comments(self, found, values={ROW: self.sequence}, total=len(found))

    def _same(self) -> list[tuple[str, str]]:
        """Return links to the rows that have the same value as this one: the label of the column, and the address."""
        columns = self.seen_columns
        found = (
            (column, same_as(column, getattr(self.row, column.name), self.request.zone))
            for column in columns
            if column.name not in _ELSEWHERE
        )
        return [
            (column.label, href(self.own_url, GridState(filters=(clause,))))
            for column, clause in found
            if clause is not None and clause.verb is not Verb.EMPTY
        ]

    def _duplicates_url(self) -> str | None:
        """Return the address of the row's duplicates; ``None`` if it is no duplicate."""
        declared = self.view.batch_type.handler.duplicates
        if declared is None or self.row.removed or self.row.status != str(declared.status):
            return None
        return f"{self.view.url('duplicates', self.batch)}?of={self.sequence}"

    def _suggestions(self) -> dict[str, list[tuple[str, str, str]]]:
        """Return suggestions by field: the words, the text for the field, the link to the form with it."""
        columns = editable_by_name(self.row_model, self.action_context.access)
        found: dict[str, list[tuple[str, str, str]]] = {}
        for issue in self.issues:
            name = issue["field"]
            for words in issue.get("suggestions", ()) if name in columns else ():
                query = urlencode({f"{_WITH}{name}": words})
                text = self._field_text(columns[name], words)
                found.setdefault(name, []).append((words, text, f"{self.row_url}?{query}#field-{name}"))
        return found

    def _field_text(self, column: Column, text: str) -> str:
        """Return the canonical ``text`` as the field of ``column`` shows it: for the label of a choice its value."""
        try:
            return to_text(column, parse(column, text), self.request.conventions)
        except CellError:
            return text

    def _neighbours(self) -> tuple[str | None, str | None]:
        ends = {"previous": self.sequence - 1, "next": self.sequence + 1}
        urls = {
            name: self.view.url("row", self.batch, sequence=number)
            for name, number in ends.items()
            if 1 <= number <= self.batch.row_count
        }
        return urls.get("previous"), urls.get("next")

    def changes(self, field: str | None = None) -> Sequence[tuple[ShownChange, Operation]]:
        """Return the latest changes of the row's cells, or of one ``field``, with their operations."""
        statement = (
            select(ChangedCell, original_text(ChangedCell), Operation)
            .join(
                Operation,
                (Operation.batch_id == ChangedCell.batch_id) & (Operation.number == ChangedCell.operation),
            )
            .where(
                ChangedCell.batch_id == self.batch.id,
                in_row(ChangedCell, self.sequence),
                seen_cells(self.action_context.access),
            )
            .order_by(ChangedCell.operation.desc(), ChangedCell.position)
            .limit(CHANGES_SHOWN + 1)  # One too many, so that the page tells of it.
        )
        if field is not None:
            statement = statement.where(ChangedCell.field == field)
        found = self.request.db.execute(statement)
        return [(self.shown_change(change, original), operation) for change, original, operation in found]


class RowPage(OneRow):
    """A row with its values and changed cells, and with its form while the batch is open."""

    name = "row"
    pattern = ROW_PATTERN
    permission = Action.VIEW.value
    template = ROW_TEMPLATE

    def get(self) -> dict[str, Any]:
        """Show the row."""
        columns = editable_columns(self.row_model, self.action_context.access)
        bound = row_form(self.row_model, self.action_context.access).bind()
        bound.texts = dict(self.texts_now())
        query = self.request.GET
        taken = {c.name: query[f"{_WITH}{c.name}"] for c in columns if f"{_WITH}{c.name}" in query}
        bound.texts |= {c.name: self._field_text(c, taken[c.name]) for c in columns if c.name in taken}
        for issue in self.issues:
            bound.add_error(issue["field"], issue["message"])
        return self.page_values(bound, self.row.version)


class EditRow(OneRow, EditPage):
    """The target of the row's form."""

    name = "edit_row"
    pattern = f"{ROW_PATTERN}/edit"
    template = ROW_TEMPLATE

    @property
    def place(self) -> str:
        """The row's number."""
        return f" in row {self.sequence}"

    @property
    def next_url(self) -> str:
        """The row's page."""
        return self.row_url

    def form(self) -> Form:
        """Return the row's form."""
        return row_form(self.row_model, self.action_context.access).written_by(self.request.conventions)

    def store(self, texts: Mapping[str, str], version: int, seen: Mapping[str, str]) -> list[str]:
        """Store the row."""
        editor = RowEditor(self.engine, self.request.conventions)
        return editor.edit(self.batch.id, self.sequence, {**self._read_only, **texts}, version, seen).labels

    @property
    def _read_only(self) -> dict[str, str]:
        """The texts that were sent for columns which the form does not have, because the person may not edit them."""
        sent = self.request.POST
        return {name: sent[name] for name in editable_by_name(self.row_model, EVERYTHING) if name in sent}


def row_form(row: type[BatchRow], access: FieldAccess) -> Form:
    """Return the form of a row: all columns of its model that somebody with ``access`` may edit."""
    return form_of(row, [column.name for column in editable_columns(row, access)])


@dataclass(frozen=True)
class FileCell:
    """A cell of the file: its heading and text, and the field that it fills, if any, with its current value."""

    heading: str
    text: str
    field: str = ""
    now: str = ""


class SourceRowPage(OneRow):
    """The cells of the row as they are in the file, beside the fields that they fill."""

    name = "row_in_file"
    pattern = f"{ROW_PATTERN}/file"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/row_in_file.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the cells; raise ``Missing`` for a row that is in no file."""
        line, intake = self.line, stored_intake(self.batch)
        if line is None or intake is None:
            raise Missing(f"Row {self.sequence} of {self.batch} is in no file.")
        cells = self._cells(intake, FileRecords(self.action_context, intake).at(line))
        return self.template_values(
            row=self.row, line=line, file=intake.report.name, cells=cells, row_url=self.row_url
        )

    def _cells(self, intake: Intake, record: Sequence[str]) -> list[FileCell]:
        columns = editable_by_name(self.row_model, self.action_context.access)
        fields = dict(intake.mapping.placed(intake_fields(self.action_context)))
        access = self.action_context.access
        # Columns that fill no field are not shown to somebody from whom columns are hidden: they may be carried along by one.
        shown = [
            place
            for place in range(len(intake.report.headings))
            if not access.is_limited or (place in fields and access.sees(fields[place].column.name))
        ]
        return [
            FileCell(heading, text, fields[place].label, self.text_of(columns[fields[place].column.name]))
            if place in fields and fields[place].column.name in columns
            else FileCell(heading, text)
            for place, (heading, text) in enumerate(zip(intake.report.headings, record, strict=False))
            if place in shown
        ]
