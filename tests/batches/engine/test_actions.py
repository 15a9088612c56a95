from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from tests.batches.harness import BatchHarness, on_hand, snapshot, stock
from tests.batches.shelf_count import COUNTS, Remembering, ShelfCount

from batchbook.batches import Action, Callbacks, Outcome, Rows, RowValues
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict

FILE = "item,counted,remark\n007,7,\n008,9,\n009,,look\n010,1,\n007,5,\n"


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("011", 11))


class Cancelled(Exception):  # noqa: N818 - It is no error of anybody.
    """Somebody asked for the action to stop."""


class StopAfter:
    """Progress that stops the action when it has heard of so many chunks."""

    def __init__(self, count: int, error: Exception) -> None:
        self.count, self.error = count, error

    def report(self, phase: str, done: int, total: int | None) -> None:
        self.count -= 1
        if not self.count:
            raise self.error


def _on_complete(handler: Breaking, batch: ShelfCount) -> None:
    batch.notes = "touched"
    handler.fail("complete")


class Breaking(Remembering):
    """Fails in the middle of what ``breaks`` names, after it has written."""

    callbacks = replace(Remembering.callbacks, on_complete=_on_complete)
    breaks = ""
    error: Exception = ZeroDivisionError("three by zero")

    def populate(self, batch: ShelfCount) -> Iterator[RowValues]:
        yield from ({"item_code": f"{n:03}", "counted": n} for n in range(7))
        self.fail("populate")

    def refresh(self, batch: ShelfCount, rows: Rows) -> None:
        super().refresh(batch, rows)
        rows.update(remark="touched")
        if any(row.sequence > 3 for row in rows):
            self.fail("refresh")

    def execute(self, batch: ShelfCount, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        outcome = super().execute(batch, rows, options)
        rows.update(remark="done")
        self.fail("execute")
        return outcome

    def fail(self, where: str) -> None:
        if self.breaks == where:
            raise self.error


def breaking(harness: BatchHarness, where: str, error: Exception | None = None) -> BatchHarness:
    parts: dict[str, Any] = {"breaks": where, "calls": []}
    return harness.with_handler(type("B", (Breaking,), parts | ({"error": error} if error else {})))


def brought_to(harness: BatchHarness, action: Action) -> int:
    """Return a batch that ``action`` can be done with."""
    batch_id = harness.create(shelf="A")
    if action != Action.POPULATE:
        breaking(harness, "").run(batch_id, Action.POPULATE)
    if action == Action.EXECUTE:
        harness.run(batch_id, Action.COMPLETE)
    return batch_id


def database_error(self: Breaking, where: str) -> None:
    if self.breaks == where:
        self.session.execute(text("SELECT * FROM no_such_table"))


FAILING = [Action.POPULATE, Action.REFRESH, Action.COMPLETE, Action.EXECUTE]


@pytest.mark.parametrize("action", FAILING)
def test_a_failure_leaves_all_as_it_was_but_the_reason(
    engine: Engine, harness: BatchHarness, action: Action
) -> None:
    batch_id = brought_to(harness, action)
    before, rows, hands = harness.batch(batch_id), harness.rows(batch_id), on_hand(engine)
    history = harness.operations(batch_id)
    result = breaking(harness, action).by("eve").run(batch_id, action)
    assert result.failed
    assert "because its handler failed (ZeroDivisionError: three by zero)" in result.message
    assert "Everything is as it was before." in result.message
    after = harness.batch(batch_id)
    reason = f"{action.capitalize()} failed: ZeroDivisionError: three by zero"
    assert (after.state, after.failure, after.notes) == (before.state, reason, None)
    assert harness.rows(batch_id) == rows
    assert on_hand(engine) == hands
    assert (after.status_counts, after.executed_at, after.version) == (
        before.status_counts, None, before.version + 1,
    )  # fmt: skip
    assert harness.operations(batch_id) == [*history, ("failure", "eve", reason, 0)]


def test_a_reason_that_no_database_stores_is_kept_as_far_as_it_can_be(
    harness: BatchHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "batchbook")  # Workers of the tests could not send the log either.
    batch_id = brought_to(harness, Action.POPULATE)
    error = ValueError("a file called \udcff\0")
    assert breaking(harness, "populate", error).run(batch_id, Action.POPULATE).failed
    assert harness.batch(batch_id).failure == "Populate failed: ValueError: a file called ��"


@pytest.mark.parametrize("action", FAILING)
def test_it_can_be_tried_again_and_the_reason_goes(harness: BatchHarness, action: Action) -> None:
    batch_id = brought_to(harness, action)
    breaking(harness, action).run(batch_id, action)
    assert not breaking(harness, "").run(batch_id, action).failed
    assert harness.batch(batch_id).failure is None


@pytest.mark.parametrize("action", [Action.POPULATE, Action.REFRESH, Action.EXECUTE])
def test_an_error_of_the_database_is_a_failure_like_any_other(
    engine: Engine, harness: BatchHarness, action: Action
) -> None:
    batch_id = brought_to(harness, action)
    state, rows, hands = harness.batch(batch_id).state, harness.rows(batch_id), on_hand(engine)
    handler = type("B", (Breaking,), {"breaks": action, "calls": [], "fail": database_error})
    assert harness.with_handler(handler).run(batch_id, action).failed
    assert harness.batch(batch_id).state == state
    failure = harness.batch(batch_id).failure or ""
    assert "the log has the details" in failure
    assert "no_such_table" not in failure
    assert harness.rows(batch_id) == rows
    assert on_hand(engine) == hands


def test_the_reason_keeps_the_statement_to_itself(harness: BatchHarness) -> None:
    batch_id = brought_to(harness, Action.EXECUTE)
    handler = type("B", (Breaking,), {"breaks": "execute", "calls": [], "fail": database_error})
    message = harness.with_handler(handler).run(batch_id, Action.EXECUTE).message
    assert "the log has the details" in message
    assert "no_such_table" not in message
    assert "SELECT" not in message + (harness.batch(batch_id).failure or "")


def test_teardown_can_use_the_database_after_its_error(harness: BatchHarness) -> None:
    asked: list[Any] = []
    batch_id = brought_to(harness, Action.EXECUTE)
    parts = {
        "breaks": "execute",
        "calls": [],
        "fail": database_error,
        "callbacks": Callbacks(
            teardown=lambda handler, _action, _batch: asked.append(handler.session.scalar(text("SELECT 1")))
        ),
    }
    assert harness.with_handler(type("B", (Breaking,), parts)).run(batch_id, Action.EXECUTE).failed
    assert asked == [1]


def test_an_error_in_teardown_does_not_hide_the_first(harness: BatchHarness) -> None:
    def stumble(_handler: Any, _action: Action, _batch: ShelfCount) -> None:
        raise LookupError("teardown stumbled")

    batch_id = brought_to(harness, Action.EXECUTE)
    handler = type(
        "B", (Breaking,), {"breaks": "execute", "calls": [], "callbacks": Callbacks(teardown=stumble)}
    )
    assert "three by zero" in harness.with_handler(handler).run(batch_id, Action.EXECUTE).message


def test_what_passes_by_itself_is_no_failure_of_the_handler(harness: BatchHarness) -> None:
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = 5
    batch_id = brought_to(harness, Action.EXECUTE)
    for error in (busy, psycopg.errors.DeadlockDetected("deadlock detected")):
        with pytest.raises(type(error)):
            breaking(harness, "execute", error).run(batch_id, Action.EXECUTE)
        assert harness.batch(batch_id).failure is None
        assert harness.batch(batch_id).state == "complete"


@pytest.mark.parametrize("action", FAILING)
def test_a_refusal_leaves_nothing_at_all(engine: Engine, harness: BatchHarness, action: Action) -> None:
    error = BadInput("No.") if action is Action.POPULATE else Conflict("Not now.")
    batch_id = brought_to(harness, action)
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(type(error)):
        breaking(harness, action, error).run(batch_id, action)
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_a_refusal_that_is_caught_leaves_nothing_either(engine: Engine, harness: BatchHarness) -> None:
    """The engine undoes its own part, even where the caller goes on with the transaction."""
    batch_id = brought_to(harness, Action.EXECUTE)
    before = snapshot(engine, Base.metadata, COUNTS)
    with breaking(harness, "execute", Conflict("No.")).engine() as at_work, pytest.raises(Conflict):
        at_work.run(batch_id, Action.EXECUTE)
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_a_row_with_columns_that_are_not_there_is_a_failure(harness: BatchHarness) -> None:
    handler = type("B", (Remembering,), {"calls": [], "source": [{"item_code": "1"}, {"colour": "red"}]})
    batch_id = harness.create(shelf="A")
    result = harness.with_handler(handler).run(batch_id, Action.POPULATE)
    assert result.failed
    assert "columns that its table does not have: colour" in result.message
    assert harness.rows(batch_id) == []


@pytest.mark.parametrize("action", [Action.POPULATE, Action.REFRESH, Action.EXECUTE])
@pytest.mark.parametrize("breaks", [True, False], ids=["failing", "succeeding"])
def test_setup_and_teardown_are_called_once_whatever_happens(
    harness: BatchHarness, action: Action, breaks: bool
) -> None:
    batch_id = brought_to(harness, action)
    catalogue = breaking(harness, action if breaks else "")
    assert catalogue.run(batch_id, action).failed == breaks
    assert catalogue.batch_type.handler.calls == [f"setup {action}", f"teardown {action}"]  # type: ignore[attr-defined]


# --- Cancelling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "after"), [(Action.POPULATE, 1), (Action.POPULATE, 3), (Action.REFRESH, 1)]
)
def test_progress_that_raises_cancels_and_undoes(harness: BatchHarness, action: Action, after: int) -> None:
    batch_id = brought_to(harness, action)
    state, rows = harness.batch(batch_id).state, harness.rows(batch_id)
    catalogue = breaking(harness, "")
    result = catalogue.run(batch_id, action, progress=StopAfter(after, Cancelled("Cancelled by ann.")))
    assert result.failed
    batch = harness.batch(batch_id)
    assert (batch.state, batch.failure) == (
        state,
        f"{action.capitalize()} failed: Cancelled: Cancelled by ann.",
    )
    assert harness.rows(batch_id) == rows
    assert catalogue.batch_type.handler.calls[-1] == f"teardown {action}"  # type: ignore[attr-defined]


def test_progress_may_refuse_without_a_trace(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.create(FILE, shelf="A")
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Conflict):
        harness.run(batch_id, Action.POPULATE, progress=StopAfter(1, Conflict("Stopped.")))
    assert snapshot(engine, Base.metadata, COUNTS) == before
