"""The reason for an edit: as it is sent with any edit, and the question for it where an edit needs one."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from pyramid.renderers import render_to_response

from batchbook.batches.handler import REASON
from batchbook.batches.policies.edit_reasons import ReasonNeeded
from batchbook.batches.running.runner import reason_in
from batchbook.web.form_parsing import Upload
from batchbook.web.idempotency import FORM_KEY
from batchbook.web.json_bodies import json_answer
from batchbook.web.refused_forms import back_url
from batchbook.web.request import FORMAT_FIELD, Request, prefers_json

#: The field of a form with the reason for the edit, and the header of a script's request with it, in URL encoding.
EDIT_REASON, EDIT_REASON_HEADER = "edit_reason", "X-Edit-Reason"

#: The fields of a form that each form has of its own.
_OWN_FIELDS = frozenset({"csrf_token", FORM_KEY, FORMAT_FIELD, EDIT_REASON})
_UNPROCESSABLE = 422
_TEMPLATE = "batchbook.templates:batches/edit_reason.jinja2"


def sent_edit_reason(request: Request) -> str | None:
    """Return the reason that was sent with an edit; ``None`` if there is none."""
    if request.method != "POST":
        return None
    text = unquote(request.headers.get(EDIT_REASON_HEADER, "")) or request.POST.get(EDIT_REASON, "")
    return reason_in({REASON: text}) if isinstance(text, str) else None


def reason_needed(error: ReasonNeeded, request: Request) -> Any:
    """Ask for the reason: a script by JSON, a person by a page that sends the same form again."""
    request.flash_queue.discard_new()
    offered = {"reasons": list(error.reasons), "other_reasons": error.other_reasons}
    if prefers_json(request):
        return json_answer({"error": error.message, "reason_needed": offered}, _UNPROCESSABLE)
    sent = [(name, text) for name, text in request.POST.items() if name not in _OWN_FIELDS]
    values = {
        "problem": error.message,
        "needs": offered,
        "reason": request.POST.get(EDIT_REASON, ""),
        "sent": [(name, text) for name, text in sent if not isinstance(text, Upload)],
        "post_url": request.path_qs,
        "cancel_url": back_url(request),
    }
    response = render_to_response(_TEMPLATE, values, request)
    response.status_int = _UNPROCESSABLE
    return response


def includeme(config: Any) -> None:
    """Register the question."""
    config.add_exception_view(reason_needed, context=ReasonNeeded)
