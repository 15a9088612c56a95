"""Variants of the kinds that were read wrongly, in other formats, languages and dialects: read rightly, or told."""

from __future__ import annotations

import io
from typing import Any

import pytest
from tests.tables.file_builders import ods, ods_cell, ods_row, record, xls
from tests.tables.sources import written

from batchbook.tables.inspection import inspect_table
from batchbook.tables.report import Report
from batchbook.tables.source import open_source

Table = list[list[str]]
URN = "urn:schemas-microsoft-com:office:spreadsheet"
RECORDS = "1;a;1,5\n2;b;2,5\n3;c;3,5\n"


def read(data: str | bytes, name: str = "list.csv") -> tuple[Report, Table]:
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    found = inspect_table(name, file)
    chunks = open_source(name, file, found.reading).chunks()
    return found, [list(row) for chunk in chunks for row in chunk.records]


def codes(found: Report) -> set[str]:
    return {note.code for note in found.notes}


THREE: Table = [["1", "a", "1.5"], ["2", "b", "2.5"], ["3", "c", "3.5"]]
DIALECTS: dict[str, tuple[str, Table, str]] = {
    "backslash": ('i,n,p\n1,"3/4\\" b",1.5\n2,"b",2.5\n', [["1", '3/4" b', "1.5"], ["2", "b", "2.5"]], "quoting"),
    "apostrophes": ("i,n,p\n'1','a, b','1.5'\n'2','O''Neil','2.5'\n", [["1", "a, b", "1.5"], ["2", "O'Neil", "2.5"]], "quoting"),
    "behind a blank": ('i, n, p\n1, "a, b", 1.5\n2, "c", 2.5\n', [["1", "a, b", "1.5"], ["2", "c", "2.5"]], "quoting"),
    "bars": ("i||n||p\n1||a||1.5\n2||b|c||2.5\n7||||3.5\n", [["1", "a", "1.5"], ["2", "b|c", "2.5"], ["7", "", "3.5"]], "delimiter"),
    **{
        f"{mark!r} between cells": ("i,n,p\n1,a,1.5\n2,b,2.5\n3,c,3.5\n".replace(",", mark), THREE, "delimiter")
        for mark in ("::", ";;", "\t\t", "~", "^", "\x01", "\x1f", "\xfe", "\xac")
    },
    "fixed width with gaps": (
        "item    name       price\n000801  Cookies     1.09\n000866             0.55\n000867  Muff        0.99\n",
        [["000801", "Cookies", "1.09"], ["000866", "", "0.55"], ["000867", "Muff", "0.99"]], "delimiter",
    ),
    "a table of a terminal": ("+---+---+\n| i | n |\n+---+---+\n| 1 | a |\n| 2 | b |\n+---+---+\n", [["", " 1 ", " a ", ""], ["", " 2 ", " b ", ""]], "ruler-rows"),
    "a table of Markdown": ("| i | n |\n|---|:--:|\n| 1 | a |\n| 2 | b |\n", [["", " 1 ", " a ", ""], ["", " 2 ", " b ", ""]], "ruler-rows"),
}  # fmt: skip


@pytest.mark.parametrize("what", DIALECTS)
def test_dialects_are_guessed_and_told(what: str) -> None:
    text, table, code = DIALECTS[what]
    found, rows = read(text)
    assert rows == table
    assert code in codes(found)


@pytest.mark.parametrize(
    "words",
    ["Zwischensumme", "Sous-total", "小計", "Suma częściowa", "Итого", "Mezisoučet", "Delsumma", "المجموع", "I alt", "Yhteensä", "Toplam", "Összesen"],
)  # fmt: skip
def test_totals_of_any_language_are_told(words: str) -> None:
    first, second, third = RECORDS.splitlines()
    found, rows = read("\n".join(["i;n;p", first, second, f"{words};;4,0", third, f"{words};;3,5", ""]))
    assert (len(rows), "total-rows" in codes(found)) == (3, True)


@pytest.mark.parametrize(
    ("line", "code"),
    [("; checked", "group-rows"), ("// checked;;", "comment-rows"), ("REM checked;;", "group-rows"), ("---;---;---", "ruler-rows"), ("\x1a", "ruler-rows")],
)  # fmt: skip
def test_lines_for_people_are_told(line: str, code: str) -> None:
    found, rows = read(f"i;n;p\n{line if line[0] != ';' else ';checked;'}\n{RECORDS}")
    assert (len(rows), code in codes(found)) == (3, True)


@pytest.mark.parametrize(
    "text",
    [
        "item,price\nA,\u0661\u066c\u0662\u0663\u0664\u066b\u0665\u0660\nB,\u0662\u066b\u0665\n",
        "item,price\nA,\u06f1\u06f2\u06f3\nB,\u06f4\u06f5\u06f6\n",
        "item,price\n\u0966\u0966\u096d,\u0967.\u096b\n\u0966\u0966\u096e,\u0968.\u096b\n",
    ],
)
def test_digits_of_other_scripts_are_told(text: str) -> None:
    assert "other-digits" in codes(read(text)[0])


