"""The grid of a batch's rows: its columns and editable cells, the remembered view, and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import cached_property, partial
from typing import Any, cast

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from batchbook.batches import access
from batchbook.batches.engine.context import ActionContext, find_batch
from batchbook.batches.history import last_operation
from batchbook.batches.lifecycle import Action, State
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.pages.batch.changes_page import source_word
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.rows.cell_notes import DIFFERS, CellMarks
from batchbook.batches.pages.rows.kept_counts import kept_count, snapshot_of
from batchbook.batches.pages.rows.lookup_endpoint import references_of
from batchbook.batches.pages.rows.quick_filters import quick_columns
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.policies.approvals import signed_words
from batchbook.batches.policies.field_access import field_access
from batchbook.batches.policies.field_rules import FieldAccess
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.rows.issues import Issue, in_words
from batchbook.batches.running.bulk_edits import rows_reference
from batchbook.errors import BadInput
from batchbook.grid import Column, Filter, Grid, GridState, Verb
from batchbook.master import Caller, ExportForm, ExportPage, GridReference, GridView, LayoutPage, OpenGrid
from batchbook.master.filter_form import remember_form
from batchbook.master.routes import view_called
from batchbook.master.row_cells import CellIssue, CellNote, EditableRow, RowIdentity, key_url

#: Columns that are loaded with every row because its cells need them.
_CARRIED = ("version", "issues")
# The placeholders for the key of a row and the name of a column in an address.
_KEY = "KEY"
_FIELD = "FIELD"
# Attributes of <row-grid> without data- and -url, and the pages to which they lead.
_READING = {
    "changes": "changes_since",
    "find": "rows_find",
    "summary": "rows_summary",
    "texts": "rows_texts",
    "these": "rows_these",
}
_EDITING = {
    "cells": "cells",
    "lookup": "lookup",
    "presence": "presence",
    "redo": "redo",
    "replace": "replace",
    "undo": "undo",
}
#: The column with the number of a row.
NUMBER = "sequence"
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


def _quick_columns(
    session: Session, batch: Batch, batch_type: BatchType, user: str | None, access: FieldAccess
) -> tuple[Column, ...]:
    has_file = batch_type.handler.file_source is not None
    return quick_columns(session, batch, batch_type.rows.of(batch), user, access, has_file=has_file)


def open_batch_rows(caller: Caller, arguments: Mapping[str, Any]) -> OpenGrid:
    """Open the grid of a batch's rows, for :data:`~batchbook.batches.running.bulk_edits.BATCH_ROWS`."""
    batch = find_batch(caller.session, caller.services.get(BatchTypes), arguments["batch_id"])
    caller.refuse_unless(permitted=access.may_now(caller.identity.permissions, batch, Action.VIEW))
    view = cast("type[BatchMasterView]", view_called(caller.services, f"batches.{batch.type}"))
    batch_type = view.batch_type
    row = batch_type.rows.of(batch)
    seen = field_access(caller.session, batch_type, caller.identity.name)
    quick = _quick_columns(caller.session, batch, batch_type, caller.identity.name, seen)
    columns = (*view.row_table.all_columns(row, batch_type.handler.statuses, seen), *quick)
    return OpenGrid(grid=_grid_of(batch, row, columns, caller.zone), columns=columns, caller=caller)


