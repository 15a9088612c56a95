"""Metadata and keys survive the way through a workbook, and no other file is opened as a worksheet."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from tests.batches.harness import BatchHarness
from tests.batches.sheets import Book, download, look

from batchbook.batches.worksheets.layout import SheetColumn
from batchbook.batches.worksheets.worksheet_file import (
    CUT_MARK,
    HEADINGS,
    LONGEST_CELL,
    RowChecksums,
    RowKey,
    SheetMetadata,
    comparable_text,
    open_worksheet,
    sheet_text,
)
from batchbook.errors import BadInput

ONE = pytest.mark.parametrize("backend", ["sqlite"])

COLUMNS = (SheetColumn("Item", "item_code"), SheetColumn("On hand"))
METADATA = SheetMetadata("00000001", "2026-11-29T00:00:00", 7, (("Item", "item_code"), ("On hand", "")))


def test_metadata_are_read_from_their_lines() -> None:
    assert SheetMetadata.read(METADATA.lines()) == METADATA
    assert len(HEADINGS) == len(METADATA.lines()[0])
    assert SheetMetadata.read([("version", "99", "")]) is None
    assert SheetMetadata.read([]) is None


def test_metadata_fit_the_columns_that_they_were_written_with() -> None:
    assert METADATA.fits(COLUMNS)
    assert not METADATA.fits(COLUMNS[:1])
    assert not METADATA.fits((replace(COLUMNS[0], field="other"), COLUMNS[1]))


def test_a_key_is_read_from_its_text() -> None:
    key = RowChecksums(COLUMNS).key(12, ["007", "3"])
    assert RowKey.read(f" {key} ") == key
    assert key.sequence == 12


@pytest.mark.parametrize("text", ["", "12", "0 00000000 00000000", "1 0000000g 00000000"])
def test_other_texts_are_no_keys(text: str) -> None:
    assert RowKey.read(text) is None


def test_checksums_change_with_the_cells_that_they_are_about() -> None:
    checks = RowChecksums(COLUMNS)
    before, after = checks.key(1, ["007", "3"]), checks.key(1, ["008", "3"])
    assert before.edited != after.edited
    assert before.read_only == after.read_only
    assert checks.of([None, "3"], edited=True) is None
    assert checks.of([" 007\r\n", "3"], edited=True) == before.edited


def test_texts_are_compared_without_blanks_and_kinds_of_line_ends() -> None:
    assert comparable_text(" a\r\nb ") == "a\nb"


def test_texts_that_no_cell_holds_are_cut_with_a_mark() -> None:
    assert sheet_text("a\ufffeb") == "a\ufffdb"
    cut = sheet_text("x" * (LONGEST_CELL + 1))
    assert (len(cut), cut.endswith(CUT_MARK)) == (LONGEST_CELL, True)


def test_sheets_of_others_are_refused(
    harness: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    book = download(harness, batch_id)
    other = harness.open("item,counted,remark\n007,7,\n", shelf="B")
    with pytest.raises(BadInput, match=f"is the worksheet of batch {batch_id:08d}, not of Batch {other:08d}"):
        look(harness, other, book)
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
            look(harness, batch_id, changed)


@ONE
def test_what_is_no_workbook_any_more_is_refused(
    harness: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    data = download(harness, batch_id).save()
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
