from __future__ import annotations

import hashlib
import io
import re
import zipfile

import pytest
from sqlalchemy import Engine, func, select

from batchbook.batches.models import BatchFile, BatchFileChunk
from batchbook.batches.worksheets.sheet_reader import open_worksheet
from batchbook.batches.worksheets.storage import store_worksheet, stored_worksheet
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict, Missing

from .harness import BatchHarness, snapshot, stock
from .sheets import Book, download, look, take, written
from .shelf_count import COUNTS

ONE = pytest.mark.parametrize("backend", ["sqlite"])
FILE = "item,counted,remark\n007,7,\n008,9,\n009,lots,look\n007,7,\n010,lots,\n"


@pytest.fixture
def batch_id(engine: Engine, workshop: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("010", 10))
    return workshop.open(FILE, shelf="A")


def test_a_worksheet_shows_what_can_be_edited_and_what_is_wrong(
    workshop: BatchHarness, batch_id: int
) -> None:
    workshop.remove(batch_id, 4)
    book = download(workshop, batch_id)
    assert book.rows[0] == [
        "Key", "Row", "Item code", "Counted", "Remark", "On hand", "Looked up", "Status", "Problems",
    ]  # fmt: skip
    assert book.column("Row") == ["1", "2", "3", "5"]
    assert book.column("Item code") == ["007", "008", "009", "010"]
    assert book.column("Counted") == ["7", "9", "lots", "lots"]
    assert book.column("Status") == ["Matches", "Differs", "Uncounted", "Uncounted"]
    assert book[3, "Problems"] == "Counted: “lots” is not a whole number: use digits only."


def test_what_was_changed_in_the_sheet_is_taken_as_one_operation(
    workshop: BatchHarness, batch_id: int
) -> None:
    book = download(workshop, batch_id)
    book[2, "Counted"], book[2, "Remark"] = (
        8.0,
        "recounted",
    )  # A number, as a program makes one of what is typed.
    book[3, "Counted"] = "9"
    book[4, "Item code"] = "011"
    del book.rows[5]  # A row that is not in the sheet stays as it is.
    applied = take(workshop.by("ann"), batch_id, book)
    assert applied.summary == "Changed 4 cells in 3 rows from the worksheet."
    assert workshop.statuses(batch_id) == ["matches", "matches", "matches", "unknown", "uncounted"]
    assert workshop.operations(batch_id)[-1] == (
        "worksheet", "ann", "Changed 4 cells from the worksheet “sheet.xlsx”.", 4,
    )  # fmt: skip
    assert workshop.row(batch_id, 3).issues is None
    workshop.assert_counted(batch_id)
    assert look(workshop, batch_id, book).agreed == 4  # Sent once more, it says what is there.


def test_an_unchanged_sheet_changes_nothing(engine: Engine, workshop: BatchHarness, batch_id: int) -> None:
    book = download(workshop, batch_id)
    before = snapshot(engine, Base.metadata, COUNTS)
    found = look(workshop, batch_id, book)
    assert (found.empty, found.agreed, found.notes) == (True, 0, [])
    assert take(workshop, batch_id, book).summary == "Nothing was changed from the worksheet."
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_what_somebody_changed_in_the_batch_since_is_not_overwritten(
    workshop: BatchHarness, batch_id: int
) -> None:
    book = download(workshop, batch_id)
    workshop.edit(batch_id, 2, counted="6", remark="mine")
    workshop.edit(batch_id, 2, counted="5")
    workshop.edit(batch_id, 3, counted="9", remark="")
    book[2, "Counted"], book[3, "Counted"] = "8", "9"
    book[1, "Remark"] = "sheet"
    found = look(workshop, batch_id, book)
    assert [(c.mark, c.before, c.now, c.sheet) for c in found.conflicts] == [("2.counted", "9", "5", "8")]
    assert [(c.mark, c.before, c.now, c.sheet) for c in found.taken] == [("1.remark", "", "", "sheet")]
    assert found.agreed == 1
    applied = take(workshop, batch_id, book, seen=found.token)
    assert applied.summary == "Changed 1 cell in 1 row from the worksheet. 1 other changed cell was skipped."
    assert (workshop.row(batch_id, 2).counted, workshop.row(batch_id, 3).remark) == (5, None)
    take(workshop, batch_id, book, "2.counted")
    assert workshop.row(batch_id, 2).counted == 8


def test_cells_that_a_refresh_changed_are_not_overwritten_either(
    workshop: BatchHarness, batch_id: int
) -> None:
    book = download(workshop, batch_id)
    with workshop.engine() as engine:
        engine.work_on(engine.find(batch_id)).rows().update(
            workshop.batch_type.row.sequence == 2, remark="by the handler"
        )
    assert look(workshop, batch_id, book).empty
    book[2, "Remark"], book[2, "Counted"] = "sheet", "8"
    found = look(workshop, batch_id, book)
    assert [(c.field, c.before, c.now) for c in found.conflicts] == [
        ("counted", None, "9"),
        ("remark", None, "by the handler"),
    ]