class RowGrid:
    """The rows of the batch of ``page``, for one request; ``sequences`` narrows it to some of them.

    ``latest`` is the number of the batch's last operation, where the caller knows it and nothing is changed in this request.
    """

    def __init__(
        self,
        page: BatchPage,
        sequences: Sequence[int] | None = None,
        latest: int | None = None,
    ) -> None:
        self.view = page.view
        self.batch = page.batch
        self._latest = latest
        self.editing = self.view.may(Action.EDIT, self.batch)
        self.grid = self._grid(page.action_context, sequences)

    def _grid(self, context: ActionContext, sequences: Sequence[int] | None) -> GridView:
        batch_type, table = self.view.batch_type, self.view.row_table
        row = batch_type.rows.of(self.batch)
        narrowed = () if sequences is None else (row.sequence.in_(sequences),)
        request, route = self.view.request, f"{self.view.prefix}."
        self._row_url = key_url(request, f"{route}row", "sequence", id=self.batch.id)
        user = request.authenticated_userid
        quick = _quick_columns(request.db, self.batch, batch_type, user, context.access)
        shown = table.all_columns(row, batch_type.handler.statuses, context.access)
        columns = (*self._with_references(context, shown), *quick)
        hidden = {column.name for column in (*table.filters(row), *quick)}
        return GridView(
            request,
            key=table.settings_key(self.batch),
            filters_key=self.batch.filters_key,
            grid=_grid_of(self.batch, row, columns, request.zone, *narrowed),
            url=self.view.url("view", self.batch),
            settings_url=self.view.url("rows", self.batch),
            facet_urls=lambda name: self.view.url(f"row_{name}", self.batch),
            known_counts=self._known_counts,
            merge_url=self.view.url("clusters", self.batch) if self.editing else None,
            export_url=lambda name: self.view.url("export_rows", self.batch, format=name),
            hidden=hidden,
            known_total=None if narrowed else partial(kept_count, self.batch),
            declared_layout=table.layout,
            layout_url=self.view.url(RememberRowLayout.name, self.batch) if self._has_layouts else "",
            cell_links={"sequence": lambda row: self._row_url(row.sequence)},
            editable=self._editable_row if self.editing else None,
            mark=lambda row: "removed" if row.removed else "",
            identity=lambda row: RowIdentity(row.sequence, row.version),
            notes=CellMarks(context, source_word(batch_type), request.conventions).of,
            element_data=self._element_data if sequences is None else dict,
            snapshot=None if narrowed else snapshot_of(self.batch, self._latest),
            windows_url=self.view.url("rows_window", self.batch),
            note_url=self._history_url if self._leads_to_history else None,
        )

    @property
    def _leads_to_history(self) -> bool:
        """Whether a cell that differs from its source leads to its changes; where rows are edited, it leads to its form."""
        return not self.editing and any(page.name == "cell_history" for page in self.view.pages)

    def _history_url(self, sequence: int, field: str, notes: Sequence[CellNote]) -> str | None:
        """Return the address of the changes of a cell that differs from its source; ``None`` for a cell with comments only."""
        if all(one.look != DIFFERS for one in notes):
            return None
        return self.view.url("cell_history", self.batch, sequence=sequence, field=field)

    def _with_references(self, context: ActionContext, columns: Sequence[Column]) -> Sequence[Column]:
        """Return ``columns`` with the records that their cells name in this batch, as far as its handler knows them."""
        if not self.editing or self.view.batch_type.handler.per_batch_rows is None:
            return columns
        found = references_of(context)
        return [replace(one, reference=found[one.name]) if one.name in found else one for one in columns]

    @property
    def _has_layouts(self) -> bool:
        return any(page.name == RememberRowLayout.name for page in self.view.pages)

    def _known_counts(self, column: str, others: GridState) -> Mapping[Any, int] | None:
        """Return the rows by status that the header counts, if it counts those that match the ``others`` of the filters."""
        kept = others.filters == (Filter("removed", Verb.IS_FALSE),) and not others.search
        all_kept = not others.is_narrowed and not self.batch.removed_count
        is_counted = column == "status" and bool(self.view.batch_type.handler.statuses)
        return self.batch.status_counts if is_counted and (kept or all_kept) else None

    def _element_data(self) -> dict[str, str]:
        """Return the addresses by which ``<row-grid>`` works, as far as the type has such pages and the person may use them."""
        pages = {page.name for page in self.view.pages}
        offered = _READING | _EDITING if self.editing else _READING
        data = {
            f"{name}-url": self.view.url(page, self.batch) for name, page in offered.items() if page in pages
        }
        if self.editing:
            cell_url = key_url(self.view.request, f"{self.view.prefix}.cell", "sequence", id=self.batch.id)
            data["cell-url"] = "{key}".join(cell_url(_KEY).rsplit(_KEY, 1))
        if "cell_history" in pages:
            history = self.view.url("cell_history", self.batch, sequence=_KEY, field=_FIELD)
            data["cell-history-url"] = "{key}".join(history.rsplit(_KEY, 1)).replace(_FIELD, "{field}")
        if "comments" in pages:
            comments = self.view.url("comments", self.batch, _query=[("sequence", _KEY), ("field", _FIELD)])
            data["comments-url"] = comments.replace(_KEY, "{key}").replace(_FIELD, "{field}")
        # The state of the rows that the page shows, on which follow-changes.js goes on.
        since = self._latest
        if since is None:
            since = last_operation(self.view.request.db, self.batch.id)
        data |= {"since": str(since), "state": State(self.batch.state).label.lower()}
        if self.editing and self.view.batch_type.handler.quick_entry is not None:
            data["grows"] = ""  # Scans add rows while the page is open.
        return data | {"count": str(self.batch.row_count)}

    def _editable_row(self, row: Row[Any]) -> EditableRow | None:
        """Return what is needed to edit the cells of ``row`` in place; None for a removed row."""
        if row.removed:
            return None
        return EditableRow(self._row_url(row.sequence), _cell_issues(row.issues) if row.issues else {})


