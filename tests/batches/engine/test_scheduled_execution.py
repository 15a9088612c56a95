"""A scheduled execution is dropped by what makes it void, and only by that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.functional.harness import CatalogueDatabase
from tests.jobs.harness import JobHarness, opened

from batchbook.batches import Action, Callbacks
from batchbook.batches.registry import BatchTypes

one_database = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def harness(settings: dict[str, str], catalogue: CatalogueDatabase) -> Iterator[JobHarness]:
    """Price changes whose jobs wait until the test runs them."""
    with opened(settings | {"batchbook.jobs": "workers"}, catalogue) as harness:
        yield harness


@one_database
def test_what_changed_nothing_meanwhile_does_not_stand_against_it(harness: JobHarness) -> None:
    batch_id = harness.complete()
    harness.plan(batch_id)

    def fail(*_arguments: Any) -> None:
        raise RuntimeError("no")

    types = harness.services.get(BatchTypes)
    as_it_was = types["price_change"]
    harness.with_handler(callbacks=Callbacks(on_clone=fail))
    assert harness.do(batch_id, Action.CLONE).state == "failed"
    types.add(replace(as_it_was))
    assert harness.come_due(batch_id).state == "done"


@one_database
@pytest.mark.parametrize("action", [Action.REOPEN, Action.DELETE, Action.EXECUTE])
def test_what_makes_a_plan_void_drops_it_and_says_so(harness: JobHarness, action: Action) -> None:
    batch_id = harness.complete()
    harness.plan(batch_id)
    job_id = harness.planned(batch_id) or 0
    result = harness.submit(batch_id, action)
    said = f"{result.message} {result.at_once}"
    if result.job_id:
        harness.run(result.job_id)
        said += harness.job(result.job_id).message or ""
    assert "The execution that admin scheduled for" in said
    assert harness.job(job_id).state == "cancelled"
    if action is not Action.DELETE:
        assert any("admin scheduled for" in summary for _kind, summary in harness.operations(batch_id))
