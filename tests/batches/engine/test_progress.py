"""What handlers tell those who watch, and that an action can be cancelled there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot
from tests.batches.shelf_count import COUNTS, ShelfCount, ShelfCountHandler

from batchbook.batches import Action, Outcome, Rows
from batchbook.batches.editing import RowRemover
from batchbook.db import Base
from batchbook.jobs.job_progress import Cancelled

FILE = "item,counted,remark\n007,7,\n008,9,\n"
ONE = pytest.mark.parametrize("backend", ["sqlite"])


class Watch:
    """Notes what is reported, and cancels at one phase."""

    def __init__(self, cancel_at: str = "") -> None:
        self.cancel_at = cancel_at
        self.seen: list[tuple[str, int, int | None]] = []

    def report(self, phase: str, done: int, total: int | None) -> None:
        self.seen.append((phase, done, total))
        if phase == self.cancel_at:
            raise Cancelled("ada", phase, done)


class TellingHandler(ShelfCountHandler):
    """Somebody's handler that tells how far it is."""

    def execute(self, batch: ShelfCount, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        self.report("count the shelves", 0, batch.kept_count)
        batch.notes = "begun"
        self.session.flush()
        self.report("put things back")
        return Outcome("All counted.")


@ONE
def test_populating_says_of_how_many_rows(harness: BatchHarness) -> None:
    watch = Watch()
    harness.run(harness.create(FILE, shelf="A"), Action.POPULATE, progress=watch)
    assert watch.seen == [("populate", 2, 2), ("refresh", 2, 2)]


@ONE
def test_a_handler_tells_how_far_it_is(harness: BatchHarness) -> None:
    watch = Watch()
    telling = harness.with_handler(TellingHandler)
    batch_id = telling.open(FILE, shelf="A")
    telling.run(batch_id, Action.COMPLETE, Action.EXECUTE, progress=watch)
    assert watch.seen == [("count the shelves", 0, 2), ("put things back", 0, None)]


def test_an_action_is_cancelled_where_its_handler_reports(engine: Engine, harness: BatchHarness) -> None:
    telling = harness.with_handler(TellingHandler)
    batch_id = telling.open(FILE, shelf="A")
    telling.run(batch_id, Action.COMPLETE)
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Cancelled):
        telling.run(batch_id, Action.EXECUTE, progress=Watch("put things back"))
    assert snapshot(engine, Base.metadata, COUNTS) == before


@ONE
def test_removing_can_be_cancelled(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Cancelled), harness.engine(Watch("remove rows")) as acting:
        RowRemover(acting).remove_where(batch_id, harness.batch_type.row.sequence > 0)
    assert snapshot(engine, Base.metadata, COUNTS) == before
