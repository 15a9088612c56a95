"""The form that hands a batch over, and the fields and messages of all such forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.concurrency import read_version
from batchbook.batches.engine.hand_over import EVENT, RECIPIENT, HandedOver, recipients
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.errors import BadInput
from batchbook.forms import Field, Form
from batchbook.grid import Choice, Kind
from batchbook.security.audit_log import record_change
from batchbook.web.request import Request


def recipient_form(request: Request, batches: Sequence[Batch]) -> Form:
    """Return the form that asks who gets ``batches``: one of the users who may work on all of them."""
    owners = {batch.owner for batch in batches}
    choices = tuple(
        Choice(person.name, f"{person.full_name} ({person.name})" if person.full_name else person.name)
        for person in recipients(request.db, batches)
        if {person.name} != owners
    )
    return Form(
        [Field.of(RECIPIENT, Kind.CHOICE, label="Hand over to", choices=choices, required=True)],
    )


def sent_recipient(request: Request) -> str:
    """Return the name of the user who was chosen; raise ``BadInput`` if none was."""
    name: str = request.POST.get(RECIPIENT, "").strip()
    if not name:
        raise BadInput("Choose who gets the batches. Nothing was handed over.")
    return name


def log_hand_over(request: Request, outcome: HandedOver, to: str) -> str:
    """Log what was handed over, for each former owner; return a sentence on it for the user."""
    for owner, detail in outcome.events(to).items():
        record_change(request, EVENT, owner, detail)
    return outcome.sentence(to)


class HandOverBatch(BatchPage):
    """Make another user the owner of the batch."""

    name = Action.HAND_OVER.value
    pattern = f"/{Action.HAND_OVER.value}"
    permission = Action.HAND_OVER.value
    template = "batchbook.templates:batches/hand_over.jinja2"
    button = "Hand over…"

    def get(self) -> dict[str, Any]:
        """Show the form."""
        form = recipient_form(self.request, [self.batch])
        return self.template_values(form=form.bind(), cancel_url=self.own_url)

    def post(self) -> HTTPSeeOther:
        """Hand the batch over, if it still has the version that the person saw."""
        to, former = sent_recipient(self.request), self.batch.owner
        response = self.submit(Action.HAND_OVER, {RECIPIENT: to}, read_version(self.request.POST))
        record_change(self.request, EVENT, former, f"to {to}: {self.batch.number}")
        return response
