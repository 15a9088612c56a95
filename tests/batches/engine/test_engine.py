from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.batches.harness import BatchHarness, on_hand, snapshot, stock
from tests.batches.shelf_count import COUNTS, CountStatus, Remembering

from batchbook.batches import Action, RowValues, State
from batchbook.batches.engine.actions import ACTIONS
from batchbook.batches.seal.parts import CHUNK_ROWS
from batchbook.db import Base
from batchbook.errors import Conflict, Missing

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


def test_populate_writes_the_rows_and_refreshes_them(harness: BatchHarness) -> None:
    batch_id = harness.create(FILE, shelf="A")
    assert harness.batch(batch_id).state == State.NEW
    result = harness.run(batch_id, Action.POPULATE)
    assert (result.message, result.failed) == (f"Batch {batch_id:08d} was populated with 5 rows.", False)
    rows = harness.rows(batch_id)
    assert [(r.sequence, r.item_code, r.counted, r.on_hand, r.status) for r in rows] == [
        (1, "007", 7, 7, "twice"),
        (2, "008", 9, 8, "differs"),
        (3, "009", None, 9, "uncounted"),
        (4, "010", 1, None, "unknown"),
        (5, "007", 5, 7, "twice"),
    ]
    assert [(r.removed, r.version, r.modified_at, r.looked_up) for r in rows] == [(False, 1, None, 1)] * 5
    assert rows[3].status_text == "No such item."
    batch = harness.batch(batch_id)
    assert (batch.state, batch.status, batch.row_count, batch.failure) == (State.OPEN, "wanting", 5, None)
    assert batch.refreshed_at is not None
    assert batch.status_counts == {"twice": 2, "differs": 1, "uncounted": 1, "unknown": 1}
    harness.assert_counted(batch_id)