def test_what_cannot_be_taken_is_said(workshop: BatchHarness, batch_id: int) -> None:
    book = download(workshop, batch_id)
    workshop.remove(batch_id, 5)
    book[1, "Counted"] = "-1"
    book[2, "On hand"] = "1000"
    book[3, "Key"] = ""
    book[5, "Counted"] = "5"
    book.rows.append(["", "", "012", "1", "", "", "", "", ""])
    book.rows.append(list(book.rows[4]))
    book[7, "Remark"] = "copied"
    book.rows[0][book.place("Remark")] = "Comment"
    found = look(workshop, batch_id, book)
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


def test_somebody_who_looked_at_other_differences_takes_nothing(
    workshop: BatchHarness, batch_id: int
) -> None:
    book = download(workshop, batch_id)
    book[1, "Remark"] = "sheet"
    seen = look(workshop, batch_id, book).token
    workshop.edit(batch_id, 2, remark="meanwhile")
    with pytest.raises(Conflict, match="has changed since you reviewed the differences"):
        take(workshop, batch_id, book, seen=seen)
    assert workshop.row(batch_id, 1).remark is None


def test_sheets_of_others_are_refused(
    workshop: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    book = download(workshop, batch_id)
    other = workshop.open(FILE, shelf="B")
    with pytest.raises(BadInput, match=f"is the worksheet of batch {batch_id:08d}, not of Batch {other:08d}"):
        look(workshop, other, book)
    keyless, unlabelled, unhidden = (
        Book({k: [list(r) for r in v] for k, v in book.sheets.items()}) for _ in "123"
    )
    keyless.rows[0][0] = "Something"
    unlabelled.sheets["Batchbook"] = [["a", "b", "c"]]
    del unhidden.sheets["Batchbook"]
    for changed, why in (
        (keyless, "lacks the hidden first column"),
        (unlabelled, "does not say which batch it belongs to"),
        (unhidden, "is not a worksheet of a batch"),
    ):
        with subtests.test(why), pytest.raises(BadInput, match=why):
            look(workshop, batch_id, changed)


@ONE
def test_uploaded_worksheets_stay_with_their_batch(workshop: BatchHarness, batch_id: int) -> None:
    data = download(workshop, batch_id).save()
    with workshop.engine() as engine:
        record = store_worksheet(engine, batch_id, "sheet.xlsx", io.BytesIO(data))
        assert (record.number, record.role, record.size) == (2, "worksheet", len(data))
        assert record.sha256 == hashlib.sha256(data).hexdigest()
        with stored_worksheet(engine.work_on(engine.find(batch_id)), 2) as sheet:
            assert sheet.metadata.batch == f"{batch_id:08d}"
        with pytest.raises(Missing), stored_worksheet(engine.work_on(engine.find(batch_id)), 1):
            pass
    clone = workshop.clone(batch_id)
    with workshop.engine() as engine:
        files = select(BatchFile.role).where(BatchFile.batch_id == clone)
        chunks = select(func.count()).where(BatchFileChunk.batch_id == clone)
        assert (engine.session.scalars(files).all(), engine.session.scalar(chunks)) == (["input"], 1)


@ONE
def test_what_is_no_workbook_any_more_is_refused(
    workshop: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    data = download(workshop, batch_id).save()
    for why, hostile in {
        "cut off": data[: len(data) // 2],
        "a text": b"Key;Row\n1;2\n",
        "empty": b"",
        "zeros": b"\\0" * 1000,
    }.items():
        with (
            subtests.test(why),
            pytest.raises(BadInput, match="is not a worksheet of a batch, or not any more"),
        ):
            open_worksheet("sheet.xlsx", io.BytesIO(hostile))


@ONE
def test_a_worksheet_helps_who_corrects_it(workshop: BatchHarness, batch_id: int) -> None:
    file = zipfile.ZipFile(io.BytesIO(written(workshop, batch_id)))
    sheet = file.read("xl/worksheets/sheet1.xml").decode()
    for part in (
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>',
        '<autoFilter ref="B1:I6"/>',
        '<ignoredError sqref="A1:I6" numberStoredAsText="1"/>',
    ):
        assert part in sheet
    assert re.search('<sheetProtection sheet="1"', sheet)
    assert re.search('<col min="1" max="1" [^>]*hidden="1"', sheet)
    assert 'name="Batchbook" sheetId="2" state="veryHidden"' in file.read("xl/workbook.xml").decode()
    comments = re.findall(
        r'<comment ref="(\w+)".*?<t[^>]*>([^<]*)</t>', file.read("xl/comments1.xml").decode()
    )
    assert comments == [(f"D{row}", "“lots” is not a whole number: use digits only.") for row in (4, 6)]
    # What can be edited is a text, and open to be changed.
    styles = file.read("xl/styles.xml").decode()
    assert 'numFmtId="49"' in styles
    assert '<protection locked="0"/>' in styles
