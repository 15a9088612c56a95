from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from batchbook.batches import State
from batchbook.batches.editing import CellProblems, StaleEdit, editable_columns
from batchbook.db import Base
from batchbook.errors import BadInput

from .harness import BatchHarness, snapshot, stock
from .shelf_count import COUNTS, ShelfCount, ShelfCountRow

FILE = "item,counted,remark\n007,7,\n008,9,\n009,many,look\n0123456789012345678901,1,\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))
    return harness.open(FILE, shelf="A")


def unchanged(engine: Engine) -> Any:
    return snapshot(engine, Base.metadata, COUNTS)


def test_the_header_is_edited_and_written_down(harness: BatchHarness, batch_id: int) -> None:
    before = harness.batch(batch_id)
    assert harness.by("ann").edit_header(batch_id, before.version, notes="Ask Bob.", shelf="A") == ["Notes"]
    batch = harness.batch(batch_id)
    assert (batch.notes, batch.version) == ("Ask Bob.", before.version + 1)
    assert harness.operations(batch_id)[-1] == ("edit", "ann", "Changed Notes in the header.", 1)
    assert harness.cells(batch_id) == [(3, 0, 0, "notes", None, "Ask Bob.")]
    assert [row.looked_up for row in harness.rows(batch_id)] == [1] * 4


def test_a_field_that_decides_about_rows_refreshes_them(harness: BatchHarness, batch_id: int) -> None:
    harness.edit_header(batch_id, tolerance="1")
    assert harness.statuses(batch_id)[1] == "matches"
    assert [kind for kind, _, _, _ in harness.operations(batch_id)[-2:]] == ["edit", "refresh"]
    harness.assert_counted(batch_id)


def test_a_stale_header_shows_both_values(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    version = harness.batch(batch_id).version
    harness.edit_header(batch_id, version, notes="theirs", description="also")
    before = unchanged(engine)
    with pytest.raises(StaleEdit) as caught:
        harness.edit_header(batch_id, version, notes="mine")
    assert (caught.value.mine, caught.value.theirs) == ({"notes": "mine"}, {"notes": "theirs"})
    assert unchanged(engine) == before
    assert harness.edit_header(batch_id, caught.value.version, notes="mine") == ["Notes"]


def test_bad_header_texts_are_refused(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    before = unchanged(engine)
    with pytest.raises(CellProblems) as caught:
        harness.edit_header(batch_id, tolerance="-1", shelf="", notes="x")
    assert set(caught.value.problems) == {"tolerance", "shelf"}
    with pytest.raises(CellProblems, match="10001 characters: 10000 are the most"):
        harness.edit_header(batch_id, notes="x" * 10_001)
    with pytest.raises(BadInput, match="“state” is not a field that can be edited"):
        harness.edit_header(batch_id, state="executed")
    assert unchanged(engine) == before
    assert harness.batch(batch_id).state == State.OPEN


def test_what_can_be_edited_is_what_the_models_say() -> None:
    assert [c.name for c in editable_columns(ShelfCountRow)] == ["item_code", "counted", "remark"]
    assert {c.name for c in editable_columns(ShelfCount)} == {"description", "notes", "shelf", "tolerance"}
