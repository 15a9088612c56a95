"""Uploaded worksheets are stored, and their changes applied as one operation."""

from __future__ import annotations

import hashlib
import io

import pytest
from sqlalchemy import func, select
from tests.batches.editing.undoing import redo, table, undo
from tests.batches.harness import BatchHarness
from tests.batches.sheets import download, look, take

from batchbook.batches.models import BatchFile, BatchFileChunk
from batchbook.batches.worksheets.uploads import store_worksheet, stored_worksheet
from batchbook.errors import Conflict, Missing

ONE = pytest.mark.parametrize("backend", ["sqlite"])


def test_what_was_changed_in_the_sheet_is_taken_as_one_operation(
    harness: BatchHarness, batch_id: int
) -> None:
    book = download(harness, batch_id)
    book[2, "Counted"], book[2, "Remark"] = (
        8.0,
        "recounted",
    )  # A number, as a program makes one of what is typed.
    book[3, "Counted"] = "9"
    book[4, "Item code"] = "011"
    del book.rows[5]  # A row that is not in the sheet stays as it is.
    applied = take(harness.by("ann"), batch_id, book)
    assert applied.summary == "Changed 4 cells in 3 rows from the worksheet."
    assert harness.statuses(batch_id) == ["matches", "matches", "matches", "unknown", "uncounted"]
    assert harness.operations(batch_id)[-1] == (
        "worksheet", "ann", "Changed 4 cells from the worksheet “sheet.xlsx”.", 4,
    )  # fmt: skip
    assert harness.row(batch_id, 3).issues is None
    harness.assert_counted(batch_id)
    assert look(harness, batch_id, book).agreed == 4  # Sent once more, it says what is there.


def test_a_worksheet_is_undone_but_for_what_somebody_changed_since_and_redone(
    harness: BatchHarness, batch_id: int
) -> None:
    ann, before = harness.by("ann"), table(harness, batch_id)
    book = download(harness, batch_id)
    book[1, "Remark"], book[3, "Counted"], book[4, "Item code"] = "sheet", "9", "011"
    take(ann, batch_id, book)
    after = table(harness, batch_id)
    assert undo(ann, batch_id).message == "Undid: Changed 3 cells from the worksheet “sheet.xlsx”."
    assert table(harness, batch_id) == before  # The text that was no number is back, with its problem.
    harness.assert_counted(batch_id)
    assert redo(ann, batch_id).undone == 3
    assert table(harness, batch_id) == after
    harness.by("bob").edit(batch_id, 1, remark="bob")
    done = undo(ann, batch_id)
    assert (done.undone, done.left, harness.row(batch_id, 1).remark) == (2, 1, "bob")
    assert table(harness, batch_id)[1:] == before[1:]


def test_somebody_who_looked_at_other_differences_takes_nothing(harness: BatchHarness, batch_id: int) -> None:
    book = download(harness, batch_id)
    book[1, "Remark"] = "sheet"
    seen = look(harness, batch_id, book).token
    harness.edit(batch_id, 2, remark="meanwhile")
    with pytest.raises(Conflict, match="has changed since you reviewed the differences"):
        take(harness, batch_id, book, seen=seen)
    assert harness.row(batch_id, 1).remark is None


@ONE
def test_uploaded_worksheets_stay_with_their_batch(harness: BatchHarness, batch_id: int) -> None:
    data = download(harness, batch_id).save()
    with harness.engine() as engine:
        record = store_worksheet(engine, batch_id, "sheet.xlsx", io.BytesIO(data))
        assert (record.number, record.role, record.size) == (2, "worksheet", len(data))
        assert record.sha256 == hashlib.sha256(data).hexdigest()
        with stored_worksheet(engine.context_of(engine.find(batch_id)), 2) as sheet:
            assert sheet.metadata.batch == f"{batch_id:08d}"
        with pytest.raises(Missing), stored_worksheet(engine.context_of(engine.find(batch_id)), 1):
            pass
    clone = harness.clone(batch_id)
    with harness.engine() as engine:
        files = select(BatchFile.role).where(BatchFile.batch_id == clone)
        chunks = select(func.count()).where(BatchFileChunk.batch_id == clone)
        assert (engine.session.scalars(files).all(), engine.session.scalar(chunks)) == (["input"], 1)
