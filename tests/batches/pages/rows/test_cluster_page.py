"""Staff merge values that are spellings of the same, after a preview."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functional.harness import (
    OWN,
    CatalogueDatabase,
    form_with,
    number_in,
    post,
    text_of,
    token_of,
    upload,
    url_of,
)
from webtest import TestApp

LIST = (
    "item_code,description,size,price\n"
    "Rye bread,A,500 G,2.10\nRYE BREAD,B,500 g,2.20\nBread (rye),C,500 G,2.30\n"
    "RYE BREAD,D,1 KG,4.10\nRYE BRED,E,1 L,1.10\nROLL,F,60 G,0.40\n"
)


@pytest.fixture
def number(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    return number_in(upload(staff, LIST))


def groups(page: Any) -> list[list[str]]:
    return [[one.text for one in group.select(".cell-text-raw")] for group in page.html.select(".cluster")]


def codes(catalogue: CatalogueDatabase, number: int) -> list[str | None]:
    return [catalogue.row(number, sequence).item_code for sequence in range(1, 7)]


def preview(page: Any, place: int = 0, status: int = 200, **fields: str) -> Any:
    form = form_with(page, "merge")
    form.set("merge", True, place)
    for name, value in fields.items():
        key = page.html.select("input[name=merge]")[place]["value"]
        form[f"{name}.{key}"] = value
    return form.submit("do", value="preview", status=status)


def test_a_group_becomes_its_most_frequent_value(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    url = url_of(number, "rows", "clusters")
    page = staff.get(f"{url}?column=item_code&view=default")
    assert groups(page) == [["RYE BREAD", "Bread (rye)", "Rye bread"]]
    before = catalogue.dump(without=OWN)
    shown = preview(page)
    assert "Changes 2 cells of Item code in 2 rows" in text_of(shown)
    assert catalogue.dump(without=OWN) == before
    done = form_with(shown, "seen").submit(status=303).follow()
    assert "Changed 2 cells in 2 rows." in text_of(done)
    assert "No similar values" in text_of(done)
    assert codes(catalogue, number)[:4] == ["RYE BREAD"] * 4
    assert "“Bread (rye)” is now “RYE BREAD”" in text_of(staff.get(url_of(number, "history")))
    page = staff.get(f"{url}?column=item_code&method=nearest-neighbour&view=default")
    assert groups(page) == [["RYE BREAD", "RYE BRED"]]
    form_with(preview(page, new="Rye loaf"), "seen").submit(status=303)
    assert codes(catalogue, number) == [*["Rye loaf"] * 5, "ROLL"]


def test_only_rows_of_the_filters_that_are_not_removed_are_merged(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    post(staff, url_of(number, "rows", 1, "remove"), version="1")
    url = f"{url_of(number, 'rows', 'clusters')}?column=item_code"
    shown = staff.get(f"{url}&view=default")
    assert groups(shown) == [["RYE BREAD", "Bread (rye)"]]
    narrowed = staff.get(f"{url}&f.size.contains=500&f.removed.is_false=")
    form_with(preview(narrowed, to="Bread (rye)"), "seen").submit(status=303)
    assert codes(catalogue, number)[:4] == ["Rye bread", "Bread (rye)", "Bread (rye)", "RYE BREAD"]


def test_rows_that_changed_since_the_preview_are_not_merged(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    url = f"{url_of(number, 'rows', 'clusters')}?column=item_code&view=default"
    shown = preview(staff.get(url))
    post(staff, url_of(number, "rows", 1, "remove"), version="1")
    before = catalogue.dump(without=OWN)
    answer = form_with(shown, "seen").submit(status=409)
    assert "they are not the rows that you were shown" in text_of(answer)
    fields = {"csrf_token": token_of(staff), "from": "RYE BREAD", "to": "X"}
    staff.post(url, fields, status=400)
    staff.post(url, fields | {"seen": "1-1-1", "from": "gone"}, status=409)
    staff.post(url.replace("item_code", "old_price"), fields | {"seen": "1-1-1"}, status=400)
    assert "Tick the groups" in text_of(staff.get(f"{url}&do=preview"))
    assert "201" in text_of(preview(staff.get(url), status=422, new="x" * 201), ".notice")
    assert catalogue.dump(without=OWN) == before


def test_facets_of_texts_that_can_be_edited_lead_there(staff: TestApp, number: int) -> None:
    page = staff.get(f"{url_of(number, 'rows', 'facet')}?column=item_code&f.price_moved.is_false=")
    page = page.click("Merge similar")
    assert page.request.GET["column"] == "item_code"
    assert groups(page) == [["RYE BREAD", "Bread (rye)", "Rye bread"]]
    assert "Merge similar" not in staff.get(f"{url_of(number, 'rows', 'facet')}?column=description").text
