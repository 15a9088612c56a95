"""The retention that a type's policy, or its declaration, gives to batches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from batchbook.batches.retention.models import RetentionPolicy, retention_of
from batchbook.db.transactions import transaction_scope


@pytest.mark.parametrize(("days", "kept"), [(30, timedelta(days=30)), (None, None)])
def test_a_policy_holds_instead_of_the_declaration(
    engine: Engine, days: int | None, kept: timedelta | None
) -> None:
    declared = timedelta(days=7)
    with transaction_scope(engine) as session:
        assert retention_of(session, "shelf_count", declared) == declared
        session.add(RetentionPolicy(type="shelf_count", days=days))
        session.flush()
        assert retention_of(session, "shelf_count", declared) == kept
        assert retention_of(session, "other", None) is None
