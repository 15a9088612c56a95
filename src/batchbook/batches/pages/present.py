"""What a batch's page says, as plain data for the templates: facts, place in life, counts, what executing will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchbook.batches import lifecycle
from batchbook.batches.columns import state_choice
from batchbook.batches.lifecycle import Action as Step
from batchbook.batches.lifecycle import State
from batchbook.batches.models import Batch
from batchbook.batches.statuses import Severity
from batchbook.batches.work import Work
from batchbook.forms import BoundForm
from batchbook.grid import Column, Filter, Verb, columns_of
from batchbook.master import GridView

if TYPE_CHECKING:
    from batchbook.batches.views import BatchMasterView

#: The states through which every batch goes, as steps of its life.
_STEPS = (State.OPEN, State.COMPLETE, State.EXECUTED)


@dataclass(frozen=True)
class Count:
    """How many rows have a status, with the link that shows them."""

    label: str
    count: int
    severity: str
    sign: str
    url: str
    active: bool


@dataclass(frozen=True)
class LifeStep:
    """One step of the batch's life: ``state`` is ``done``, ``current`` or ``todo``."""

    label: str
    state: str
    hint: str = ""


@dataclass(frozen=True)
class Execution:
    """The execution panel: what will happen or why not, and the form of the options if this person may execute."""

    sentences: list[str]
    reasons: list[str]
    form: BoundForm | None
    action: str
    note: str


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
            batch.status_counts.get(status, 0),
        )
        for status in statuses
    ]
    known = {status.value for status in statuses}
    other = sum(count for status, count in batch.status_counts.items() if status not in known)
    if other:
        counted.append(_count(grid, (Filter("status", Verb.EMPTY, ()), *kept), _Plain("No status"), other))
    if batch.removed_count:
        counted.append(
            _count(grid, (Filter("removed", Verb.IS_TRUE, ()),), _Plain("Removed"), batch.removed_count)
        )
    return counted


@dataclass(frozen=True)
class _Plain:
    label: str
    severity: Severity = Severity.NEUTRAL
    sign: str = "○"


def _count(grid: GridView, clauses: tuple[Filter, ...], status: Any, count: int) -> Count:
    active = grid.state.filters == clauses
    return Count(status.label, int(count), status.severity, status.sign, grid.link_with(*clauses), active)


def facts(view: BatchMasterView, work: Work) -> list[tuple[Column, Any]]:
    """Return the header's fields that say something, with the figures of the handler."""
    names = [field.name for field in view.form(work.batch).fields if field.name != "description"]
    columns = columns_of(view.model, names)
    found = [(column, getattr(work.batch, column.name)) for column in columns]
    return [(column, value) for column, value in found if value not in (None, "")]


def life(batch: Batch) -> list[LifeStep]:
    """Return the steps of the batch's life, with the one it is at."""
    at = batch.state
    place = {State.OPEN: 0, State.COMPLETE: 1, State.EXECUTING: 1, State.EXECUTED: 3}.get(State(at), -1)
    hints = ("", _by(batch.completed_by), _by(batch.executed_by))
    return [
        LifeStep(
            state_choice(state).label, "done" if i < place else "current" if i == place else "todo", hints[i]
        )
        for i, state in enumerate(_STEPS)
    ]


def _by(name: str | None) -> str:
    return f"by {name}" if name else ""


def execution(view: BatchMasterView, work: Work) -> Execution | None:
    """Return what executing would do; ``None`` for a batch that is executed or has no rows yet."""
    batch, handler = work.batch, work.handler
    if batch.state not in (State.OPEN, State.COMPLETE):
        return None
    form = handler.execution_options
    bound = form.validate(handler.execution_defaults) if form else None
    blocked = [reason for reason in (handler.why_not_execute(batch),) if reason]
    may = view.may_now(Step.EXECUTE, batch)
    sentences = [] if blocked else handler.describe_execution(batch, bound.values if bound else {})
    reasons = [*blocked, *_reasons(batch)]
    note = "" if may or reasons else "Somebody whose role may execute batches of this type can do it now."
    action = view.url(Step.EXECUTE.value, batch) if may and not reasons else ""
    return Execution(sentences, reasons, bound if action else None, action, note)


def _reasons(batch: Batch) -> list[str]:
    reason = lifecycle.why_not(Step.EXECUTE, batch.state)
    return [reason] if reason else []
