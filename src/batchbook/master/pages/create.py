"""Making a new record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from batchbook.db.defaults import scalar_defaults
from batchbook.errors import Conflict, Refused
from batchbook.forms import WHOLE_FORM, BoundForm
from batchbook.master import records
from batchbook.master.batch_only import REASON, form_for, locked, refuse_locked, why_not_create
from batchbook.master.direct import DirectChange
from batchbook.master.page import Page
from batchbook.master.records import Invalid
from batchbook.master.values import fill

if TYPE_CHECKING:
    from batchbook.master.view import MasterView

UNPROCESSABLE, CONFLICT = 422, 409


class FormPage(Page):
    """What creating and editing share: a form that is shown, and shown again until it can be saved."""

    def write(self, record: Any, bound: BoundForm) -> bool:
        """Save a valid ``bound`` into ``record``; otherwise, or if that fails, say why in ``bound`` and return False.

        Sets the status of the response: 422 for what must be corrected, 409 for what somebody else made impossible.
        """
        if bound.valid:
            direct: list[DirectChange] = []

            def change(record: Any) -> None:
                direct.extend(fill(self.view, record, bound.values))

            def check(record: Any) -> None:
                for one in direct:
                    entry = self.view.direct_edit_entry(self.view, record, one, bound.values[REASON])
                    self.request.db.add(entry)
                self.view.after_save(record)

            try:
                records.save(self.request.db, record, change, check)
            except Invalid as error:
                for name, message in error.errors.items():
                    bound.add_error(name, message)
            except Conflict as error:
                bound.add_error(WHOLE_FORM, error.message)
                self.request.response.status_int = CONFLICT
                return False
        if bound.errors:
            self.request.response.status_int = UNPROCESSABLE
        return not bound.errors


class Create(FormPage):
    """A form for a new record."""

    name = "create"
    pattern = "/new"
    permission = "create"
    template = "batchbook.templates:master/form.jinja2"
    button = "New {one}"
    kind = "primary"

    @classmethod
    def offered(cls, view: MasterView, record: Any) -> bool:  # noqa: ARG003 - There is none yet.
        """Not where a record needs what the person can set by a batch only."""
        return why_not_create(view) is None

    def get(self) -> dict[str, Any]:
        """Show the form with the defaults of the model."""
        self._refuse()
        return self._form(form_for(self.view, None).bind(scalar_defaults(inspect(self.view.model).columns)))

    def post(self) -> Any:
        """Save the new record and show it; or show the form again with what is wrong."""
        self._refuse()
        refuse_locked(self.view, None, self.request.POST)
        record = self.view.model()
        bound = form_for(self.view, None).validate(self.request.POST)
        if not self.write(record, bound):
            return self._form(bound)
        label = self.view.label_of(record)
        return self.done(f"{label[:1].upper()}{label[1:]} was created.", self.view.url("view", record))

    def _refuse(self) -> None:
        reason = why_not_create(self.view)
        if reason is not None:
            raise Refused(reason)

    def _form(self, bound: BoundForm) -> dict[str, Any]:
        return self.template_values(
            bound=bound,
            title=f"New {self.view.title_one}",
            seen=None,
            submit="Create",
            cancel_url=self.view.url("index"),
            locked=locked(self.view, None),
        )
