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


def breaking(workshop: BatchHarness, where: str, error: Exception | None = None) -> BatchHarness:
    parts: dict[str, Any] = {"breaks": where, "calls": []}
    return workshop.with_handler(type("B", (Breaking,), parts | ({"error": error} if error else {})))


def brought_to(workshop: BatchHarness, action: Action) -> int:
    """Return a batch that ``action`` can be done with."""
    batch_id = workshop.create(shelf="A")
    if action != Action.POPULATE:
        breaking(workshop, "").run(batch_id, Action.POPULATE)
    if action == Action.EXECUTE:
        workshop.run(batch_id, Action.COMPLETE)
    return batch_id


def database_error(self: Breaking, where: str) -> None:
    if self.breaks == where:
        self.session.execute(text("SELECT * FROM no_such_table"))


FAILING = [Action.POPULATE, Action.REFRESH, Action.COMPLETE, Action.EXECUTE]


@pytest.mark.parametrize("action", FAILING)
def test_a_failure_leaves_all_as_it_was_but_the_reason(
    engine: Engine, workshop: BatchHarness, action: Action
) -> None:
    batch_id = brought_to(workshop, action)
    before, rows, hands = workshop.batch(batch_id), workshop.rows(batch_id), on_hand(engine)
    history = workshop.operations(batch_id)
    result = breaking(workshop, action).by("eve").run(batch_id, action)
    assert result.failed
    assert "because its handler failed (ZeroDivisionError: three by zero)" in result.message
    assert "Everything is as it was before." in result.message
    after = workshop.batch(batch_id)
    reason = f"{action.capitalize()} failed: ZeroDivisionError: three by zero"
    assert (after.state, after.failure, after.notes) == (before.state, reason, None)
    assert workshop.rows(batch_id) == rows
    assert on_hand(engine) == hands
    assert (after.status_counts, after.executed_at, after.version) == (
        before.status_counts, None, before.version + 1,
    )  # fmt: skip
    assert workshop.operations(batch_id) == [*history, ("failure", "eve", reason, 0)]


def test_a_reason_that_no_database_stores_is_kept_as_far_as_it_can_be(
    workshop: BatchHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "batchbook")  # Workers of the tests could not send the log either.
    batch_id = brought_to(workshop, Action.POPULATE)
    error = ValueError("a file called \udcff\0")
    assert breaking(workshop, "populate", error).run(batch_id, Action.POPULATE).failed
    assert workshop.batch(batch_id).failure == "Populate failed: ValueError: a file called ��"


@pytest.mark.parametrize("action", FAILING)
def test_it_can_be_tried_again_and_the_reason_goes(workshop: BatchHarness, action: Action) -> None:
    batch_id = brought_to(workshop, action)
    breaking(workshop, action).run(batch_id, action)
    assert not breaking(workshop, "").run(batch_id, action).failed
    assert workshop.batch(batch_id).failure is None


@pytest.mark.parametrize("action", [Action.POPULATE, Action.REFRESH, Action.EXECUTE])
def test_an_error_of_the_database_is_a_failure_like_any_other(
    engine: Engine, workshop: BatchHarness, action: Action
) -> None:
    batch_id = brought_to(workshop, action)
    state, rows, hands = workshop.batch(batch_id).state, workshop.rows(batch_id), on_hand(engine)
    handler = type("B", (Breaking,), {"breaks": action, "calls": [], "fail": database_error})
    assert workshop.with_handler(handler).run(batch_id, action).failed
    assert workshop.batch(batch_id).state == state
    assert "no_such_table" in (workshop.batch(batch_id).failure or "")
    assert workshop.rows(batch_id) == rows
    assert on_hand(engine) == hands


def test_the_reason_keeps_the_statement_to_itself(workshop: BatchHarness) -> None:
    batch_id = brought_to(workshop, Action.EXECUTE)
    handler = type("B", (Breaking,), {"breaks": "execute", "calls": [], "fail": database_error})
    message = workshop.with_handler(handler).run(batch_id, Action.EXECUTE).message
    assert "no_such_table" in message
    assert "SELECT" not in message + (workshop.batch(batch_id).failure or "")


def test_teardown_can_use_the_database_after_its_error(workshop: BatchHarness) -> None:
    asked: list[Any] = []
    batch_id = brought_to(workshop, Action.EXECUTE)
    parts = {
        "breaks": "execute",
        "calls": [],
        "fail": database_error,
        "callbacks": Callbacks(
            teardown=lambda handler, _action, _batch: asked.append(handler.session.scalar(text("SELECT 1")))
        ),
    }
    assert workshop.with_handler(type("B", (Breaking,), parts)).run(batch_id, Action.EXECUTE).failed
    assert asked == [1]


