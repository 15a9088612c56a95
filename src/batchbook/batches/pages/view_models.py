"""View models of a batch: facts, milestones, counts and the execution panel as plain data for templates."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from batchbook.batches import access
from batchbook.batches.effects.models import BatchEffect, Effect
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.preview import default_values, preview_execution
from batchbook.batches.lifecycle import MILESTONES, PASSED, WAITS, Action, State
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch.large_changes import NumberView, large_changes_url, numbers_of
from batchbook.batches.pages.batch.policy_panel import PolicyPanel, policy_panel
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.registry import BatchTypes
from batchbook.batches.retention.models import LegalHold
from batchbook.batches.running.dry_run import value_text
from batchbook.db.transactions import is_refused_write, is_transient
from batchbook.declarations import is_text, is_texts, shown
from batchbook.errors import BatchbookError, reason_of
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import Column, Conventions, Filter, Verb, label_of, shown_text
from batchbook.grid.parsers import choice_text
from batchbook.master import GridView, MasterView
from batchbook.master.routes import view_of
from batchbook.statuses import Severity, Status
from batchbook.web.formatting import number as number_text
from batchbook.words import counted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Count:
    """The number of rows with a status, and the link that shows them."""

    label: str
    count: int
    severity: str
    sign: str
    url: str
    active: bool


@dataclass(frozen=True)
class Milestone:
    """A point in the life of a batch: ``state`` is ``done``, ``current`` or ``todo``."""

    label: str
    state: str
    hint: str = ""


@dataclass(frozen=True)
class Execution:
    """The execution panel: its sentences or the reasons against it, and the form of the options for people who may execute.

    ``numbers`` are the numbers that change, with the warnings to be confirmed, and ``edited`` is how many rows people
    have edited, which are at ``edited_url``, in ``edited_cells`` of their cells.
    """

    sentences: tuple[str, ...]
    reasons: tuple[str, ...]
    form: BoundForm | None
    action: str
    note: str
    numbers: tuple[NumberView, ...] = ()
    edited: int = 0
    edited_cells: int = 0
    edited_url: str = ""
    policy: PolicyPanel | None = None


def breakdown(view: BatchMasterView, batch: Batch, grid: GridView) -> list[Count]:
    """Return the counts by status, each with the link that filters the grid by it."""
    statuses = view.batch_type.handler.statuses or ()
    # A removed row keeps its status but is not counted by it, so the link must leave it out as well.
    kept = (Filter("removed", Verb.IS_FALSE, ()),) if batch.removed_count else ()
    counted = [
        _count(
            grid,
            (Filter("status", Verb.EQUAL, (status.value,)), *kept),
            status,
            batch.count_of(status),
        )
        for status in statuses
    ]
    known = {status.value for status in statuses}
    other = sum(count for status, count in batch.status_counts.items() if status not in known)
    if other:
        counted.append(
            _count(grid, (Filter("status", Verb.EMPTY, ()), *kept), _OtherCount("No status"), other)
        )
    if batch.removed_count:
        counted.append(
            _count(grid, (Filter("removed", Verb.IS_TRUE, ()),), _OtherCount("Removed"), batch.removed_count)
        )
    return counted


@dataclass(frozen=True)
class _OtherCount:
    label: str
    severity: Severity = Severity.NEUTRAL
    sign: str = "○"


def _count(grid: GridView, clauses: tuple[Filter, ...], status: Status | _OtherCount, count: int) -> Count:
    active = grid.state.filters == clauses
    return Count(
        status.label, int(count), status.severity, status.sign, grid.links.filtered_by(*clauses), active
    )


def facts(view: BatchMasterView, batch: Batch) -> list[tuple[Column, Any]]:
    """Return the header's fields that are not empty, without the description, which is the page's heading."""
    columns = [field.column for field in view.form(None).fields if field.name != "description"]
    found = [(column, getattr(batch, column.name)) for column in columns]
    return [(column, value) for column, value in found if value not in (None, "")]


def milestones(batch: Batch) -> list[Milestone]:
    """Return the milestones of a batch's life, the current one marked."""
    state = State(batch.state)
    reached = {State.COMPLETE: batch.completed_by, State.EXECUTED: batch.executed_by}
    return [
        Milestone(
            milestone.label,
            "done" if milestone in PASSED[state] else "current" if milestone == state else "todo",
            f"by {reached[milestone]}" if reached.get(milestone) else "",
        )
        for milestone in MILESTONES
    ]


