"""The policy of a type on the pages of a batch: approvals, what an execution needs, and the signature with the password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.preview import bind_options
from batchbook.batches.lifecycle import Action, is_possible
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.policies.approvals import (
    CheckedApproval,
    last_signed_at,
    shown_approvals,
    signatures_of_executions,
)
from batchbook.batches.policies.declaration import MEANING, Policy
from batchbook.batches.policies.demands import needs_approvals, refusals, sign_content
from batchbook.batches.policies.models import BatchApproval
from batchbook.batches.policies.second_person import edited_by
from batchbook.db import utc_now
from batchbook.errors import BadInput
from batchbook.security.models import User
from batchbook.security.policy import PasswordNeeded
from batchbook.web.request import Request
from batchbook.words import counted

#: The time for which a password that was typed can be used for a signature.
SIGNED_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True)
class ExecutionNeeds:
    """Needs of the policy of a type from whoever executes: a reason, perhaps one of ``reasons``, and a signature.

    With ``signature``, the password is asked for; ``meaning`` is that of the signature.
    """

    reason: bool
    reasons: Sequence[str]
    other_reasons: bool
    signature: bool
    meaning: str = MEANING

    @classmethod
    def of(cls, policy: Policy) -> ExecutionNeeds:
        """Return what ``policy`` needs."""
        return cls(policy.reason, policy.reasons, policy.other_reasons, policy.signature)


@dataclass(frozen=True)
class PolicyPanel:
    """The approvals of a batch, the signature of its execution, and why the policy does not allow this person to execute it.

    ``needed`` is the number of people who must approve it. ``approve_url`` is empty for a person who cannot approve it now.
    """

    approvals: Sequence[CheckedApproval]
    needed: int
    reasons: Sequence[str]
    approve_url: str
    needs: ExecutionNeeds
    signature: BatchApproval | None

    @property
    def is_shown(self) -> bool:
        """Whether there is anything about approvals to be shown."""
        return bool(self.approvals or self.needed or self.signature)


def policy_panel(view: BatchMasterView, context: ActionContext) -> PolicyPanel:
    """Return the panel of the batch of ``context`` for the person who looks at it."""
    policy, batch = context.policy, context.batch
    approvals = shown_approvals(context)
    signatures = signatures_of_executions(context) if batch.is_final else ()
    if not is_possible(Action.EXECUTE, batch.state):
        needs = ExecutionNeeds.of(policy)
        return PolicyPanel(approvals, 0, (), "", needs, signatures[-1] if signatures else None)
    reasons = refusals(context, policy) if view.may(Action.EXECUTE, batch) else []
    # What was not compared with the whole content counts here; the execution compares it.
    found = {one.approval.signed_by for one in approvals if not one.reason}
    needed = policy.approvals if needs_approvals(context, policy, _default_values(context)) else 0
    if needed > len(found):
        who = counted(needed - len(found), "more person", "more people")
        reasons.append(f"{who} must approve it as it is now before it is executed.")
    approves = (
        view.may(Action.APPROVE, batch)
        and context.actor not in found
        and not edited_by(context.session, batch, context.actor)
    )
    url = view.url(Action.APPROVE.value, batch) if approves and policy.approvals else ""
    return PolicyPanel(approvals, needed, reasons, url, ExecutionNeeds.of(policy), None)


def _default_values(context: ActionContext) -> Mapping[str, Any] | None:
    try:
        return bind_options(context.handler, {})
    except BadInput:  # An option has no default.
        return None


def demand_password(request: Request) -> None:
    """Raise ``PasswordNeeded`` unless the person has typed the password again just now, and signed nothing since.

    That of a sign-in does not count: a signature is an act of its own. The user is locked until the transaction ends, so that
    one password does not sign in two requests at once.
    """
    identity = request.identity
    if identity is None or identity.confirmed_at is None or identity.signed_in_at is None:
        raise PasswordNeeded
    request.db.execute(select(User.id).where(User.id == identity.id).with_for_update(key_share=True))
    typed = identity.confirmed_at
    before = [identity.signed_in_at, last_signed_at(request.db, identity.name)]
    if utc_now() - typed > SIGNED_WITHIN or any(one is not None and typed <= one for one in before):
        raise PasswordNeeded


def sign_if_needed(engine: Engine, batch_id: int, options: Mapping[str, Any]) -> None:
    """Sign a batch for its execution with the texts ``options``, where the policy demands a signature.

    The caller has demanded the password.
    """
    if engine.context_of(engine.find(batch_id)).policy.signature:
        context = engine.lock(batch_id, Action.EXECUTE)
        sign_content(context, bind_options(context.handler, options))
