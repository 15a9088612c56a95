"""The page of one batch, its history, and downloads of its files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pyramid.response import Response
from sqlalchemy import select

from batchbook.batches.changed_cells import ChangedCell, among_first
from batchbook.batches.changed_rows import original_text
from batchbook.batches.engine.actions import FOLLOW_UP
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.making import made_links
from batchbook.batches.engine.preview import totals_of
from batchbook.batches.engine.refresh import problem_rows
from batchbook.batches.engine.reversing import links_of
from batchbook.batches.files import WORKSHEET, file_chunks, stored_files
from batchbook.batches.history import WITHOUT_EFFECT
from batchbook.batches.lifecycle import Action, State, is_possible
from batchbook.batches.models import Batch, BatchFile, Operation
from batchbook.batches.pages import view_models
from batchbook.batches.pages.batch.changes_page import differing_cells_url, source_word
from batchbook.batches.pages.batch.comments_page import IN_PANEL, Comments, ShownComments, shown_comments
from batchbook.batches.pages.batch.make_page import rows_menu_links
from batchbook.batches.pages.batch.overlap_page import overlaps_view
from batchbook.batches.pages.batch.policy_panel import policy_panel
from batchbook.batches.pages.batch.schedule_page import schedule_url, scheduled_execution_of
from batchbook.batches.pages.batch.side_panels import open_panel, panels_of
from batchbook.batches.pages.batch.undo_pages import undo_buttons
from batchbook.batches.pages.batch_page import BatchPage, ShownChange, may_see, uploaded_before
from batchbook.batches.pages.file.inspection_page import intake_url
from batchbook.batches.pages.rows.quick_filters import quick_filters
from batchbook.batches.pages.rows.row_grid import RowGrid
from batchbook.batches.policies.field_access import refuse_file_of_others, seen_cells, told
from batchbook.batches.review.comments import comments_of
from batchbook.batches.running.activity import activity_of, last_failure_of
from batchbook.errors import Missing
from batchbook.grid import choices_of
from batchbook.master import buttons_for
from batchbook.master.grid_settings import FULL_WINDOW, PANEL
from batchbook.master.paging import whole_number
from batchbook.master.record_pages import file_response
from batchbook.web.formatting import number as number_text
from batchbook.words import counted

#: The number of entries of its history on a batch's page, and of the operations that are read for them.
ENTRIES_SHOWN, OPERATIONS_READ = 8, 50


class BatchDetail(BatchPage):
    """The page of a batch: its header, counts, rows, execution panel and latest history."""

    name = "view"
    pattern = ""
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/view.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the batch. The number of statements does not depend on the number of rows."""
        operations, context = self._latest_operations(), self.action_context
        latest = operations[0].number if operations else 0
        rows = RowGrid(self, latest=latest)
        lock = self.view.lock_of(self.batch.id)
        activity = activity_of(self.request, lock) if lock else None
        went_wrong = bool(operations) and operations[0].kind in WITHOUT_EFFECT
        entry = context.handler.quick_entry
        files = stored_files(self.request.db, self.batch)
        execution = None if activity else view_models.execution(self.view, context)
        problems = problem_rows(context)
        edited = execution.edited if execution else 0
        quick = quick_filters(self, rows.grid, latest, problems, edited)
        return self._with_panels(
            self.template_values(
                buttons=buttons_for(self.view, self.batch),
                state=activity.state if activity else State(self.batch.state),
                activity=activity,
                last_failure=last_failure_of(self.request, self.batch) if went_wrong else None,
                intake_url=intake_url(self, self.batch) if activity is None else None,
                unpopulated=activity is None and is_possible(Action.POPULATE, self.batch.state),
                **self._header_values(context, operations),
                breakdown=view_models.breakdown(self.view, self.batch, rows.grid),
                problem_rows=problems,
                quick=quick,
                duplicates_url=self._duplicates_url() if rows.editing else None,
                execution=execution,
                policy=execution.policy if execution else policy_panel(self.view, context),
                planned=scheduled_execution_of(self, context),
                schedule_url=schedule_url(self),
                quick_entry=entry.label if rows.editing and entry else None,
                rows=rows,
                grid=rows.grid,
                makes=rows_menu_links(self.request, self.batch, rows.grid.state),
                groups=group_operations(operations, is_cut=len(operations) == OPERATIONS_READ)[
                    :ENTRIES_SHOWN
                ],
                operation_count=latest,
                differing_url=differing_cells_url(self.view, self.batch) if quick.offers_differing else "",
                source=source_word(self.view.batch_type),
                undo=undo_buttons(self, operations),
                files=self._file_values(files),
                sheets=self._sheet_values(files),
            )
        )

    def _header_values(self, context: ActionContext, operations: Sequence[Operation]) -> dict[str, Any]:
        """Return the values of the page that are about the header and the outcome, whatever rows are shown."""
        own_statuses = choices_of(context.handler.header_statuses or ())
        return {
            "own_status": next((one for one in own_statuses if one.value == self.batch.status), None),
            "milestones": view_models.milestones(self.batch),
            "facts": view_models.facts(self.view, self.batch),
            "linked": [one for one in self._linked() if may_see(self, one[1])],
            "totals": totals_of(context),
            "chosen": [*view_models.chosen_options(context), *self._why_executed(operations)],
            "effects": view_models.recorded_effects(self.view, self.batch) if self.batch.is_final else (),
            "follow_up_url": self._follow_up_url(),
            "comments": self._comments(),
            "overlaps": overlaps_view(self),
            "retention": view_models.retention_of(self.view, self.batch),
            "waits": view_models.waiting(self.batch),
        }

    def _with_panels(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return ``values`` with the panels beside the rows, and what the person has open of them."""
        grid = values["grid"]
        panels = panels_of(values)
        return values | {
            "panels": panels,
            "open_panel": open_panel(self.request, self.batch, panels, grid.page_choices.get(PANEL)),
            "full_window": bool(grid.page_choices.get(FULL_WINDOW)),
        }

    def _comments(self) -> ShownComments | None:
        """Return the latest comments; ``None`` for a type whose pages leave comments out."""
        if not any(page is Comments for page in self.view.pages):
            return None
        found = comments_of(self.action_context, limit=IN_PANEL)
        return shown_comments(self, found, total=None if len(found) == IN_PANEL else len(found))

    def _why_executed(self, operations: Sequence[Operation]) -> Iterator[tuple[str, str]]:
        """Yield the reason that was given for the execution, and what it amounts to, each with a label."""
        executed = next((one for one in operations if one.kind == Action.EXECUTE.value), None)
        if executed is not None and executed.reason:
            yield "Reason", executed.reason
        if self.batch.executed_amount is not None:
            yield "Amount", number_text(self.batch.executed_amount.normalize() + 0, self.request.conventions)

    def _linked(self) -> list[tuple[str, Batch]]:
        session, types = self.request.db, self.engine.types
        made = [
            (f"{label} {types[other.type].title.lower()}", other)
            for label, other in made_links(session, types, self.batch)
        ]
        return [*made, *links_of(session, self.batch)]

    def _follow_up_url(self) -> str | None:
        """Return the address of the batch with the rows that the execution left out; ``None`` if there is none."""
        number = (self.batch.execution_outcome or {}).get("figures", {}).get(FOLLOW_UP)
        return self.request.route_path("batches.find", number=f"{number:08d}") if number else None

    def _duplicates_url(self) -> str | None:
        """Return the address of the page of duplicates; ``None`` if the batch has none."""
        declared = self.view.batch_type.handler.duplicates
        found = declared is not None and self.batch.count_of(declared.status)
        return self.view.url("duplicates", self.batch) if found else None

    def _latest_operations(self) -> Sequence[Operation]:
        statement = select(Operation).where(Operation.batch_id == self.batch.id)
        latest = statement.order_by(Operation.number.desc()).limit(OPERATIONS_READ)
        found: Sequence[Operation] = self.request.db.scalars(latest).all()
        return told(self.request.db, found, self.action_context.access)

    def _sheet_values(self, files: Sequence[BatchFile]) -> list[dict[str, Any]]:
        sheets = [file for file in files if file.role == WORKSHEET]
        url = partial(self.view.url, "compare_worksheet", self.batch)
        return [{"name": file.name, "url": url(number=file.number)} for file in sheets]

    def _file_values(self, files: Sequence[BatchFile]) -> list[dict[str, Any]]:
        earlier = uploaded_before(self.request, files)
        return [
            {
                "name": file.name,
                "size": file.size,
                "sha256": file.sha256,
                "added_by": file.added_by,
                "added_at": file.added_at,
                "url": self.view.url("download", self.batch, number=file.number),
                "earlier": earlier.get(file.number),
            }
            for file in files
        ]


#: The kinds of operations that are shown as one where a person did several in a row, with the noun for one of them.
_FOLDED = {
    "edit": "edit",
    "add": "added row",
    "remove": "removal",
    "restore": "restoration",
    "undo": "undone operation",
    "redo": "redone operation",
}


@dataclass
class OperationGroup:
    """Operations of one kind that one person did one after the other, newest first, or a single one of any kind.

    ``is_cut`` tells that there may be more of them that were not read.
    """

    operations: list[Operation]
    is_cut: bool = False

    @property
    def summary(self) -> str:
        """The sentence for all of them together; that of the operation if there is one."""
        latest = self.operations[0]
        if len(self.operations) == 1:
            return latest.summary
        words = counted(len(self.operations), _FOLDED[latest.kind])
        if latest.kind == "edit":
            words += f", of {counted(sum(one.cells for one in self.operations), 'cell')}"
        return f"At least {words}" if self.is_cut else words

    def takes(self, operation: Operation) -> bool:
        """Return whether ``operation``, the next older one, is shown with these."""
        latest = self.operations[0]
        return operation.kind in _FOLDED and (latest.kind, latest.actor) == (operation.kind, operation.actor)


def group_operations(operations: Sequence[Operation], *, is_cut: bool = False) -> list[OperationGroup]:
    """Return ``operations`` in their order, in groups; ``is_cut`` tells that older ones were not read."""
    groups: list[OperationGroup] = []
    for operation in operations:
        if groups and groups[-1].takes(operation):
            groups[-1].operations.append(operation)
        else:
            groups.append(OperationGroup([operation]))
    if groups:
        groups[-1].is_cut = is_cut
    return groups


#: The number of operations on a page of the history, and of cells listed for each operation.
PAGE_SIZE, CELLS_SHOWN = 50, 20


class History(BatchPage):
    """All operations, newest first, with the cells that each changed."""

    name = "history"
    pattern = "/history"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/history.jinja2"

    def get(self) -> dict[str, Any]:
        """Show a page of operations; ``before`` in the query is the last number on the page before."""
        statement = select(Operation).where(Operation.batch_id == self.batch.id)
        if (before := whole_number(self.request.GET.get("before", ""))) is not None:
            statement = statement.where(Operation.number < before)
        found = self.request.db.scalars(
            statement.order_by(Operation.number.desc()).limit(PAGE_SIZE + 1)
        ).all()
        page = told(self.request.db, found[:PAGE_SIZE], self.action_context.access)
        return self.template_values(
            groups=group_operations(page),
            cells=self._cells(page),
            operations_url=view_models.operations_url(self.view, self.batch),
            older=page[-1].number if len(found) > PAGE_SIZE else None,
            undo=undo_buttons(self, page),
        )

    def _cells(self, operations: Sequence[Operation]) -> dict[int, list[ShownChange]]:
        changes = self.request.db.execute(
            select(ChangedCell, original_text(ChangedCell))
            .where(
                ChangedCell.batch_id == self.batch.id,
                ChangedCell.operation.in_([operation.number for operation in operations]),
                among_first(ChangedCell, CELLS_SHOWN),
                seen_cells(self.action_context.access),
            )
            .order_by(ChangedCell.operation, ChangedCell.position)
        )
        found: dict[int, list[ShownChange]] = defaultdict(list)
        for change, original in changes:
            found[change.operation].append(self.shown_change(change, original))
        return found


class Download(BatchPage):
    """A file of the batch, byte for byte."""

    name = "download"
    pattern = "/files/{number:[0-9]{1,9}}"
    permission = Action.DOWNLOAD.value

    def get(self) -> Response:
        """Send the file as an attachment, whatever its content."""
        record = self.request.db.get(BatchFile, (self.batch.id, int(self.request.matchdict["number"])))
        if record is None:
            raise Missing(f"{self.batch} has no such file.")
        context = self.action_context
        refuse_file_of_others(context.access, context.actor, record)
        chunks = partial(file_chunks, record=record)
        return file_response(
            self.request, record.name, record.size, "application/octet-stream", chunks, self.batch.number
        )
