"""The page on which the reading of a batch's file is checked, before its rows are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.engine.file_intake import (
    demand_file,
    file_source_of,
    has_mapped_file,
    intake_fields,
    store_choices,
)
from batchbook.batches.intake.field_mapping import IntakeField
from batchbook.batches.intake.file_inspection import Intake, refuse_unreadable
from batchbook.batches.intake.file_preview import preview_cells
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.intake.reading_form import (
    MOST_COLUMNS_SHOWN,
    reading_form,
    reading_form_values,
    reading_from_form,
)
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import UNPROCESSABLE, BatchPage
from batchbook.errors import BadInput, Conflict
from batchbook.forms import WHOLE_FORM, BoundForm
from batchbook.master import MasterView
from batchbook.tables.report import Reading

#: The number of first rows on the page.
_ROWS = 10


class PreparingPage(BatchPage):
    """A page about the file of a new batch. GET changes nothing; POST stores settings with the batch."""

    permission = Action.PREPARE.value

    @classmethod
    def offered(cls, view: MasterView, record: Any) -> bool:
        """Offer it where there is a file whose columns are mapped."""
        return has_mapped_file(view.engine.context_of(record))  # type: ignore[attr-defined]

    @cached_property
    def fields(self) -> Sequence[IntakeField]:
        """The fields that the batch's rows take from the file."""
        return intake_fields(self.action_context)

    @cached_property
    def intake(self) -> Intake:
        """The inspection of the file: the one that is stored with the batch, or a new one."""
        demand_file(self.action_context)
        if not has_mapped_file(self.action_context):
            raise Conflict(
                f"{self.batch} has no file whose columns can be chosen. Populate it from its page."
            )
        known = stored_intake(self.batch)
        return known or file_source_of(self.action_context).inspect(
            self.action_context.handler, self.batch, keep=False
        )

    def lock(self) -> None:
        """Lock the batch against changes by others until the request ends."""
        self.engine.lock(self.batch.id, self.action)

    @property
    def action(self) -> Action:
        """The action that the page is for."""
        return Action(self.permission)

    def _keep(self, intake: Intake) -> None:
        """Store and record the choices that the person made about the file."""
        store_choices(self.action_context, self.intake, intake)


class IntakePage(PreparingPage):
    """The summary of a file, its columns with the evidence for each guess, and the form of its settings."""

    name = "intake"
    pattern = "/intake"
    template = "batchbook.templates:batches/intake.jinja2"
    button = "Check the file"

    def get(self) -> dict[str, Any]:
        """Show the summary and the settings."""
        return self._page(
            self.intake, reading_form(self.intake, self.fields).bind(reading_form_values(self.intake))
        )

    def post(self) -> Any:
        """Inspect the file with the settings of the form, or with none, and show this page or the columns."""
        self.lock()
        intake, again = self.intake, self.request.POST.get("do") == "guess"
        bound = reading_form(intake, self.fields).validate({} if again else self.request.POST)
        if not (again or bound.valid):
            return self._refused(intake, bound)
        settings = Reading() if again else reading_from_form(bound, intake)
        found = intake
        try:
            with self.request.db.begin_nested():
                found = self._inspected(intake, settings)
                refuse_unreadable(found)
                self._keep(found)
        except BadInput as error:
            # Choices that do not help either are not stored, but show what the file looks like by them.
            shown = found if intake.report.problem else intake
            bound.add_error(WHOLE_FORM, error.message)
            return self._refused(shown, bound)
        next_page = "mapping" if self.request.POST.get("do") == "columns" else self.name
        return HTTPSeeOther(self.view.url(next_page, self.batch))

    def _inspected(self, before: Intake, settings: Reading) -> Intake:
        if settings == before.chosen and stored_intake(self.batch):
            return before
        context = self.action_context
        found = file_source_of(context).inspect(context.handler, self.batch, settings, keep=False)
        if found.report.headings == before.report.headings:
            # The columns are the same, so their mapping stays.
            found = replace(found, suggestion=before.suggestion, decided=before.decided, name=before.name)
        return found

    def _refused(self, intake: Intake, bound: BoundForm) -> dict[str, Any]:
        self.request.response.status_int = UNPROCESSABLE
        return self._page(intake, bound)

    def _page(self, intake: Intake, bound: BoundForm) -> dict[str, Any]:
        return self.template_values(
            intake=intake,
            report=intake.report,
            bound=bound,
            rows=preview_cells(intake, self.fields, _ROWS, self.request.conventions),
            shown=MOST_COLUMNS_SHOWN,
            columns_url=self.view.url("mapping", self.batch),
            cancel_url=self.own_url,
        )


def intake_url(page: BatchPage, batch: Batch) -> str | None:
    """Return the address of the page that checks the file of ``batch``; ``None`` where that cannot be done now."""
    may = page.view.may(Action.PREPARE.value, batch) and IntakePage.offered(page.view, batch)
    return page.view.url(IntakePage.name, batch) if may else None
