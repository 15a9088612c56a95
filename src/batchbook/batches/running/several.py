"""An action on several batches, with a job for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches import access
from batchbook.batches.concurrency import Token, token_of
from batchbook.batches.engine.engine import Engine, locked_refusal
from batchbook.batches.engine.preview import unconfirmed_warnings, why_not_execute, without_confirmations
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.db import utc_now
from batchbook.errors import BatchbookError, Conflict
from batchbook.jobs import JobGroup
from batchbook.jobs.enqueue import jobs_holding
from batchbook.security.identity import Identity
from batchbook.services import Services
from batchbook.words import counted

#: The maximum number of batches for one action.
MOST = 1_000
#: The default options of an execution.
_DEFAULTS: Mapping[str, Any] = MappingProxyType({})
#: The maximum number of rows, of all batches together, that a page checks for their execution.
MOST_ROWS = 500_000


@dataclass(frozen=True)
class Candidate:
    """One of several batches, and the reason why the action is not possible; ``None`` if it is."""

    batch: Batch
    reason: str | None


@dataclass(frozen=True)
class Candidates:
    """Several batches on which an action is requested."""

    action: Action
    all: Sequence[Candidate]

    @property
    def fit(self) -> list[Batch]:
        """The batches on which the action is possible."""
        return [one.batch for one in self.all if one.reason is None]

    @property
    def unfit(self) -> list[Candidate]:
        """The others, each with its reason."""
        return [one for one in self.all if one.reason is not None]

    @property
    def token(self) -> Token:
        """The concurrency token of the batches, their versions, and the possibility of the action on each."""
        return token_of(sorted([one.batch.id, one.batch.version, one.reason is None] for one in self.all))


def candidates(
    services: Services,
    session: Session,
    identity: Identity,
    batch_type: BatchType,
    action: Action,
    ids: Iterable[int],
    options: Mapping[str, Any] = _DEFAULTS,
    most_rows: int | None = None,
) -> Candidates:
    """Return the batches of ``batch_type`` with the numbers ``ids``, checked for ``action`` by the user ``identity``.

    Executions are checked with the texts ``options``: those with a warning are left out, even if it is confirmed. That
    reads the batches' rows; batches by which these would be more than ``most_rows`` together are left out. ``None`` is
    for callers who may take any time.
    """
    wanted = list(ids)
    engine = Engine(session, services.get(BatchTypes), services.settings, identity.name)
    header = batch_type.header
    batches = session.scalars(select(header).where(header.id.in_(wanted)).order_by(header.id)).all()
    holders = jobs_holding(session, wanted)
    found, rows = [], 0
    for batch in batches:
        holder = holders.get(batch.id)
        refusal = locked_refusal(batch, action, holder) if holder else _refusal(identity, action, batch)
        if refusal is None and action is Action.EXECUTE:
            if most_rows is not None and rows + batch.row_count > most_rows:
                refusal = _too_many_rows(batch, most_rows)
            else:
                rows += batch.row_count
                refusal = _execution_refusal(engine, batch, options)
        found.append(Candidate(batch, refusal))
    return Candidates(action, found)


def _refusal(identity: Identity, action: Action, batch: Batch) -> str | None:
    try:
        access.demand(identity.permissions, batch, action, identity.name)
    except BatchbookError as error:
        return error.message
    return None


def _execution_refusal(engine: Engine, batch: Batch, options: Mapping[str, Any]) -> str | None:
    context = engine.context_of(batch)
    return why_not_execute(context) or unconfirmed_warnings(context, options) or None


def _too_many_rows(batch: Batch, most_rows: int) -> str:
    return (
        f"{batch} was not executed. Only batches with at most {most_rows:,} rows together are checked at once: execute it"
        " by itself, or come back when the others are executed."
    )


def enqueue_all(
    services: Services,
    session: Session,
    actor: str,
    chosen: Candidates,
    options: Mapping[str, Any],
    sign: Callable[[int], None] | None = None,
) -> tuple[JobGroup, dict[int, str]]:
    """Enqueue a job for each batch on which the action is possible; return their group, and reasons by refused batch.

    With the texts ``options`` of an execution, batches may be refused that others would not refuse. What they confirm is
    dropped, because nobody has seen the warnings of each batch. ``sign`` signs the batch with a number before its job is
    enqueued. Raises :class:`~batchbook.errors.Conflict` if the action
    is possible on none.
    """
    if not chosen.fit:
        raise Conflict(f"None of these batches can be {chosen.action.done}, so nothing was done.")
    group = JobGroup(title=chosen.action.label, asked_by=actor, asked_at=utc_now(), skipped=[])
    session.add(group)
    session.flush()  # The jobs refer to it.
    runner, options = services.get(Runner), without_confirmations(options)
    refused: dict[int, str] = {}
    for batch in chosen.fit:
        call = ActionCall(batch.id, chosen.action, actor, options, batch.version, group.id)
        try:
            with session.begin_nested():
                if sign is not None:
                    sign(batch.id)
                runner.submit(session, call)
        except BatchbookError as error:
            refused[batch.id] = error.message
    enqueued = len(chosen.fit) - len(refused)
    if not enqueued:
        raise Conflict(f"Nothing was done. {' '.join([*dict.fromkeys(refused.values())][:3])}")
    group.title = f"{chosen.action.label}: {counted(enqueued, 'batch', 'batches')}"
    reasons = [(str(one.batch), one.reason or refused.get(one.batch.id)) for one in chosen.all]
    group.skipped = [
        reason if name in reason else f"{name}: {reason}" for name, reason in reasons if reason is not None
    ]
    return group, refused
