"""The results of a grid are downloaded whole, as CSV that streams or as a workbook."""

from __future__ import annotations

import csv
import io
import re

from python_calamine import CalamineWorkbook
from webob import Request

from .cakes import Cake, MasterHarness, words


def test_exports_what_is_shown_in_its_order(cakes: MasterHarness) -> None:
    page = cakes.visitor("sam").get("/cakes?f.vegan.is_true=&sort=price")
    download = page.click("CSV")
    lines = list(csv.reader(io.StringIO(download.body.decode("utf-8-sig"))))
    assert [line[:3] for line in lines] == [
        ["Name", "Code", "Price"],
        ["Carrot cake", "C3", "5.25"],
        ["Apple pie", "A1", "12.00"],
    ]
    assert re.fullmatch(
        r'attachment; filename="cakes-\d{4}-\d\d-\d\d\.csv"', download.headers["Content-Disposition"]
    )
    assert download.content_type == "text/csv"
    sheet = (
        CalamineWorkbook.from_filelike(io.BytesIO(page.click("Excel").body)).get_sheet_by_index(0).to_python()
    )
    assert [row[:3] for row in sheet] == [
        ["Name", "Code", "Price"],
        ["Carrot cake", "C3", 5.25],
        ["Apple pie", "A1", 12],
    ]


def test_an_export_has_all_pages_and_streams(harness: MasterHarness) -> None:
    harness.add(*(Cake(code=f"D{number:05}", name="Doughnut " * 8) for number in range(2000)))
    sam = harness.visitor("sam")
    cookies = "; ".join(f"{name}={value}" for name, value in sam.cookies.items())
    response = Request.blank("/cakes/export.csv?size=20&page=3", headers={"Cookie": cookies}).get_response(
        harness.app
    )
    chunks = list(response.app_iter)
    assert len(chunks) > 1
    assert b"".join(chunks).count(b"\r\n") == 2001


def test_nothing_is_exported_by_a_filter_that_cannot_be_used(cakes: MasterHarness) -> None:
    page = cakes.visitor("sam").get("/cakes/export.csv?f.price.less=cheap&f.vegan.is_true=", status=400)
    assert "“cheap” is not a number" in words(page)
    assert "Nothing was exported: more would be in it than you asked for." in words(page)
