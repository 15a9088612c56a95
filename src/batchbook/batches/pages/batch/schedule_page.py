"""The form that schedules an execution, changes its time or cancels it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.concurrency import read_version
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Result
from batchbook.batches.engine.execution_check import (
    ExecutionCheck,
    Unconfirmed,
    check_execution,
    confirmations_in,
)
from batchbook.batches.engine.preview import bind_options, default_values, options_as_json, preview_execution
from batchbook.batches.handler import CONFIRM, REASON
from batchbook.batches.hook_guard import telling_failure
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages import view_models
from batchbook.batches.pages.batch.large_changes import numbers_of
from batchbook.batches.pages.batch.policy_panel import ExecutionNeeds, demand_password, sign_if_needed
from batchbook.batches.pages.batch_page import CONFLICT, UNPROCESSABLE, BatchPage
from batchbook.batches.running.runner import ActionCall
from batchbook.batches.running.schedule import (
    FARTHEST,
    can_schedule,
    refuse_without_jobs,
    schedule,
    unschedule,
)
from batchbook.errors import BadInput
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import CellError, Kind, canonical_text
from batchbook.jobs import Job
from batchbook.jobs.enqueue import scheduled_job
from batchbook.jobs.service import JobService
from batchbook.web.idempotency import claim_key
from batchbook.web.request import Request
from batchbook.zones import BadTime, read_local

#: The name of the field for the time; no option of a type has this name.
TIME = "planned_for"


@dataclass(frozen=True)
class ScheduledExecution:
    """The scheduled execution of a batch, as its page shows it: ``chosen`` are its options, in words.

    ``change_url`` and ``drop_url`` are ``None`` for people who may not execute the batch.
    """

    job: Job
    zone: str
    chosen: list[tuple[str, str]]
    change_url: str | None
    drop_url: str | None


def scheduled_execution_of(page: BatchPage, context: ActionContext) -> ScheduledExecution | None:
    """Return the scheduled execution of the batch of ``page``; ``None`` if there is none."""
    job = scheduled_job(page.request.db, page.batch.id)
    if job is None:
        return None
    may = page.view.may(Action.EXECUTE, page.batch)
    drop_url = page.view.url("unschedule", page.batch) if may else None
    return ScheduledExecution(
        job, page.request.zone.key, _in_words(context, job), schedule_url(page), drop_url
    )


def schedule_url(page: BatchPage) -> str | None:
    """Return the address for scheduling the execution; ``None`` without permission, or where no jobs run."""
    offered = can_schedule(page.request.services) and page.view.may(Action.EXECUTE, page.batch)
    return page.view.url("schedule", page.batch) if offered else None


def sent_reason(request: Request) -> dict[str, Any]:
    """Return, as an option of an action, the reason that a form sent; empty without one."""
    reason = request.POST.get(REASON, "").strip()
    return {REASON: reason} if reason else {}


def sent_options(request: Request, form: Form | None) -> dict[str, Any]:
    """Return the options of an execution that a form sent: texts by name.

    A form confirms what it showed, by tokens; a name alone would confirm whatever changes now.
    """
    tokens = sorted(one for one in confirmations_in({CONFIRM: request.POST.getall(CONFIRM)}) if ":" in one)
    options: dict[str, Any] = ({CONFIRM: tokens} if tokens else {}) | sent_reason(request)
    for field in form.fields if form else ():
        sent = request.POST.getall(field.name)
        options[field.name] = sent if field.widget == "checkboxes" else _canonical(request, field, sent)
    return options


def _canonical(request: Request, field: Field, sent: Sequence[str]) -> str:
    try:
        return canonical_text(field.column, "".join(sent[:1]), request.conventions)
    except CellError as error:
        raise BadInput(f"{field.label}: {error.message}") from None


class ScheduleBatch(BatchPage):
    """Schedule the execution of the batch, or change its time. The button is in the execution panel."""

    name = "schedule"
    pattern = "/schedule"
    permission = Action.EXECUTE.value
    template = "batchbook.templates:batches/schedule.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the form for time and options, filled in with those of a scheduled execution."""
        refuse_without_jobs(self.request.services)
        job = scheduled_job(self.request.db, self.batch.id)
        planned = job.run_at if job else self._proposed_time()
        time = planned.astimezone(self.request.zone) if planned else None
        options = default_values(self.action_context.handler) | (job.arguments["options"] if job else {})
        return self._form(self._time_form().bind({TIME: _as_field(time)}), options)

    def post(self) -> Any:
        """Schedule the execution, or show the form again: with the problem of the time, or warnings to be confirmed."""
        options = sent_options(self.request, self.action_context.handler.execution_policy.options)
        version = read_version(self.request.POST)
        bound = self._time_form().validate(self.request.POST)
        try:
            return self.done(self._schedule(bound, options, version).message, self.own_url)
        except BadTime as error:
            bound.add_error(TIME, error.message)
            self.request.response.status_int = UNPROCESSABLE
            return self._form(bound, options)
        except Unconfirmed as error:
            self.request.response.status_int = CONFLICT
            return self._form(bound, options, error.check)

    def _schedule(self, bound: BoundForm, options: Mapping[str, Any], version: int) -> Result:
        actor = self.request.authenticated_userid
        call = ActionCall(self.batch.id, Action.EXECUTE, actor, options, version)
        time = read_local(str(bound.texts[TIME]), self.request.zone)
        if self.action_context.policy.signature:
            demand_password(self.request)
        with claim_key(self.request) as remember, self.request.db.begin_nested():
            sign_if_needed(self.engine, self.batch.id, options)
            result = schedule(self.request.services, self.request.db, call, time)
            remember(result.message)
        return result

    def _proposed_time(self) -> datetime | None:
        """Return the time that the type proposes for the execution, if it has not come yet."""
        handler = self.action_context.handler
        with telling_failure("No time was proposed"):
            proposed = handler.execution_policy.proposed_time(handler, self.batch)
        now = self.request.services.get(JobService).clock()
        return proposed if proposed is not None and proposed > now else None

    def _time_form(self) -> Form:
        field = Field.of(
            TIME, Kind.TEXT, label=f"Time ({self.request.zone.key})", widget="moment", required=True
        )
        return Form([field])

    def _form(
        self, time: BoundForm, options: Mapping[str, Any], check: ExecutionCheck | None = None
    ) -> dict[str, Any]:
        """Return the values of the page; ``check`` is that of the chosen ``options``, if it was made already."""
        context = self.action_context
        chosen = {name: text for name, text in options.items() if name not in (CONFIRM, REASON)}
        now = self.request.services.get(JobService).clock().astimezone(self.request.zone)
        form = context.handler.execution_policy.options
        plan = preview_execution(context)
        return self.template_values(
            time=time,
            earliest=_as_field(now + timedelta(minutes=1)),
            latest=_as_field(now + FARTHEST),
            zone=self.request.zone.key,
            options=view_models.bound_options(form, options, self.request.conventions) if form else None,
            sentences=plan.sentences if plan else (),
            numbers=numbers_of(self.view, self.batch, check or _check(context, chosen), chosen),
            confirmed=confirmations_in(options),
            reason=options.get(REASON, ""),
            planned=scheduled_execution_of(self, context),
            needs=ExecutionNeeds.of(context.policy),
            cancel_url=self.own_url,
        )


def _check(context: ActionContext, options: Mapping[str, Any]) -> ExecutionCheck:
    """Return the check of an execution with ``options``, so that what is ticked is what they change."""
    try:
        return check_execution(context, bind_options(context.handler, options))
    except BadInput:  # An option has no default.
        return ExecutionCheck()


class UnscheduleBatch(BatchPage):
    """Cancel the scheduled execution of the batch. The button is beside its time."""

    name = "unschedule"
    pattern = "/unschedule"
    permission = Action.EXECUTE.value

    def post(self) -> HTTPSeeOther:
        """Cancel it and show the batch."""
        version = read_version(self.request.POST)
        call = ActionCall(self.batch.id, Action.EXECUTE, self.request.authenticated_userid, version=version)
        return self.done(unschedule(self.request.services, self.request.db, call).message, self.own_url)


def _as_field(time: datetime | None) -> str:
    return "" if time is None else f"{time:%Y-%m-%dT%H:%M}"


def _in_words(context: ActionContext, job: Job) -> list[tuple[str, str]]:
    try:
        values = bind_options(context.handler, job.arguments["options"])
    except BadInput:
        return []  # The type has other options by now; the job fails with that message at its time.
    return view_models.options_text(context, options_as_json(values))
