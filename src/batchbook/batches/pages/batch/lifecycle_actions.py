"""Buttons that move a batch through its lifecycle, and clone and delete."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.concurrency import read_version
from batchbook.batches.engine.execution_check import Unconfirmed
from batchbook.batches.engine.file_intake import intake_fields
from batchbook.batches.engine.preview import why_not_execute
from batchbook.batches.engine.reversing import why_not_reverse
from batchbook.batches.handler import CONFIRM, REASON
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch.large_changes import numbers_of
from batchbook.batches.pages.batch.policy_panel import (
    ExecutionNeeds,
    demand_password,
    sign_if_needed,
)
from batchbook.batches.pages.batch.schedule_page import sent_options, sent_reason
from batchbook.batches.pages.batch_page import CONFLICT, UNPROCESSABLE, BatchPage, follow_on
from batchbook.batches.pages.view_models import executes_for
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import Kind
from batchbook.master import MasterView
from batchbook.security.policy import demand_recent_password
from batchbook.web.idempotency import FORM_KEY, claim_key

#: The fields of a form that each form has of its own.
_OWN_FIELDS = frozenset({"csrf_token", FORM_KEY, CONFIRM, REASON})


class _ActionPage(BatchPage):
    """An action of the lifecycle by POST, offered as a button while the batch's state allows it."""

    action: Action

    def __init_subclass__(cls) -> None:
        """Name route, permission and button after the action."""
        cls.name = cls.permission = cls.action.value
        cls.pattern = f"/{cls.action.value}"
        cls.button = cls.__dict__.get("button", cls.action.label)

    def post(self) -> HTTPSeeOther:
        """Submit the action, with the reason if one was sent, and show the batch."""
        return self.submit(self.action, sent_reason(self.request))


class PopulateBatch(_ActionPage):
    """Fill a new batch from its source."""

    action = Action.POPULATE
    kind = "primary"

    @classmethod
    def offered(cls, view: MasterView, record: Any) -> bool:
        """Offer it once the columns of the file that fill required fields are known."""
        intake = stored_intake(record)
        if intake is None or intake.report.problem:
            return intake is None
        return not intake.suggestion.missing(intake_fields(view.engine.context_of(record)))  # type: ignore[attr-defined]


class RefreshBatch(_ActionPage):
    """Compare the rows with current data."""

    action = Action.REFRESH


class CompleteBatch(_ActionPage):
    """Close the batch for changes, to be reviewed and executed."""

    action = Action.COMPLETE
    kind = "primary"

    @classmethod
    def offered(cls, view: MasterView, record: Any) -> bool:
        """Offer it unless nothing would be executed; the execution panel has the reason."""
        return why_not_execute(view.engine.context_of(record)) is None  # type: ignore[attr-defined]

    @classmethod
    def label(cls, view: MasterView, record: Any) -> str:
        """Return the label of the button, which tells where marking complete executes as well."""
        if executes_for(view, record):  # type: ignore[arg-type]
            return "Mark complete and execute"
        return super().label(view, record)

    def post(self) -> HTTPSeeOther:
        """Submit the action; where it executes as well, the password is asked for again as for an execution."""
        if executes_for(self.view, self.batch):
            demand_recent_password(self.request, self.view.permission(Action.EXECUTE.value))
        return super().post()


class ReopenBatch(_ActionPage):
    """Open a complete batch for changes again."""

    action = Action.REOPEN


_REASON = Form(
    [
        Field.of(
            REASON,
            Kind.TEXT,
            label="What has to be corrected",
            widget="textarea",
            required=True,
            max_length=2_000,
        )
    ]
)


