"""Approvals: by different people, and void when the content changes however that was done."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.batches.harness import BatchHarness
from tests.batches.policies.controlled import (
    approve,
    by_sql,
    complete,
    declaring,
    refusal,
    refused_by_the_database,
)

from batchbook.batches import Action
from batchbook.batches.policies.approvals import shown_approvals
from batchbook.errors import Conflict


def test_two_people_approve_what_changes_more_than_a_limit(counts: BatchHarness) -> None:
    above = declaring(counts, approvals=2, approvals_above=Decimal(201))
    batch_id, admin = complete(above), above.by("admin")  # It changes 202.
    approve(above, batch_id, "ada")
    assert "1 more person must approve it" in refusal(admin, batch_id)
    assert refused_by_the_database(above, batch_id, "admin")
    approve(above, batch_id, "bob")
    assert not admin.run(batch_id, Action.EXECUTE).failed
    below = declaring(counts, approvals=2, approvals_above=Decimal(100_000))
    assert not below.by("admin").run(complete(below), Action.EXECUTE).failed


def test_two_people_approve_before_a_third_executes(counts: BatchHarness) -> None:
    counts = declaring(counts, approvals=2)
    batch_id, admin = complete(counts), counts.by("admin")
    assert "2 more people must approve it" in refusal(admin, batch_id)
    assert refused_by_the_database(counts, batch_id, "admin")
    with pytest.raises(Conflict, match="clerk created or edited it, so somebody else must approve it"):
        approve(counts, batch_id, "clerk")
    approve(counts, batch_id, "ada")
    with pytest.raises(Conflict, match="ada has already approved"):
        approve(counts, batch_id, "ada")
    assert "1 more person must approve it" in refusal(admin, batch_id)
    approve(counts, batch_id, "bob")
    assert not admin.run(batch_id, Action.EXECUTE).failed
    kinds = [kind for kind, *_ in counts.operations(batch_id)]
    assert kinds.count("approve") == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE shelf_count_row SET counted = 11 WHERE batch_id = :id AND sequence = 1",
        "UPDATE shelf_count SET tolerance = 7 WHERE id = :id",
        "DELETE FROM shelf_count_row WHERE batch_id = :id AND sequence = 2",
        "UPDATE batch_file SET name = 'another.csv' WHERE batch_id = :id",
        "DELETE FROM batch_file_chunk WHERE batch_id = :id",
    ],
)
def test_a_change_by_sql_voids_every_approval(counts: BatchHarness, change: str) -> None:
    counts = declaring(counts, approvals=1)
    batch_id = complete(counts)
    approve(counts, batch_id, "ada")
    by_sql(counts, change, id=batch_id)
    with counts.engine() as engine:
        (shown,) = shown_approvals(engine.context_of(engine.find(batch_id)))
    assert (shown.holds, shown.reason) == (False, "The content was changed since.")
    assert "1 more person must approve it" in refusal(counts.by("admin"), batch_id)


def test_an_edit_voids_approvals_and_its_editor_approves_no_more(counts: BatchHarness) -> None:
    counts = declaring(counts, approvals=1)
    batch_id = complete(counts)
    approve(counts, batch_id, "ada")
    counts.run(batch_id, Action.REOPEN)
    counts.by("ada").edit(batch_id, 1, remark="counted again")
    counts.run(batch_id, Action.COMPLETE)
    with counts.engine() as engine:
        (shown,) = shown_approvals(engine.context_of(engine.find(batch_id)))
    assert not shown.holds
    assert "1 more person" in refusal(counts.by("admin"), batch_id)
    approve(counts, batch_id, "bob")
    assert not counts.by("admin").run(batch_id, Action.EXECUTE).failed
