"""The grid over all cells of a batch that operations changed: of one row, of one operation, of one person."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import Row, select

from batchbook.batches.changed_rows import original_text
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, CellChange, Operation
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.view import BatchMasterView
from batchbook.grid import Choice, Column, Grid, Kind, Sort, Verb, label_of
from batchbook.master import GridView, key_url
from batchbook.master.filter_form import remember_form

_OPERATION = Column("operation", "Operation", CellChange.operation, Kind.INTEGER)
_ROW = Column(
    "sequence", "Row", CellChange.sequence, Kind.INTEGER, description="The batch's header is row 0."
)


def changed_cells_url(view: BatchMasterView, batch: Batch, **only: int) -> str:
    """Return the address of the changed cells ``only`` of a row (``sequence``) or an ``operation``."""
    query = [(f"f.{name}.{Verb.EQUAL}", value) for name, value in only.items()]
    return view.url("changes", batch, _query=query or [("view", "default")])


class _ChangesPage(BatchPage):
    """A page about the changed cells."""

    permission = Action.VIEW.value

    def grid(self) -> GridView:
        """Return the grid, in the state of the address or as it was remembered."""
        batch, request = self.batch, self.request
        row_url = key_url(request, f"{self.view.prefix}.row", "sequence", id=batch.id)

        def link(change: Row[Any]) -> str | None:
            sequence = change._mapping["sequence"]
            return row_url(sequence) if sequence else None

        changes = (
            select(CellChange)
            .join(
                Operation,
                (Operation.batch_id == CellChange.batch_id) & (Operation.number == CellChange.operation),
            )
            .where(CellChange.batch_id == batch.id)
        )
        return GridView(
            request,
            key="changes",
            filters_key=f"{batch.filters_key}.changes",
            grid=Grid(
                self._columns(),
                changes,
                (CellChange.operation, CellChange.position),
                (Sort(_OPERATION.name, descending=True),),
                zone=request.zone,
            ),
            url=self.view.url("changes", batch),
            settings_url=self.view.url("remember_changes", batch),
            cell_links={_ROW.name: link},
        )

    def _columns(self) -> tuple[Column, ...]:
        names = [*self.row_model.__mapper__.columns.keys(), *self.view.model.__mapper__.columns.keys()]
        fields = tuple(Choice(name, label_of(name)) for name in dict.fromkeys(names))
        return (
            _OPERATION,
            Column("at", "Changed", Operation.at, Kind.DATETIME, seconds=True),
            _ROW,
            Column("field", "Field", CellChange.field, Kind.CHOICE, choices=fields),
            Column("original", "From source", original_text(CellChange), Kind.TEXT),
            Column("old", "Before", CellChange.old, Kind.TEXT),
            Column("new", "After", CellChange.new, Kind.TEXT),
            Column("actor", "Changed by", Operation.actor, Kind.USER),
            Column("acted_by", "Acted by", Operation.acted_by, Kind.TEXT),
            Column("reason", "Reason", Operation.reason, Kind.TEXT),
        )


class ChangedCells(_ChangesPage):
    """All changed cells, the latest first."""

    name = "changes"
    pattern = "/changes"
    template = "batchbook.templates:batches/changes.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the grid."""
        return self.template_values(grid=self.grid())


class RememberChanges(_ChangesPage):
    """The target of the filter form over the changed cells."""

    name = "remember_changes"
    pattern = "/changes/view"

    def post(self) -> HTTPSeeOther:
        """Remember the posted state, and redirect to the link that shows it."""
        return HTTPSeeOther(remember_form(self.grid()))