def test_refresh_compares_with_the_data_of_now(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    before = harness.batch(batch_id)
    assert harness.run(batch_id, Action.REFRESH).message.endswith("was refreshed; no status changed.")
    stock(engine, ("010", 1))
    assert harness.run(batch_id, Action.REFRESH).message.endswith("was refreshed; statuses changed.")
    after = harness.batch(batch_id)
    assert harness.statuses(batch_id) == ["twice", "differs", "uncounted", "matches", "twice"]
    assert [row.looked_up for row in harness.rows(batch_id)] == [3] * 5
    assert [row.version for row in harness.rows(batch_id)] == [1] * 5
    assert after.refreshed_at is not None
    assert before.refreshed_at is not None
    assert after.refreshed_at > before.refreshed_at
    assert after.version == before.version + 2
    harness.assert_counted(batch_id)


def test_complete_and_reopen(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    harness.by("ann").run(batch_id, Action.COMPLETE)
    complete = harness.batch(batch_id)
    assert (complete.state, complete.completed_by) == (State.COMPLETE, "ann")
    assert complete.completed_at is not None
    harness.by("bob").run(batch_id, Action.REOPEN)
    opened = harness.batch(batch_id)
    assert (opened.state, opened.completed_by, opened.completed_at) == (State.OPEN, None, None)
    assert [(kind, actor) for kind, actor, _, _ in harness.operations(batch_id)] == [
        ("create", "staff"),
        ("populate", "staff"),
        ("complete", "ann"),
        ("reopen", "bob"),
    ]


def test_execute_applies_the_rows_and_freezes_the_batch(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    harness.run(batch_id, Action.COMPLETE)
    result = harness.by("admin").run(batch_id, Action.EXECUTE, sign="Zoë")
    assert result.message == f"Batch {batch_id:08d} was executed: 1 quantities set, signed by Zoë."
    assert on_hand(engine) == {"007": 7, "008": 9, "009": 9, "011": 11}
    batch = harness.batch(batch_id)
    assert (batch.state, batch.executed_by, batch.failure) == (State.EXECUTED, "admin", None)
    assert batch.execution_options == {"most": None, "sign": "Zoë"}
    assert batch.execution_outcome == {
        "summary": "1 quantities set, signed by Zoë.",
        "figures": {"changed": 1},
    }
    assert harness.operations(batch_id)[-1] == (
        "execute", "admin", "Executed: 1 quantities set, signed by Zoë.", 0,
    )  # fmt: skip


def test_an_executed_batch_refuses_every_action(
    engine: Engine, harness: BatchHarness, subtests: pytest.Subtests
) -> None:
    for action in ACTIONS:
        with subtests.test(str(action)):
            batch_id = harness.executed(FILE, shelf="A")
            before = snapshot(engine, Base.metadata, COUNTS)
            with pytest.raises(
                Conflict, match=r"was not \w.*\. It was executed by staff on .* UTC and is frozen"
            ):
                harness.run(batch_id, action)
            assert snapshot(engine, Base.metadata, COUNTS) == before


def test_an_action_that_the_state_does_not_allow_says_why(harness: BatchHarness) -> None:
    batch_id = harness.create(FILE, shelf="A")
    with pytest.raises(Conflict, match=r"was not executed. It has no rows yet: populate it first."):
        harness.run(batch_id, Action.EXECUTE)
    harness.run(batch_id, Action.POPULATE, Action.COMPLETE)
    with pytest.raises(Conflict, match=r"It is marked complete by staff on .*: reopen it to refresh it\."):
        harness.run(batch_id, Action.REFRESH)


def test_a_batch_that_is_not_there_is_missing(harness: BatchHarness, subtests: pytest.Subtests) -> None:
    for number in (0, -1, 4711, 2**31, 2**70):
        with subtests.test(str(number)), pytest.raises(Missing, match=f"There is no batch {number:08d}"):
            harness.run(number, Action.REFRESH)


# --- Bounded memory and progress -------------------------------------------------------------------------------------


def test_populate_is_consumed_a_chunk_at_a_time(
    engine: Engine, harness: BatchHarness, remembering: type[Remembering]
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
    harness.with_handler(remembering).run(harness.create(shelf="A"), Action.POPULATE, progress=progress)
    assert progress.heard == [
        ("populate", 3, 3),
        ("populate", 6, 6),
        ("populate", 9, 9),
        ("populate", 10, 10),
    ]


def test_progress_hears_of_every_chunk(harness: BatchHarness) -> None:
    progress = Steps()
    batch_id = harness.create(FILE, shelf="A")
    harness.run(batch_id, Action.POPULATE, progress=progress)
    assert progress.heard[1] == ("populate", 5, 5)
    assert progress.heard[0][1] <= 3
    assert [phase for phase, _, _ in progress.heard[2:]] == ["refresh", "refresh"]
    progress = Steps()
    harness.run(batch_id, Action.REFRESH, progress=progress)
    assert progress.heard == [("refresh", 3, 5), ("refresh", 5, 5)]


def test_statements_grow_with_chunks_only(
    engine: Engine, harness: BatchHarness, remembering: type[Remembering]
) -> None:
    """From 100 rows to 10,000: as many statements more as there are chunks more, and none for a row."""
    remembering.chunk_size = 1_000

    def statements(count: int, *actions: Action) -> dict[str, int]:
        catalogue = harness.with_handler(remembering)
        remembering.source = [{"item_code": f"{n:06}", "counted": n, "remark": "x"} for n in range(count)]
        batch_id, found = catalogue.create(shelf="A"), {}
        for action in actions:
            seen: list[str] = []

            def note(*args: Any, seen: list[str] = seen) -> None:
                seen.append(args[2])

            event.listen(engine, "before_cursor_execute", note)
            assert not catalogue.run(batch_id, action).failed
            event.remove(engine, "before_cursor_execute", note)
            found[str(action)] = len(seen)
        catalogue.assert_counted(batch_id)
        return found

    actions = (Action.POPULATE, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)
    few, many = statements(100, *actions), statements(10_000, *actions)
    per_chunk = (
        3 if engine.dialect.name == "sqlite" else 6
    )  # Rows, their products, doubles; the staged update.
    assert many["populate"] - few["populate"] <= 9 * per_chunk
    assert many["refresh"] - few["refresh"] <= 9 * per_chunk
    assert few["populate"] < 40
    assert many["complete"] == few["complete"]
    # The seal reads the rows in chunks, and has to look for one more after the last full one.
    assert many["execute"] - few["execute"] == 10_000 // CHUNK_ROWS


def test_removed_rows_are_neither_refreshed_nor_executed(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    harness.remove(batch_id, 2)
    looked_up = harness.row(batch_id, 2).looked_up
    harness.run(batch_id, Action.REFRESH)
    assert harness.row(batch_id, 2).looked_up == looked_up
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert on_hand(engine)["008"] == 8


def test_a_batch_without_rows_is_not_executed(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open("item,counted,remark\n007,7,\n", shelf="A")
    harness.remove(batch_id, 1)
    assert (harness.batch(batch_id).kept_count, harness.batch(batch_id).status_counts) == (0, {})
    with pytest.raises(Conflict, match=r"was not marked complete. It has no rows to execute."):
        harness.run(batch_id, Action.COMPLETE)
    assert harness.batch(batch_id).state == State.OPEN


def test_values_come_through_populate_unharmed(harness: BatchHarness, remembering: type[Remembering]) -> None:
    remembering.source = [
        {
            "item_code": "1",
            "remark": "tab\there, \\N, “quotes”, 🦜\nsecond line",
            "status": CountStatus.MATCHES,
        },
        {"issues": [{"field": "counted", "code": "x", "severity": "error", "message": "'\"\\", "raw": None}]},
    ]
    catalogue = harness.with_handler(remembering)
    batch_id = catalogue.create(shelf="A")
    catalogue.run(batch_id, Action.POPULATE)
    first, second = catalogue.rows(batch_id)
    assert first.remark == "tab\there, \\N, “quotes”, 🦜\nsecond line"
    assert (second.item_code, second.looked_up, second.remark) == ("", 1, None)
    assert second.issues[0]["message"] == "'\"\\"
