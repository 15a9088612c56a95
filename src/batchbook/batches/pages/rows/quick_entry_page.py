"""The target of the quick entry box: single entries by its form, and scans of ``static/js/scan``, several in one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.editing import EntryResult, RowEditor
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.errors import BadInput, BatchbookError, Busy, Misuse
from batchbook.web.flash import Kind, flash
from batchbook.web.idempotency import SentBefore, claim_key
from batchbook.web.json_bodies import JsonBody, json_answer

#: The most scans of one request: they are stored within a second or two.
MOST_SCANS = 20
_NOT_UNDERSTOOD = (
    "The scans that were sent can't be read, so nothing was entered. Reload the page, and try again."
)


class QuickEntry(BatchPage):
    """The target of the quick entry box: each entry, scanned or typed, becomes a row or adds to one.

    A script sends JSON, ``{"scans": [{"key", "text"}, …]}``, each with an idempotency key of its own, and is answered by
    ``{"answers": […]}`` in their order: what was done, see :meth:`_data`, or an ``error``. Each is an operation of its own. A
    scan that is sent again with its key is not entered again, and gets the first answer, with ``repeated``; a key that was
    sent with another text, or to another batch, is refused.
    """

    name = "enter"
    pattern = "/enter"
    permission = Action.EDIT.value

    def post(self) -> Any:
        """Do what the text stands for, and return to the box for the next one; or answer a script."""
        if self.request.content_type == "application/json":
            return json_answer({"answers": [self._answer(**scan) for scan in self._scans()]})
        try:
            with claim_key(self.request) as remember:
                done = self._enter(self.request.POST.get("text", ""))
                remember(f"{done.message}.")
        except BadInput as error:
            return self._back(error.message, "error")
        return self._back(f"{done.message}.", "success")

    def _enter(self, text: str) -> EntryResult:
        return RowEditor(self.engine, self.request.conventions).enter(self.batch.id, text)

    def _back(self, message: str, kind: Kind) -> HTTPSeeOther:
        flash(self.request, message, kind)
        return HTTPSeeOther(f"{self.own_url}#quick-entry")

    # Scripts.

    def _scans(self) -> Sequence[dict[str, str]]:
        """Return the scans that were sent."""
        body = JsonBody.of(self.request, _NOT_UNDERSTOOD)
        scans = body.parts.get("scans")
        if not isinstance(scans, list) or not 0 < len(scans) <= MOST_SCANS or not all(map(_is_scan, scans)):
            body.refuse()
        return scans

    def _answer(self, key: str, text: str) -> dict[str, Any]:
        try:
            with claim_key(self.request, key, text) as remember:
                data = self._data(self._enter(text))
                remember(f"{data['message']}.", data)
        except SentBefore as error:
            # A key that was kept before keys were bound may be of another batch.
            if error.answer and error.answer.get("batch") == self.batch.id:
                return {**error.answer, "repeated": True}
            return {"error": error.message}
        except (Busy, Misuse):
            raise
        except BatchbookError as error:
            return {"error": error.message}
        return data

    def _data(self, done: EntryResult) -> dict[str, Any]:
        """Return the answer to a scan.

        ``message`` says what was done, ``sequence`` is the row and ``operation`` the number of the operation, by which it
        can be undone; ``is_new`` tells if the row was added, ``severity`` is that of its status. ``url`` and ``undo_url`` are
        the addresses of the row and of that undo.
        """
        url = self.view.url
        return {
            "batch": self.batch.id,
            "message": done.message,
            "sequence": done.sequence,
            "operation": done.operation,
            "is_new": done.is_new,
            "severity": str(done.status.severity) if done.status else None,
            "url": url("row", self.batch, sequence=done.sequence),
            "undo_url": url("undo_operation", self.batch, number=done.operation),
        }


def _is_scan(scan: Any) -> bool:
    return (
        isinstance(scan, dict)
        and set(scan) == {"key", "text"}
        and all(isinstance(part, str) for part in scan.values())
    )
