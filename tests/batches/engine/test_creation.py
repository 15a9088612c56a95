from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot
from tests.batches.shelf_count import COUNTS, ShelfCountHandler

from batchbook.batches import Action, State
from batchbook.batches.editing import CellProblems
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.security.presence import note_editing

FILE = "item,counted,remark\n007,7,\n008,9,look\n007,many,\n"


def nothing_but_products(engine: Engine) -> bool:
    """Return whether there are no rows but products, and the notes of uploads, which outlive their batches."""
    tables = snapshot(engine, Base.metadata, COUNTS).items()
    return [name for name, rows in tables if rows and name != "uploaded_file"] in (
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


def test_a_new_batch_has_its_fields_its_file_and_its_first_line_of_history(harness: BatchHarness) -> None:
    batch_id = harness.by("ann").create(FILE, shelf="A", tolerance=" 2 ", description="Monday")
    batch = harness.batch(batch_id)
    assert (batch.shelf, batch.tolerance, batch.description) == ("A", 2, "Monday")  # type: ignore[attr-defined]
    assert (batch.state, batch.type, batch.created_by, batch.version) == (State.NEW, "shelf_count", "ann", 1)
    assert (batch.row_count, batch.removed_count, batch.status_counts) == (0, 0, {})
    assert (str(batch), batch.number) == (f"Batch {batch_id:08d}", f"{batch_id:08d}")
    assert harness.operations(batch_id) == [
        ("create", "ann", f"Created from list.csv, {len(FILE)} bytes.", 0)
    ]


def test_numbers_are_never_given_twice(harness: BatchHarness) -> None:
    first = harness.create(shelf="A")
    harness.delete(first)
    assert harness.create(shelf="A") > first
    assert harness.operations(first + 1) == [("create", "staff", "Created.", 0)]


def test_what_cannot_be_used_leaves_no_batch(
    engine: Engine, harness: BatchHarness, subtests: pytest.Subtests
) -> None:
    for texts, error in UNUSABLE:
        with subtests.test(str(error)):
            with pytest.raises(BadInput) as caught:
                harness.create(FILE, **texts)
            assert error in caught.value.message
            assert isinstance(caught.value, CellProblems) == ("field" not in error and "no such" not in error)
            assert nothing_but_products(engine)


def test_a_type_without_columns_takes_no_file(engine: Engine, harness: BatchHarness) -> None:
    plain = type("Plain", (ShelfCountHandler,), {"file_source": None})
    with pytest.raises(BadInput, match=r"A batch of type Shelf count takes no file."):
        harness.with_handler(plain).create(FILE, shelf="A")
    assert nothing_but_products(engine)


def test_without_a_file_there_is_nothing_to_read(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    with pytest.raises(BadInput, match="has no file to read rows from"):
        harness.run(batch_id, Action.POPULATE)
    assert harness.batch(batch_id).state == State.NEW


def test_an_unknown_type_is_missing(harness: BatchHarness) -> None:
    with (
        harness.engine() as at_work,
        pytest.raises(Missing, match=r"no batch type “x”. Known types: shelf_count"),
    ):
        at_work.types["x"]


# --- Delete ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.NEW, State.OPEN, State.COMPLETE])
def test_a_deleted_batch_leaves_nothing(engine: Engine, harness: BatchHarness, state: State) -> None:
    batch_id = harness.create(FILE, shelf="A")
    if state != State.NEW:
        harness.run(batch_id, Action.POPULATE)
        harness.edit(batch_id, 1, remark="x")
        note_editing(engine, harness.batch(batch_id).presence_place, "ann", "1", "remark")
    if state == State.COMPLETE:
        harness.run(batch_id, Action.COMPLETE)
    rows = 0 if state == State.NEW else 3
    sentence = f"Batch {batch_id:08d} was deleted, with its {rows} rows, files and history."
    assert harness.delete(batch_id) == sentence
    assert nothing_but_products(engine)
    with pytest.raises(Missing):
        harness.batch(batch_id)


def test_a_type_may_refuse_to_be_deleted(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="precious")
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Conflict, match=r"A precious count is not deleted."):
        harness.delete(batch_id)
    assert snapshot(engine, Base.metadata, COUNTS) == before
