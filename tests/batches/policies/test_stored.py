"""The versions of policies in the database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError
from tests.batches.harness import BatchHarness
from tests.batches.policies.controlled import (
    by_sql,
    complete,
    declaring,
    refused_by_the_database,
)

from batchbook.batches import Action, Policy
from batchbook.batches.policies.stored import set_policy
from batchbook.db.transactions import transaction_scope


def test_administrators_replace_what_is_declared_and_nothing_is_overwritten(counts: BatchHarness) -> None:
    counts = declaring(counts, other_than_editor=True)
    batch_id = complete(counts)
    assert refused_by_the_database(counts, batch_id, "clerk")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with transaction_scope(counts.database) as session:
        assert not set_policy(session, "shelf_count", Policy(), now, "admin", 0)
        assert set_policy(session, "shelf_count", Policy(), now, "admin", 1)
    assert not refused_by_the_database(counts, batch_id, "clerk")
    for statement in (
        "UPDATE batch_policy SET approvals = 0",
        "DELETE FROM batch_policy",
        "INSERT INTO batch_policy SELECT * FROM batch_policy WHERE number = 2",
    ):
        with pytest.raises(DBAPIError, match="a new one is added instead"):
            by_sql(counts, statement)
    assert not counts.by("clerk").run(batch_id, Action.EXECUTE).failed
