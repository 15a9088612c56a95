"""The grid of a batch's rows: columns, links, and the cells that a person may edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Row, Select, select

from batchbook.batches import access
from batchbook.batches.editing import cell_text
from batchbook.batches.engine.context import find_batch
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.registry import BatchTypes
from batchbook.batches.rows.issues import in_words
from batchbook.grid import Column, Grid
from batchbook.master import Caller, GridView, OpenGrid
from batchbook.master.directive import view_called

if TYPE_CHECKING:
    from batchbook.batches.pages.view import BatchMasterView

#: Columns that every row brings along, because its cells need them.
_CARRIED = ("version", "issues")
#: How many texts that would do are offered at a cell.
SUGGESTED = 5


def _rows_of(batch: Batch, row: type[BatchRow]) -> Select[Any]:
    return select(row).where(row.batch_id == batch.id)


def _carried_by(row: type[BatchRow]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _CARRIED)


def open_batch_rows(caller: Caller, arguments: Mapping[str, Any]) -> OpenGrid:
    """Open the grid of a batch's rows, for :data:`~batchbook.batches.running.bulk_edits.BATCH_ROWS`."""
    batch = find_batch(caller.session, caller.services.get(BatchTypes), arguments["batch_id"])
    caller.refuse_unless(permitted=access.may_now(caller.identity.permissions, batch, Action.VIEW))
    view = cast("type[BatchMasterView]", view_called(caller.services, f"batches.{batch.type}"))
    row = view.row_model(batch)
    columns = view.row_columns(row)
    grid = Grid(columns, _rows_of(batch, row), (row.sequence,), zone=caller.zone, carried=_carried_by(row))
    return OpenGrid(grid=grid, columns=columns, caller=caller)


class RowGrid:
    """The rows of one batch, for one request; ``sequences`` narrows it to some of them."""

    def __init__(self, view: BatchMasterView, batch: Batch, sequences: Sequence[int] | None = None) -> None:
        self.view = view
        self.batch = batch
        self.editing = view.may(Action.EDIT, batch)
        self.grid = self._grid(sequences)

    def _grid(self, sequences: Sequence[int] | None) -> GridView:
        row = self.view.row_model(self.batch)
        wanted = _rows_of(self.batch, row)
        if sequences is not None:
            wanted = wanted.where(row.sequence.in_(sequences))
        return GridView(
            self.view.request,
            key=self.view.grid_key(self.batch),
            columns=self.view.row_columns(row),
            select=wanted,
            key_columns=(row.sequence,),
            hidden=[column.name for column in self.view.filter_columns(row)],
            carried=_carried_by(row),
            url=self.view.url("view", self.batch),
            settings_url=self.view.url("rows", self.batch),
            export_url=lambda name: self.view.url("export_rows", self.batch, format=name),
            known_total=self.batch.row_count,
            link_for=self.link_for,
        )

    def row_url(self, row: Any) -> str:
        """The page of a row."""
        return self.view.url("row", self.batch, sequence=row.sequence)

    def link_for(self, column: Column, row: Row[Any]) -> str | None:
        """The first column leads to the row's page."""
        return self.row_url(row) if column.name == "sequence" else None

    def edit_for(self, column: Column, row: Row[Any]) -> dict[str, Any] | None:
        """Return what editing the cell in place needs; ``None`` where it cannot be edited."""
        issue = next((found for found in row.issues or () if found["field"] == column.name), None)
        if not column.editable or row.removed or not self.editing:
            return None
        return {
            "form_url": f"{self.row_url(row)}#field-{column.name}",
            "url": self.view.url("cell", self.batch, sequence=row.sequence),
            "version": row.version,
            "text": cell_text(column, row),
            "issue": in_words(issue) if issue else "",
            "severity": issue["severity"] if issue else "",
            "message": issue["message"] if issue else "",
            "suggestions": issue.get("suggestions", [])[:SUGGESTED] if issue else [],
        }

    def class_for(self, row: Row[Any]) -> str:
        """Return how the row is marked."""
        return "removed" if row.removed else ""
