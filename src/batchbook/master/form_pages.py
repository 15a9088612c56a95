"""Pages with a form for one record: create, edit and delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import inspect

from batchbook.db.base import scalar_defaults
from batchbook.errors import Conflict, Refused
from batchbook.forms import WHOLE_FORM, BoundForm
from batchbook.master import records
from batchbook.master.conflicts import Merge, Seen, chosen_values, current_texts, fill, merge
from batchbook.master.direct_edits import (
    REASON,
    direct_edit,
    form_for,
    locked_fields,
    refuse_locked,
    why_not_create,
)
from batchbook.master.records import Invalid
from batchbook.master.similar_keys import Similar, SimilarKey, refuse_similar
from batchbook.master.view import DirectChange, MasterView, Page

UNPROCESSABLE, CONFLICT = 422, 409


class FormPage(Page):
    """The common part of pages that create and edit: a form that is shown again until it can be saved."""

    #: The similar key about which the user has to choose before the record can be saved.
    similar: SimilarKey | None = None

    def write(self, record: Any, bound: BoundForm) -> bool:
        """Save a valid ``bound`` into ``record``; otherwise, or if that fails, add the errors to it and return False.

        Sets the status of the response: 422 for input to be corrected, 409 for a conflict with another user's change.
        """
        if bound.valid:
            hooks, direct = self.view.hooks, list[DirectChange]()

            def change(record: Any) -> None:
                direct.extend(fill(self.view, record, bound.values))
                refuse_similar(self.request.db, record, self.request.POST)

            def check(record: Any) -> None:
                for one in direct:
                    reason = bound.values[REASON]
                    entry = hooks.direct_edit_entry(record, one, reason) or direct_edit(
                        self.view, record, one, reason
                    )
                    self.request.db.add(entry)
                hooks.after_save(record)

            try:
                records.save(self.request.db, record, change, check)
            except Invalid as error:
                self.similar = error.found if isinstance(error, Similar) else None
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
        """Return whether the user can set every value that a new record needs."""
        return why_not_create(view) is None

    def get(self) -> dict[str, Any]:
        """Show the form with the defaults of the model."""
        self._refuse()
        return self._form(form_for(self.view, None).bind(scalar_defaults(inspect(self.view.model).columns)))

    def post(self) -> Any:
        """Save the new record and show it; or show the form again with the errors."""
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
            similar=self.similar,
            title=f"New {self.view.title_one}",
            seen=None,
            submit="Create",
            cancel_url=self.view.url("index"),
            locked=locked_fields(self.view, None),
        )


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
        """Show the form with the saved values."""
        bound = form_for(self.view, self.record).bind(self.view.values_of(self.record))
        return self._form(bound, Seen.of(self.record, bound.texts))

    def post(self) -> Any:
        """Save and show the record; or show the form again with the errors, or with the fields that two people changed.

        Where they changed different fields, both changes are kept.
        """
        record, seen = self.record, Seen.read(self.request.POST)
        sent = chosen_values(self.request.POST, seen)
        refuse_locked(self.view, record, sent)
        bound = form_for(self.view, record).validate(sent)
        now = current_texts(self.view, record)
        if seen.is_stale(now):
            form = form_for(self.view, record)
            labels = {field.name: field.label for field in form.fields}
            merged = merge(labels, seen, bound.texts, now, sent)
            again = form.validate(merged.params)
            if merged.conflicts or not self.write(record, again):
                return self._conflict(labels, merged, again, now)
            return self._saved(merged.taken_over)
        if not self.write(record, bound):
            return self._form(bound, seen)
        return self._saved(())

    def _saved(self, taken_over: Sequence[str]) -> Any:
        label = self.view.label_of(self.record)
        message = f"{label[:1].upper()}{label[1:]} was saved."
        if taken_over:
            message += f" Also changed in the meantime, and kept: {', '.join(taken_over)}."
        return self.done(message, self.view.url("view", self.record))

    def _conflict(
        self, labels: Mapping[str, str], merged: Merge, again: BoundForm, now: Seen
    ) -> dict[str, Any]:
        self.request.override_renderer = self.view.templates.get(
            "conflict", "batchbook.templates:master/conflict.jinja2"
        )
        if merged.conflicts:
            self.request.response.status_int = CONFLICT
        open_fields = [
            name for name in labels if name not in {conflict.name for conflict in merged.conflicts}
        ]
        return self._form(again, now) | {"merge": merged, "open_fields": open_fields}

    def _form(self, bound: BoundForm, seen: Seen) -> dict[str, Any]:
        return self.template_values(
            bound=bound,
            similar=self.similar,
            title=f"Edit {self.view.label_of(self.record)}",
            seen=str(seen),
            submit="Save",
            cancel_url=self.view.url("view", self.record),
            locked=locked_fields(self.view, self.record),
        )


_CHANGED = "Someone changed this since you opened the page. Nothing was deleted; check it again, then decide."


class Delete(Page):
    """A page that asks for confirmation, or gives the reason why a record cannot be deleted; and the deletion itself."""

    name = "delete"
    pattern = "/delete"
    permission = "delete"
    on_record = True
    template = "batchbook.templates:master/delete.jinja2"
    button = "Delete"
    kind = "danger"

    def get(self) -> dict[str, Any]:
        """Ask for confirmation, or give the reason why not."""
        return self._page(self.view.hooks.why_not_delete(self.record))

    def post(self) -> Any:
        """Delete the record and show the index; or give the reason why not (409)."""
        record, label = self.record, self.view.label_of(self.record)
        try:
            self._check(Seen.read(self.request.POST))
            records.delete(self.request.db, record, label, self.view.hooks.after_delete)
        except Conflict as error:
            self.request.response.status_int = CONFLICT
            return self._page(error.message)
        return self.done(f"{label[:1].upper()}{label[1:]} was deleted.", self.view.url("index"))

    def _check(self, seen: Seen) -> None:
        if seen.is_stale(current_texts(self.view, self.record)):
            raise Conflict(_CHANGED)
        reason = self.view.hooks.why_not_delete(self.record)
        if reason:
            raise Conflict(reason)

    def _page(self, reason: str | None) -> dict[str, Any]:
        return self.template_values(
            reason=reason,
            seen=str(current_texts(self.view, self.record)),
            facts=self.view.facts(self.record),
            cancel_url=self.view.url("view", self.record),
        )
