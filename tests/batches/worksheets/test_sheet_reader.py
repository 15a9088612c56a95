"""Only worksheets of a batch can be opened."""

from __future__ import annotations

import io

import pytest
from tests.batches.harness import BatchHarness
from tests.batches.sheets import Book, download, look

from batchbook.batches.worksheets.sheet_reader import open_worksheet
from batchbook.errors import BadInput

ONE = pytest.mark.parametrize("backend", ["sqlite"])


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
