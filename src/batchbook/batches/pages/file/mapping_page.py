"""The page that matches the columns of a batch's file to fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy.orm import Session

from batchbook.batches.concurrency import TOKEN_FIELD, Token, refuse_changed
from batchbook.batches.engine.file_intake import file_source_of
from batchbook.batches.files import demand_input_file, open_file
from batchbook.batches.intake import saved_mappings
from batchbook.batches.intake.file_inspection import Intake, refuse_unreadable
from batchbook.batches.intake.file_preview import preview_rows, unrecognised_texts
from batchbook.batches.intake.file_source import store_intake
from batchbook.batches.intake.mapping_form import (
    MappingOffers,
    Padding,
    check_mapping,
    intake_from_form,
    mapping_form,
    mapping_form_values,
    offer_padding,
)
from batchbook.batches.intake.suggestions import suggest
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import UNPROCESSABLE, follow_on
from batchbook.batches.pages.file.inspection_page import PreparingPage
from batchbook.db import utc_now
from batchbook.errors import BadInput
from batchbook.forms import WHOLE_FORM, BoundForm, Form
from batchbook.grid import Kind
from batchbook.web.idempotency import claim_key

#: The number of first rows in the preview.
_ROWS = 20


class MappingPage(PreparingPage):
    """The column that fills each field, with the reason for its choice, and a preview of the rows."""

    name = "mapping"
    pattern = "/mapping"
    template = "batchbook.templates:batches/mapping.jinja2"

    def get(self) -> Any:
        """Show the mapping and the preview; the settings of the file where it cannot be read by the present ones."""
        if self.intake.report.problem:
            return HTTPSeeOther(self.view.url("intake", self.batch))
        offers = self._offers(self.intake)
        return self._page(
            self.intake,
            offers,
            self._form(offers).bind(
                mapping_form_values(self.intake, self.fields, offers, self.request.conventions)
            ),
        )

    def post(self) -> Any:
        """Store the mapping and show its preview; or use a saved mapping; or populate the batch."""
        self.lock()
        refuse_unreadable(self.intake)
        if self.request.POST.get("do") == "use":
            return self._use(self.request.POST.get("saved", ""))
        offers = self._offers(self.intake)
        self._refuse_unseen(offers)
        bound = self._form(offers).validate(self.request.POST)
        if not bound.valid:
            return self._refused(self.intake, offers, bound)
        conventions = self.request.conventions
        intake = intake_from_form(bound, self.intake, self.fields, offers, conventions)
        populates = self.request.POST.get("do") == "populate"
        check_mapping(bound, intake, self.fields, offers, conventions)
        self._check_name(bound)
        only_missing = all(name.startswith("column.") for name in bound.errors)
        if bound.errors and (populates or not only_missing):
            return self._refused(intake, offers, bound)
        if populates:
            return self._populate(intake, offers, bound)
        store_intake(self.batch, intake)
        self._save(intake, bound)
        return HTTPSeeOther(self.view.url(self.name, self.batch))

    def _refuse_unseen(self, offers: MappingOffers) -> None:
        """Raise ``Conflict`` where the form was about other columns: it names columns and texts by position."""
        seen = self.request.POST.get(TOKEN_FIELD)
        refuse_changed(
            None if seen is None else Token(seen),
            offers.token(self.intake),
            f"The settings or the columns of the file of {self.batch} have changed since you opened this page, so nothing"
            " was saved. Review the columns and try again.",
        )

    def _check_name(self, bound: BoundForm) -> None:
        """Add an error for a name under which another person saved a mapping, unless it is in use here."""
        name = bound.values.get("save_as")
        if not name or name == self.intake.name:
            return
        place, by = (
            file_source_of(self.action_context).mapping_scope(self.batch),
            self.request.authenticated_userid,
        )
        try:
            saved_mappings.refuse_foreign_name(self.request.db, place, name, by)
        except BadInput as error:
            bound.add_error("save_as", error.message)

    def _use(self, name: str) -> HTTPSeeOther:
        """Match columns by the mapping saved as ``name``."""
        remembered = saved_mappings.find_mapping(
            self.request.db, file_source_of(self.action_context).mapping_scope(self.batch), name
        )
        suggestion = suggest(self.fields, self.intake.report, remembered)
        store_intake(self.batch, replace(self.intake, suggestion=suggestion, decided=True, name=name))
        return HTTPSeeOther(self.view.url(self.name, self.batch))

    def _populate(self, intake: Intake, offers: MappingOffers, bound: BoundForm) -> Any:
        try:
            with claim_key(self.request) as remember:
                store_intake(self.batch, self._save(intake, bound))
                remember_last(self.request.db, self, intake)
                result = self.ask(Action.POPULATE)
                remember(result.message)
        except BadInput as error:
            bound.add_error(WHOLE_FORM, error.message)
            return self._refused(intake, offers, bound)
        return follow_on(self.request, result, self.own_url)

    def _save(self, intake: Intake, bound: BoundForm) -> Intake:
        """Save the mapping under the name in the form, if there is one."""
        name = bound.values.get("save_as")
        if not name:
            return intake
        remember_last(self.request.db, self, intake, name)
        named = replace(intake, name=name)
        store_intake(self.batch, named)
        return named

    def _offers(self, intake: Intake) -> MappingOffers:
        record = demand_input_file(self.request.db, self.batch)
        with open_file(self.request.db, record) as file:
            texts = unrecognised_texts(record.name, file, intake, self.fields)
        for name, taken in intake.mapping.values.items():
            texts[name] = {**dict.fromkeys(taken, 0), **texts.get(name, {})}
        return MappingOffers(self._paddings(intake), texts)

    def _paddings(self, intake: Intake) -> dict[str, Padding]:
        paddings = {}
        known_lengths = file_source_of(self.action_context).known_lengths
        for wanted in self.fields:
            place = intake.suggestion.place_of(wanted.name)
            if place is not None and wanted.column.kind is Kind.TEXT:
                known = (
                    known_lengths(self.action_context.handler, self.batch, wanted) if known_lengths else {}
                )
                found = offer_padding(intake.report.columns[place].lengths, known)
                if found is not None:
                    paddings[wanted.name] = found
        return paddings

    def _form(self, offers: MappingOffers) -> Form:
        carries = file_source_of(self.action_context).carried_columns is not None
        return mapping_form(self.intake, self.fields, offers, carries=carries)

    def _refused(self, intake: Intake, offers: MappingOffers, bound: BoundForm) -> dict[str, Any]:
        self.request.response.status_int = UNPROCESSABLE
        return self._page(intake, offers, bound)

    def _page(self, intake: Intake, offers: MappingOffers, bound: BoundForm) -> dict[str, Any]:
        place = file_source_of(self.action_context).mapping_scope(self.batch)
        return self.template_values(
            intake=intake,
            report=intake.report,
            fields=self.fields,
            offers=offers,
            seen=offers.token(self.intake),
            bound=bound,
            preview=preview_rows(intake, self.fields, _ROWS, self.request.conventions),
            saved=saved_mappings.mapping_names(self.request.db, place),
            intake_url=self.view.url("intake", self.batch),
            cancel_url=self.own_url,
        )


def remember_last(db: Session, page: PreparingPage, intake: Intake, name: str = "") -> None:
    """Save the mapping of ``intake``: under ``name``, or as the last one for the same sender of files."""
    place = file_source_of(page.action_context).mapping_scope(page.batch)
    by = page.request.authenticated_userid
    saved_mappings.save_mapping(db, place, intake.mapping, intake.chosen, by=by, at=utc_now(), name=name)
