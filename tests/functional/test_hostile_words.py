"""Hostile words, from a list or typed into a form, are shown as words: nothing of them runs anywhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import xlsxwriter
from webtest import TestApp

from .addresses import Address, Addresses
from .harness import PATH, CatalogueDatabase, form_with, json_post, number_in, post, upload, url_of

HOSTILE = """<script>alert("1")</script>'"><img src=x onerror=alert(2)>{{7*7}}<!--"""


def test_hostile_words_in_a_list_are_shown_as_words_everywhere(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, addresses: Addresses
) -> None:
    quoted = HOSTILE.replace('"', '""')
    data = f'item_code,description,size,price\n"<b>""\'x</b>","{quoted}","{quoted[:40]}","<i>1</i>"\n000000011,R,,2.10\n'
    header = {"description": HOSTILE, "notes": HOSTILE}
    number = number_in(upload(staff, data, "<img src=x onerror=alert(3)>.csv", **header))
    cell = url_of(number, "rows", 2, "cell")
    answer = json_post(staff, cell, 200, {"field": "item_code", "value": "</td><script>", "version": "1"})
    assert "</td><script>" not in answer["row_html"]
    assert "&lt;script&gt;" in answer["row_html"]
    wrong = json_post(staff, cell, 422, {"field": "new_price", "value": "<script>", "version": "2"})
    assert "error" in wrong
    for _, page in _pages(admin, addresses, number):
        _assert_nothing_runs(page)
    assert HOSTILE in staff.get(url_of(number)).html.h1.get_text()
    assert HOSTILE in staff.get(url_of(number, "rows", 1)).html.get_text()
    shown = form_with(staff.get(f"{url_of(number)}?f.description.contains=%3Cscript%3E"), "query")
    assert shown.fields["value.0"][0].value == "<script>"


def test_headings_and_names_of_sheets_and_files_are_shown_as_words(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    sheet = "<b>'x<img src=x>"
    headings = ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "item_code", "price")
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name in (sheet, "<i>2"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, headings)
            page.write_row(1, 0, ("<i>1</i>", "</td><script>", "000000011", 2.10))
    name = "<img src=x onerror=alert(3)>.xlsx"
    number = number_in(upload(staff, file.getvalue(), name, description="Hostile"))
    intake = staff.get(url_of(number, "intake"))
    assert sheet in intake.html.get_text()
    staff.get(url_of(number, "files", 1))
    for browser, paths in (
        (
            staff,
            [url_of(number), *(url_of(number, one) for one in ("intake", "mapping", "history", "rows/1"))],
        ),
        (auditor, ["/audit-log?view=default", "/audit-log?f.event.equal=downloaded"]),
        (admin, ["/jobs", "/batches"]),
    ):
        for path in paths:
            _assert_nothing_runs(browser.get(path, status="*"))
    assert name in auditor.get("/audit-log?view=default").html.get_text()


def test_hostile_words_typed_into_forms_come_back_as_words(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    for url in (
        url_of(open_batch, "rows", 1, "edit"),
        url_of(open_batch, "rows", "new"),
        url_of(open_batch, "edit"),
    ):
        version = catalogue.batch(open_batch).version if "/rows/" not in url else 1
        fields = {
            "version": version,
            "new_price": HOSTILE,
            "item_code": HOSTILE,
            "warn_above": HOSTILE,
            "description": HOSTILE,
        }
        _assert_nothing_runs(post(staff, url, 422, **fields))
    for query in (f"f.{HOSTILE}.equal=1", f"f.item_code.equal={HOSTILE}", f"sort={HOSTILE}"):
        _assert_nothing_runs(staff.get(url_of(open_batch), dict([query.split("=", 1)])))
    _assert_nothing_runs(staff.get("/login", {"next": HOSTILE}, status="*"))


def test_a_formula_in_a_list_is_exported_as_words(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    data = 'item_code,description,size,price\n1,=HYPERLINK("x"),@a,1.00\n'
    number = number_in(upload(staff, data))
    lines = staff.get(url_of(number, "rows.csv")).body.decode("utf-8-sig").splitlines()
    assert "'=HYPERLINK" in lines[1]
    assert "'@a" in lines[1]


def _pages(browser: TestApp, addresses: Addresses, number: int) -> Iterator[tuple[Address, Any]]:
    for address in addresses.with_method("GET"):
        page = browser.get(addresses.url(address, number), status="*")
        if page.content_type == "text/html" and page.status_int == 200:
            yield address, page


def _assert_nothing_runs(page: Any) -> None:
    url = page.request.url
    if page.content_type != "text/html":
        return
    assert not page.html.select("script:not([src]), style, [style], iframe, object, embed, base"), url
    for element in page.html.find_all(True):
        assert not [name for name in element.attrs if name.lower().startswith("on")], f"{url}: {element}"
        for name in ("href", "src", "action", "formaction"):
            address = str(element.attrs.get(name, ""))
            assert not re.match(r"\s*(javascript|data|vbscript):", address, re.IGNORECASE), (
                f"{url}: {element}"
            )
    assert not page.html.select('img[src="x"], b:-soup-contains("\'x"), main i'), url


def test_every_page_is_free_of_code_in_its_html(
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, executed_batch: int
) -> None:
    seen = [
        address.route
        for address, page in _pages(admin, addresses, executed_batch)
        if not _assert_nothing_runs(page)
    ]
    assert len(seen) > 20
    assert f"{PATH}" in admin.get("/batches").text
