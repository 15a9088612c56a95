"""The policies of types in the database: the one that applies, what a type declares, and changes by administrators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from batchbook.batches.policies.declaration import Policy
from batchbook.batches.policies.models import BatchPolicy

#: The author of versions that a type's code declares.
_CODE = "batchbook"
#: The key of the access to columns that a session has looked up, which depends on policies.
FIELD_ACCESS = "batchbook_field_access"


def applied_policy(session: Session, key: str, declared: Policy) -> Policy:
    """Return the policy of the type ``key``: as administrators set it, or else as ``declared`` by the type."""
    latest = latest_version(session, key)
    return declared if latest is None or latest.declared else Policy.from_json(latest.settings)


def store_declared(session: Session, key: str, declared: Policy, now: datetime) -> None:
    """Store the policy that the type ``key`` declares, unless administrators set another, so that the database enforces it."""
    latest = latest_version(session, key)
    known = Policy() if latest is None else Policy.from_json(latest.settings)
    if (latest is None or latest.declared) and known != declared:
        _add(session, key, latest, declared, now, None)


def set_policy(session: Session, key: str, policy: Policy, now: datetime, actor: str, based_on: int) -> bool:
    """Make ``policy`` that of the type ``key``; return ``False`` if it is no longer at the version ``based_on``."""
    latest = latest_version(session, key)
    if (0 if latest is None else latest.number) != based_on:
        return False
    _add(session, key, latest, policy, now, actor)
    return True


def latest_version(session: Session, key: str) -> BatchPolicy | None:
    """Return the last version of the policy of the type ``key``; ``None`` if none was ever stored."""
    return session.scalars(_LATEST, {"type": key}).first()


#: Made once, because every page of a batch asks it.
_LATEST = (
    select(BatchPolicy)
    .where(BatchPolicy.type == bindparam("type"))
    .order_by(BatchPolicy.number.desc())
    .limit(1)
)


def versions(session: Session, key: str, most: int) -> Sequence[BatchPolicy]:
    """Return at most ``most`` versions of the policy of the type ``key``, the last one first."""
    statement = select(BatchPolicy).where(BatchPolicy.type == key).order_by(BatchPolicy.number.desc())
    return session.scalars(statement.limit(most)).all()


def _add(
    session: Session, key: str, latest: BatchPolicy | None, policy: Policy, now: datetime, actor: str | None
) -> None:
    session.info.pop(FIELD_ACCESS, None)
    session.add(
        BatchPolicy(
            type=key,
            number=1 if latest is None else latest.number + 1,
            at=now,
            changed_by=actor or _CODE,
            declared=actor is None,
            other_than_editor=policy.other_than_editor,
            other_than_completer=policy.other_than_completer,
            approvals=policy.approvals,
            approvals_above=policy.approvals_above,
            signature=policy.signature,
            settings=policy.to_json(),
        )
    )
    session.flush()
