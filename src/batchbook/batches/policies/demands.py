"""The demands of a type's policy on an execution: on every path, they are checked where the execution is requested and run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func, inspect, select, type_coerce
from sqlalchemy.types import TypeEngine

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.handler_declarations import NumberChange
from batchbook.batches.history import record
from batchbook.batches.policies.approvals import missing_approvals, sign, signatures_of_executions
from batchbook.batches.policies.declaration import MEANING, Policy
from batchbook.batches.policies.models import AMOUNT_DIGITS, AMOUNT_SCALE, EXECUTE, BatchApproval
from batchbook.batches.policies.second_person import second_person_reasons
from batchbook.batches.policies.stored import latest_version, set_policy
from batchbook.batches.seal.serialisation import content_digest
from batchbook.errors import Conflict
from batchbook.words import counted

_UNIT = Decimal(1).scaleb(-AMOUNT_SCALE)
_MOST = Decimal(10) ** (AMOUNT_DIGITS - AMOUNT_SCALE) - _UNIT
_EXECUTED = "executed"
#: The reason of an execution that is tried out.
_DRY_RUN = "Dry run"


def refusals(context: ActionContext, policy: Policy, at: datetime | None = None) -> list[str]:
    """Return the sentences with which ``policy`` refuses that the actor executes the batch at ``at``, by default now.

    What the person can still give, a reason and a signature, is not among them, nor are approvals.
    """
    return [
        *second_person_reasons(context.session, context.batch, policy, context.actor),
        *_outside_windows(policy, at or context.now),
    ]


def _outside_windows(policy: Policy, at: datetime) -> list[str]:
    windows = policy.read_windows()
    if windows.hold(at):
        return []
    begin = windows.next_begin(at)
    later = f" The next time begins on {begin:%A, %Y-%m-%d at %H:%M} ({windows.zone})." if begin else ""
    return [
        f"Batches of this type are executed only at these times: {policy.windows} ({windows.zone}).{later}"
    ]


def demand_policy(
    context: ActionContext, values: Mapping[str, Any], at: datetime | None = None, *, is_asked: bool = False
) -> str | None:
    """Raise ``Conflict`` unless the policy of the type allows that the actor executes the batch with the options ``values``.

    ``at`` is the time of a scheduled execution. Where ``is_asked``, the person is still asked for a reason and a signature,
    so that these are not demanded. Returns the digest of the content if the execution is to be signed, otherwise ``None``.
    """
    policy = context.policy
    reasons = refusals(context, policy, at)
    if not is_asked:
        reasons += _wrong_reason(policy, context.handler_context.reason)
    if reasons:
        raise Conflict(f"{context.batch} was not executed. {' '.join(reasons)}")
    if not policy.is_signed:
        return None
    digest = content_digest(context.session, context.batch)
    if policy.signature and not is_asked and not _own_signature(context, digest):
        raise Conflict(
            f"{context.batch} was not executed. Whoever executes it must sign it as it is now, with the password: on its page,"
            " or by the command “batchbook batch sign”."
        )
    if missing := approvals_missing(context, policy, digest, values):
        raise Conflict(f"{context.batch} was not executed. {missing}")
    return digest


def waive_demands(context: ActionContext) -> None:
    """Leave out what the policy demands of people and times, until the savepoint of a dry run is rolled back.

    The database enforces the last version of a policy, so one without these demands is stored. Limits stay: they tell whether
    an execution is refused.
    """
    session, key, policy = context.session, context.batch.type, context.policy
    waived = replace(
        policy,
        other_than_editor=False,
        other_than_completer=False,
        approvals=0,
        signature=False,
        reason=False,
        windows="",
    )
    if waived != policy:
        latest = latest_version(session, key)
        number = 0 if latest is None else latest.number
        set_policy(session, key, waived, context.now, context.actor, number)
        context.policy = waived
    if not context.handler_context.reason:
        context.handler_context = replace(context.handler_context, reason=_DRY_RUN)


def approvals_missing(context: ActionContext, policy: Policy, digest: str, values: Mapping[str, Any]) -> str:
    """Return the sentence on the approvals that the content with ``digest`` still needs; empty if it needs none."""
    if not needs_approvals(context, policy, values):
        return ""
    missing = missing_approvals(context, policy, digest)
    who = counted(missing, "more person", "more people")
    return f"{who} must approve it as it is now before it is executed." if missing else ""


def needs_approvals(context: ActionContext, policy: Policy, values: Mapping[str, Any] | None) -> bool:
    """Return whether executing the batch with ``values`` needs approvals; without values, as if it changed a lot."""
    limit = policy.approvals_above
    if not policy.approvals or limit is None or values is None:
        return policy.approvals > 0
    return amount_of(context, values) > limit


def sign_execution(context: ActionContext, values: Mapping[str, Any], digest: str) -> None:
    """Record that the actor executes the content with ``digest``, for the trigger that enforces the policy.

    Nothing is added where the person has just signed this with the password.
    """
    amount, signatures = amount_of(context, values), signatures_of_executions(context)
    own = _own_signature(context, digest)
    if own is None or own is not signatures[-1] or own.amount != amount:
        sign(context, EXECUTE, digest, MEANING if own else _EXECUTED, amount)


def sign_content(context: ActionContext, values: Mapping[str, Any]) -> None:
    """Sign the content of a batch, which the caller has locked, as the actor, whose password was verified just now.

    The signature is for the execution with the options ``values``. It counts until the content is changed.
    """
    digest = content_digest(context.session, context.batch)
    sign(context, EXECUTE, digest, MEANING, amount_of(context, values))
    record(context.handler_context, context.batch, "sign", f"Signed: {MEANING}. Content {digest[:16]}…")


def _own_signature(context: ActionContext, digest: str) -> BatchApproval | None:
    """Return the last signature of the actor with the password, if it is for the content with ``digest``."""
    own = [one for one in signatures_of_executions(context) if one.signed_by == context.actor]
    return own[-1] if own and own[-1].digest == digest and own[-1].meaning == MEANING else None


def _wrong_reason(policy: Policy, reason: str | None) -> list[str]:
    if not policy.reason:
        return []
    offered = " or ".join(f"“{one}”" for one in policy.reasons)
    if not reason:
        return [f"Give a reason: {offered}." if offered else "Give a reason."]
    if reason not in policy.reasons and not policy.other_reasons:
        return [f"The reason must be {offered}."]
    return []


def amount_of(context: ActionContext, values: Mapping[str, Any]) -> Decimal:
    """Return the sum of all changes of numbers, rises and falls alike, if the batch is executed with ``values``."""
    changes = changes_of_its_own(context, values)
    sums = [select(sum_of_changes(one)).where(context.rows().where, one.where) for one in changes]
    return total_amount(context.session.scalar(statement) for statement in sums)


def changes_of_its_own(context: ActionContext, values: Mapping[str, Any]) -> list[NumberChange]:
    """Return the changes of numbers by executing the batch with ``values``, without those by batches that this makes."""
    return [one for one in context.handler.number_changes(context.batch, values) if not one.later]


def sum_of_changes(change: NumberChange) -> ColumnElement[Any]:
    """Return the aggregate of the changes of a number, rises and falls alike; one from nothing is one from 0."""
    kind: TypeEngine[Any] = inspect(change.after).type
    before = func.coalesce(change.before, type_coerce(0, kind))
    # The difference of two integers may be too large for their type.
    after = cast(change.after, BigInteger) if isinstance(kind, Integer) else change.after
    return type_coerce(func.sum(func.abs(after - before)).filter(change.where), kind)


def total_amount(sums: Iterable[Any]) -> Decimal:
    """Return the total of the ``sums`` of changes, as it is stored and compared with limits: the highest one if one is no number."""
    total = sum((Decimal(one or 0) for one in sums), Decimal(0))
    return min(total, _MOST).quantize(_UNIT, ROUND_UP) if total.is_finite() else _MOST
