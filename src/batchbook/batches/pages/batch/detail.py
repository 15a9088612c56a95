"""The page of one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from batchbook.batches.engine.actions import FOLLOW_UP
from batchbook.batches.engine.context import problem_rows
from batchbook.batches.engine.preview import totals_of
from batchbook.batches.files import WORKSHEET
from batchbook.batches.history import CANCEL, FAILURE
from batchbook.batches.lifecycle import Action, State, is_possible
from batchbook.batches.models import BatchFile, Operation
from batchbook.batches.pages import view_models
from batchbook.batches.pages.batch.schedule_page import schedule_url, scheduled_execution_of
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.file.inspection_page import intake_url
from batchbook.batches.pages.rows.row_grid import RowGrid
from batchbook.batches.running.activity import activity_of, last_failure_of
from batchbook.grid import Choice, choices_of
from batchbook.master import buttons_for

#: How many operations of its history a batch's page shows.
OPERATIONS_SHOWN = 8


class BatchDetail(BatchPage):
    """The header, how the rows stand, the rows themselves, what executing will do, and what happened so far."""

    name = "view"
    pattern = ""
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/view.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the batch. The number of statements does not depend on the number of rows."""
        rows, work = RowGrid(self.view, self.batch), self.work
        held = self.view.held(self.batch.id)
        activity = activity_of(self.request, held) if held else None
        operations, files = self._operations(), self._files()
        return self.template_values(
            buttons=buttons_for(self.view, self.batch),
            state=activity.state if activity else State(self.batch.state),
            activity=activity,
            mishap=last_failure_of(self.request, self.batch) if _went_wrong(operations) else None,
            intake_url=intake_url(self, self.batch) if activity is None else None,
            unpopulated=activity is None and is_possible(Action.POPULATE, self.batch.state),
            own_status=self._status(),
            life=view_models.milestones(self.batch),
            facts=view_models.facts(self.view, self.batch),
            totals=totals_of(work),
            breakdown=view_models.breakdown(self.view, self.batch, rows.grid),
            problem_rows=problem_rows(work),
            execution=None if activity else view_models.execution(self.view, work),
            planned=scheduled_execution_of(self, work),
            schedule_url=schedule_url(self),
            chosen=view_models.chosen_options(work),
            follow_up_url=self._follow_up_url(),
            quick_entry=work.handler.quick_entry.label if rows.editing and work.handler.quick_entry else None,
            rows=rows,
            grid=rows.grid,
            operations=operations,
            files=[self._shown(file) for file in files],
            sheets=[self._compared(file) for file in files if file.role == WORKSHEET],
        )

    def _status(self) -> Choice | None:
        statuses = self.view.batch_type.handler.header_statuses
        found = (choice for choice in choices_of(statuses or ()) if choice.value == self.batch.status)
        return next(found, None)

    def _follow_up_url(self) -> str | None:
        """Return where the batch is into which the rows went that an execution left out; ``None`` if there is none."""
        number = (self.batch.execution_outcome or {}).get("figures", {}).get(FOLLOW_UP)
        return self.request.route_path("batches.find", number=f"{number:08d}") if number else None

    def _operations(self) -> Any:
        wanted = select(Operation).where(Operation.batch_id == self.batch.id)
        return self.request.db.scalars(wanted.order_by(Operation.number.desc()).limit(OPERATIONS_SHOWN)).all()

    def _files(self) -> Sequence[BatchFile]:
        wanted = select(BatchFile).where(BatchFile.batch_id == self.batch.id)
        found: Sequence[BatchFile] = self.request.db.scalars(wanted.order_by(BatchFile.number)).all()
        return found

    def _shown(self, file: BatchFile) -> dict[str, Any]:
        return {
            "name": file.name,
            "size": file.size,
            "sha256": file.sha256,
            "added_by": file.added_by,
            "added_at": file.added_at,
            "url": self.view.url("download", self.batch, number=file.number),
        }

    def _compared(self, file: BatchFile) -> dict[str, str]:
        url = self.view.url("compare_worksheet", self.batch, number=file.number)
        return {"name": file.name, "url": url}


def _went_wrong(operations: Any) -> bool:
    """Return whether the last thing that was done with a batch failed or was cancelled."""
    return bool(operations) and operations[0].kind in (FAILURE, CANCEL)
