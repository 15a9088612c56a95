"""The pages of imports: what they show, as data, and the page of rows whose records changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from batchbook.batches import Action, Batch, BatchMasterView, BatchPage, BatchRow
from batchbook.forms import Field, Form
from batchbook.grid import Choice, Column, Kind, render
from batchbook.types.imports.stale import StaleCell
from batchbook.types.imports.targets import ImportTargets

#: How many rows the page of changed records shows.
_SHOWN = 200


class ChangedRecords(BatchPage):
    """The rows whose records changed since the last refresh: as they were, as planned, as they are now."""

    name = "changed"
    pattern = "/changed"
    permission = Action.VIEW.value
    template = "batchbook.templates:types/imports/changed.jinja2"
    button = "Changed since"

    @classmethod
    def offered(cls, view: Any, record: Any) -> bool:  # noqa: ARG003 - The batch decides, whatever its type.
        """Offer it while something could still be done about it."""
        return not record.is_final and bool(record.row_count)

    def get(self) -> dict[str, Any]:
        """Look at every row, as an execution does."""
        work = self.work
        handler: Any = work.handler
        staleness = handler.staleness(self.batch)
        where = work.rows().where
        cells = [
            (
                self.view.url("row", self.batch, sequence=cell.sequence),
                cell,
                [_shown(cell, value) for value in (cell.before, cell.planned, cell.now)],
            )
            for cell in staleness.cells(self.request.db, where, _SHOWN)
        ]
        return self.template_values(cells=cells, count=staleness.count(self.request.db, where), most=_SHOWN)


def _shown(cell: StaleCell, value: Any) -> str:
    if value is None:
        return ""
    return render(cell.field.column, value) if cell.field else str(value)


class ImportView(BatchMasterView):
    """Imports."""

    description = "A table from anywhere that becomes records: products, vendors, departments, quantities."
    pages = (*BatchMasterView.pages, ChangedRecords)
    row_filter_columns: ClassVar[Sequence[str | Column]] = ("line", "missing")

    @classmethod
    def shown_columns(cls, row: type[BatchRow]) -> Sequence[str | Column]:
        """The columns of the batch's own, and what changes."""
        columns = row.__mapper__.columns
        own = [column.key for column in columns if column.info.get("shown")]
        return (*own, "changes") if own else ()

    def grid_key(self, batch: Batch) -> str:
        """What is shown is remembered for each target by itself."""
        return f"rows.import.{batch.target}"  # type: ignore[attr-defined]

    def form(self, record: Any | None) -> Form:
        """The header's form, with the targets to choose from."""
        fields = [self._with_choices(field) for field in super().form(record).fields]
        return Form(fields)

    def _with_choices(self, field: Field) -> Field:
        targets: ImportTargets = self.batch_type.services["targets"]
        if field.name == "target":
            choices = tuple(Choice(target.name, target.title) for target in targets if self._may(target))
        elif field.name == "scope_field":
            choices = tuple(
                {
                    name: Choice(name, target.field(name).label)
                    for target in targets
                    for name in target.scopes
                }.values()
            )
        else:
            return field
        column = replace(field.column, kind=Kind.CHOICE, choices=choices)
        return Field(column, "select", field.help)

    def _may(self, target: Any) -> bool:
        return bool(self.request.identity.may(target.permission))
