from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS, ShelfCountHandler

from batchbook.batches import Action, BatchFile, State
from batchbook.batches.editing import CellProblems
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict, Missing

FILE = "item,counted,remark\n007,7,\n008,9,look\n007,many,\n"


def nothing_but_products(engine: Engine) -> bool:
    return [name for name, rows in snapshot(engine, Base.metadata, COUNTS).items() if rows] in (
        [],
        ["product"],
    )


UNUSABLE: list[tuple[dict[str, str], str]] = [
    ({}, "Shelf needs a value."),
    ({"shelf": "A", "tolerance": "much"}, "“much” is not a whole number"),
    ({"shelf": "x" * 21}, "20 are the most"),
    ({"shelf": "A", "state": "executed"}, "Shelf count has no field “state”. Its fields: "),
    ({"shelf": "A", "id": "1"}, "has no field “id”"),
    ({"shelf": "nowhere"}, "There is no such shelf."),
]


# --- Create ----------------------------------------------------------------------------------------------------------


def test_a_new_batch_has_its_fields_its_file_and_its_first_line_of_history(workshop: BatchHarness) -> None:
    batch_id = workshop.by("ann").create(FILE, shelf="A", tolerance=" 2 ", description="Monday")
    batch = workshop.batch(batch_id)
    assert (batch.shelf, batch.tolerance, batch.description) == ("A", 2, "Monday")  # type: ignore[attr-defined]
    assert (batch.state, batch.type, batch.created_by, batch.version) == (State.NEW, "shelf_count", "ann", 1)
    assert (batch.row_count, batch.removed_count, batch.status_counts) == (0, 0, {})
    assert (str(batch), batch.number) == (f"Batch {batch_id:08d}", f"{batch_id:08d}")
    assert workshop.operations(batch_id) == [
        ("create", "ann", f"Created from list.csv, {len(FILE)} bytes.", 0)
    ]


def test_numbers_are_never_given_twice(workshop: BatchHarness) -> None:
    first = workshop.create(shelf="A")
    workshop.delete(first)
    assert workshop.create(shelf="A") > first
    assert workshop.operations(first + 1) == [("create", "staff", "Created.", 0)]


def test_what_cannot_be_used_leaves_no_batch(
    engine: Engine, workshop: BatchHarness, subtests: pytest.Subtests
) -> None:
    for texts, error in UNUSABLE:
        with subtests.test(str(error)):
            with pytest.raises(BadInput) as caught:
                workshop.create(FILE, **texts)
            assert error in caught.value.message
            assert isinstance(caught.value, CellProblems) == ("field" not in error and "no such" not in error)
            assert nothing_but_products(engine)


def test_a_type_without_columns_takes_no_file(engine: Engine, workshop: BatchHarness) -> None:
    plain = type("Plain", (ShelfCountHandler,), {"file_source": None})
    with pytest.raises(BadInput, match=r"A batch of type Shelf count takes no file."):
        workshop.with_handler(plain).create(FILE, shelf="A")
    assert nothing_but_products(engine)


def test_without_a_file_there_is_nothing_to_read(workshop: BatchHarness) -> None:
    batch_id = workshop.create(shelf="A")
    with pytest.raises(BadInput, match="has no file to read rows from"):
        workshop.run(batch_id, Action.POPULATE)
    assert workshop.batch(batch_id).state == State.NEW


def test_an_unknown_type_is_missing(workshop: BatchHarness) -> None:
    with (
        workshop.engine() as at_work,
        pytest.raises(Missing, match=r"no batch type “x”. Known types: shelf_count"),
    ):
        at_work.types["x"]


# --- Clone -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.OPEN, State.COMPLETE, State.EXECUTED])
def test_a_clone_is_an_open_batch_with_the_same_rows_and_files(
    engine: Engine, workshop: BatchHarness, state: State
) -> None:
    stock(engine, ("007", 7), ("008", 8))
    source = workshop.open(FILE, shelf="A", tolerance="1", notes="Ask Bob.")
    workshop.remove(source, 3)
    workshop.edit(source, 2, remark="edited")
    if state != State.OPEN:
        workshop.run(source, Action.COMPLETE)
    if state == State.EXECUTED:
        workshop.run(source, Action.EXECUTE)
    before = workshop.rows(source)
    clone = workshop.by("bob").clone(source)
    batch = workshop.batch(clone)
    assert (batch.state, batch.created_by, batch.notes) == (State.OPEN, "bob", "Ask Bob.")
    assert (batch.shelf, batch.tolerance, batch.description) == ("A", 1, "Again: A")  # type: ignore[attr-defined]
    assert (batch.executed_at, batch.completed_at, batch.execution_outcome, batch.purge_after) == (None,) * 4
    kept = ("sequence", "item_code", "counted", "remark", "removed", "issues", "on_hand", "status")
    assert [{k: row[k] for k in kept} for row in workshop.rows(clone)] == [
        {k: row[k] for k in kept} for row in before
    ]
    workshop.assert_counted(clone)
    assert [op[0] for op in workshop.operations(clone)] == ["clone", "refresh"]
    assert workshop.operations(clone)[0][2] == f"Cloned from Batch {source:08d}."
    assert workshop.cells(clone) == []
    with workshop.engine() as at_work:
        digests = [at_work.session.get_one(BatchFile, (number, 1)).sha256 for number in (source, clone)]
    assert digests[0] == digests[1]
    assert workshop.rows(source) == before


def test_a_clone_of_a_new_batch_is_new_and_can_be_populated(workshop: BatchHarness) -> None:
    clone = workshop.clone(workshop.create(FILE, shelf="A"))
    assert workshop.batch(clone).state == State.NEW
    workshop.run(clone, Action.POPULATE)
    assert len(workshop.rows(clone)) == 3


# --- Delete ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.NEW, State.OPEN, State.COMPLETE])
def test_a_deleted_batch_leaves_nothing(engine: Engine, workshop: BatchHarness, state: State) -> None:
    batch_id = workshop.create(FILE, shelf="A")
    if state != State.NEW:
        workshop.run(batch_id, Action.POPULATE)
        workshop.edit(batch_id, 1, remark="x")
    if state == State.COMPLETE:
        workshop.run(batch_id, Action.COMPLETE)
    rows = 0 if state == State.NEW else 3
    sentence = f"Batch {batch_id:08d} was deleted, with its {rows} rows, files and history."
    assert workshop.delete(batch_id) == sentence
    assert nothing_but_products(engine)
    with pytest.raises(Missing):
        workshop.batch(batch_id)


def test_a_type_may_refuse_to_be_deleted(engine: Engine, workshop: BatchHarness) -> None:
    batch_id = workshop.open(FILE, shelf="precious")
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Conflict, match=r"A precious count is not deleted."):
        workshop.delete(batch_id)
    assert snapshot(engine, Base.metadata, COUNTS) == before
