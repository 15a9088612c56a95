"""XLSX files written part by part, and how they are read or refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Any

import pytest
import xlsxwriter

from batchbook.errors import BadInput
from batchbook.tables import read_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


SHEET = "xl/worksheets/sheet1.xml"


HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>item</t></is></c></row>'


def worksheet(rows: str, before: str = "") -> str:
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def cell(reference: str, value: str = "<v>1</v>") -> str:
    return f'<row r="{reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{reference}">{value}</c></row>'


def relations(*targets: tuple[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="r{number}" Type="{RELATED}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>'


def book(*sheets: tuple[str, str], targets: Iterable[tuple[str, str]] = (), **further: str) -> io.BytesIO:
    """Return a workbook of sheets, given as their paths in the archive and their XML."""
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, len(sheets) + 1))
    linked = targets or [("worksheet", path.removeprefix("xl/")) for path, _ in sheets]
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": relations(*linked),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>{names}</sheets></workbook>',
        **dict(sheets),
        **further,
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def read(file: io.BytesIO) -> list[tuple[str, ...]]:
    return [tuple(record) for _, record in read_table("list.xlsx", file, ["item"]).records]


def refusal(file: io.BytesIO) -> str:
    with pytest.raises(BadInput) as caught:
        read(file)
    assert caught.value.message.endswith(".")
    return caught.value.message


def written(fill: Any, **options: Any) -> io.BytesIO:
    target = io.BytesIO()
    made = xlsxwriter.Workbook(target, {"in_memory": True, **options})
    fill(made, made.add_worksheet())
    made.close()
    return target
