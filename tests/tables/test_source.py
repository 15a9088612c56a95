"""Tables with required columns: what can be read, and the sentences that refuse the rest."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.tables.sources import opened

from batchbook.errors import BadInput
from batchbook.tables import read_table
from batchbook.tables.report import Reading

REQUIRED = ("item", "counted", "remark")


HEADER = ",".join(REQUIRED)


Rows = list[tuple[int, list[str]]]


def read(content: str | bytes, name: str = "list.csv") -> Rows:
    data = content.encode() if isinstance(content, str) else content
    return [(number, list(record)) for number, record in read_table(name, io.BytesIO(data), REQUIRED).records]


def workbook(fill: Callable[[Any, Any], None]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    fill(book, book.add_worksheet())
    book.close()
    return target.getvalue()


def sheet(*rows: list[Any]) -> bytes:
    def fill(_book: Any, page: Any) -> None:
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)

    return workbook(fill)


LINES = [(2, ["007", "7", "a, b"]), (3, ["008", "", ""])]


@pytest.mark.parametrize(
    "content",
    [
        'item,counted,remark\n007,7,"a, b"\n008,,\n',
        'item,counted,remark\r\n007,7,"a, b"\r\n008,,\r\n',
        'item,counted,remark\n007,7,"a, b"\n008,,',
        "item;counted;remark\n007;7;a, b\n008;;\n",
        "item\tcounted\tremark\n007\t7\ta, b\n008\t\t\n",
        "item|counted|remark\n007|7|a, b\n008||\n",
        '\ufeffitem,counted,remark\n007,7,"a, b"\n008,,\n',
        '" Item ",COUNTED, Remark \n007,7,"a, b"\n008,,\n',
    ],
)
def test_csv_is_read_whatever_its_delimiter_line_ends_and_mark(content: str) -> None:
    assert read(content) == LINES


def test_decimal_commas_do_not_make_a_delimiter() -> None:
    assert read("item;counted;remark\n007;1,5;2,5\n") == [(2, ["007", "1,5", "2,5"])]


def test_blank_lines_are_passed_over_and_counted() -> None:
    assert read(f"\n{HEADER}\n\n007,7,\n , ,\n008,8,\n\n") == [(4, ["007", "7", ""]), (6, ["008", "8", ""])]


def test_quotes_may_hold_line_ends_and_quotes() -> None:
    assert read(f'{HEADER}\n007,7,"one\ntwo ""x"""\n') == [(2, ["007", "7", 'one\ntwo "x"'])]


def test_a_workbook_keeps_zeros_of_text_and_makes_numbers_what_was_typed() -> None:
    found = read(
        sheet(
            list(REQUIRED),
            ["007", 7.0, "x"],
            [5901234123457, 0.1, True],
            [12, 1e-7, 1234567890.25],
            [" 008 ", "", None],
        ),
        "list.xlsx",
    )
    assert found == [
        (2, ["007", "7", "x"]),
        (3, ["5901234123457", "0.1", "true"]),
        (4, ["12", "0.0000001", "1234567890.25"]),
        (5, [" 008 ", "", ""]),
    ]


def test_a_workbook_may_begin_lower_and_hold_blank_rows() -> None:
    def fill(_book: Any, page: Any) -> None:
        page.write_row(2, 1, ["Item", "Counted", "Remark"])
        page.write_row(4, 1, ["007", 7, "x"])

    rows = read(workbook(fill), "LIST.XLSX")
    assert [[text for text in record if text] for _, record in rows] == [["007", "7", "x"]]
    assert rows[0][0] == 5


