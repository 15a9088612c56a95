from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from batchbook.batches import Action, Outcome, Rows, RowValues, State
from batchbook.batches.steps import STEPS
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict, Missing

from .shelf_count import COUNTS, CountStatus, Remembering, ShelfCount
from .workshop import Workshop, on_hand, snapshot, stock

FILE = "item,counted,remark\n007,7,\n008,9,\n009,,look\n010,1,\n007,5,\n"


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("011", 11))


class Steps:
    """Progress that notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, int | None]] = []

    def report(self, phase: str, done: int, total: int | None) -> None:
        self.heard.append((phase, done, total))


class Cancelled(Exception):  # noqa: N818 - It is no error of anybody.
    """Somebody asked for the action to stop."""


class StopAfter(Steps):
    """Progress that stops the action when it has heard enough."""

    def __init__(self, count: int, error: Exception) -> None:
        super().__init__()
        self.count, self.error = count, error

    def report(self, phase: str, done: int, total: int | None) -> None:
        super().report(phase, done, total)
        if len(self.heard) == self.count:
            raise self.error


def test_populate_writes_the_rows_and_refreshes_them(workshop: Workshop) -> None:
    batch_id = workshop.create(FILE, shelf="A")
    assert workshop.batch(batch_id).state == State.NEW
    result = workshop.run(batch_id, Action.POPULATE)
    assert (result.message, result.failed) == (f"Batch {batch_id:08d} was populated with 5 rows.", False)
    rows = workshop.rows(batch_id)
    assert [(r.sequence, r.item_code, r.counted, r.on_hand, r.status) for r in rows] == [
        (1, "007", 7, 7, "twice"),
        (2, "008", 9, 8, "differs"),
        (3, "009", None, 9, "uncounted"),
        (4, "010", 1, None, "unknown"),
        (5, "007", 5, 7, "twice"),
    ]
    assert [(r.removed, r.version, r.modified_at, r.looked_up) for r in rows] == [(False, 1, None, 1)] * 5
    assert rows[3].status_text == "No such item."
    batch = workshop.batch(batch_id)
    assert (batch.state, batch.status, batch.row_count, batch.failure) == (State.OPEN, "wanting", 5, None)
    assert batch.refreshed_at is not None
    assert batch.status_counts == {"twice": 2, "differs": 1, "uncounted": 1, "unknown": 1}
    workshop.assert_counted(batch_id)


def test_refresh_compares_with_the_data_of_now(engine: Engine, workshop: Workshop) -> None:
    batch_id = workshop.open(FILE, shelf="A")
    before = workshop.batch(batch_id)
    assert workshop.run(batch_id, Action.REFRESH).message.endswith("was refreshed; no status changed.")
    stock(engine, ("010", 1))
    assert workshop.run(batch_id, Action.REFRESH).message.endswith("was refreshed; statuses changed.")
    after = workshop.batch(batch_id)
    assert workshop.statuses(batch_id) == ["twice", "differs", "uncounted", "matches", "twice"]
    assert [row.looked_up for row in workshop.rows(batch_id)] == [3] * 5
    assert [row.version for row in workshop.rows(batch_id)] == [1] * 5
    assert after.refreshed_at is not None
    assert before.refreshed_at is not None
    assert after.refreshed_at > before.refreshed_at
    assert after.version == before.version + 2
    workshop.assert_counted(batch_id)


def test_complete_and_reopen(workshop: Workshop) -> None:
    batch_id = workshop.open(FILE, shelf="A")
    workshop.by("ann").run(batch_id, Action.COMPLETE)
    complete = workshop.batch(batch_id)
    assert (complete.state, complete.completed_by) == (State.COMPLETE, "ann")
    assert complete.completed_at is not None
    workshop.by("bob").run(batch_id, Action.REOPEN)
    opened = workshop.batch(batch_id)
    assert (opened.state, opened.completed_by, opened.completed_at) == (State.OPEN, None, None)
    assert [(kind, actor) for kind, actor, _, _ in workshop.operations(batch_id)] == [
        ("create", "staff"),
        ("populate", "staff"),
        ("complete", "ann"),
        ("reopen", "bob"),
    ]


def test_execute_applies_the_rows_and_freezes_the_batch(engine: Engine, workshop: Workshop) -> None:
    batch_id = workshop.open(FILE, shelf="A")
    workshop.run(batch_id, Action.COMPLETE)
    result = workshop.by("admin").run(batch_id, Action.EXECUTE, sign="Zoë")
    assert result.message == f"Batch {batch_id:08d} was executed: 1 quantities set, signed by Zoë."
    assert on_hand(engine) == {"007": 7, "008": 9, "009": 9, "011": 11}
    batch = workshop.batch(batch_id)
    assert (batch.state, batch.executed_by, batch.failure) == (State.EXECUTED, "admin", None)
    assert batch.execution_options == {"most": None, "sign": "Zoë"}
    assert batch.execution_outcome == {
        "summary": "1 quantities set, signed by Zoë.",
        "figures": {"changed": 1},
    }
    assert workshop.operations(batch_id)[-1] == (
        "execute", "admin", "Executed: 1 quantities set, signed by Zoë.", 0,
    )  # fmt: skip


def test_an_executed_batch_refuses_every_action(
    engine: Engine, workshop: Workshop, subtests: pytest.Subtests
) -> None:
    for action in STEPS:
        with subtests.test(str(action)):
            batch_id = workshop.executed(FILE, shelf="A")
            before = snapshot(engine, Base.metadata, COUNTS)
            with pytest.raises(
                Conflict, match=r"was not \w.*\. It was executed by staff on .* UTC and is frozen"
            ):
                workshop.run(batch_id, action)
            assert snapshot(engine, Base.metadata, COUNTS) == before


def test_an_action_that_the_state_does_not_allow_says_why(workshop: Workshop) -> None:
    batch_id = workshop.create(FILE, shelf="A")
    with pytest.raises(Conflict, match=r"was not executed. It has no rows yet: populate it first."):
        workshop.run(batch_id, Action.EXECUTE)
    workshop.run(batch_id, Action.POPULATE, Action.COMPLETE)
    with pytest.raises(Conflict, match=r"It is marked complete by staff on .*: reopen it to refresh it\."):
        workshop.run(batch_id, Action.REFRESH)


def test_a_batch_that_is_not_there_is_missing(workshop: Workshop, subtests: pytest.Subtests) -> None:
    for number in (0, -1, 4711, 2**31, 2**70):
        with subtests.test(str(number)), pytest.raises(Missing, match=f"There is no batch {number:08d}"):
            workshop.run(number, Action.REFRESH)


# --- Failures --------------------------------------------------------------------------------------------------------


class Breaking(Remembering):
    """Fails in the middle of what ``breaks`` names, after it has written."""

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

    def on_complete(self, batch: ShelfCount) -> None:
        batch.notes = "touched"
        self.fail("complete")

    def fail(self, where: str) -> None:
        if self.breaks == where:
            raise self.error


def breaking(workshop: Workshop, where: str, error: Exception | None = None) -> Workshop:
    parts: dict[str, Any] = {"breaks": where, "calls": []}
    return workshop.with_handler(type("B", (Breaking,), parts | ({"error": error} if error else {})))


def brought_to(workshop: Workshop, action: Action) -> int:
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
    engine: Engine, workshop: Workshop, action: Action
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


@pytest.mark.parametrize("action", FAILING)
def test_it_can_be_tried_again_and_the_reason_goes(workshop: Workshop, action: Action) -> None:
    batch_id = brought_to(workshop, action)
    breaking(workshop, action).run(batch_id, action)
    assert not breaking(workshop, "").run(batch_id, action).failed
    assert workshop.batch(batch_id).failure is None


@pytest.mark.parametrize("action", [Action.POPULATE, Action.REFRESH, Action.EXECUTE])
def test_an_error_of_the_database_is_a_failure_like_any_other(
    engine: Engine, workshop: Workshop, action: Action
) -> None:
    batch_id = brought_to(workshop, action)
    state, rows, hands = workshop.batch(batch_id).state, workshop.rows(batch_id), on_hand(engine)
    handler = type("B", (Breaking,), {"breaks": action, "calls": [], "fail": database_error})
    assert workshop.with_handler(handler).run(batch_id, action).failed
    assert workshop.batch(batch_id).state == state
    assert "no_such_table" in (workshop.batch(batch_id).failure or "")
    assert workshop.rows(batch_id) == rows
    assert on_hand(engine) == hands


@pytest.mark.parametrize("action", FAILING)
def test_a_refusal_leaves_nothing_at_all(engine: Engine, workshop: Workshop, action: Action) -> None:
    error = BadInput("No.") if action is Action.POPULATE else Conflict("Not now.")
    batch_id = brought_to(workshop, action)
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(type(error)):
        breaking(workshop, action, error).run(batch_id, action)
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_a_refusal_that_is_caught_leaves_nothing_either(engine: Engine, workshop: Workshop) -> None:
    """The engine undoes its own part, even where the caller goes on with the transaction."""
    batch_id = brought_to(workshop, Action.EXECUTE)
    before = snapshot(engine, Base.metadata, COUNTS)
    with breaking(workshop, "execute", Conflict("No.")).engine() as at_work, pytest.raises(Conflict):
        at_work.run(batch_id, Action.EXECUTE)
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_a_row_with_columns_that_are_not_there_is_a_failure(workshop: Workshop) -> None:
    handler = type("B", (Remembering,), {"calls": [], "source": [{"item_code": "1"}, {"colour": "red"}]})
    batch_id = workshop.create(shelf="A")
    result = workshop.with_handler(handler).run(batch_id, Action.POPULATE)
    assert result.failed
    assert "columns that its table does not have: colour" in result.message
    assert workshop.rows(batch_id) == []


@pytest.mark.parametrize("action", [Action.POPULATE, Action.REFRESH, Action.EXECUTE])
@pytest.mark.parametrize("breaks", [True, False], ids=["failing", "succeeding"])
def test_setup_and_teardown_are_called_once_whatever_happens(
    workshop: Workshop, action: Action, breaks: bool
) -> None:
    batch_id = brought_to(workshop, action)
    shop = breaking(workshop, action if breaks else "")
    assert shop.run(batch_id, action).failed == breaks
    assert shop.batch_type.handler.calls == [f"setup {action}", f"teardown {action}"]  # type: ignore[attr-defined]


# --- Bounded memory, progress and cancelling -------------------------------------------------------------------------


def test_populate_is_consumed_a_chunk_at_a_time(
    engine: Engine, workshop: Workshop, remembering: type[Remembering]
) -> None:
    taken = 0

    class Source:
        def __iter__(self) -> Iterator[RowValues]:
            nonlocal taken
            for number in range(10):
                taken += 1
                yield {"item_code": f"{number:03}"}

    class Progress(Steps):
        def report(self, phase: str, done: int, total: int | None) -> None:
            if phase == "populate":
                self.heard.append((phase, done, taken))

    remembering.source = Source()  # type: ignore[assignment]
    progress = Progress()
    workshop.with_handler(remembering).run(workshop.create(shelf="A"), Action.POPULATE, progress=progress)
    assert progress.heard == [
        ("populate", 3, 3),
        ("populate", 6, 6),
        ("populate", 9, 9),
        ("populate", 10, 10),
    ]


def test_progress_hears_of_every_chunk(workshop: Workshop) -> None:
    progress = Steps()
    batch_id = workshop.create(FILE, shelf="A")
    workshop.run(batch_id, Action.POPULATE, progress=progress)
    assert progress.heard[:2] == [("populate", 3, None), ("populate", 5, None)]
    assert [phase for phase, _, _ in progress.heard[2:]] == ["refresh", "refresh"]
    progress = Steps()
    workshop.run(batch_id, Action.REFRESH, progress=progress)
    assert progress.heard == [("refresh", 3, 5), ("refresh", 5, 5)]


@pytest.mark.parametrize(
    ("action", "after"), [(Action.POPULATE, 1), (Action.POPULATE, 3), (Action.REFRESH, 1)]
)
def test_progress_that_raises_cancels_and_undoes(workshop: Workshop, action: Action, after: int) -> None:
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


def test_progress_may_refuse_without_a_trace(engine: Engine, workshop: Workshop) -> None:
    batch_id = workshop.create(FILE, shelf="A")
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Conflict):
        workshop.run(batch_id, Action.POPULATE, progress=StopAfter(1, Conflict("Stopped.")))
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_statements_grow_with_chunks_only(
    engine: Engine, workshop: Workshop, remembering: type[Remembering]
) -> None:
    """From 100 rows to 10,000: as many statements more as there are chunks more, and none for a row."""
    remembering.chunk_size = 1_000

    def statements(count: int, *actions: Action) -> dict[str, int]:
        shop = workshop.with_handler(remembering)
        remembering.source = [{"item_code": f"{n:06}", "counted": n, "remark": "x"} for n in range(count)]
        batch_id, found = shop.create(shelf="A"), {}
        for action in actions:
            seen: list[str] = []

            def note(*args: Any, seen: list[str] = seen) -> None:
                seen.append(args[2])

            event.listen(engine, "before_cursor_execute", note)
            assert not shop.run(batch_id, action).failed
            event.remove(engine, "before_cursor_execute", note)
            found[str(action)] = len(seen)
        shop.assert_counted(batch_id)
        return found

    actions = (Action.POPULATE, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)
    few, many = statements(100, *actions), statements(10_000, *actions)
    per_chunk = (
        3 if engine.dialect.name == "sqlite" else 6
    )  # Rows, their products, doubles; the staged update.
    assert many["populate"] - few["populate"] <= 9 * per_chunk
    assert many["refresh"] - few["refresh"] <= 9 * per_chunk
    assert few["populate"] < 40
    assert (many["complete"], many["execute"]) == (few["complete"], few["execute"])


def test_removed_rows_are_neither_refreshed_nor_executed(engine: Engine, workshop: Workshop) -> None:
    batch_id = workshop.open(FILE, shelf="A")
    workshop.remove(batch_id, 2)
    looked_up = workshop.row(batch_id, 2).looked_up
    workshop.run(batch_id, Action.REFRESH)
    assert workshop.row(batch_id, 2).looked_up == looked_up
    workshop.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert on_hand(engine)["008"] == 8


def test_a_batch_without_rows_is_not_executed(engine: Engine, workshop: Workshop) -> None:
    batch_id = workshop.open("item,counted,remark\n", shelf="A")
    assert (workshop.batch(batch_id).row_count, workshop.batch(batch_id).status_counts) == (0, {})
    workshop.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict, match=r"was not executed. It has no rows to execute."):
        workshop.run(batch_id, Action.EXECUTE)
    assert workshop.batch(batch_id).state == State.COMPLETE


def test_values_come_through_populate_unharmed(workshop: Workshop, remembering: type[Remembering]) -> None:
    remembering.source = [
        {
            "item_code": "1",
            "remark": "tab\there, \\N, “quotes”, 🦜\nsecond line",
            "status": CountStatus.MATCHES,
        },
        {"issues": [{"field": "counted", "code": "x", "severity": "error", "message": "'\"\\", "raw": None}]},
    ]
    shop = workshop.with_handler(remembering)
    batch_id = shop.create(shelf="A")
    shop.run(batch_id, Action.POPULATE)
    first, second = shop.rows(batch_id)
    assert first.remark == "tab\there, \\N, “quotes”, 🦜\nsecond line"
    assert (second.item_code, second.looked_up, second.remark) == ("", 1, None)
    assert second.issues[0]["message"] == "'\"\\"
