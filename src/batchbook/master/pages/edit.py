"""Changing a record, so that no two people overwrite each other unknowingly."""

from __future__ import annotations

from typing import Any

from batchbook.forms import BoundForm
from batchbook.master.batch_only import form_for, locked, refuse_locked
from batchbook.master.conflicts import Seen, chosen, merge
from batchbook.master.pages.create import CONFLICT, FormPage
from batchbook.master.values import seen_now


class Edit(FormPage):
    """A form for a record that exists."""

    name = "edit"
    pattern = "/edit"
    permission = "edit"
    on_record = True
    template = "batchbook.templates:master/form.jinja2"
    button = "Edit"
    kind = "primary"

    def get(self) -> dict[str, Any]:
        """Show the form with what is saved."""
        bound = form_for(self.view, self.record).bind(self.view.values_of(self.record))
        return self._form(bound, Seen.of(self.record, bound.texts))

    def post(self) -> Any:
        """Save and show the record; or show the form again with what is wrong, or with what both people wrote."""
        record, seen = self.record, Seen.read(self.request.POST)
        sent = chosen(self.request.POST, seen)
        refuse_locked(self.view, record, sent)
        bound = form_for(self.view, record).validate(sent)
        now = seen_now(self.view, record)
        if seen.is_stale(now):
            return self._conflict(seen, bound, now)
        if not self.write(record, bound):
            return self._form(bound, seen)
        label = self.view.label_of(record)
        return self.done(f"{label[:1].upper()}{label[1:]} was saved.", self.view.url("view", record))

    def _conflict(self, seen: Seen, bound: BoundForm, now: Seen) -> dict[str, Any]:
        form = form_for(self.view, self.record)
        labels = {field.name: field.label for field in form.fields}
        merged = merge(labels, seen, bound.texts, now, chosen(self.request.POST, seen))
        self.request.override_renderer = self.view.templates.get(
            "conflict", "batchbook.templates:master/conflict.jinja2"
        )
        self.request.response.status_int = CONFLICT
        again = form.validate(merged.params)
        open_fields = [
            name for name in labels if name not in {conflict.name for conflict in merged.conflicts}
        ]
        return self._form(again, now) | {"merge": merged, "open_fields": open_fields}

    def _form(self, bound: BoundForm, seen: Seen) -> dict[str, Any]:
        return self.template_values(
            bound=bound,
            title=f"Edit {self.view.label_of(self.record)}",
            seen=str(seen),
            submit="Save",
            cancel_url=self.view.url("view", self.record),
            locked=locked(self.view, self.record),
        )
