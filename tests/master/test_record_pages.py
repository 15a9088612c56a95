"""Records are listed, shown and exported to those who may see them."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook
from webob import Request

from .cakes import Cake, MasterHarness, rows_of, words


@pytest.fixture
def pie(harness: MasterHarness) -> int:
    return harness.add(Cake(code="A1", name="Apple pie", price=Decimal("12.00")))[0]


@pytest.mark.parametrize("end", ["", "/edit", "/delete"])
def test_what_is_no_record_is_not_found(harness: MasterHarness, pie: int, end: str) -> None:
    sam = harness.visitor("sam")
    for key in ("abc", "99", "-1", "+1", "1e0", str(2**31), str(10**30), "%D9%A1", "x" * 3000, "0x1"):
        sam.get(f"/cakes/{key}{end}", status=404)


def test_nobody_learns_what_exists(harness: MasterHarness, pie: int) -> None:
    kim = harness.visitor("kim", "bakers:view")
    assert kim.get(f"/cakes/{pie}", status=403).status == kim.get("/cakes/99", status=403).status


def test_shows_a_record_with_the_buttons_one_may_press(harness: MasterHarness, pie: int) -> None:
    page = harness.visitor("sam").get(f"/cakes/{pie}")
    assert "Price 12.00" in words(page)
    assert [link["href"] for link in page.html.select(".page-actions a")] == [
        f"/cakes/{pie}/edit",
        f"/cakes/{pie}/delete",
    ]
    assert not harness.visitor("kim", "cakes:view").get(f"/cakes/{pie}").html.select(".page-actions a")


def test_empty_pages_say_what_to_do(harness: MasterHarness) -> None:
    sam = harness.visitor("sam")
    assert "No cakes yet" in words(sam.get("/cakes"))
    harness.add(Cake(code="A", name="Almond"))
    page = sam.get("/cakes?f.code.equal=Z")
    assert "No matches" in words(page)
    assert rows_of(page.click("Show all cakes")) == ["Almond"]


def test_only_who_may_sees_it(cakes: MasterHarness) -> None:
    assert cakes.visitor().get("/cakes", status=303).location.endswith("/login?next=%2Fcakes")
    assert cakes.visitor("pat", "bakers:view").get("/cakes", status=403)
    page = cakes.visitor("kim", "cakes:view").get("/cakes")
    assert not page.html.find("a", string="New cake")
    assert not page.html.find("a", href=re.compile("export"))
    assert cakes.visitor("sam").get("/cakes").html.find("a", string="New cake")["href"] == "/cakes/new"


def test_an_export_needs_its_permission_and_a_known_format(cakes: MasterHarness) -> None:
    cakes.visitor("kim", "cakes:view").get("/cakes/export.csv", status=403)
    cakes.visitor("sam").get("/cakes/export.pdf", status=404)


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
    assert "Nothing was exported, because the file would have more rows than you asked for." in words(page)
