"""What is wrong in a batch's cells, like problems together, and one correction for all that are wrong alike."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, update
from tests.batches.editing.undoing import redo, table, undo
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS

from batchbook.batches import Action, issue
from batchbook.batches.concurrency import Token
from batchbook.batches.editing import BulkEditResult, CellProblems
from batchbook.batches.editing import problems as module
from batchbook.batches.editing.problems import (
    Problem,
    Problems,
    SimilarCells,
    SimilarFixer,
    find_similar,
    problems_of,
)
from batchbook.batches.engine.refresh import problem_rows
from batchbook.db import Base
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict

ONE = pytest.mark.parametrize("backend", ["sqlite"])

FILE = "item,counted,remark\n007,lots,\n008,9,\n009,lots,\n010,some,\n011,lots,\n"
LOTS = SimilarCells("counted", "lots")


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))
    return harness.open(FILE, shelf="A")


def problems(harness: BatchHarness, batch_id: int) -> Problems:
    with harness.engine() as engine:
        return problems_of(engine.context_of(engine.find(batch_id)))


def counted_in_header(harness: BatchHarness, batch_id: int) -> int:
    with harness.engine() as engine:
        return problem_rows(engine.context_of(engine.find(batch_id)))


def fix(
    harness: BatchHarness, batch_id: int, alike: SimilarCells, text: str, seen: Token | None = None
) -> BulkEditResult:
    with harness.engine() as engine:
        return SimilarFixer(engine).fix(batch_id, alike, text, seen)


def seen_now(harness: BatchHarness, batch_id: int, alike: SimilarCells = LOTS) -> Token:
    with harness.engine() as engine:
        return find_similar(engine.context_of(engine.find(batch_id)), alike).selection.token


def told(group: Problem) -> tuple[Any, ...]:
    return group.field, group.code, group.text, group.severity, group.count, group.rows


def note(harness: BatchHarness, batch_id: int, sequence: int, *issues: Any) -> None:
    """Have the row's issues be these, as a handler's refresh might have noted them."""
    row = harness.batch_type.row
    where = (row.batch_id == batch_id, row.sequence == sequence)
    with transaction_scope(harness.database) as session:
        session.execute(update(row).where(*where).values(issues=list(issues)))


def test_like_problems_are_together_the_worst_and_most_frequent_first(
    harness: BatchHarness, batch_id: int
) -> None:
    doubt = issue("remark", "no-remark", "Say why.", module.Severity.WARNING, suggestions=["broken", "old"])
    note(harness, batch_id, 2, issue("item_code", "odd", "Is it?", module.Severity.INFO), doubt)
    found = problems(harness, batch_id)
    assert [told(group) for group in found.groups] == [
        ("counted", "not-a-whole-number", "lots", "error", 3, [1, 3, 5]),
        ("counted", "not-a-whole-number", "some", "error", 1, [4]),
        ("remark", "no-remark", "", "warning", 1, [2]),
        ("item_code", "odd", "008", "info", 1, [2]),
    ]
    assert found.groups[2].suggestions == ("broken", "old")
    assert (found.count, found.rows, found.others) == (6, 5, 0)
    assert found.codes == {"not-a-whole-number": 4, "no-remark": 1, "odd": 1}


def test_the_header_counts_rows_with_problems_whatever_happens_to_them(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    assert counted_in_header(harness, batch_id) == 4
    harness.edit(batch_id, 1, counted="7")
    assert counted_in_header(harness, batch_id) == 3
    harness.remove(batch_id, 4)
    assert counted_in_header(harness, batch_id) == problems(harness, batch_id).rows == 2
    harness.remove(batch_id, 4, removed=False)
    harness.add(batch_id, item_code="012", counted="3")
    assert counted_in_header(harness, harness.clone(batch_id)) == 3
    note(harness, batch_id, 2, issue("item_code", "odd", "Is it?"))
    harness.run(batch_id, Action.REFRESH)
    assert counted_in_header(harness, batch_id) == 4


def test_a_header_of_old_that_does_not_say_it_yet_is_counted(harness: BatchHarness, batch_id: int) -> None:
    with harness.engine() as engine:
        batch = engine.find(batch_id)
        batch.params = {name: value for name, value in batch.params.items() if "problem" not in name}
    assert counted_in_header(harness, batch_id) == 4
    harness.edit(batch_id, 1, counted="7")
    assert counted_in_header(harness, batch_id) == 3
    harness.assert_counted(batch_id)


@ONE
def test_no_more_groups_are_held_than_memory_has_room_for(
    harness: BatchHarness, batch_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_GROUPS", 1)
    found = problems(harness, batch_id)
    assert ([group.text for group in found.groups], found.others, found.count) == (["lots"], 1, 4)


@ONE
def test_texts_too_long_to_tell_apart_are_not_fixed_alike(harness: BatchHarness, batch_id: int) -> None:
    long = "x" * (module.LONGEST + 1)
    note(harness, batch_id, 5, issue("on_hand", "odd", "Too long.", raw=long))
    (group,) = [found for found in problems(harness, batch_id).groups if found.field == "on_hand"]
    assert (group.text, group.whole) == (long[:-1], False)
    assert not find_alike_count(harness, batch_id, SimilarCells("on_hand", long))


def find_alike_count(harness: BatchHarness, batch_id: int, alike: SimilarCells) -> int:
    return int(seen_now(harness, batch_id, alike).partition("-")[0])


def test_one_text_for_all_alike_is_one_operation(harness: BatchHarness, batch_id: int) -> None:
    harness.remove(batch_id, 5)
    seen = seen_now(harness, batch_id)
    assert seen == "2-4-2"
    assert fix(harness.by("ann"), batch_id, LOTS, "7", seen) == BulkEditResult(rows=2, cells=2)
    assert [row.counted for row in harness.rows(batch_id)] == [7, 9, 7, None, None]
    assert harness.statuses(batch_id)[:3] == ["matches", "differs", "differs"]
    summary = "Fixed Counted in 2 rows alike: “lots” is now “7”."
    assert harness.operations(batch_id)[-1] == ("fix", "ann", summary, 2)
    assert [cell[2:] for cell in harness.cells(batch_id)[-2:]] == [
        (1, "counted", "lots", "7"),
        (3, "counted", "lots", "7"),
    ]
    assert counted_in_header(harness, batch_id) == 1
    harness.assert_counted(batch_id)


def test_a_correction_of_many_problems_is_undone_with_the_problems_and_redone(
    harness: BatchHarness, batch_id: int
) -> None:
    ann, before = harness.by("ann"), table(harness, batch_id)
    problems_before = counted_in_header(harness, batch_id)
    fix(ann, batch_id, LOTS, "7")
    after = table(harness, batch_id)
    assert undo(ann, batch_id).message == "Undid: Fixed Counted in 3 rows alike: “lots” is now “7”."
    assert table(harness, batch_id) == before
    assert counted_in_header(harness, batch_id) == problems_before
    assert find_alike_count(harness, batch_id, LOTS) == 3
    assert redo(ann, batch_id).undone == 3
    assert table(harness, batch_id) == after
    harness.by("bob").edit(batch_id, 3, counted="8")
    assert [one.sequence for one in undo(ann, batch_id).skipped] == [3]
    assert [row.counted for row in harness.rows(batch_id)][2] == 8
    harness.assert_counted(batch_id)


@ONE
def test_an_empty_cell_and_one_code_alone_are_meant_exactly(harness: BatchHarness, batch_id: int) -> None:
    for sequence, code in ((1, "no-remark"), (2, "no-remark"), (3, "other")):
        note(harness, batch_id, sequence, issue("remark", code, "Say why."))
    assert fix(harness, batch_id, SimilarCells("remark", "", "no-remark"), "broken") == BulkEditResult(2, 2)
    assert [row.remark for row in harness.rows(batch_id)[:3]] == ["broken", "broken", None]


def test_what_is_refused_changes_nothing(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    seen = seen_now(harness, batch_id)
    harness.edit(batch_id, 3, remark="dusty")
    before = snapshot(engine, Base.metadata, COUNTS)
    refused: list[tuple[type[Exception], str, SimilarCells, str, Token | None]] = [
        (CellProblems, "“many” is not a whole number", LOTS, "many", None),
        (Conflict, "they are not the rows that you were shown", LOTS, "7", seen),
        (Conflict, "No cell has this problem", SimilarCells("counted", "9"), "7", None),
        (Conflict, "No cell has this problem", SimilarCells("counted", "lots", "other"), "7", None),
        (BadInput, "“on_hand” is not a field", SimilarCells("on_hand", ""), "7", None),
        (BadInput, "“nothing” is not a field", SimilarCells("nothing", ""), "7", None),
    ]
    for error, words, alike, text, shown in refused:
        with pytest.raises(error, match=words):
            fix(harness, batch_id, alike, text, shown)
        assert snapshot(engine, Base.metadata, COUNTS) == before
