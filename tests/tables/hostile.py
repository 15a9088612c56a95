"""Files that nobody should have to read, each with a part of the sentence that refuses it.

``python -m tests.tables.hostile`` measures how long each of them takes, and how much memory, in a process of its own.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
from collections.abc import Callable

from tests.tables.file_builders import (
    ODS_MIME,
    archive,
    bomb,
    compound,
    inline,
    ods,
    ods_cell,
    ods_content,
    ods_row,
    record,
    worksheet,
    xls,
    xlsb,
    xlsb_parts,
    xlsb_row,
    xlsx,
    xlsx_parts,
)

from batchbook.errors import BadInput
from batchbook.tables.source import open_source

_ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
)
_HEAD = f'<row r="1">{inline("A1", "item")}{inline("B1", "price")}</row>'
_UNCLOSED = {
    **xlsx_parts(("S", "")),
    "xl/worksheets/sheet1.xml": worksheet(_HEAD).partition("</sheetData>")[0],
}
_TEN_MB = "x" * (10 * 1024 * 1024)
_RECORD = "<table:table-row{}>" + ods_cell("item") + "</table:table-row>"

#: By name: what the file is called, how it is made, and a part of the sentence that refuses it; empty where it is read.
HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("a.csv", lambda: b"", "is empty: it has no bytes."),
    "nothing but blanks": ("a.csv", lambda: b" , \r\n" * 3, "has no rows at all"),
    "binary": ("a.csv", lambda: bytes(range(256)) * 4000, "is not text: it holds NUL bytes"),
    "a NUL far below": ("a.csv", lambda: b"a,b\n" * 100_000 + b"\x00,1\n", "the first of them in line 100,001."),
    "a web page called xls": ("a.xls", lambda: b"<html><p>no table</p></html>", "it holds no table"),
    "tags without an end": ("a.html", lambda: b"<table><tr><td>" + b"<!--<td <script " * 1_000_000, "has no rows at all"),
    "tables in tables": ("a.html", lambda: b"<table>" * 3_000_000, "has more than 1,000 tables"),
    "JSON in JSON": ("a.json", lambda: b'[{"a":' * 100_000, "is nested too deeply"),
    "a million keys": ("a.json", lambda: b"[" + b",".join(b'{"k%d":1}' % n for n in range(400_000)) + b"]", "out to column 400,000"),
    "entities in XML 2003": ("a.xml", lambda: ('<?xml version="1.0"?>' + _ENTITIES + '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&c;</Workbook>').encode(), "it has a document type"),
    "a row far below, XML 2003": ("a.xml", lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table><Row ss:Index="9999999"><Cell ss:Index="9999999"><Data ss:Type="String">x</Data></Cell></Row></Table></Worksheet></Workbook>', "which is further than"),
    "an XML workbook": ("a.xls", lambda: b'<?xml version="1.0"?><Workbook/>', "is a document of tags (XML)"),
    "a password": ("a.xlsx", lambda: compound({"EncryptedPackage": b"x"}), "is protected by a password"),
    "a password, old": ("a.xls", lambda: xls([], before=record(0x2F, bytes(6))), "is protected by a password"),
    "a password, ODS": (
        "a.ods",
        lambda: archive({"mimetype": ODS_MIME, "META-INF/manifest.xml": "<m><encryption-data/></m>", "content.xml": "?"}),
        "is protected by a password",
    ),
    "cut": ("a.xlsx", lambda: xlsx(("S", _HEAD))[:-100], "is damaged: its end is missing"),
    "cut, old": ("a.xls", lambda: xls([(0, 0, "x" * 9000)])[:9000], "is an old Excel workbook or a document that is damaged (its end is missing)"),
    "cut sheet": ("a.xlsx", lambda: archive({**xlsx_parts(("S", "")), "xl/worksheets/sheet1.xml": worksheet(_HEAD)[:-40]}), "cannot be read as an Excel workbook"),
    "2 GB of zeros": (
        "a.xlsx",
        lambda: bomb(_UNCLOSED, "xl/worksheets/sheet1.xml", bytes(2**20), 2048),
        "holds a text with more than",
    ),
    "2 GB of zeros behind a sheet": (
        "a.xlsx",
        lambda: bomb(xlsx_parts(("S", _HEAD)), "xl/worksheets/sheet1.xml", bytes(2**20), 2048),
        "cannot be read as an Excel workbook",
    ),
    "2 GB of cells": (
        "a.xlsx",
        lambda: bomb(_UNCLOSED, "xl/worksheets/sheet1.xml", b'<c r="A1"><v>1</v></c>' * 50_000, 2000),
        "has more than 5,000,000 cells",
    ),
    "2 GB of texts": (
        "a.xlsx",
        lambda: bomb(xlsx_parts(("S", _HEAD), texts="<sst>"), "xl/sharedStrings.xml", b"<si><t>1</t></si>" * 60_000, 2000),
        "has more than 5,000,000 texts",
    ),
    "2 GB of ODS": (
        "a.ods",
        lambda: bomb(
            {"mimetype": ODS_MIME, "content.xml": ods_content()}, "content.xml", b"<x></x>" * 100_000, 3000
        ),
        "unpacks to more than 200 MB",
    ),
    "entities in a sheet": (
        "a.xlsx",
        lambda: archive({**xlsx_parts(("S", "")), "xl/worksheets/sheet1.xml": _ENTITIES + worksheet('<row><c r="A1" t="str"><v>&c;</v></c></row>')}),
        "it has a document type",
    ),
    "entities in the book": (
        "a.xlsx",
        lambda: archive({**xlsx_parts(("S", "")), "xl/workbook.xml": _ENTITIES + "<workbook>&c;</workbook>"}),
        "it has a document type",
    ),
    "entities in ODS": (
        "a.ods",
        lambda: archive({"mimetype": ODS_MIME, "content.xml": _ENTITIES + ods_content(("S", ods_row(["x"])))}),
        "it has a document type",
    ),
    "a cell of 10 MB": ("a.csv", lambda: f"item,price\n7,{_TEN_MB}\n".encode(), "is not a table: line 2 has more than 4 million"),
    "a cell of 2 MB": ("a.csv", lambda: f"item,price\n7,{_TEN_MB[: 2**21]}\n".encode(), "characters in row 2 (line 2)."),
    "a cell of 10 MB, XLSX": ("a.xlsx", lambda: xlsx(("S", f"<row>{inline('A1', _TEN_MB)}</row>")), "holds a text with more than"),
    "a cell of 2 MB, XLSX": ("a.xlsx", lambda: xlsx(("S", f"<row>{inline('A1', _TEN_MB[: 2**21])}</row>")), "in row 1; no cell"),
    "a cell of 2 MB, ODS": ("a.ods", lambda: ods(("S", ods_row([_TEN_MB[: 2**21]]))), "in row 1; no cell"),
    "20,000 columns": ("a.csv", lambda: b",".join(b"c%d" % n for n in range(20_000)) + b"\n", "has 20,000 columns"),
    "20,000 columns, ODS": (
        "a.ods",
        lambda: ods(("S", ods_row(["x"] * 20_000))),
        "out to column 1,001, which is further than",
    ),
    "20,000 columns, old": ("a.xls", lambda: xls([(0, 20_000, "x")]), "out to column 20,001, which is further than"),
    "the last cell": ("a.xlsx", lambda: xlsx(("S", _HEAD + f'<row r="1048576">{inline("XFD1048576", "x")}</row>')), "out to column 16,384"),
    "the last cell, old": ("a.xls", lambda: xls([(0, 0, "item"), (65_535, 255, "x")]), ""),
    "an unclosed quote": ("a.csv", lambda: b'item,price\n7,"8\n' + b"7,8\n" * 1_000_000, "a quotation mark in line 2 that is never closed"),
    "a record without end": ("a.csv", lambda: b"item,price\n" + b'"\n",' * 6_000_000, "a quotation mark in line 2 that is"),
    "half a character": ("a.csv", lambda: "item,price\n7,8\n".encode("utf-16") + b"\x00\xd8a\x00", "holds half a character (a lone surrogate) in line 3"),
    "half a character, UTF-8": ("a.csv", lambda: b"item,price\n7,\xed\xa0\x80\n", "holds half a character (a lone surrogate) in line 2"),
    "a million empty rows": ("a.csv", lambda: b"item,price\n" + b",\r\n" * 1_000_000 + b"7,8\n", ""),
    "a million empty rows, XLSX": (
        "a.xlsx",
        lambda: xlsx(("S", _HEAD + "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(2, 1_000_001)))),
        "",
    ),
    "a cell far below": (
        "a.xlsx",
        lambda: xlsx(("S", _HEAD + '<row r="999999"><c r="E999999"><v>1</v></c></row>')),
        "",
    ),
    "a million empty rows, ODS": (
        "a.ods",
        lambda: ods(("S", _RECORD.format("") + '<table:table-row table:number-rows-repeated="999999"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>')),
        "",
    ),
    "a text in a million cells": (
        "a.xlsx",
        lambda: xlsx(
            ("S", _HEAD + "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 500_000))),
            texts=f"<sst><si><t>{_TEN_MB[:30_000]}</t></si></sst>",
        ),
        "repeats its texts so often",
    ),
    "a text in a million rows, ODS": ("a.ods", lambda: ods(("S", _RECORD.format("") + _RECORD.format(' table:number-rows-repeated="100000"').replace("item", _TEN_MB[:30_000]))), "repeats its texts so often"),
    "a row a billion times, ODS": ("a.ods", lambda: ods(("S", _RECORD.format(' table:number-rows-repeated="999999999"'))), "down to row 999,999,999"),
    "texts that are not there": ("a.xls", lambda: xls([], texts=record(0xFC, struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF))), "has more than 1,000,000 texts"),
    "sectors in a ring": ("a.xls", lambda: _ring(), "is damaged (its sectors do not follow each other)"),
    "no workbook in the archive": ("a.xlsx", lambda: archive({"readme.txt": "x", "other.txt": "y"}), "is an archive (ZIP) without a workbook"),
    "a document": ("a.xlsx", lambda: archive({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), "is a document of another kind"),
    "a binary workbook": ("a.xlsb", lambda: archive({"[Content_Types].xml": "<x/>", "xl/workbook.bin": "x"}), "cannot be read as a binary Excel workbook"),
    "the last cell, binary": ("a.xlsb", lambda: xlsb(xlsb_row(1_048_575, b"\x05\x10" + struct.pack("<IId", 16_383, 0, 1))), "out to column 16,384"),
    "2 GB of XLSB": ("a.xlsb", lambda: bomb(xlsb_parts(b""), "xl/worksheets/sheet1.bin", bytes(2**20), 2048), "holds a text with more than"),
    "64 MB of XLSB": ("a.xlsb", lambda: bomb(xlsb_parts(b""), "xl/worksheets/sheet1.bin", b"\x3e\x00" * 2**20, 64), "more than 64 MB"),
}  # fmt: skip


def _ring() -> bytes:
    data = bytearray(compound({"Workbook": b"x" * 5000}))
    table = len(data) - 512
    data[table : table + 8] = struct.pack("<II", 1, 0)
    data[table + 40 : table + 44] = struct.pack("<I", 10)
    return bytes(data)


def refusal_of(name: str, data: bytes) -> str:
    """Return the sentence that refuses a file, once all of it was read; nothing where it is read."""
    try:
        for _ in open_source(name, io.BytesIO(data), expected=("item", "price")).chunks():
            pass
    except BadInput as error:
        return error.message
    return ""


def _measure(what: str) -> None:
    name, make, _ = HOSTILE[what]
    data = make()
    with open("/proc/self/clear_refs", "w") as peak:  # noqa: PTH123 - The high-water mark begins anew.
        peak.write("5")
    start = time.process_time()
    refusal = refusal_of(name, data)
    seconds = time.process_time() - start
    with open("/proc/self/status") as status:  # noqa: PTH123
        high = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(
        f"{what:32} {seconds:6.2f} s of the processor {high / 1024:6.0f} MB ({len(data) / 2**20:.1f} MB of file)  {refusal[:100]}"
    )


def main() -> None:
    """Measure one of the files, or each in a process of its own."""
    if len(sys.argv) > 1:
        _measure(sys.argv[1])
        return
    for what in HOSTILE:
        subprocess.run([sys.executable, "-m", "tests.tables.hostile", what], check=True)


if __name__ == "__main__":
    main()
