"""Texts of cells, whichever workbook they come from."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from tests.tables.file_builders import MAIN, inline, ods, ods_row, record, xls, xlsx
from tests.tables.sources import (
    QUICK,
    XML_TEXTS,
    Table,
    codes,
    in_ods,
    in_xls,
    in_xlsx,
    opened,
    records,
    tables,
)

from batchbook.tables.report import Format, Reading


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


def _numbers(number: str, format_code: str) -> bytes:
    """Return an XLSX workbook with ``number`` below a heading, in a cell with this format; attributes are in an unusual order."""
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="{format_code}"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
    )
    head = f'<row r="1">{inline("A1", "part")}</row>'
    return xlsx(("S", f'{head}<row r="2"><c s="1" r="A2"><f>1/2</f><v>{number}</v></c></row>'), styles=styles)


def _old_numbers(number: float, format_code: str) -> bytes:
    code = struct.pack("<HHB", 164, len(format_code), 0) + format_code.encode()
    formats = record(0x41E, code) + b"".join(
        record(0xE0, struct.pack("<HH", 0, n) + bytes(16)) for n in (0, 164)
    )
    return xls([(0, 0, "part")], before=formats, after=record(0x203, struct.pack("<HHHd", 1, 0, 1, number)))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.075, "7.5%"), (0.1, "10%"), (-1.2e-05, "-0.0012%"), (0.07500000000000001, "7.500000000000001%")],
)
def test_a_percentage_is_read_as_its_cell_shows_it(number: float, text: str) -> None:
    for code in ("0.0%", '0.00" of "%'):
        source = opened(_numbers(repr(number), code.replace('"', "&quot;")), "a.xlsx")
        assert records(source) == [[text]]
        assert "formulas" in codes(source)
        assert records(opened(_old_numbers(number, code), "a.xls")) == [[text]]
    cell = f'<table:table-cell office:value-type="percentage" office:value="{number!r}"/>'
    content = ods(("S", ods_row(["part"]) + f"<table:table-row>{cell}</table:table-row>"))
    assert records(opened(content, "a.ods")) == [[text]]
    plain = _numbers(repr(number), "0.0&quot;%&quot;")
    assert records(opened(plain, "a.xlsx")) != [[text]]


@pytest.mark.parametrize(
    ("days", "iso", "text"),
    [
        (1.1041666666666667, "PT26H30M00S", "26:30:00"),
        (0.4375, "PT10H30M00S", "10:30:00"),
        (0.5000001157407407, "PT12H0M0.01S", "12:00:00.01"),
        (-0.0625, "-PT01H30M00S", "-01:30:00"),
    ],
)
def test_a_duration_reads_the_same_in_any_workbook(days: float, iso: str, text: str) -> None:
    assert records(opened(_numbers(repr(days), "[h]:mm:ss"), "a.xlsx")) == [[text]]
    assert records(opened(_old_numbers(days, "[h]:mm:ss"), "a.xls")) == [[text]]
    cell = f'<table:table-cell office:value-type="time" office:time-value="{iso}"/>'
    content = ods(("S", ods_row(["part"]) + f"<table:table-row>{cell}</table:table-row>"))
    assert records(opened(content, "a.ods")) == [[text]]
