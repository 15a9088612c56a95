"""The signature of an execution: one password, typed just now, signs once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Waiting
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from tests.functional.harness import CatalogueDatabase

from batchbook.batches.pages.batch.policy_panel import demand_password
from batchbook.batches.policies.declaration import MEANING
from batchbook.batches.policies.models import EXECUTE, BatchApproval
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import User
from batchbook.security.policy import PasswordNeeded


@dataclass
class Typed:
    """The identity of a user who has typed the password just now."""

    id: int
    name: str
    signed_in_at: datetime
    confirmed_at: datetime


@dataclass
class Asked:
    """A request of that user."""

    db: Session
    identity: Typed


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_password_signs_once_in_two_requests_at_once(
    catalogue: CatalogueDatabase, complete_batch: int
) -> None:
    with transaction_scope(catalogue.engine, read_only=True) as session:
        user_id = session.scalars(select(User.id).where(User.name == "admin")).one()
    now = utc_now()
    typed = Typed(user_id, "admin", now - timedelta(hours=1), now)

    def other() -> None:
        with transaction_scope(catalogue.engine) as session:
            demand_password(cast("Any", Asked(session, typed)))

    with ThreadPoolExecutor(1) as pool:
        with transaction_scope(catalogue.engine) as session:
            demand_password(cast("Any", Asked(session, typed)))
            waiting = pool.submit(other)
            with pytest.raises(Waiting):
                waiting.result(timeout=0.5)
            facts = {"signed_by": "admin", "meaning": MEANING, "digest": "0" * 64}
            session.add(BatchApproval(batch_id=complete_batch, number=1, kind=EXECUTE, at=utc_now(), **facts))
        with pytest.raises(PasswordNeeded):
            waiting.result(timeout=10)
