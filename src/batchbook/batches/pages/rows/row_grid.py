"""The grid of a batch's rows: its columns and editable cells, the remembered view, and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import cached_property, partial
from typing import Any, cast

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, Row, select

from batchbook.batches import access
from batchbook.batches.editing.field_changes import text_in
from batchbook.batches.engine.context import find_batch
from batchbook.batches.lifecycle import Action, State
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.rows.kept_counts import kept_count, snapshot_of
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.registry import BatchTypes
from batchbook.batches.rows.issues import in_words
from batchbook.batches.running.bulk_edits import rows_reference
from batchbook.grid import Column, Grid
from batchbook.master import Caller, ExportPage, GridReference, GridView, OpenGrid
from batchbook.master.routes import view_called
from batchbook.master.row_cells import EditableCell, key_url

#: Columns that are loaded with every row because its cells need them.
_CARRIED = ("version", "issues")
#: The number of suggestions offered at a cell.
SUGGESTED = 5


def _grid_of(
    batch: Batch,
    row: type[BatchRow],
    columns: Sequence[Column],
    zone: tzinfo,
    *conditions: ColumnElement[bool],
) -> Grid:
    statement = select(row).where(row.batch_id == batch.id, *conditions)
    carried = tuple(getattr(row, name) for name in _CARRIED)
    return Grid(columns, statement, (row.sequence,), zone=zone, carried=carried)


def open_batch_rows(caller: Caller, arguments: Mapping[str, Any]) -> OpenGrid:
    """Open the grid of a batch's rows, for :data:`~batchbook.batches.running.bulk_edits.BATCH_ROWS`."""
    batch = find_batch(caller.session, caller.services.get(BatchTypes), arguments["batch_id"])
    caller.refuse_unless(permitted=access.may_now(caller.identity.permissions, batch, Action.VIEW))
    view = cast("type[BatchMasterView]", view_called(caller.services, f"batches.{batch.type}"))
    batch_type = view.batch_type
    row = batch_type.rows.of(batch)
    columns = view.row_table.all_columns(row, batch_type.handler.statuses)
    return OpenGrid(grid=_grid_of(batch, row, columns, caller.zone), columns=columns, caller=caller)


class RowGrid:
    """The rows of one batch, for one request; ``sequences`` narrows it to some of them."""

    def __init__(self, view: BatchMasterView, batch: Batch, sequences: Sequence[int] | None = None) -> None:
        self.view = view
        self.batch = batch
        self.editing = view.may(Action.EDIT, batch)
        self.grid = self._grid(sequences)

    def _grid(self, sequences: Sequence[int] | None) -> GridView:
        batch_type, table = self.view.batch_type, self.view.row_table
        row = batch_type.rows.of(self.batch)
        narrowed = () if sequences is None else (row.sequence.in_(sequences),)
        request, route = self.view.request, f"{self.view.prefix}."
        self._row_url = key_url(request, f"{route}row", "sequence", id=self.batch.id)
        self._cell_url = key_url(request, f"{route}cell", "sequence", id=self.batch.id)
        columns = table.all_columns(row, batch_type.handler.statuses)
        hidden = {column.name for column in table.filters(row)}
        self._editable = [column for column in columns if column.editable and column.name not in hidden]
        return GridView(
            request,
            key=table.settings_key(self.batch),
            filters_key=self.batch.filters_key,
            grid=_grid_of(self.batch, row, columns, request.zone, *narrowed),
            url=self.view.url("view", self.batch),
            settings_url=self.view.url("rows", self.batch),
            export_url=lambda name: self.view.url("export_rows", self.batch, format=name),
            hidden=hidden,
            known_count=None if narrowed else partial(kept_count, self.batch),
            cell_links={"sequence": lambda row: self._row_url(row.sequence)},
            editable=self._editable_cells if self.editing else None,
            mark=lambda row: "removed" if row.removed else "",
            snapshot=None if narrowed else snapshot_of(self.batch),
            windows_url=self.view.url("rows_window", self.batch),
        )

    def _editable_cells(self, row: Row[Any]) -> dict[str, EditableCell]:
        """Return the data for editing the cells of ``row`` in place, by column; none for a removed row."""
        if row.removed:
            return {}
        values, version = row._mapping, row.version
        row_url, cell_url = self._row_url(row.sequence), self._cell_url(row.sequence)
        issues = {found["field"]: found for found in reversed(row.issues or ())}
        found = {}
        for column in self._editable:
            name = column.name
            issue = issues.get(name)
            text = text_in(column, values[name], row.issues)
            form_url = f"{row_url}#field-{name}"
            found[name] = (
                EditableCell(form_url, cell_url, version, text)
                if issue is None
                else EditableCell(
                    form_url,
                    cell_url,
                    version,
                    text,
                    in_words(issue),
                    issue["severity"],
                    issue["message"],
                    issue.get("suggestions", [])[:SUGGESTED],
                )
            )
        return found


class GridPage(BatchPage):
    """A page about the rows that match the grid's filters."""

    permission = Action.VIEW.value

    @cached_property
    def rows(self) -> RowGrid:
        """The batch's grid, in the state of the address."""
        return RowGrid(self.view, self.batch)


class RememberRows(GridPage):
    """The target of the filter form, which remembers filters and columns."""

    name = "rows"
    pattern = "/rows"

    def post(self) -> HTTPSeeOther:
        """Remember the form for this person, and redirect to the link that shows it."""
        return HTTPSeeOther(self.rows.grid.remember())


class ExportRows(GridPage, ExportPage):
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
    def print_title(self) -> tuple[str, str]:
        """The batch, and its number and state."""
        batch = self.batch
        name = self.view.title_one.capitalize()
        lead = f"{name} {batch.number}, {State(batch.state).label.lower()}, created by {batch.created_by}"
        return batch.description or name, lead

    @property
    def file_name(self) -> str:
        """The type and the batch's number."""
        return f"{self.view.batch_type.path}-{self.batch.number}"
