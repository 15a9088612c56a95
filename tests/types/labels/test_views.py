"""The form, the grid and the preview of labels."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Engine, update
from tests.functional.harness import CatalogueDatabase, form_with, text_of
from tests.functional.test_hidden_fields import restrict
from webtest import TestApp

from batchbook.batches import FieldRule
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope

PATH = "/batches/labels"
pytestmark = [pytest.mark.parametrize("backend", ["sqlite"]), pytest.mark.usefixtures("six_products")]


def made(client: TestApp, **header: str) -> str:
    """Make a batch on the page; return its address."""
    form = form_with(client.get(f"{PATH}/new"), "paper")
    for field, text in header.items():
        form[field] = text
    location: str = form.submit(status=303).headers["Location"]
    return location.partition("?")[0].partition("localhost")[2] or location


def groups_of(svg: Any) -> int:
    return len(svg.findall("{http://www.w3.org/2000/svg}g"))


def test_the_form_names_the_papers_as_their_templates_do(staff: TestApp) -> None:
    page = staff.get(f"{PATH}/new").html
    papers = {one["value"]: one.text.strip() for one in page.select("select[name=paper] option")}
    assert papers["a4"] == "A4 sheet, 3 × 8 labels of 70 × 37 mm"  # noqa: RUF001
    assert papers["roll"] == "Roll, labels of 57 × 32 mm"  # noqa: RUF001
    names = page.find("datalist", id=page.find("input", {"name": "department"})["list"]).find_all("option")
    assert [name["value"] for name in names] == ["GROCERY", "PRODUCE"]


def test_the_grid_shows_the_labels_with_their_notes(staff: TestApp) -> None:
    page = staff.get(made(staff, department="PRODUCE"))
    assert "Apples" in page.text
    assert "The label gets its item code as barcode." in page.text
    headings = [one.get_text(" ", strip=True) for one in page.html.select("thead th")]
    assert any("Label size" in one for one in headings)
    assert any("Copies" in one for one in headings)


def test_the_preview_shows_the_first_labels_of_each_size(staff: TestApp) -> None:
    url = made(staff, department="GROCERY")
    page = staff.get(url).click("Preview labels")
    assert "2 standard labels" in text_of(page)
    assert "2 products, 1 sheet" in text_of(page)
    (picture,) = page.html.select("img.label-preview")
    response = staff.get(picture["src"])
    assert response.content_type == "image/svg+xml"
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    svg = ET.fromstring(response.body)
    assert groups_of(svg) == 2
    assert "Green tea" in response.text
    assert "2." in response.text


def test_copies_are_shown_as_often_as_they_are_printed(staff: TestApp) -> None:
    url = made(staff, department="GROCERY", paper="roll")
    form = form_with(staff.get(f"{url}/rows/1"), "copies")
    form["copies"] = "30"
    form.submit()
    page = staff.get(f"{url}/preview")
    assert "31 standard labels" in text_of(page)
    assert "the first nine labels" in text_of(page)
    svg = ET.fromstring(staff.get(f"{url}/preview/standard.svg").body)
    assert groups_of(svg) == 9


def test_a_hostile_description_is_a_text_of_the_picture(engine: Engine, staff: TestApp) -> None:
    with transaction_scope(engine) as session:
        session.execute(update(Product).values(description='<script>alert(1)</script>"&'))
    url = made(staff, department="GROCERY")
    response = staff.get(f"{url}/preview/standard.svg")
    assert "<script" not in response.text
    assert "&lt;script&gt;" in response.text
    ET.fromstring(response.body)


def test_what_a_person_may_not_see_is_not_in_the_picture(engine: Engine, staff: TestApp) -> None:
    url = made(staff, department="GROCERY")
    assert "2." in staff.get(f"{url}/preview/standard.svg").text
    restrict(CatalogueDatabase(engine), [FieldRule(field="price", see=("admin",))], "labels")
    response = staff.get(f"{url}/preview/standard.svg")
    assert "Green tea" in response.text
    assert ">2.<" not in response.text
    assert ">49<" not in response.text


def test_there_is_no_preview_without_labels(staff: TestApp) -> None:
    url = made(staff)
    assert "Preview labels" not in staff.get(url).text
    assert "No labels to print" in text_of(staff.get(f"{url}/preview"))
    staff.get(f"{url}/preview/huge.svg", status=404)
    assert groups_of(ET.fromstring(staff.get(f"{url}/preview/small.svg").body)) == 0


def test_the_preview_is_for_those_who_may_see_the_batch(
    client: TestApp, auditor: TestApp, staff: TestApp
) -> None:
    url = made(staff, department="GROCERY")
    for page in ("preview", "preview/standard.svg"):
        assert client.get(f"{url}/{page}", status=(303, 302, 403)).status_int != 200
        auditor.get(f"{url}/{page}", status=403)
