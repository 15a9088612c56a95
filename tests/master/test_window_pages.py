"""Rows of an index by their positions."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup
from sqlalchemy import delete
from webtest import TestApp

from batchbook.db.transactions import transaction_scope

from .cakes import Cake, MasterHarness


def window(browser: TestApp, query: str) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"/cakes/window?{query}").json
    return found


def test_an_index_answers_with_the_rows_at_positions(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    found = window(sam, "first=1&count=5")
    assert (found["first"], found["total"], found["version"]) == (1, 3, None)
    assert [name in found["html"] for name in ("Apple pie", "Brownie", "Carrot cake")] == [False, True, True]
    again = window(sam, f"first=0&count=1&keys={found['keys']}")
    assert again["keys"] == found["keys"]
    assert "Apple pie" in again["html"]
    vegan = window(sam, f"f.vegan.is_true=&sort=-name&first=0&count=1&keys={found['keys']}")
    assert vegan["total"] == 2
    assert "Carrot cake" in vegan["html"]
    assert vegan["keys"] != found["keys"]


def test_rows_have_the_columns_of_the_page_whatever_was_arranged_since(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    page = sam.get("/cakes")
    fields = [head["data-field"] for head in page.html.select("#grid thead th[data-field]")]
    form = next(form for form in page.forms.values() if "shown" in form.fields)
    for box in form.fields["shown"]:
        box.checked = box._value in fields[:2]
    form.submit(status=303)
    for columns, expected in (
        (",".join(fields), fields),
        ("", fields[:2]),
        ("price,name", ["price", "name"]),
    ):
        html = BeautifulSoup(window(sam, f"first=0&count=1&columns={columns}")["html"], "html.parser")
        assert [cell["data-field"] for cell in html.select("[data-row] > *")] == expected
    error = sam.get(
        "/cakes/window?first=0&columns=name,colour", status=409, headers={"Accept": "application/json"}
    )
    assert "Reload the page" in error.json["error"]


def test_a_record_that_is_gone_leaves_its_place_empty(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    found = window(sam, "first=0&count=9")
    with transaction_scope(cakes.engine) as session:
        session.execute(delete(Cake).where(Cake.code == "B2"))
    kept = window(sam, f"first=0&count=9&keys={found['keys']}")
    assert (kept["total"], "Brownie" in kept["html"], "Carrot cake" in kept["html"]) == (3, False, True)


def test_only_those_who_may_see_the_index_get_its_rows(cakes: MasterHarness) -> None:
    assert cakes.visitor("kim", "bakers:view").get("/cakes/window?first=0&count=9", status=403)
