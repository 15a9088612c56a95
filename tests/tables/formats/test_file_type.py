"""Detection of file types."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from tests.tables.file_builders import archive, inline, xlsx
from tests.tables.sources import codes, message, opened, records, refusal

from batchbook.tables.formats.file_type import detect_file_type
from batchbook.tables.report import Reading

GOOD = xlsx(
    ("Sheet", '<row r="1"><c r="A1" t="str"><v>item</v></c></row><row r="2"><c r="A2"><v>7</v></c></row>')
)


def test_the_content_says_what_a_file_is_and_not_its_name() -> None:
    source = opened(GOOD, "list.csv")
    assert (source.reading.format, records(source)) == ("xlsx", [["7"]])
    assert message(source, "name").startswith("The file is called .csv, but it is an Excel workbook (XLSX)")
    source = opened("item,name\n7,x\n", "list.xlsx")
    assert (source.reading.format, codes(source)) == ("csv", ["name"])
    assert opened("item\tname\n7\tx\n", "").reading.delimiter == "\t"


def test_a_kind_that_was_said_must_be_the_one_it_is() -> None:
    assert "cannot be read as text: it is an Excel workbook (XLSX)." in refusal(
        GOOD, requested=Reading("csv")
    )


TABLE = b"item,price\n7,1.50\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list.csv.gz", gzip.compress(TABLE, mtime=0)),
        ("list.csv", gzip.compress(TABLE, mtime=0)),
        (
            "list.zip",
            archive(
                {"folder/": "", "folder/list.csv": TABLE, "__MACOSX/._list.csv": "x", "folder/.DS_Store": "x"}
            ),
        ),
        (
            "list.zip",
            archive(
                {
                    "list.xlsx": xlsx(
                        (
                            "S",
                            f"<row>{inline('A1', 'item')}{inline('B1', 'price')}</row><row><c><v>7</v></c><c><v>1.5</v></c></row>",
                        )
                    )
                }
            ),
        ),
    ],
)
def test_an_archive_of_one_file_is_that_file(name: str, data: bytes) -> None:
    source = opened(data, name)
    assert [[float(cell) for cell in row] for row in records(source)] == [[7, 1.5]]
    assert "archive" in codes(source)


def test_a_long_text_in_an_archive_is_read_under_its_own_name() -> None:
    source = opened(archive({"Prices 2026.CSV": TABLE + b"7,1.50\n" * 1_500_000}), "list.zip")
    assert sum(len(chunk.numbers) for chunk in source.chunks()) == 1_500_001
    assert message(source, "archive") == "The file is an archive, and “Prices 2026.CSV” in it was read."


def test_an_archive_that_is_not_read_is_named() -> None:
    locked = bytearray(archive({"list.csv": TABLE}))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.find(magic) + place] |= 1
    assert "is an archive, and protected by a password" in refusal(bytes(locked), "list.zip")
    assert "an archive (GZIP) in another archive" in refusal(
        gzip.compress(gzip.compress(TABLE, mtime=0)), "a.csv.gz"
    )
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as target:
        target.addfile(tarfile.TarInfo("list.csv"))
    assert "an archive (TAR)" in refusal(gzip.compress(tar.getvalue()), "a.tar.gz")


def test_an_archive_of_one_file_is_unpacked_within_limits() -> None:
    assert "unpacks to more than 200 MB" in refusal(gzip.compress(bytes(201 * 2**20), 1), "a.csv.gz")
    assert "is damaged" in refusal(gzip.compress(TABLE * 100, mtime=0)[:-12], "a.csv.gz")
    assert "without a workbook" in refusal(archive({"a.csv": TABLE, "b.csv": TABLE}), "a.zip")


def test_comments_that_lead_nowhere_are_looked_through_once() -> None:
    """Thirty of them would take minutes, if all ways to divide them were tried."""
    comments = b"<!---->" * 2_000
    for name, ending, found in (
        ("list.html", b"<table><tr><td>1</td></tr></table>", "html"),
        ("list.csv", b"x", "csv"),
    ):
        assert detect_file_type(name, io.BytesIO(comments + ending))[0] == found
