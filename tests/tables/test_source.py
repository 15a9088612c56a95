"""How a file is opened as a table: whatever can be guessed is, what was said holds, and texts stay as they stand."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.tables.making import archive, ods, ods_row, record, xls, xlsx, xlsx_parts

from batchbook.errors import BadInput
from batchbook.tables.layout.languages import text_encodings
from batchbook.tables.report import Format, Reading
from batchbook.tables.source import GUESS_ALL, Source, open_source

Table = list[list[str]]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def opened(
    content: str | bytes, name: str = "list.csv", said: Reading = GUESS_ALL, expected: Sequence[str] = ()
) -> Source:
    data = content.encode() if isinstance(content, str) else content
    return open_source(name, io.BytesIO(data), said, expected)


def records(source: Source) -> Table:
    return [list(record) for chunk in source.chunks() for record in chunk.records]


def codes(source: Source) -> list[str]:
    return [note.code for note in source.notes]


def message(source: Source, code: str) -> str:
    return next(note.message for note in source.notes if note.code == code)


def refusal(content: str | bytes, name: str = "list.csv", said: Reading = GUESS_ALL) -> str:
    with pytest.raises(BadInput) as caught:
        records(opened(content, name, said))
    assert caught.value.message.endswith(".")
    return caught.value.message


# --- Any table of texts, written and read again, is the same --------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
# What XML can hold, and what its line ends become.
XML_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\t"),
    max_size=12,
)
LIKELY = st.sampled_from(
    ["", "007", " 7 ", "1,5", "a;b", '"', "a\nb", "a|b", "x\ty", "=1+1", "#N/A", "Ä", "1e5", "2017-12-31"]
)


@st.composite
def tables(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> Table:
    """Return rows that are all as wide as the first; none is blank, since those are no records."""
    width = draw(st.integers(1, 4))
    row = st.lists(LIKELY | texts, min_size=width, max_size=width).filter(
        lambda cells: any(map(str.strip, cells))
    )
    return draw(st.lists(row, min_size=1, max_size=6))


@QUICK
@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|", ":", "~"]),
    st.sampled_from(text_encodings()),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_texts_come_back_from_any_delimiter_and_encoding(
    table: Table, delimiter: str, encoding: str, end: str
) -> None:
    target = io.StringIO(newline="")
    # The writer does not know that a line may end otherwise than its own.
    quoting = csv.QUOTE_ALL if any(set("\r\n") & set("".join(row)) for row in table) else csv.QUOTE_MINIMAL
    csv.writer(target, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    try:
        data = target.getvalue().encode(encoding)
    except UnicodeEncodeError:
        data = target.getvalue().encode(encoding, "replace")
        table = [[cell.encode(encoding, "replace").decode(encoding) for cell in row] for row in table]
    said = Reading("csv", encoding, delimiter, header_row=0)
    assert records(opened(data, said=said)) == _without_mark(table)
    said = Reading("csv", encoding, delimiter, header_row=1)
    source = opened(data, said=said)
    assert ([list(source.headings)], records(source)) == (_without_mark(table)[:1], table[1:])


def _without_mark(table: Table) -> Table:
    """Return the table as it is read: a mark at the very beginning of a file is no part of its first text."""
    first, *rest = table[0]
    return [[first.removeprefix("\ufeff"), *rest], *table[1:]]


def in_xlsx(table: Table) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    for number, row in enumerate(table):
        for column, text in enumerate(row):
            page.write_string(number, column, text)
    book.close()
    return target.getvalue()


def in_ods(table: Table) -> bytes:
    return ods(("Sheet", "".join(map(ods_row, table))))


def in_xls(table: Table) -> bytes:
    return xls(
        (number, column, text) for number, row in enumerate(table) for column, text in enumerate(row) if text
    )


@pytest.mark.parametrize(("kind", "write"), [("xlsx", in_xlsx), ("ods", in_ods), ("xls", in_xls)])
@QUICK
@given(table=tables(XML_TEXTS))
def test_texts_come_back_from_any_workbook(
    kind: Format, write: Callable[[Table], bytes], table: Table
) -> None:
    data = write(table)
    source = opened(data, f"list.{kind}", Reading(kind, header_row=0))
    width = max(place for row in table for place, text in enumerate(row, 1) if text)
    assert records(source) == [row[:width] for row in table]


def test_numbers_of_rows_are_those_of_the_file() -> None:
    source = opened("\nitem,price\n\n7,1\n \n,\n8,2\n9,3,4\n\n", said=Reading(left_out=(7,)))
    (chunk,) = source.chunks()
    assert (list(chunk.numbers), [list(row) for row in chunk.records]) == ([4, 8], [["7", "1"], ["9", "3"]])
    assert {number: list(cells) for number, cells in chunk.surplus.items()} == {8: ["4"]}
    assert source.blank_rows == 3  # Neither those above the headings nor those behind the last record.


def test_chunks_are_as_small_as_wanted_and_come_again() -> None:
    source = opened("item\n" + "".join(f"{n}\n" for n in range(10)))
    for _ in range(2):
        lengths = [len(chunk.numbers) for chunk in source.chunks(4)]
        assert (sum(lengths), max(lengths)) == (10, 4)


# --- Encodings ------------------------------------------------------------------------------------------------------

UMLAUTS = "item;name\n7;Äpfel, süß…\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_encoding_is_found(codec: str) -> None:
    source = opened(UMLAUTS.encode(codec))
    assert records(source) == [["7", "Äpfel, süß…"]]
    assert source.headings == ("item", "name")


def test_a_byte_far_below_decides_the_encoding() -> None:
    data = b"item,name\n" + b"7,x\n" * 300_000 + "8,Äpfel\n".encode("cp1252")
    source = opened(data)
    assert source.reading.encoding == "cp1252"
    assert "byte 0xC4 at position 1,200,013, in line 300,002" in message(source, "encoding")
    assert source.readings[0].texts == ("Äpfel",)


def test_an_encoding_that_was_said_holds() -> None:
    data = "item,name\n7,Łódź\n".encode("cp1250")
    assert records(opened(data, said=Reading(encoding="cp1250"))) == [["7", "Łódź"]]
    assert "is not text in utf-8: byte 0xA3 at position 13, in line 2" in refusal(
        data, said=Reading(encoding="utf-8")
    )
    assert "is not an encoding of text that Python knows" in refusal(data, said=Reading(encoding="rot13"))


def test_a_character_may_be_cut_by_the_pieces_of_a_file() -> None:
    data = ("item,name\n" + "7," + "x" * (2**20 - 13) + "ß\n" + "8,y\n").encode()
    assert data[2**20 - 1 : 2**20 + 1] == "ß".encode()
    assert [row[0] for row in records(opened(data))] == ["7", "8"]
    assert opened(data).reading.encoding == "utf-8"


def test_marks_and_line_ends_are_told() -> None:
    source = opened("item,name\r\n7,x\n8,y\r9,z".encode("utf-8-sig"))
    assert codes(source) == ["byte-order-mark", "line-ends"]
    assert message(source, "line-ends").startswith(
        "Lines end in different ways: CR LF (1) and LF (1) and CR (1)."
    )
    assert records(source) == [["7", "x"], ["8", "y"], ["9", "z"]]


# --- Delimiters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("item;price\n7;1,5\n8;2,5\n", ";"),
        ("item;price;old\n7;1,5;2,5\n8;2,5;1,5\n", ";"),
        ("name, first;price\nDoe, J;1,5\nRoe, R;2,5\n", ";"),
        ("item\tname\n7\ta, b; c\n8\td, e; f\n", "\t"),
        ("item|name\n7|a\n", "|"),
        ("item:name\n7:a\n8:b\n", ":"),
        ("item,at\n7,10:30:00\n8,11:30:00\n", ","),
        ("at\n10:30:00\n11:30:00\n", ","),
        ("remark\nso, what\nno\n, well, no\n", ";"),
        ('"a;b","c"\n"d;e","f"\n', ","),
        ("Prices;;\nof May;;\nitem;name;price\n7;x;1,5\n", ";"),
    ],
)
def test_the_delimiter_is_the_one_that_rows_agree_about(content: str, delimiter: str) -> None:
    assert opened(content).reading.delimiter == delimiter


def test_known_headings_decide_between_delimiters() -> None:
    content = "a,b;c,d\n1,2;3,4\n5,6;7,8\n"
    assert opened(content, expected=["b;c"]).reading.delimiter == ","
    assert opened(content, expected=["a,b", "c,d"]).reading.delimiter == ";"


def test_a_delimiter_that_was_said_holds() -> None:
    assert records(opened("item~name\n7~a,b\n", said=Reading(delimiter="~"))) == [["7", "a,b"]]
    for said in ('"', "\n", "ab"):
        assert "cannot separate cells" in refusal("a,b\n", said=Reading(delimiter=said))


def test_cells_of_others_are_as_long_as_before() -> None:
    before = csv.field_size_limit()
    long = "x" * (before + 1)
    assert records(opened(f"item,name\n7,{long}\n")) == [["7", long]]
    assert csv.field_size_limit() == before


# --- Headings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "row", "rows", "headings"),
    [
        ("item,price\n7,1.5\n", 1, 1, ("item", "price")),
        ("Prices of May\n\nitem,name,price\n7,x,1.5\n8,y,2\n", 3, 1, ("item", "name", "price")),
        ("7,x,1.5\n8,y,2.5\n", 0, None, ("Column 1", "Column 2", "Column 3")),
        ("item,2016,2017\n7,1.5,2\n8,2.5,3\n", 1, 1, ("item", "2016", "2017")),
        ("item,name,price,\n,,net,gross\n7,x,1.5,2\n8,y,2,3\n", 1, 2, None),
        ("item,net,gross\ncode,EUR,USD\n7,1.5,2\n8,2,3\n", 1, 2, ("item code", "net EUR", "gross USD")),
        ("item,price\nA,n/a\nB,2\nC,3\nD,4\nE,5\nF,6\n", 1, 1, ("item", "price")),
        ("name,city\nAnn,Paris\nBob,Rome\n", 1, 1, ("name", "city")),
    ],
)
def test_the_headings_are_found(
    content: str, row: int, rows: int | None, headings: tuple[str, ...] | None
) -> None:
    source = opened(content)
    assert source.reading.header_row == row
    if rows is not None:
        assert source.reading.header_rows == rows
    if headings is not None:
        assert source.headings == headings


def test_known_headings_are_found_below_others() -> None:
    source = opened("vendor,list,of\nitem,name,price\nA,B,C\n", expected=["item", "price"])
    assert (source.reading.header_row, records(source)) == (2, [["A", "B", "C"]])
    assert "it has headings that are known" in message(source, "header-row")


def test_of_two_rows_of_headings_the_known_ones_count() -> None:
    source = opened("item_code,net,tax\nThe code,EUR,EUR\n7,1,2\n8,2,3\n", expected=["item_code", "net"])
    assert source.reading.header_rows == 2
    assert source.headings == ("item_code", "net", "tax")
    assert "two-header-rows" in codes(source)


def test_a_row_of_headings_that_was_said_holds() -> None:
    content = "a,b\n1,2\nc,d\n3,4\n"
    source = opened(content, said=Reading(header_row=3))
    assert (source.headings, records(source)) == (("c", "d"), [["3", "4"]])
    source = opened(content, said=Reading(header_row=1, header_rows=2))
    assert (source.headings, records(source)) == (("a 1", "b 2"), [["c", "d"], ["3", "4"]])
    source = opened(content, said=Reading(header_row=0))
    assert (source.headings, len(records(source))) == (("Column 1", "Column 2"), 4)


def test_headings_stay_as_they_stand_and_are_told_about() -> None:
    source = opened(" Item ,price,,PRICE,\n7,1,2,3,4\n")
    assert source.headings == (" Item ", "price", "", "PRICE", "")
    assert message(source, "duplicate-heading") == "The heading “price” stands above 2 columns."
    assert message(source, "empty-heading") == "Columns 3, 5 have no heading."


# --- Kinds of files -------------------------------------------------------------------------------------------------

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
    assert "cannot be read as text: it is an Excel workbook (XLSX)." in refusal(GOOD, said=Reading("csv"))


# --- Workbooks ------------------------------------------------------------------------------------------------------


def written(fill: Callable[[Any, Any], None]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    fill(book, book.add_worksheet("First"))
    book.close()
    return target.getvalue()


def test_what_a_sheet_shows_is_read_and_told() -> None:
    def fill(book: Any, page: Any) -> None:
        page.merge_range("A1:C1", "Prices of May")
        page.write_row(2, 0, ["item", "name", "price"])
        page.write_row(3, 0, [7, "x"], book.add_format({"num_format": "000000"}))
        page.write_formula(3, 2, "=1+1", None, 2)
        page.write_row(4, 0, [12345678901234567, "t=e"])
        page.write_formula(4, 2, "=NA()", None, "#N/A")

    source = opened(written(fill), "list.xlsx")
    assert records(source) == [["000007", "x", "2"], ["12345678901234570", "t=e", "#N/A"]]
    assert {"merged-cells", "formulas", "error-values", "zero-format", "long-numbers"} <= set(codes(source))
    assert "A1:C1" in message(source, "merged-cells")
    assert next(note.rows for note in source.notes if note.code == "error-values") == (5,)


def test_formulas_that_nobody_computed_are_told() -> None:
    rows = '<row r="1"><c r="A1" t="str"><v>item</v></c></row><row r="2"><c r="A2"><f>1+1</f></c><c r="B2"><v>1</v></c></row>'
    assert "1 has no value: open the file" in message(opened(xlsx(("S", rows)), "list.xlsx"), "formulas")


def test_the_first_sheet_with_data_is_taken() -> None:
    def fill(book: Any, _page: Any) -> None:
        book.add_worksheet("Second").write_row(0, 0, ["other", "things"])
        third = book.add_worksheet("Third")
        third.write_row(0, 0, ["item", "price"])
        third.write_row(1, 0, ["7", "1"])

    data = written(fill)
    source = opened(data, "list.xlsx")
    assert [(sheet.name, sheet.rows) for sheet in source.sheets] == [
        ("First", 0),
        ("Second", 1),
        ("Third", None),
    ]
    assert (source.reading.sheet, codes(source)) == ("Second", ["sheet"])
    assert opened(data, "list.xlsx", expected=["price"]).reading.sheet == "Third"
    assert opened(data, "list.xlsx", Reading(sheet="Third")).headings == ("item", "price")
    assert "has no sheet “Fourth”. It has: “First”, “Second”, “Third”." in refusal(
        data, "a.xlsx", Reading(sheet="Fourth")
    )


def test_sheets_that_people_do_not_see_come_last() -> None:
    parts = xlsx_parts(
        *[(name, f'<row r="1"><c r="A1" t="str"><v>{name}</v></c></row>') for name in ("One", "Two")]
    )
    parts["xl/workbook.xml"] = str(parts["xl/workbook.xml"]).replace(
        'name="One"', 'name="One" state="hidden"'
    )
    assert opened(archive(parts), "list.xlsx").reading.sheet == "Two"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<table:table-cell office:value-type="float" office:value="7"><text:p>7,00</text:p></table:table-cell>', "7"),
        ('<table:table-cell office:value-type="float" office:value="7"><text:p>0007</text:p></table:table-cell>', "0007"),
        ('<table:table-cell office:value-type="date" office:date-value="2017-12-31"/>', "2017-12-31"),
        ('<table:table-cell office:value-type="time" office:time-value="PT10H30M00S"/>', "10:30:00"),
        ('<table:table-cell office:value-type="boolean" office:boolean-value="true"/>', "true"),
        ('<table:table-cell office:value-type="string" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>', "#N/A"),
        ('<table:table-cell office:value-type="string"><text:p> a <text:span> b</text:span></text:p></table:table-cell>', "a b"),
        ('<table:table-cell><office:annotation xmlns:office="o"><text:p>note</text:p></office:annotation><text:p>x</text:p></table:table-cell>', "x"),
    ],
)  # fmt: skip
def test_cells_of_ods_are_what_a_person_typed(cell: str, text: str) -> None:
    source = opened(ods(("S", ods_row(["item"]) + f"<table:table-row>{cell}</table:table-row>")), "list.ods")
    assert records(source) == [[text]]


def test_rows_and_cells_of_ods_repeat() -> None:
    cell = '<table:table-cell table:number-columns-repeated="2" office:value-type="string"><text:p>x</text:p></table:table-cell>'
    rows = ods_row(["a", "b", "c"]) + (
        '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="9"/></table:table-row>'
        f'<table:table-row table:number-rows-repeated="2"><table:table-cell/>{cell}</table:table-row>'
    )
    source = opened(ods(("S", rows)), "list.ods")
    (chunk,) = source.chunks()
    assert (list(chunk.numbers), list(map(list, chunk.records))) == ([5, 6], [["", "x", "x"]] * 2)
    assert source.blank_rows == 3


def test_an_old_workbook_is_read() -> None:
    formats = record(0x41E, struct.pack("<H", 164) + struct.pack("<HB", 6, 0) + b"000000")
    formats += b"".join(record(0xE0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, 164, 14))
    cells = record(0x27E, struct.pack("<HHHI", 1, 0, 1, 7 << 2 | 2))
    cells += record(0x203, struct.pack("<HHHd", 1, 1, 0, 1.25))
    cells += record(0xBD, struct.pack("<HHHIHIH", 1, 2, 2, 43100 << 2 | 2, 0, 125 << 2 | 3, 3))
    cells += record(0x205, struct.pack("<HHHBB", 1, 4, 0, 0x2A, 1)) + record(
        0x205, struct.pack("<HHHBB", 1, 5, 0, 1, 0)
    )
    cells += record(0x6, struct.pack("<HHH", 1, 6, 0) + bytes(6) + b"\xff\xff" + bytes(8))
    cells += record(0x207, struct.pack("<HB", 4, 0) + b"text") + record(
        0xE5, struct.pack("<HHHHH", 1, 0, 0, 0, 27)
    )
    heads = [(0, column, f"head {chr(97 + column)}") for column in range(7)]
    source = opened(xls(heads, before=formats, after=cells), "list.xls")
    assert records(source) == [["000007", "1.25", "2017-12-31", "1.25", "#N/A", "true", "text"]]
    assert set(codes(source)) == {"merged-cells", "formulas", "error-values", "zero-format"}
    assert "A1:AB1" in message(source, "merged-cells")


def test_texts_of_an_old_workbook_go_on_in_other_records() -> None:
    texts = ["x" * 5000, "ä€" * 3000, "last"]
    first = (
        struct.pack("<II", 3, 3)
        + struct.pack("<HB", 5000, 0)
        + texts[0].encode()
        + struct.pack("<HB", 6000, 1)
    )
    wide = texts[1].encode("utf-16-le")
    # The second text goes on in two more records, each of which says again how wide its characters are.
    parts = [
        first + wide[:2000],
        b"\x01" + wide[2000:9000],
        b"\x01" + wide[9000:] + struct.pack("<HB", 4, 0) + b"last",
    ]
    shared = b"".join(
        struct.pack("<HH", 0x3C if n else 0xFC, len(part)) + part for n, part in enumerate(parts)
    )
    cells = b"".join(record(0xFD, struct.pack("<HHHI", n, 0, 0, n)) for n in range(3))
    source = opened(xls([], texts=shared, after=cells), "list.xls", Reading(header_row=0))
    assert records(source) == [[text] for text in texts]


def test_a_mark_that_comes_late_separates_nothing() -> None:
    lines = [f"{number},Item {number},1.50" for number in range(80)]
    source = opened("\n".join(["code,name,price", *lines, "81,Left | right,2.50"]))
    assert source.reading.delimiter == ","
    assert records(source)[-1] == ["81", "Left | right", "2.50"]
