"""The second person: whoever made or completed a batch does not execute it, in the engine and in the database."""

from __future__ import annotations

from tests.batches.harness import BatchHarness
from tests.batches.policies.controlled import (
    FILE,
    by_sql,
    complete,
    declaring,
    refusal,
    refused_by_the_database,
)

from batchbook.batches import Action


def test_without_a_policy_one_person_does_it_all(counts: BatchHarness) -> None:
    batch_id = counts.open(FILE, shelf="A")
    counts.run(batch_id, Action.COMPLETE)
    assert not refused_by_the_database(counts, batch_id, "staff")
    assert not counts.run(batch_id, Action.EXECUTE).failed


def test_whoever_made_or_completed_a_batch_does_not_execute_it(counts: BatchHarness) -> None:
    counts = declaring(counts, other_than_editor=True, other_than_completer=True)
    batch_id = complete(counts)
    for user, words in (
        ("staff", "staff created or edited it"),
        ("clerk", "clerk created or edited it"),
        ("lead", "lead marked it complete"),
    ):
        assert words in refusal(counts.by(user), batch_id)
        assert refused_by_the_database(counts, batch_id, user)
    by_sql(counts, "UPDATE operation SET kind = 'intake', cells = 0 WHERE actor = 'clerk' AND cells > 0")
    assert "clerk created or edited it" in refusal(counts.by("clerk"), batch_id), (
        "Who chose how the file is read."
    )
    assert refused_by_the_database(counts, batch_id, "clerk")
    assert not counts.by("admin").run(batch_id, Action.EXECUTE).failed
    assert counts.batch(batch_id).executed_by == "admin"