def waiting(batch: Batch) -> str:
    """Return for whom ``batch`` waits, and for what; an empty text if it waits for nobody."""
    why = WAITS.get(State(batch.state))
    if why is None:
        return ""
    if batch.sent_back_to:
        return f"For {batch.sent_back_to}: sent back by {batch.sent_back_by}"
    return why if batch.state == State.COMPLETE else f"For {batch.owner}: {why[:1].lower()}{why[1:]}"


def chosen_options(context: ActionContext) -> list[tuple[str, str]]:
    """Return the options that a batch was executed with, in words: label and chosen value."""
    return options_text(context, context.batch.execution_options or {})


def options_text(context: ActionContext, stored: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return ``stored`` values of the execution's options in words: label and chosen value."""
    form = context.handler.execution_policy.options
    values = [(field, stored.get(field.name)) for field in (form.fields if form else ())]
    return [(field.label, _in_words(field, value)) for field, value in values if value not in (None, "", [])]


def bound_options(form: Form, values: Mapping[str, Any], conventions: Conventions) -> BoundForm:
    """Return the ``form`` of an execution's options with ``values``, some of which may be canonical texts, as a person reads them."""
    texts = {
        field.name: shown_text(field.column, values[field.name], conventions)
        for field in form.fields
        if isinstance(values.get(field.name), str)
    }
    return form.written_by(conventions).bind({**values, **texts})


def _in_words(field: Field, value: Any) -> str:
    labels = {choice_text(choice.value): choice.label for choice in field.options}
    values = value if isinstance(value, list) else [value]
    texts = ["yes" if one is True else "no" if one is False else choice_text(one) for one in values]
    return ", ".join(labels.get(text, text) for text in texts)


def recorded_effects(view: BatchMasterView, batch: Batch) -> list[tuple[str, str]]:
    """Return links to the records of what executing ``batch`` changed, which this person may see: label and address.

    They lead to the grids of records that have a column ``batch_id``, such as the price history, and to that of its effects.
    """
    request = view.request
    own = dict.fromkeys(model for one in request.services.get(BatchTypes) for model in one.records)
    models: list[Any] = [BatchEffect, *own]
    links = []
    for model in models:
        records = view_of(request.services, model)
        if records is None or not records(request).may("view") or _BATCH not in _names_of(records):
            continue
        wanted = select(func.count()).select_from(model).where(model.batch_id == batch.id)
        if count := request.db.scalar(wanted):
            label = f"All {counted(count, records.title_one)}" if count > 1 else f"The {records.title_one}"
            url = request.route_path(
                f"{records.prefix}.index", _query=[(f"f.{_BATCH}.{Verb.EQUAL}", batch.id)]
            )
            links.append((label, url))
    return links


def effect_changes(effect: Effect, conventions: Conventions) -> list[tuple[str, str | None, str | None]]:
    """Return the fields that ``effect`` changed, each by its label with its texts before and after, as a person reads them."""

    def text(value: Any) -> str | None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return number_text(value, conventions) if whole else value_text(value)

    return [(label_of(name), text(old), text(new)) for name, old, new in effect.changes]


@dataclass(frozen=True)
class Retention:
    """How long an executed batch is kept: the last entry of a legal hold on it, with the address of all of them, or none."""

    hold: LegalHold | None
    url: str = ""

    @property
    def is_held(self) -> bool:
        """Whether the batch is under a legal hold."""
        return self.hold is not None and self.hold.placed


def retention_of(view: BatchMasterView, batch: Batch) -> Retention | None:
    """Return how long ``batch`` is kept; ``None`` for one that is not executed."""
    if not batch.is_final:
        return None
    request = view.request
    entries = select(LegalHold).where(LegalHold.number == batch.id).order_by(LegalHold.id.desc())
    hold = request.db.scalars(entries.limit(1)).first()
    holds = view_of(request.services, LegalHold)
    if hold is None or holds is None or not holds(request).may("view"):
        return Retention(hold)
    query = [(f"f.number.{Verb.EQUAL}", batch.id)]
    return Retention(hold, request.route_path(f"{holds.prefix}.index", _query=query))


#: The name of the column by which records are filtered for those of one batch.
_BATCH = "batch_id"


def _names_of(records: type[MasterView]) -> set[str]:
    return {column.name for column in records.columns() if column.filterable}


def executes_for(view: BatchMasterView, batch: Batch) -> bool:
    """Return whether ``batch`` is executed at once when this person marks it complete."""
    permissions = view.request.identity.permissions
    automatic = view.engine.context_of(batch).handler.execution_policy.automatic
    return automatic and access.may(permissions, batch.type, Action.EXECUTE)


def execution(view: BatchMasterView, context: ActionContext) -> Execution | None:
    """Return the execution panel; ``None`` for a batch that is executed."""
    plan = preview_execution(context)
    if plan is None:
        return None
    may = view.may(Action.EXECUTE, context.batch)
    if plan.reasons:
        note = _on_complete(view, context)
    else:
        note = "" if may else "Waiting for an administrator who can execute batches of this type."
    policy = policy_panel(view, context)
    against = plan.reasons or plan.check.refusals or policy.reasons
    action = view.url(Action.EXECUTE.value, context.batch) if may and not against else ""
    form = context.handler.execution_policy.options
    conventions = view.request.conventions
    chosen = bound_options(form, default_values(context.handler), conventions) if form and action else None
    return Execution(
        plan.sentences,
        (*plan.reasons, *plan.check.refusals, *policy.reasons),
        chosen,
        action,
        note,
        numbers_of(view, context.batch, plan.check),
        plan.check.edited,
        plan.check.edited_cells,
        large_changes_url(view, context.batch, {}, "edited"),
        policy,
    )


@dataclass(frozen=True)
class Suggestions:
    """Suggestions for the fields of the header's form, by name; ``fault`` tells why a type that has them gives none."""

    by_field: Mapping[str, Sequence[str]]
    fault: str = ""


def suggestions_for(view: BatchMasterView) -> Suggestions:
    """Return the suggestions of the type's view. The form works without them, so a failure is told and not raised."""
    try:
        with view.request.db.begin_nested():
            return Suggestions(_checked_suggestions(view))
    except BatchbookError:
        raise
    except Exception as error:  # A view is the code of a batch type's author, and may raise anything.
        if is_transient(error) or is_refused_write(error):
            raise  # Not its failure to answer: the database is busy, or it tried to write.
        log.exception("The view of the type %s failed to give suggestions", view.batch_type.key)
        return Suggestions({}, f"Suggestions cannot be given: {reason_of(error)}.")


def _checked_suggestions(view: BatchMasterView) -> dict[str, list[str]]:
    """Return the result of the view's ``suggestions``; raise ``TypeError`` for anything but texts by field."""
    wanted = "suggestions must return a mapping of names of fields to lists of texts"
    found: Any = view.suggestions()
    if not isinstance(found, Mapping):
        raise TypeError(f"{wanted}, and returned {shown(found)}")
    wrong = [name for name, texts in found.items() if not (is_text(name) and is_texts(texts))]
    if wrong:
        raise TypeError(f"{wanted}, and returned {shown(found[wrong[0]])} for {shown(wrong[0])}")
    return {name: list(texts) for name, texts in found.items()}


def _on_complete(view: BatchMasterView, context: ActionContext) -> str:
    """Return the consequence of marking complete, for a type that executes automatically; else an empty text."""
    if not (context.handler.execution_policy.automatic and view.may(Action.COMPLETE, context.batch)):
        return ""
    if executes_for(view, context.batch):
        return "Marking it complete executes it immediately."
    return "After you mark it complete, it waits for an administrator who can execute batches of this type."
