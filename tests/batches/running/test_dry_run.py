"""Dry runs of price changes, at once and by a job: they tell what an execution does, and leave nothing behind."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functional.harness import text_of, url_of
from tests.jobs.harness import JobHarness, hooked
from webtest import TestApp

from batchbook.batches import Action
from batchbook.batches.engine.engine import Engine
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.dry_run import DryRun, dry_run, enqueue_dry_run, first
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs.models import JobState


def try_out(harness: JobHarness, batch_id: int, by: str = "admin", **options: Any) -> DryRun:
    with transaction_scope(harness.catalogue.engine) as session:
        engine = Engine(session, harness.services.get(BatchTypes), harness.services.settings, by)
        return dry_run(engine, batch_id, options, first(100))


def shown(effects: Any) -> list[tuple[Any, ...]]:
    return [(e.record_key, e.sequence, e.kind, dict(e.before), dict(e.after)) for e in effects]


def test_it_tells_each_price_before_and_after_and_keeps_nothing(harness: JobHarness) -> None:
    batch_id = harness.complete()
    before, prices = harness.catalogue.dump(), harness.catalogue.prices()
    found = try_out(harness, batch_id, by="staff")
    assert harness.catalogue.dump() == before
    assert found.counts == [("product", "updated", found.total)]
    assert "by more than 20 %" in found.warnings
    assert harness.do(batch_id, Action.EXECUTE).state == "done"
    after = harness.catalogue.prices()
    moved = {
        code: ({"price": str(prices[code])}, {"price": str(after[code])})
        for code in prices
        if prices[code] != after[code]
    }
    assert {key: (old, new) for key, _row, _kind, old, new in shown(found.effects)} == moved
    assert {(key, row) for key, row, *_ in shown(found.effects)} == {
        (h[0], h[5]) for h in harness.catalogue.price_history()
    }
    with pytest.raises(Conflict, match="is frozen"):
        try_out(harness, batch_id)


def test_a_handler_that_fails_or_breaks_the_transaction_is_told_and_nothing_is_kept(
    harness: JobHarness,
) -> None:
    batch_id = harness.complete()
    before = harness.catalogue.dump()
    harness.with_handler(**hooked("execute", lambda: 1 / 0))
    with pytest.raises(Conflict, match="would fail: its handler fails"):
        try_out(harness, batch_id)
    assert harness.catalogue.dump() == before


def test_a_job_does_it_for_a_large_batch_and_its_page_lists_the_effects(
    harness: JobHarness, admin: TestApp, staff: TestApp
) -> None:
    batch_id = harness.complete()
    left_out = ("job", "job_file", "job_file_chunk", "web_session", "sqlite_sequence")
    before = harness.catalogue.dump(without=left_out)
    with transaction_scope(harness.catalogue.engine) as session:
        engine = Engine(session, harness.services.get(BatchTypes), harness.services.settings, "admin")
        job_id = enqueue_dry_run(harness.jobs, engine, batch_id, {}, engine.find(batch_id).version).id
    assert harness.run(job_id)
    job = harness.job(job_id)
    assert job.state == JobState.DONE, job.message
    assert harness.catalogue.dump(without=left_out) == before
    page = staff.get(url_of(batch_id, "dry-run"), params={"job": job_id})
    expected = try_out(harness, batch_id)
    assert len(page.html.select("#effects tbody tr")) == expected.total
    assert expected.summary in text_of(page, "#effects")
    lines = page.click("Download CSV").text.splitlines()
    assert len(lines) == expected.total + 1
    assert staff.get(url_of(batch_id, "dry-run"), params={"job": job_id + 1}, status=404)


def test_who_may_no_longer_edit_or_execute_gets_no_result(harness: JobHarness) -> None:
    batch_id = harness.complete()
    with transaction_scope(harness.catalogue.engine) as session:
        engine = Engine(session, harness.services.get(BatchTypes), harness.services.settings, "auditor")
        job_id = enqueue_dry_run(harness.jobs, engine, batch_id, {}, engine.find(batch_id).version).id
    assert harness.run(job_id)
    assert harness.job(job_id).state == JobState.FAILED