def test_an_error_in_teardown_does_not_hide_the_first(workshop: BatchHarness) -> None:
    def stumble(_handler: Any, _action: Action, _batch: ShelfCount) -> None:
        raise LookupError("teardown stumbled")

    batch_id = brought_to(workshop, Action.EXECUTE)
    handler = type(
        "B", (Breaking,), {"breaks": "execute", "calls": [], "callbacks": Callbacks(teardown=stumble)}
    )
    assert "three by zero" in workshop.with_handler(handler).run(batch_id, Action.EXECUTE).message


def test_what_passes_by_itself_is_no_failure_of_the_handler(workshop: BatchHarness) -> None:
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = 5
    batch_id = brought_to(workshop, Action.EXECUTE)
    for error in (busy, psycopg.errors.DeadlockDetected("deadlock detected")):
        with pytest.raises(type(error)):
            breaking(workshop, "execute", error).run(batch_id, Action.EXECUTE)
        assert workshop.batch(batch_id).failure is None
        assert workshop.batch(batch_id).state == "complete"


@pytest.mark.parametrize("action", FAILING)
def test_a_refusal_leaves_nothing_at_all(engine: Engine, workshop: BatchHarness, action: Action) -> None:
    error = BadInput("No.") if action is Action.POPULATE else Conflict("Not now.")
    batch_id = brought_to(workshop, action)
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(type(error)):
        breaking(workshop, action, error).run(batch_id, action)
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_a_refusal_that_is_caught_leaves_nothing_either(engine: Engine, workshop: BatchHarness) -> None:
    """The engine undoes its own part, even where the caller goes on with the transaction."""
    batch_id = brought_to(workshop, Action.EXECUTE)
    before = snapshot(engine, Base.metadata, COUNTS)
    with breaking(workshop, "execute", Conflict("No.")).engine() as at_work, pytest.raises(Conflict):
        at_work.run(batch_id, Action.EXECUTE)
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_a_row_with_columns_that_are_not_there_is_a_failure(workshop: BatchHarness) -> None:
    handler = type("B", (Remembering,), {"calls": [], "source": [{"item_code": "1"}, {"colour": "red"}]})
    batch_id = workshop.create(shelf="A")
    result = workshop.with_handler(handler).run(batch_id, Action.POPULATE)
    assert result.failed
    assert "columns that its table does not have: colour" in result.message
    assert workshop.rows(batch_id) == []


@pytest.mark.parametrize("action", [Action.POPULATE, Action.REFRESH, Action.EXECUTE])
@pytest.mark.parametrize("breaks", [True, False], ids=["failing", "succeeding"])
def test_setup_and_teardown_are_called_once_whatever_happens(
    workshop: BatchHarness, action: Action, breaks: bool
) -> None:
    batch_id = brought_to(workshop, action)
    shop = breaking(workshop, action if breaks else "")
    assert shop.run(batch_id, action).failed == breaks
    assert shop.batch_type.handler.calls == [f"setup {action}", f"teardown {action}"]  # type: ignore[attr-defined]


# --- Cancelling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "after"), [(Action.POPULATE, 1), (Action.POPULATE, 3), (Action.REFRESH, 1)]
)
def test_progress_that_raises_cancels_and_undoes(workshop: BatchHarness, action: Action, after: int) -> None:
    batch_id = brought_to(workshop, action)
    state, rows = workshop.batch(batch_id).state, workshop.rows(batch_id)
    shop = breaking(workshop, "")
    result = shop.run(batch_id, action, progress=StopAfter(after, Cancelled("Cancelled by ann.")))
    assert result.failed
    batch = workshop.batch(batch_id)
    assert (batch.state, batch.failure) == (
        state,
        f"{action.capitalize()} failed: Cancelled: Cancelled by ann.",
    )
    assert workshop.rows(batch_id) == rows
    assert shop.batch_type.handler.calls[-1] == f"teardown {action}"  # type: ignore[attr-defined]


def test_progress_may_refuse_without_a_trace(engine: Engine, workshop: BatchHarness) -> None:
    batch_id = workshop.create(FILE, shelf="A")
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Conflict):
        workshop.run(batch_id, Action.POPULATE, progress=StopAfter(1, Conflict("Stopped.")))
    assert snapshot(engine, Base.metadata, COUNTS) == before
