"""A person arranges the columns of a grid, by the form and by a script."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from webtest import TestApp

from batchbook.grid import GridLayout

from .cakes import CakeView, MasterHarness, configure, form_of, words

DECLARED = ["Name", "Code", "Price", "Vegan", "Baker"]


def heads(page: Any) -> list[str]:
    return [label.get_text() for label in page.html.select("th.head .sort-label")]


def frozen(page: Any) -> list[str]:
    return [head.select_one(".sort-label").get_text() for head in page.html.select("th[data-frozen]")]


def sent(browser: TestApp, body: Any, status: int = 204) -> Any:
    token = form_of(browser.get("/cakes"), "shown")["csrf_token"].value
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    return browser.post_json("/cakes/layout", body, headers=headers, status=status)


def test_the_form_hides_orders_and_freezes_columns_for_its_sender_alone(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    page = sam.get("/cakes?sort=price")
    assert (heads(page), frozen(page)) == (DECLARED, ["Name"])
    form = form_of(page, "shown")
    for box in form.fields["shown"]:
        box.checked = box._value != "vegan"
    form["place.price"], form["frozen"], form["density"] = "1", "2", "comfortable"
    page = form.submit("do", value="apply").follow()
    assert page.request.path_qs == "/cakes?sort=price"
    assert (heads(page), frozen(page)) == (["Price", "Name", "Code", "Baker"], ["Price", "Name"])
    assert page.html.select(".density-comfortable table.grid")
    assert heads(sam.get("/cakes")) == ["Price", "Name", "Code", "Baker"]
    assert heads(cakes.visitor("kim").get("/cakes")) == DECLARED
    # Files have all columns, in the order that everybody knows.
    assert sam.get("/cakes/export.csv").text.splitlines()[0].endswith("Name,Code,Price,Vegan,Baker")
    form_of(sam.get("/cakes"), "shown").submit("do", value="reset").follow()
    assert heads(sam.get("/cakes")) == DECLARED


def test_a_script_sends_what_changed(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    columns = [
        {"name": "code", "width": 120.4},
        {"name": "name", "frozen": True},
        {"name": "vegan", "hidden": True},
    ]
    sent(sam, {"columns": columns})
    sent(sam, {"density": "comfortable"})
    sent(sam, {"panel": "history", "full_window": True})
    page = sam.get("/cakes")
    assert heads(page) == ["Name", "Code", "Price", "Baker"]
    assert [head["data-width"] for head in page.html.select("th[data-width]")] == ["120"]
    assert page.html.select(".density-comfortable table.grid")


@pytest.mark.parametrize("body", [[], "columns", {"columns": "name"}, {"columns": {"name": 1}}])
def test_a_layout_that_is_not_understood_is_not_stored(cakes: MasterHarness, body: Any) -> None:
    assert "not stored" in sent(cakes.visitor("sam"), body, 400).json["error"]


def test_the_address_after_a_layout_has_no_line_ends(cakes: MasterHarness) -> None:
    browser = cakes.visitor("sam")
    form = form_of(browser.get("/cakes"), "shown")
    answer = browser.post(
        "/cakes/layout", {**dict(form.submit_fields("do")), "query": "sort=price\r\nX-Other: 1"}, status=303
    )
    assert answer.location.endswith("/cakes?sort=price%0D%0AX-Other%3A+1")


def test_a_grid_shows_one_column_at_least(cakes: MasterHarness) -> None:
    form = form_of(cakes.visitor("sam").get("/cakes"), "shown")
    for box in form.fields["shown"]:
        box.checked = False
    assert "at least one column" in words(form.submit("do", value="apply", status=400))


@pytest.mark.parametrize(
    ("layout", "wrong"),
    [
        (GridLayout(hidden={"colour"}), "colour"),
        (GridLayout(frozen=99), "99"),
        ("wide", "GridLayout"),
    ],
)
def test_a_declared_layout_is_checked_at_start_up(layout: Any, wrong: str) -> None:
    view = type("WideView", (CakeView,), {"grid_layout": layout})
    with pytest.raises(ConfigurationError, match=wrong):
        configure(None, view).commit()