def test_days_of_a_workbook_are_iso() -> None:
    def fill(book: Any, page: Any) -> None:
        page.write_row(0, 0, REQUIRED)
        page.write_string(1, 0, "007")
        page.write_datetime(1, 1, datetime(2026, 11, 30), book.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001

    ((_, record),) = read(workbook(fill), "list.xlsx")
    assert record[1].startswith("2026-11-30")


def test_only_the_first_sheet_counts() -> None:
    def fill(book: Any, page: Any) -> None:
        page.write_row(0, 0, REQUIRED)
        page.write_row(1, 0, ["007", 7, ""])
        book.add_worksheet("more").write_row(0, 0, ["other"])

    assert read(workbook(fill), "list.xlsx") == [(2, ["007", "7", ""])]


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_the_file_stays_open_for_whoever_opened_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(GOOD_SHEET if name.endswith("xlsx") else f"{HEADER}\n007,7,x\n008,8,y\n".encode())
    with path.open("rb") as file:
        for _ in range(2):
            next(read_table(name, file, REQUIRED).records)  # Not to the end.
            assert len(list(read_table(name, file, REQUIRED).records)) > 0
        assert not file.closed


def archive(**files: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


GOOD_SHEET = sheet(list(REQUIRED), ["007", 7, "x"])


EXPECTED = "“item”, “counted”, “remark”"


BAD: dict[str, tuple[str, bytes, str]] = {
    "empty": ("list.csv", b"", f"“list.csv” is empty: it has no bytes. Expected a header row with {EXPECTED}."),
    "empty workbook": ("list.xlsx", b"", "“list.xlsx” is empty: it has no bytes."),
    "blank": ("list.csv", b"\n \n,,\n", "“list.csv” has no rows at all, only blanks."),
    "mark only": ("list.csv", b"\xef\xbb\xbf", "has no rows at all"),
    "blank workbook": ("list.xlsx", sheet([]), "has no rows at all"),
    "binary": ("list.csv", bytes(range(256)) * 20, "“list.csv” is not text: it holds NUL bytes, the first of them in line 1."),
    "a picture": ("list.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "is not text but a picture (PNG), despite its name."),
    "another kind": ("list.pdf", b"%PDF-1.7", "is not text but a PDF document"),
    "zip without a workbook": ("list.xlsx", archive(readme="hello", other="x"), "is an archive (ZIP) without a workbook in it."),
    "zip with half a workbook": (
        "list.xlsx",
        archive(**{"xl/workbook.xml": "<workbook", "[Content_Types].xml": "<x"}),
        "cannot be read as an Excel workbook",
    ),
    "cut workbook": ("list.xlsx", GOOD_SHEET[:-200], "is damaged: its end is missing"),
    "only the mark of a zip": ("list.xlsx", b"PK\x03\x04 and no more", "is damaged: its end is missing"),
    "missing columns": (
        "list.csv",
        b"item,colour\n1,2\n",
        f"“list.csv” has no column “counted”, “remark”. Found: “item”, “colour”. Expected: {EXPECTED}.",
    ),
    "no header": ("list.csv", b"007,7,x\n", "has no column “item”"),
    "missing columns of a workbook": ("list.xlsx", sheet(["item"]), "has no column “counted”, “remark”"),
    "doubled columns": (
        "list.csv",
        b"item,counted,remark,Item\n1,2,3,4\n",
        "has the column “item” more than once, so it is not clear which one counts",
    ),
    "unclosed quote": (
        "list.csv",
        f'{HEADER}\n007,7,"x\n008,8,y\n'.encode(),
        "“list.csv” has a quotation mark in line 2 that is never closed, so that the rest of the file would be one cell.",
    ),
    "text after a quote": ("list.csv", f'{HEADER}\n007,7,"x" y\n008,8,"a,b"\n'.encode(), "stops being readable as CSV in line 2: there is text after a closing"),
    "unclosed quote in the header": ("list.csv", b'item,"counted,remark\n1,2,3\n', "a quotation mark in line 1 that is never closed"),
    "endless line": ("list.csv", f"{HEADER}\n".encode() + b"x" * 1_100_000, "has a cell with more than 1,048,576 characters in row 2 (line 2)."),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_read_is_refused_with_a_sentence(what: str) -> None:
    name, data, sentence = BAD[what]
    with pytest.raises(BadInput) as caught:
        read(data, name)
    assert sentence in caught.value.message
    assert caught.value.message.endswith(".")


def test_numbers_of_rows_are_those_of_the_file() -> None:
    source = opened("\nitem,price\n\n7,1\n \n,\n8,2\n9,3,4\n\n", requested=Reading(left_out=(7,)))
    (chunk,) = source.chunks()
    assert (list(chunk.numbers), [list(row) for row in chunk.records]) == ([4, 8], [["7", "1"], ["9", "3"]])
    assert {number: list(cells) for number, cells in chunk.surplus.items()} == {8: ["4"]}
    assert source.blank_rows == 3  # Neither those above the headings nor those behind the last record.


def test_chunks_are_as_small_as_wanted_and_come_again() -> None:
    source = opened("item\n" + "".join(f"{n}\n" for n in range(10)))
    for _ in range(2):
        lengths = [len(chunk.numbers) for chunk in source.chunks(4)]
        assert (sum(lengths), max(lengths)) == (10, 4)
