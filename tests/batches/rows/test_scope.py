"""What handlers set on rows is written back, by whichever way they reached them, and editors hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text, update
from tests.batches.harness import BatchHarness, stock
from tests.batches.shelf_count import ShelfCountHandler, ShelfCountRow

from batchbook.batches import Action, Callbacks, Outcome, Rows
from batchbook.batches.editing import StaleEdit
from batchbook.errors import Conflict

FILE = "item,counted,remark\n007,7,\n008,9,\n009,1,\n010,1,\n"

#: Ways to all rows of a scope.
WAYS: dict[str, Callable[[Rows], Iterable[Any]]] = {
    "one by one": lambda rows: rows,
    "narrowed": lambda rows: rows.narrowed(ShelfCountRow.sequence > 0),
    "narrowed twice": lambda rows: rows.narrowed(ShelfCountRow.sequence > 0).narrowed(
        ShelfCountRow.sequence < 9
    ),
    "in chunks": lambda rows: (row for chunk in rows.chunks(2) for row in chunk),
    "in chunks of a part": lambda rows: (
        row for chunk in rows.narrowed(ShelfCountRow.sequence > 0).chunks(3) for row in chunk
    ),
}


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))


def handled(harness: BatchHarness, **hooks: Any) -> BatchHarness:
    return harness.with_handler(type("Handler", (ShelfCountHandler,), hooks))


@pytest.mark.parametrize("way", WAYS)
def test_what_refresh_sets_is_written(harness: BatchHarness, way: str) -> None:
    def refresh(_self: Any, _batch: Any, rows: Rows) -> None:
        for row in WAYS[way](rows):
            row.set_status("matches", f"Row {row.sequence}.")

    catalogue = handled(harness, refresh=refresh)
    batch_id = catalogue.open(FILE, shelf="A")
    assert [row.status_text for row in catalogue.rows(batch_id)] == ["Row 1.", "Row 2.", "Row 3.", "Row 4."]
    catalogue.assert_counted(batch_id)


@pytest.mark.parametrize("way", WAYS)
def test_what_execute_sets_is_written_and_counted_before_the_batch_is_frozen(
    harness: BatchHarness, way: str
) -> None:
    def execute(_self: Any, _batch: Any, rows: Rows, _options: Any) -> Outcome:
        for row in WAYS[way](rows):
            row.set_status("matches")
        return Outcome("Done.")

    catalogue = handled(harness, execute=execute)
    batch_id = catalogue.executed(FILE, shelf="A")
    assert catalogue.statuses(batch_id) == ["matches"] * 4
    assert catalogue.batch(batch_id).status_counts == {"matches": 4}


def test_a_row_is_one_row_in_all_scopes_and_knows_what_was_written_last(harness: BatchHarness) -> None:
    seen: list[Any] = []

    def refresh(_self: Any, _batch: Any, rows: Rows) -> None:
        first = next(iter(rows))
        first.remark = "set, and not written yet"
        rows.update(counted=5)
        again = next(iter(rows.narrowed(ShelfCountRow.sequence == first.sequence)))
        seen.append((again is first, again.counted, again.remark))

    catalogue = handled(harness, refresh=refresh)
    batch_id = catalogue.open(FILE, shelf="A")
    assert seen[0] == (True, 5, "set, and not written yet")
    assert catalogue.row(batch_id, 1).remark == "set, and not written yet"


@pytest.mark.parametrize("by", ["statement", "rows"])
def test_who_edits_what_a_refresh_changed_meanwhile_is_told(harness: BatchHarness, by: str) -> None:
    def refresh(self: Any, _batch: Any, rows: Rows) -> None:
        if self.context.actor == "eve":
            if by == "statement":
                rows.update(remark="by the refresh")
            for row in rows:
                row.remark = "by the refresh"

    catalogue = handled(harness, refresh=refresh)
    batch_id = catalogue.open(FILE, shelf="A")
    version = catalogue.row(batch_id, 1).version
    catalogue.by("eve").run(batch_id, Action.REFRESH)
    with pytest.raises(StaleEdit):
        catalogue.edit(batch_id, 1, version, remark="mine")
    assert catalogue.row(batch_id, 1).remark == "by the refresh"


def test_an_update_of_ones_own_makes_rows_newer_at_that_moment_in_any_time_zone(
    harness: BatchHarness, engine: Engine
) -> None:
    half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # In Berlin clocks show it twice that night.

    def refresh(self: Any, _batch: Any, rows: Rows) -> None:
        if self.context.actor == "eve":
            if engine.dialect.name == "postgresql":
                self.session.execute(text("SET LOCAL TIME ZONE 'Europe/Berlin'"))
            rows.now = half_past_two
            newer = rows.newer_where(ShelfCountRow.sequence == 2)
            self.session.execute(update(rows.table).where(rows.where).values(remark="checked", **newer))

    catalogue = handled(harness, refresh=refresh)
    batch_id = catalogue.open(FILE, shelf="A")
    first, second = catalogue.row(batch_id, 1), catalogue.row(batch_id, 2)
    catalogue.by("eve").run(batch_id, Action.REFRESH)
    assert (catalogue.row(batch_id, 1).version, catalogue.row(batch_id, 1).modified_at) == (
        first.version,
        first.modified_at,
    )
    newer = catalogue.row(batch_id, 2)
    assert (newer.version, newer.modified_at) == (second.version + 1, half_past_two)


def test_the_refresh_after_an_edit_is_prepared_like_any_other(harness: BatchHarness) -> None:
    def setup(handler: Any, _action: Action, _batch: Any) -> None:
        handler.words = {"7": "seven"}

    def refresh(self: Any, _batch: Any, rows: Rows) -> None:
        for row in rows:
            row.set_status("matches", self.words.get(str(row.counted)))

    catalogue = handled(harness, callbacks=Callbacks(setup=setup), refresh=refresh)
    batch_id = catalogue.open(FILE, shelf="A")
    catalogue.edit(batch_id, 2, counted="7")
    assert [row.status_text for row in catalogue.rows(batch_id)] == ["seven", "seven", None, None]


def test_a_refresh_that_fails_after_an_edit_is_a_sentence_and_leaves_nothing(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    before = harness.rows(batch_id), harness.operations(batch_id), harness.batch(batch_id).status_counts

    def refresh(_self: Any, _batch: Any, _rows: Rows) -> None:
        raise LookupError("no such shelf")

    with pytest.raises(Conflict, match=r"Nothing was changed, .* \(LookupError: no such shelf\)"):
        handled(harness, refresh=refresh).edit(batch_id, 2, counted="7")
    assert (
        harness.rows(batch_id),
        harness.operations(batch_id),
        harness.batch(batch_id).status_counts,
    ) == before