def _cell_issues(issues: Sequence[Issue]) -> dict[str, CellIssue]:
    """Return the problems by column: of several in a cell the first, with the first text that could not be stored."""
    raws: dict[str, str] = {}
    for one in issues:
        if one["raw"]:
            raws.setdefault(one["field"], one["raw"])
    return {
        one["field"]: CellIssue(
            in_words(one),
            one["severity"],
            one["message"],
            one.get("suggestions", [])[:SUGGESTED],
            raws.get(one["field"]),
        )
        for one in reversed(issues)
    }


class GridPage(BatchPage):
    """A page about the rows that match the grid's filters."""

    permission = Action.VIEW.value

    @cached_property
    def rows(self) -> RowGrid:
        """The batch's grid, in the state of the address."""
        return RowGrid(self)

    def condition(self) -> ColumnElement[bool]:
        """Return the condition for the rows that match the filters in the address; raise ``BadInput`` for invalid filters."""
        grid = self.rows.grid
        return grid.grid.where(usable(grid.state), grid.user)


def usable(state: GridState) -> GridState:
    """Return ``state``; raise ``BadInput`` if parts of it were left out, because then it matches other rows than were meant."""
    if state.problems:
        raise BadInput(f"{' '.join(state.problems)} Nothing was changed.")
    return state


class RememberRows(GridPage):
    """The target of the filter form, which remembers filters and columns."""

    name = "rows"
    pattern = "/rows"

    def post(self) -> HTTPSeeOther:
        """Remember the form for this person, and redirect to the link that shows it."""
        return HTTPSeeOther(remember_form(self.rows.grid))


class RememberRowLayout(GridPage, LayoutPage):
    """The layout of the rows of a type's batches."""

    name = "row_layout"
    pattern = "/layout"

    @property
    def arranged(self) -> GridView:
        """The batch's grid."""
        return self.rows.grid


class ChooseExport(GridPage, ExportForm):
    """The choice of columns, rows and format for the export of the rows."""

    name = "choose_rows"
    pattern = "/rows/export"
    number_column = NUMBER

    def shown(self) -> GridView:
        """Return the batch's grid."""
        return self.rows.grid

    @property
    def list_name(self) -> str:
        """The batch, in the middle of a sentence."""
        return f"batch {self.batch.number}"


class ExportRows(GridPage, ExportPage):
    """The rows as a file."""

    name = "export_rows"
    pattern = "/rows.{format}"
    number_column = NUMBER

    def exported(self) -> GridView:
        """Return the batch's grid."""
        return self.rows.grid

    @property
    def reference(self) -> GridReference:
        """The batch's grid."""
        return rows_reference(self.batch)

    @property
    def print_title(self) -> tuple[str, str]:
        """The batch, its number and state, and the signature of its execution."""
        batch = self.batch
        name = self.view.title_one.capitalize()
        lead = f"{name} {batch.number}, {State(batch.state).label.lower()}, created by {batch.created_by}"
        if batch.is_final:
            lead += signed_words(self.action_context)
        return batch.description or name, lead

    @property
    def file_name(self) -> str:
        """The type and the batch's number."""
        return f"{self.view.batch_type.path}-{self.batch.number}"
