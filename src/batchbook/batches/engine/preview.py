"""The preview of an execution for pages and commands: its options, totals, effects and refusals."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.execution_check import (
    ExecutionCheck,
    check_execution,
    demand_confirmation,
)
from batchbook.batches.handler import CONFIRM, REASON, BatchHandler, Total
from batchbook.batches.lifecycle import FINAL, FORESEEABLE, Action, is_possible, why_not
from batchbook.batches.policies.demands import demand_policy
from batchbook.db.transactions import is_refused_write, is_transient
from batchbook.errors import BadInput, BatchbookError, Conflict, Misuse, reason_of
from batchbook.forms import BoundForm, Form
from batchbook.jobs.settings import MODE, JobSettings, Mode


def default_values(handler: BatchHandler[Any, Any]) -> dict[str, Any]:
    """Return the default values of the handler's execution options; options without a default are left out."""
    return dict(_read(handler, {}).values)


def without_confirmations(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts ``options`` of an execution, less those that confirm warnings."""
    return {name: text for name, text in options.items() if name != CONFIRM}


def without_reason(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts ``options`` of an action, less the reason that the user gives for it."""
    return {name: text for name, text in options.items() if name != REASON}


def bind_options(handler: BatchHandler[Any, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the handler's execution options: the texts in ``chosen``, and defaults for the others.

    The confirmations of warnings among them and the reason are left out.

    Raises :class:`batchbook.errors.BadInput` for an option that the type does not have, and for an invalid value.
    """
    chosen = without_reason(without_confirmations(chosen))
    bound = _read(handler, chosen)
    known = {field.name for field in bound.fields}
    unknown = sorted(chosen.keys() - known)
    if unknown:
        offered = ", ".join(sorted(known)) or "none"
        raise BadInput(f"There is no execution option “{unknown[0]}”. Options of this type: {offered}.")
    if not bound.valid:
        name, messages = next(iter(bound.errors.items()))
        raise BadInput(f"Option {name}: {messages[0]}")
    return dict(bound.values)


def _read(handler: BatchHandler[Any, Any], chosen: Mapping[str, Any]) -> BoundForm:
    policy = handler.execution_policy
    return (policy.options or Form(())).validate({**policy.defaults, **chosen})


def options_as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return option values as JSON values, with decimals and dates as texts."""
    return {name: _json_value(value) for name, value in values.items()}


def _json_value(value: Any) -> Any:
    if isinstance(value, Decimal | date):
        return str(value)
    if isinstance(value, tuple | list | set | frozenset):
        return [_json_value(item) for item in value]
    return value


T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExecutionPreview:
    """Sentences on the effects of an execution with the default options, and reasons why it is not possible now.

    ``check`` has the largest changes and the warnings to be confirmed, once the batch is complete.
    """

    sentences: tuple[str, ...]
    reasons: tuple[str, ...]
    check: ExecutionCheck = field(default_factory=ExecutionCheck)


def preview_execution(context: ActionContext) -> ExecutionPreview | None:
    """Return the preview of executing the batch; ``None`` if it is executed already."""
    batch, handler = context.batch, context.handler
    if batch.state in FINAL:
        return None
    if batch.state not in FORESEEABLE:
        return ExecutionPreview((), (why_not(Action.EXECUTE, batch.state) or "",))
    blocked = why_not_execute(context)
    if blocked:
        return ExecutionPreview((), (blocked,))
    reasons = tuple(reason for reason in (why_not(Action.EXECUTE, batch.state),) if reason)
    try:
        options = bind_options(handler, {})
    except BadInput:
        return ExecutionPreview((), reasons)  # The effects depend on an option without a default.
    # Rows that can still be changed are marked one by one; all of them are looked at when this is over.
    complete = is_possible(Action.EXECUTE, batch.state)
    return _ask_handler(
        context,
        lambda: ExecutionPreview(
            tuple(handler.describe_execution(batch, options)),
            reasons,
            check_execution(context, options) if complete else ExecutionCheck(),
        ),
        lambda words: ExecutionPreview(
            (), (*reasons, f"What executing it would do cannot be told: {words}.")
        ),
    )


def schedules_in_vain(settings: Mapping[str, Any]) -> str:
    """Return the sentence on batches that could not be executed later, because no jobs run; empty where they do."""
    if JobSettings.read(settings).mode is not Mode.INLINE:
        return ""
    return (
        "Executing it makes a batch that is to be executed later, and none can run later here, because the setting"
        f" {MODE.name} is “{Mode.INLINE}”."
    )


def why_not_execute(context: ActionContext) -> str | None:
    """Return the sentence with which the batch cannot be executed as it is, above all its handler's; ``None`` if it can."""
    return _why_not(context) or why_not_scheduling(context)


def why_not_scheduling(context: ActionContext) -> str | None:
    """Return the sentence on batches that an execution would make in vain; ``None`` for types that make none for later."""
    policy = context.handler.execution_policy
    return (policy.schedules and schedules_in_vain(context.handler_context.settings)) or None


def _why_not(context: ActionContext) -> str | None:
    return _ask_handler(
        context,
        lambda: context.handler.why_not_execute(context.batch),
        lambda words: f"Its handler failed when asked whether it can be executed: {words}.",
    )


def confirmed_options(
    context: ActionContext, options: Mapping[str, Any], at: datetime | None = None, *, is_asked: bool = False
) -> dict[str, Any]:
    """Return the texts ``options`` of an execution, with the tokens of the warnings of now for what they confirm.

    ``at`` is the time of a scheduled execution. Where ``is_asked``, the person is still asked for a reason and a signature.
    So a later execution finds out whether it changes something else. Raises ``BadInput`` or ``Conflict`` if executing the
    batch would be refused for the options. A handler that fails is not refused: the execution tells that.
    """
    values = bind_options(context.handler, options)
    _ask_handler(context, lambda: demand_policy(context, values, at, is_asked=is_asked), lambda _words: None)
    warned = _ask_handler(
        context, lambda: demand_confirmation(context, values, options), lambda _words: ExecutionCheck()
    ).warned
    return without_confirmations(options) | ({CONFIRM: [number.token for number in warned]} if warned else {})


def unconfirmed_warnings(context: ActionContext, options: Mapping[str, Any]) -> str:
    """Return the warnings and refusals of executing the batch with the texts ``options``, as a sentence; empty if none.

    What these confirm does not count.
    """
    try:
        confirmed_options(context, without_confirmations(options), is_asked=True)
    except BadInput:
        return ""  # Options have no defaults, or are refused by each execution.
    except Conflict as error:
        return error.message
    return ""


def totals_of(context: ActionContext) -> list[Total]:
    """Return the figures that the handler shows with the batch's facts, of columns that the person may see."""
    found = _ask_handler(
        context,
        lambda: [*context.handler.totals(context.batch)],
        lambda words: [Total("Totals", f"Cannot be computed: {words}")],
    )
    access = context.access
    return [
        one
        for one in found
        if not access.is_limited or (one.columns is not None and access.sees_all(one.columns))
    ]


def _ask_handler(context: ActionContext, ask: Callable[[], T], failed: Callable[[str], T]) -> T:
    """Return the answer of ``ask``; if the handler fails, that of ``failed``, which gets the reason as text."""
    try:
        with context.session.begin_nested():
            return ask()
    except Exception as error:  # A handler is an author's code and may raise anything.
        if isinstance(error, BatchbookError) and not isinstance(error, Misuse):
            raise
        if is_transient(error) or is_refused_write(error):
            raise  # Not a failure to answer: the database is busy, or the handler tried to write.
        log.exception("The handler of %s failed to tell of it", context.batch)
        return failed(reason_of(error))
