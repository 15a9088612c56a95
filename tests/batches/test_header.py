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
def batch_id(engine: Engine, workshop: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))
    return workshop.open(FILE, shelf="A")


def unchanged(engine: Engine) -> Any:
    return snapshot(engine, Base.metadata, COUNTS)


def test_the_header_is_edited_and_written_down(workshop: BatchHarness, batch_id: int) -> None:
    before = workshop.batch(batch_id)
    assert workshop.by("ann").edit_header(batch_id, before.version, notes="Ask Bob.", shelf="A") == ["Notes"]
    batch = workshop.batch(batch_id)
    assert (batch.notes, batch.version) == ("Ask Bob.", before.version + 1)
    assert workshop.operations(batch_id)[-1] == ("edit", "ann", "Changed Notes in the header.", 1)
    assert workshop.cells(batch_id) == [(3, 0, 0, "notes", None, "Ask Bob.")]
    assert [row.looked_up for row in workshop.rows(batch_id)] == [1] * 4


def test_a_field_that_decides_about_rows_refreshes_them(workshop: BatchHarness, batch_id: int) -> None:
    workshop.edit_header(batch_id, tolerance="1")
    assert workshop.statuses(batch_id)[1] == "matches"
    assert [kind for kind, _, _, _ in workshop.operations(batch_id)[-2:]] == ["edit", "refresh"]
    workshop.assert_counted(batch_id)


def test_a_stale_header_shows_both_values(engine: Engine, workshop: BatchHarness, batch_id: int) -> None:
    version = workshop.batch(batch_id).version
    workshop.edit_header(batch_id, version, notes="theirs", description="also")
    before = unchanged(engine)
    with pytest.raises(StaleEdit) as caught:
        workshop.edit_header(batch_id, version, notes="mine")
    assert (caught.value.mine, caught.value.theirs) == ({"notes": "mine"}, {"notes": "theirs"})
    assert unchanged(engine) == before
    assert workshop.edit_header(batch_id, caught.value.version, notes="mine") == ["Notes"]


def test_bad_header_texts_are_refused(engine: Engine, workshop: BatchHarness, batch_id: int) -> None:
    before = unchanged(engine)
    with pytest.raises(CellProblems) as caught:
        workshop.edit_header(batch_id, tolerance="-1", shelf="", notes="x")
    assert set(caught.value.problems) == {"tolerance", "shelf"}
    with pytest.raises(CellProblems, match="10001 characters: 10000 are the most"):
        workshop.edit_header(batch_id, notes="x" * 10_001)
    with pytest.raises(BadInput, match="“state” is not a field that can be edited"):
        workshop.edit_header(batch_id, state="executed")
    assert unchanged(engine) == before
    assert workshop.batch(batch_id).state == State.OPEN


def test_what_can_be_edited_is_what_the_models_say() -> None:
    assert [c.name for c in editable_columns(ShelfCountRow)] == ["item_code", "counted", "remark"]
    assert {c.name for c in editable_columns(ShelfCount)} == {"description", "notes", "shelf", "tolerance"}
