"""Making a new record."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import inspect

from batchbook.db.defaults import scalar_defaults
from batchbook.errors import Conflict
from batchbook.forms import WHOLE_FORM, BoundForm
from batchbook.master import records
from batchbook.master.page import Page
from batchbook.master.records import Invalid
from batchbook.master.values import fill

UNPROCESSABLE, CONFLICT = 422, 409


class FormPage(Page):
    """What creating and editing share: a form that is shown, and shown again until it can be saved."""

    def write(self, record: Any, bound: BoundForm) -> bool:
        """Save a valid ``bound`` into ``record``; otherwise, or if that fails, say why in ``bound`` and return False.

        Sets the status of the response: 422 for what must be corrected, 409 for what somebody else made impossible.
        """
        if bound.valid:
            try:
                change = partial(fill, self.view, values=bound.values)
                records.save(self.request.db, record, change, self.view.after_save)
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

    def get(self) -> dict[str, Any]:
        """Show the form with the defaults of the model."""
        return self._form(self.view.form(None).bind(scalar_defaults(inspect(self.view.model).columns)))

    def post(self) -> Any:
        """Save the new record and show it; or show the form again with what is wrong."""
        record = self.view.model()
        bound = self.view.form(None).validate(self.request.POST)
        if not self.write(record, bound):
            return self._form(bound)
        label = self.view.label_of(record)
        return self.done(f"{label[:1].upper()}{label[1:]} was created.", self.view.url("view", record))

    def _form(self, bound: BoundForm) -> dict[str, Any]:
        title = f"New {self.view.title_one}"
        return self.template_values(
            bound=bound, title=title, seen=None, submit="Create", cancel_url=self.view.url("index")
        )