def cells(*texts: str) -> str:
    return "".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in texts)


def in_xml(inside: str, styles: str = "") -> str:
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{URN}" xmlns:ss="{URN}">{styles}<Worksheet ss:Name="S"><Table>{inside}</Table>'
        "</Worksheet></Workbook>"
    )


def hidden_in_xlsx(_book: Any, page: Any) -> None:
    for number, row in enumerate((["i", "p"], ["1", "2"], ["3", "4"])):
        page.write_row(number, 0, row)
    page.set_row(1, None, None, {"hidden": True})


HIDDEN = {
    "a.xlsx": written(hidden_in_xlsx),
    "a.ods": ods(("S", ods_row(["i", "p"]) + ods_row(["1", "2"]).replace("-row>", '-row table:visibility="filter">', 1) + ods_row(["3", "4"]))),
    "a.xls": xls(
        [(0, 0, "i"), (0, 1, "p"), (1, 0, "1"), (1, 1, "2"), (2, 0, "3"), (2, 1, "4")],
        after=record(0x208, bytes([1, 0]) + bytes(10) + bytes([0x20, 0, 0, 0])),
    ),
    "a.html": b'<table><tr><td>i<td>p<tr style="display:none"><td title="a>b">1<td>2<tr><td>3<td>4</table>',
    "a.xml": in_xml(f'<Row>{cells("i", "p")}</Row><Row ss:Hidden="1">{cells("1", "2")}</Row><Row>{cells("3", "4")}</Row>').encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_rows_are_told_in_every_format(name: str) -> None:
    found, rows = read(HIDDEN[name], name)
    assert rows == [["1", "2"], ["3", "4"]]
    assert [note.rows for note in found.notes if note.code == "hidden-rows"] == [(2,)]


def test_hidden_columns_of_markup_are_told() -> None:
    page = '<table><tr><td>i<td style="display: none">n<td>p<tr><td>1<td style="display: none">x<td>2</table>'
    book = in_xml(f'<Column/><Column ss:Hidden="1"/><Row>{cells("i", "n")}</Row><Row>{cells("1", "2")}</Row>')
    for name, text in (("a.html", page), ("a.xml", book)):
        assert [note.column for note in read(text, name)[0].notes if note.code == "hidden-column"] == [1]


def durations_in_xlsx(book: Any, page: Any) -> None:
    page.write_row(0, 0, ["i", "d"])
    page.write_row(1, 0, ["a"])
    page.write_number(1, 1, 26.5 / 24, book.add_format({"num_format": "[h]:mm:ss"}))
    page.write_row(2, 0, ["b"])
    page.write_number(2, 1, 2 / 24, book.add_format({"num_format": "hh:mm"}))


def _ods_time(value: str) -> str:
    return f'<table:table-cell office:value-type="time" office:time-value="{value}"><text:p>?</text:p></table:table-cell>'


def _ods_times(*values: str) -> bytes:
    rows = "".join(
        f"<table:table-row>{ods_cell(name)}{_ods_time(value)}</table:table-row>"
        for name, value in zip("ab", values, strict=True)
    )
    return ods(("S", ods_row(["i", "d"]) + rows))


DURATION = '<Styles><Style ss:ID="d"><NumberFormat ss:Format="[h]:mm:ss"/></Style></Styles>'
DURATIONS = {
    "a.xlsx": written(durations_in_xlsx),
    "a.ods": _ods_times("PT26H30M00S", "PT02H00M00S"),
    "a.xml": in_xml(
        f"<Row>{cells('i', 'd')}</Row>"
        f'<Row>{cells("a")}<Cell ss:StyleID="d"><Data ss:Type="DateTime">1900-01-01T02:30:00.000</Data></Cell></Row>'
        f'<Row>{cells("b")}<Cell><Data ss:Type="DateTime">1899-12-31T02:00:00.000</Data></Cell></Row>',
        DURATION,
    ).encode(),
    "a.csv": b"i,d\na,26:30:00\nb,02:00:00\n",
}


@pytest.mark.parametrize("name", DURATIONS)
def test_durations_are_the_same_in_every_format(name: str) -> None:
    assert read(DURATIONS[name], name)[1] == [["a", "26:30:00"], ["b", "02:00:00"]]


def test_numbers_of_xml_are_read_as_shown() -> None:
    styles = '<Styles><Style ss:ID="z"><NumberFormat ss:Format="000000"/></Style><Style ss:ID="p"><NumberFormat ss:Format="Percent"/></Style></Styles>'
    numbers = '<Cell ss:StyleID="z"><Data ss:Type="Number">7</Data></Cell><Cell ss:StyleID="p"><Data ss:Type="Number">0.075</Data></Cell>'
    assert read(in_xml(f"<Row>{cells('i', 'd')}</Row><Row>{numbers}</Row>", styles), "a.xls")[1] == [
        ["000007", "7.5%"]
    ]
