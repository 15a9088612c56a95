"""The grid over all cells of a batch that operations changed: of one row, of one operation, of one person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import Row, null, select

from batchbook.batches import access
from batchbook.batches.changed_cells import ChangedCell, in_row
from batchbook.batches.changed_rows import first_changes, is_latest_and_differs, original_text
from batchbook.batches.engine.context import find_batch
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, Operation
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.policies.field_access import field_access, seen_cells
from batchbook.batches.policies.field_rules import FieldAccess
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.grid import Choice, Column, Grid, Kind, Sort, Verb, label_of
from batchbook.master import Caller, ExportPage, GridReference, GridView, OpenGrid, key_url
from batchbook.master.filter_form import remember_form
from batchbook.master.layout_pages import LayoutPage
from batchbook.master.paging import whole_number

#: The name of the grid source of a batch's changed cells; its argument is ``batch_id``.
CHANGES = "batch_changes"
#: The column that filters for the latest changes of the cells that differ from their source.
DIFFERS = "differs"
_OPERATION = Column("operation", "Operation", ChangedCell.operation, Kind.INTEGER)
_ROW = Column(
    "sequence", "Row", ChangedCell.sequence, Kind.INTEGER, description="The batch's header is row 0."
)


def changed_cells_url(view: BatchMasterView, batch: Batch, **only: int) -> str:
    """Return the address of the changed cells ``only`` of a row (``sequence``) or an ``operation``."""
    query = [(f"f.{name}.{Verb.EQUAL}", value) for name, value in only.items()]
    return view.url("changes", batch, _query=query or [("view", "default")])


def differing_cells_url(view: BatchMasterView, batch: Batch) -> str:
    """Return the address of the cells that differ from the file or query that they came from, each as it was changed last."""
    return view.url("changes", batch, _query=[(f"f.{DIFFERS}.{Verb.IS_TRUE}", "")])


def _grid_of(
    batch: Batch, batch_type: BatchType, access: FieldAccess, zone: tzinfo, sequence: int | None = None
) -> Grid:
    """Return the grid of the changed cells of ``batch`` that somebody with ``access`` may see.

    It has the column that filters for those that differ from the batch's source. Of a single row, ``sequence``, it reads no
    others.
    """
    row = batch_type.rows.of(batch)
    own = filter(access.sees, row.__mapper__.columns.keys())
    names = [*own, *batch_type.header.__mapper__.columns.keys()]
    fields = tuple(Choice(name, label_of(name)) for name in dict.fromkeys(names))
    source = source_word(batch_type)
    first = first_changes(batch.id)
    original = first.c.old if sequence is None else original_text(ChangedCell)
    conditions = {
        Verb.IS_TRUE: lambda: is_latest_and_differs(batch.id),
        Verb.IS_FALSE: lambda: is_latest_and_differs(batch.id, differs=False),
    }
    columns = (
        _OPERATION,
        Column("at", "Changed", Operation.at, Kind.DATETIME, seconds=True),
        _ROW,
        Column("field", "Field", ChangedCell.field, Kind.CHOICE, choices=fields),
        Column("original", "From source", original, Kind.TEXT),
        Column("old", "Before", ChangedCell.old, Kind.TEXT),
        Column("new", "After", ChangedCell.new, Kind.TEXT),
        Column("actor", "Changed by", Operation.actor, Kind.USER),
        Column("acted_by", "Acted by", Operation.acted_by, Kind.TEXT),
        Column("reason", "Reason", Operation.reason, Kind.TEXT),
        Column(
            DIFFERS,
            f"Latest change of a cell that differs from the {source}",
            null(),
            Kind.BOOLEAN,
            sortable=False,
            conditions=conditions,
        ),
    )
    changes = (
        select(ChangedCell)
        .join(
            Operation,
            (Operation.batch_id == ChangedCell.batch_id) & (Operation.number == ChangedCell.operation),
        )
        .where(ChangedCell.batch_id == batch.id, seen_cells(access))
    )
    if sequence is None:
        same = (first.c.sequence == ChangedCell.sequence) & (first.c.field == ChangedCell.field)
        changes = changes.outerjoin(first, same)
    else:
        changes = changes.where(in_row(ChangedCell, sequence))
    key = (ChangedCell.operation, ChangedCell.position)
    return Grid(columns, changes, key, (Sort(_OPERATION.name, descending=True),), zone=zone)


def source_word(batch_type: BatchType) -> str:
    """Return the word for what the rows of batches of a type are made from."""
    return "file" if batch_type.handler.file_source is not None else "source"


def open_changes(caller: Caller, arguments: Mapping[str, Any]) -> OpenGrid:
    """Open the grid of a batch's changed cells, for :data:`CHANGES`."""
    types = caller.services.get(BatchTypes)
    batch = find_batch(caller.session, types, arguments["batch_id"])
    caller.refuse_unless(permitted=access.may_now(caller.identity.permissions, batch, Action.VIEW))
    seen = field_access(caller.session, types[batch.type], caller.identity.name)
    grid = _grid_of(batch, types[batch.type], seen, caller.zone)
    return OpenGrid(grid=grid, columns=grid.columns, caller=caller)


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

        return GridView(
            request,
            key="changes",
            filters_key=f"{batch.filters_key}.changes",
            grid=_grid_of(
                batch, self.view.batch_type, self.action_context.access, request.zone, self._only_row()
            ),
            url=self.view.url("changes", batch),
            settings_url=self.view.url("remember_changes", batch),
            export_url=lambda name: self.view.url("export_changes", batch, format=name),
            hidden={DIFFERS},
            layout_url=self.view.url(ChangesLayout.name, batch),
            cell_links={_ROW.name: link},
        )

    def _only_row(self) -> int | None:
        """Return the number of the row that the address asks for, as links from rows do."""
        only = self.request.GET.getall(f"f.{_ROW.name}.{Verb.EQUAL}")
        return whole_number(only[0]) if len(only) == 1 else None


class ChangedCells(_ChangesPage):
    """All changed cells, the latest first."""

    name = "changes"
    pattern = "/changes"
    template = "batchbook.templates:batches/changes.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the grid."""
        return self.template_values(
            grid=self.grid(),
            source=source_word(self.view.batch_type),
            differing_url=differing_cells_url(self.view, self.batch),
        )


class ChangesLayout(_ChangesPage, LayoutPage):
    """The layout of the changed cells, alike for all batches."""

    name = "changes_layout"
    pattern = "/changes/layout"

    @property
    def arranged(self) -> GridView:
        """The grid of the changed cells."""
        return self.grid()


class RememberChanges(_ChangesPage):
    """The target of the filter form over the changed cells."""

    name = "remember_changes"
    pattern = "/changes/view"

    def post(self) -> HTTPSeeOther:
        """Remember the posted state, and redirect to the link that shows it."""
        return HTTPSeeOther(remember_form(self.grid()))


class ExportChanges(_ChangesPage, ExportPage):
    """The changed cells as a file."""

    name = "export_changes"
    pattern = "/changes.{format}"

    def exported(self) -> GridView:
        """Return the grid of the changed cells."""
        return self.grid()

    @property
    def reference(self) -> GridReference:
        """The grid of the changed cells."""
        return GridReference(CHANGES, {"batch_id": self.batch.id})

    @property
    def print_title(self) -> tuple[str, str]:
        """The batch."""
        return f"Changed cells of batch {self.batch.number}", self.batch.description or ""

    @property
    def file_name(self) -> str:
        """The type and the batch's number."""
        return f"{self.view.batch_type.path}-{self.batch.number}-changes"
