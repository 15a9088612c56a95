"""An uploaded worksheet is compared with its batch."""

from __future__ import annotations

from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot
from tests.batches.sheets import download, look, take
from tests.batches.shelf_count import COUNTS

from batchbook.db import Base


def test_an_unchanged_sheet_changes_nothing(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    book = download(harness, batch_id)
    before = snapshot(engine, Base.metadata, COUNTS)
    found = look(harness, batch_id, book)
    assert (found.empty, found.agreed, found.notes) == (True, 0, [])
    assert take(harness, batch_id, book).summary == "Nothing was changed from the worksheet."
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_what_somebody_changed_in_the_batch_since_is_not_overwritten(
    harness: BatchHarness, batch_id: int
) -> None:
    book = download(harness, batch_id)
    harness.edit(batch_id, 2, counted="6", remark="mine")
    harness.edit(batch_id, 2, counted="5")
    harness.edit(batch_id, 3, counted="9", remark="")
    book[2, "Counted"], book[3, "Counted"] = "8", "9"
    book[1, "Remark"] = "sheet"
    found = look(harness, batch_id, book)
    assert [(c.mark, c.before, c.now, c.sheet) for c in found.conflicts] == [("2.counted", "9", "5", "8")]
    assert [(c.mark, c.before, c.now, c.sheet) for c in found.taken] == [("1.remark", "", "", "sheet")]
    assert found.agreed == 1
    applied = take(harness, batch_id, book, seen=found.token)
    assert applied.summary == "Changed 1 cell in 1 row from the worksheet. 1 other changed cell was skipped."
    assert (harness.row(batch_id, 2).counted, harness.row(batch_id, 3).remark) == (5, None)
    take(harness, batch_id, book, "2.counted")
    assert harness.row(batch_id, 2).counted == 8


def test_cells_that_a_refresh_changed_are_not_overwritten_either(
    harness: BatchHarness, batch_id: int
) -> None:
    book = download(harness, batch_id)
    with harness.engine() as engine:
        engine.context_of(engine.find(batch_id)).rows().update(
            harness.batch_type.row.sequence == 2, remark="by the handler"
        )
    assert look(harness, batch_id, book).empty
    book[2, "Remark"], book[2, "Counted"] = "sheet", "8"
    found = look(harness, batch_id, book)
    assert [(c.field, c.before, c.now) for c in found.conflicts] == [
        ("counted", None, "9"),
        ("remark", None, "by the handler"),
    ]


def test_what_cannot_be_taken_is_said(harness: BatchHarness, batch_id: int) -> None:
    book = download(harness, batch_id)
    harness.remove(batch_id, 5)
    book[1, "Counted"] = "-1"
    book[2, "On hand"] = "1000"
    book[3, "Key"] = ""
    book[5, "Counted"] = "5"
    book.rows.append(["", "", "012", "1", "", "", "", "", ""])
    book.rows.append(list(book.rows[4]))
    book[7, "Remark"] = "copied"
    book.rows[0][book.place("Remark")] = "Comment"
    found = look(harness, batch_id, book)
    assert [(c.mark, c.problem) for c in found.unreadable] == [
        ("1.counted", "“-1” is too small: the least is 0.")
    ]
    assert (found.taken, found.conflicts) == ([], [])
    assert found.notes == [
        "Columns that are missing from the sheet, or have another heading, are left as they are: “Remark”.",
        "Rows 4, 7 of the sheet: skipped, because the hidden key is missing. Add rows on the batch's page.",
        "Rows 5, 8 of the sheet: skipped, because they have the same key.",
        "Row 6 of the sheet: not in the batch, or removed from it since, so skipped.",
        "Row 3 of the sheet: changes of grey cells were skipped; these are read-only.",
    ]
