"""Deleting a record, after saying what that means."""

from __future__ import annotations

from typing import Any

from batchbook.errors import Conflict
from batchbook.master import records
from batchbook.master.conflicts import Seen
from batchbook.master.page import Page
from batchbook.master.pages.create import CONFLICT
from batchbook.master.values import seen_now

_CHANGED = (
    "Somebody changed it since you opened this page. Nothing was deleted; look at it again, then decide."
)


class Delete(Page):
    """A page that says what will be deleted, or why it cannot be, and the deletion itself."""

    name = "delete"
    pattern = "/delete"
    permission = "delete"
    on_record = True
    template = "batchbook.templates:master/delete.jinja2"
    button = "Delete"
    kind = "danger"

    def get(self) -> dict[str, Any]:
        """Ask, or say why not."""
        return self._page(self.view.why_not_delete(self.record))

    def post(self) -> Any:
        """Delete the record and show the index; or say why not (409)."""
        record, label = self.record, self.view.label_of(self.record)
        try:
            self._check(Seen.read(self.request.POST))
            records.delete(self.request.db, record, label, self.view.after_delete)
        except Conflict as error:
            self.request.response.status_int = CONFLICT
            return self._page(error.message)
        return self.done(f"{label[:1].upper()}{label[1:]} was deleted.", self.view.url("index"))

    def _check(self, seen: Seen) -> None:
        if seen.is_stale(seen_now(self.view, self.record)):
            raise Conflict(_CHANGED)
        reason = self.view.why_not_delete(self.record)
        if reason:
            raise Conflict(reason)

    def _page(self, reason: str | None) -> dict[str, Any]:
        return self.template_values(
            reason=reason,
            seen=str(seen_now(self.view, self.record)),
            facts=self.view.facts(self.record),
            cancel_url=self.view.url("view", self.record),
        )