class SendBackBatch(BatchPage):
    """Return a complete batch to whoever marked it complete, with the reason."""

    name = permission = Action.SEND_BACK.value
    pattern = f"/{Action.SEND_BACK.value}"
    template = "batchbook.templates:batches/send_back.jinja2"
    button = "Send back…"

    def get(self) -> dict[str, Any]:
        """Show the form."""
        return self._page(_REASON.bind())

    def post(self) -> Any:
        """Send the batch back, if it still has the version that the person saw; or show the form again."""
        bound = _REASON.validate(self.request.POST)
        if not bound.valid:
            self.request.response.status_int = UNPROCESSABLE
            return self._page(bound)
        return self.submit(Action.SEND_BACK, sent_reason(self.request), read_version(self.request.POST))

    def _page(self, bound: BoundForm) -> dict[str, Any]:
        to = self.batch.completed_by or self.batch.owner
        return self.template_values(form=bound, to=to, cancel_url=self.own_url)


class ApproveBatch(_ActionPage):
    """Approve the content of a complete batch as it is now. The button is in the panel of approvals."""

    action = Action.APPROVE
    button = ""

    def post(self) -> HTTPSeeOther:
        """Approve it, if it still has the version that the person saw, and show the batch."""
        return self.submit(self.action, sent_reason(self.request), read_version(self.request.POST))


class ExecuteBatch(_ActionPage):
    """Apply the batch's changes to their target. The button is in the execution panel."""

    action = Action.EXECUTE
    button = ""
    template = "batchbook.templates:batches/confirm_execution.jinja2"

    def post(self) -> Any:
        """Execute with the chosen options, if the batch still has the version that the person saw.

        Where warnings of these options are not confirmed, they are shown, to be confirmed.
        """
        context = self.action_context
        options = sent_options(self.request, context.handler.execution_policy.options)
        policy = context.policy
        if policy.signature:
            demand_password(self.request)
        try:
            sign_if_needed(self.engine, self.batch.id, options)
            return self.submit(self.action, options, read_version(self.request.POST))
        except Unconfirmed as error:  # This status rolls the signature back.
            self.request.response.status_int = CONFLICT
            return self.template_values(
                needs=ExecutionNeeds.of(policy),
                reason=options.get(REASON, ""),
                numbers=numbers_of(self.view, self.batch, error.check, options),
                sent=[(name, text) for name, text in self.request.POST.items() if name not in _OWN_FIELDS],
                post_url=self.view.url(self.action.value, self.batch),
                cancel_url=self.own_url,
            )


class CloneBatch(_ActionPage):
    """Make a new batch with the same header, rows and files."""

    action = Action.CLONE

    def post(self) -> HTTPSeeOther:
        """Clone, and show the clone."""
        return _show_new(self)


class ReverseBatch(_ActionPage):
    """Make a new batch that restores the values from before the execution of this one."""

    action = Action.REVERSE

    @classmethod
    def offered(cls, view: MasterView, record: Any) -> bool:
        """Offer it where the earlier values are kept, and no other batch that restores them waits."""
        return why_not_reverse(view.engine.context_of(record)) is None  # type: ignore[attr-defined]

    def post(self) -> HTTPSeeOther:
        """Make the batch, and show it."""
        return _show_new(self)


def _show_new(page: _ActionPage) -> HTTPSeeOther:
    """Submit an action that makes a new batch, at most once however often it is sent, and show that batch."""
    with claim_key(page.request) as remember:
        result = page.ask(page.action)
        remember(result.message)
    url = page.request.route_path(f"{page.view.prefix}.view", id=result.batch_id or page.batch.id)
    return follow_on(page.request, result, url)


class DeleteBatch(BatchPage):
    """Delete a batch that was not executed, after confirmation."""

    name = "delete"
    pattern = "/delete"
    permission = Action.DELETE.value
    template = "batchbook.templates:batches/delete.jinja2"
    button = "Delete"
    kind = "danger"

    def get(self) -> dict[str, Any]:
        """Show the confirmation."""
        return self.template_values(cancel_url=self.own_url)

    def post(self) -> HTTPSeeOther:
        """Delete it and show the index."""
        return follow_on(self.request, self.ask(Action.DELETE), self.view.url("index"))
