"""Demands on an execution: approvals above a sum, signatures, reasons and windows of time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.batches.harness import BatchHarness
from tests.batches.policies.controlled import (
    OPTIONS,
    approve,
    by_sql,
    complete,
    declaring,
    refusal,
    refused_by_the_database,
)

from batchbook.batches import Action
from batchbook.batches.engine.preview import confirmed_options, unconfirmed_warnings
from batchbook.batches.policies.demands import amount_of, sign_content
from batchbook.db import utc_now
from batchbook.errors import Conflict


@pytest.mark.parametrize(("limit", "is_needed"), [("201", True), ("202", False)])
def test_approvals_are_needed_above_a_sum_of_changes(
    counts: BatchHarness, limit: str, is_needed: bool
) -> None:
    counts = declaring(counts, approvals=1, approvals_above=Decimal(limit))
    batch_id, admin = complete(counts), counts.by("admin")
    with admin.engine() as engine:
        assert amount_of(engine.context_of(engine.find(batch_id)), OPTIONS) == Decimal(202)
    if is_needed:
        assert "1 more person must approve it" in refusal(admin, batch_id)
        approve(counts, batch_id, "ada")
    else:
        assert refused_by_the_database(counts, batch_id, "admin")  # Nothing tells the sum before.
    assert not admin.run(batch_id, Action.EXECUTE).failed


def test_an_execution_is_signed_for_its_content(counts: BatchHarness) -> None:
    counts = declaring(counts, signature=True)
    batch_id, admin = complete(counts), counts.by("admin")
    assert "must sign it as it is now" in refusal(admin, batch_id)
    assert refused_by_the_database(counts, batch_id, "admin")

    def sign() -> None:
        with admin.engine() as engine:
            sign_content(engine.lock(batch_id, Action.EXECUTE), OPTIONS)

    sign()
    assert "must sign it" in refusal(counts.by("ada"), batch_id)
    by_sql(counts, "UPDATE shelf_count_row SET remark = 'x' WHERE batch_id = :id", id=batch_id)
    assert "must sign it" in refusal(admin, batch_id)
    sign()
    assert not admin.run(batch_id, Action.EXECUTE).failed


def test_a_dry_run_needs_no_second_person_signature_reason_or_time(counts: BatchHarness) -> None:
    tomorrow = utc_now() + timedelta(days=1)
    counts = declaring(
        counts,
        other_than_editor=True,
        other_than_completer=True,
        approvals=2,
        signature=True,
        reason=True,
        windows=f"{tomorrow:%a} 00:00-24:00",
    )
    batch_id = complete(counts)
    for actor in ("clerk", "lead", "admin"):
        with counts.by(actor).engine() as engine:
            summary = engine.dry_run(batch_id, OPTIONS, lambda _session, batch: batch.execution_outcome)
            assert summary is not None
            assert engine.find(batch_id).state == "complete"
    assert "must execute it" in refusal(counts.by("clerk"), batch_id)
    for actor in ("clerk", "admin"):
        assert refused_by_the_database(counts, batch_id, actor)


def test_a_reason_is_demanded_from_the_list(counts: BatchHarness) -> None:
    counts = declaring(counts, reason=True, reasons=("Year end", "Stocktaking"), other_reasons=False)
    batch_id = complete(counts)
    assert "Give a reason: “Year end” or “Stocktaking”." in refusal(counts, batch_id)
    assert "The reason must be “Year end”" in refusal(counts, batch_id, "for fun")
    with counts.engine() as engine:
        engine.reason = "Year end"
        assert not engine.run(batch_id, Action.EXECUTE, {"confirm": "all"}).failed


def test_a_scheduled_execution_and_several_at_once_keep_to_the_times(counts: BatchHarness) -> None:
    tomorrow = utc_now() + timedelta(days=1)
    counts = declaring(counts, windows=f"{tomorrow:%a} 00:00-24:00", signature=True, reason=True)
    batch_id = complete(counts)
    with counts.engine() as engine:
        engine.reason = "Planned."
        context = engine.lock(batch_id, Action.EXECUTE)
        assert "only at these times" in unconfirmed_warnings(context, {})
        sign_content(context, OPTIONS)
        assert confirmed_options(context, {"confirm": "all"}, tomorrow)["confirm"]
        with pytest.raises(Conflict, match="only at these times"):
            confirmed_options(context, {"confirm": "all"}, tomorrow + timedelta(days=1))


def test_executions_wait_for_their_time(counts: BatchHarness) -> None:
    tomorrow = utc_now() + timedelta(days=1)
    counts = declaring(counts, windows=f"{tomorrow:%a} 00:00-24:00")
    batch_id = complete(counts)
    assert f"The next time begins on {tomorrow:%A, %Y-%m-%d} at 00:00 (UTC)." in refusal(counts, batch_id)
