"""Worksheets have cells to edit, problems and help."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from tests.batches.harness import BatchHarness
from tests.batches.sheets import download, written

ONE = pytest.mark.parametrize("backend", ["sqlite"])


def test_a_worksheet_shows_what_can_be_edited_and_what_is_wrong(harness: BatchHarness, batch_id: int) -> None:
    harness.remove(batch_id, 4)
    book = download(harness, batch_id)
    assert book.rows[0] == [
        "Key", "Row", "Item code", "Counted", "Remark", "On hand", "Looked up", "Status", "Problems",
    ]  # fmt: skip
    assert book.column("Row") == ["1", "2", "3", "5"]
    assert book.column("Item code") == ["007", "008", "009", "010"]
    assert book.column("Counted") == ["7", "9", "lots", "lots"]
    assert book.column("Status") == ["Matches", "Differs", "Uncounted", "Uncounted"]
    assert book[3, "Problems"] == "Counted: “lots” is not a whole number: use digits only."


@ONE
def test_a_worksheet_helps_who_corrects_it(harness: BatchHarness, batch_id: int) -> None:
    file = zipfile.ZipFile(io.BytesIO(written(harness, batch_id)))
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
