"""Batches that an execution makes in its transaction, some of which are executed by a schedule later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from batchbook.batches import access
from batchbook.batches.engine.context import ActionContext, around
from batchbook.batches.engine.copying import new_header_values
from batchbook.batches.engine.evidence import evidence_of
from batchbook.batches.engine.execution_check import Warned, check_execution
from batchbook.batches.engine.preparing import note_complete, settle_rows, write_rows
from batchbook.batches.engine.preview import bind_options, schedules_in_vain, why_not_execute
from batchbook.batches.engine.scheduled_execution import SCHEDULE, held_job, in_utc
from batchbook.batches.handler import CONFIRM, REASON, LinkedBatch
from batchbook.batches.history import bump_version, record
from batchbook.batches.lifecycle import Action, State
from batchbook.batches.models import Batch
from batchbook.batches.policies.demands import demand_policy, refusals
from batchbook.batches.rows.row_values import Block, RowValues
from batchbook.batches.rows.scope import Rows
from batchbook.batches.sources.chosen_rows import ChosenRows, chosen_source_rows
from batchbook.batches.sources.destinations import demanded_source, new_header
from batchbook.db.packed_numbers import fetch_numbers
from batchbook.errors import BadInput, Conflict
from batchbook.jobs.enqueue import add_job
from batchbook.words import counted


@dataclass(frozen=True)
class MadeBatch:
    """A batch that an execution made: its number, and the sentence on it, which does not name it.

    A dry run shows the sentence as well, although it leaves no batch with that number behind.
    """

    number: int
    sentence: str


def make_linked_batches(
    source: ActionContext, batches: Iterable[LinkedBatch], confirmed: Sequence[Warned]
) -> list[MadeBatch]:
    """Make the ``batches`` that the execution of the batch of ``source`` asks for, one after the other.

    ``confirmed`` are the warnings that whoever executes it has confirmed. Raises ``Conflict``, so that nothing is executed, for
    one that could not be executed at its time.
    """
    return [_make(source, one, confirmed) for one in batches]


def _make(source: ActionContext, linked: LinkedBatch, confirmed: Sequence[Warned]) -> MadeBatch:
    _refuse_unscheduled(source, linked)
    if isinstance(linked.rows, Rows):
        context = _stored_of_rows(source, linked, linked.rows)
        rows: Iterable[RowValues | Block] = chosen_source_rows(context)
    else:
        context, rows = _stored(source, linked), linked.rows
    batch = context.batch
    batch.state = State.POPULATING
    with around(Action.POPULATE, context):
        written = write_rows(context, lambda: rows)
    settle_rows(context)
    batch.state = State.OPEN
    record(
        context.handler_context,
        batch,
        "made-of",
        f"Made with {counted(written, 'row')} when {str(source.batch).lower()} was executed.",
        evidence=evidence_of(context, rows=written, statuses=dict(batch.status_counts)),
    )
    sentence = f"Made a batch of the type {context.batch_type.title} with {counted(written, 'row')}"
    if linked.execute_at is None:
        bump_version(batch)
        source.session.flush()
        return MadeBatch(batch.id, f"{sentence}.")
    return MadeBatch(batch.id, f"{sentence}, {_planned(source, context, linked, confirmed)}")


def _refuse_unscheduled(source: ActionContext, linked: LinkedBatch) -> None:
    """Raise ``Conflict`` where the batch could not be executed at its time: no jobs run, it is past, or the actor may not."""
    if linked.execute_at is None:
        return
    what = f"{source.batch} was not executed. It makes a batch of the type {source.types[linked.type].title} that is to be executed"
    if reason := schedules_in_vain(source.handler_context.settings):
        raise Conflict(f"{source.batch} was not executed. {reason}")
    if linked.execute_at <= source.now:
        raise Conflict(f"{what} on {in_utc(linked.execute_at)}, which is past.")
    # Whoever executes this batch may execute batches of its type.
    if linked.type != source.batch.type and not access.may(
        source.handler_context.permissions, linked.type, Action.EXECUTE
    ):
        raise Conflict(f"{what} later on behalf of {source.actor}, whose role does not allow that.")


def _stored(source: ActionContext, linked: LinkedBatch) -> ActionContext:
    """Return the context of the new batch, which belongs to those whose work the executed one is.

    So somebody who executed that as the second person is one for this batch, too: it has nothing that was not reviewed.
    """
    batch_type, of = source.types[linked.type], source.batch
    values = {"description": linked.description, **linked.header, "made_from": of.id}
    people = {"created_by": of.created_by, "handed_to": of.handed_to}
    batch: Batch = batch_type.header(**new_header_values(source.actor) | people | values)
    source.session.add(batch)
    source.session.flush()  # The rows and the history need the batch's number.
    context = replace(source.handler_context, reason=None)
    return ActionContext(context, batch_type, batch, batch_type.make_handler(context, batch))


def _stored_of_rows(source: ActionContext, linked: LinkedBatch, rows: Rows) -> ActionContext:
    """Return the context of a new batch of the ``rows`` of the executed one, by the source that its type declares.

    All columns go along, whatever the person who executes may see of them. Raises ``Conflict`` where that person may not create
    such a batch, where there are no rows, and where the handler of its type refuses the header.
    """
    batch_type, of = source.types[linked.type], source.batch
    what = f"{of} was not executed."
    if not access.may_create(source.handler_context.permissions, linked.type):
        raise Conflict(
            f"{what} It makes a batch of the type {batch_type.title}, which the role of {source.actor} does not allow."
        )
    wanted = select(rows.model.sequence).where(rows.where).order_by(rows.model.sequence)
    numbers = fetch_numbers(source.session, wanted)
    if not numbers:
        raise Conflict(f"{what} None of its rows would go into the batch that it makes.")
    people = {"created_by": of.created_by, "handed_to": of.handed_to}
    own = {} if linked.description is None else {"description": linked.description}
    context = replace(source.handler_context, reason=None)
    try:
        declared = demanded_source(batch_type, of)
        chosen = ChosenRows(declared, numbers, declared.columns, of)
        batch = new_header(context, batch_type, chosen, people | own | dict(linked.header))
    except BadInput as error:
        raise Conflict(f"{what} {error.message}") from error
    source.session.add(batch)
    source.session.flush()  # The rows and the file with their numbers need the batch's number.
    made = ActionContext(context, batch_type, batch, batch_type.make_handler(context, batch))
    chosen.store(made)
    return made


def _planned(
    source: ActionContext, context: ActionContext, linked: LinkedBatch, confirmed: Sequence[Warned]
) -> str:
    """Mark the new batch complete, and schedule its execution on behalf of the actor; return the words on that.

    A batch with warnings about changes that were not among the ``confirmed`` ones is not scheduled: it waits for somebody who
    looks at them.
    """
    at = in_utc(linked.execute_at)
    _complete(source, context, linked)
    check = check_execution(context, bind_options(context.handler, {}))
    if check.refusals:
        raise _refusal(source, check.refusals)
    seen = [one.shown for one in confirmed]
    tokens = [one.token for one in check.warned if one.shown in seen]
    if len(tokens) == len(check.warned) and (source.handler_context.reason or not check.needs_reason):
        _schedule(source, context, linked, tokens)
        return f"scheduled for {at}."
    bump_version(context.batch)
    sentence = (
        f"Marked complete by the execution of {str(source.batch).lower()}, and not scheduled for {at}, because its changes are not"
        " those that were confirmed."
    )
    record(context.handler_context, context.batch, Action.COMPLETE.value, sentence)
    context.session.flush()
    return (
        "marked complete and not scheduled, because its changes are not those that were confirmed. Look at them, confirm them,"
        f" and schedule it for {at}."
    )


def _complete(source: ActionContext, context: ActionContext, linked: LinkedBatch) -> None:
    """Mark the new batch complete; raise ``Conflict`` if it could not be executed, or would be refused at its time."""
    if (reason := why_not_execute(context)) is not None:
        raise Conflict(
            f"{source.batch} was not executed. The batch that it makes could not be executed. {reason}"
        )
    note_complete(context, source.batch.completed_by or source.actor)
    context.batch.state = State.COMPLETE
    context.session.flush()
    why = source.handler_context.reason
    if why is None and context.policy.reason:
        why = f"It follows from {str(source.batch).lower()}."
    context.handler_context = replace(context.handler_context, reason=why)
    if refused := refusals(context, context.policy, linked.execute_at):
        raise _refusal(source, refused)


def _refusal(source: ActionContext, reasons: Sequence[str]) -> Conflict:
    return Conflict(
        f"{source.batch} was not executed. The batch that it makes would be refused. {' '.join(reasons)}"
    )


def _schedule(
    source: ActionContext, context: ActionContext, linked: LinkedBatch, tokens: Sequence[str]
) -> None:
    """Schedule the execution of the new batch, whose warnings the ``tokens`` confirm.

    What its policy demands besides the second person, such as approvals, may still be given until then.
    """
    batch, at, why = context.batch, linked.execute_at, context.handler_context.reason
    try:
        demand_policy(context, bind_options(context.handler, {}), at)
        needed = ""
    except Conflict as error:
        needed = f" Still needed until then: {error.message.partition('. ')[2]}"
    bump_version(batch)
    sentence = f"Marked complete, and scheduled for {in_utc(at)} by the execution of {str(source.batch).lower()}.{needed}"
    record(context.handler_context, batch, SCHEDULE, sentence)
    context.session.flush()
    options = ({CONFIRM: [*tokens]} if tokens else {}) | ({REASON: why} if why else {})
    arguments = {"options": options, "version": batch.version}
    request = held_job(batch, context.actor, Action.EXECUTE.value, arguments, run_at=at)
    add_job(context.session, request, Action.EXECUTE.done)
