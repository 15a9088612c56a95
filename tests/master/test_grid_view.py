"""A grid shows what its address says or what was remembered, and its filter form leads to a link."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import func, select
from webtest import TestApp

from batchbook.db.transactions import transaction_scope
from batchbook.grid import Column, Kind, Sort
from batchbook.master import PAGES, GridSetting, MasterView

from .cakes import Cake, MasterHarness, Sale, configure, form_of, rows_of, words

SETTINGS = select(GridSetting.user_name, GridSetting.grid)


def filtered(browser: TestApp, column: str, verb: str, *values: str) -> TestApp:
    """Post the filter form with one filter; follow to the page it leads to."""
    form = form_of(browser.get("/cakes"), "column.0")
    fields = [
        ("csrf_token", form["csrf_token"].value),
        ("column.0", column),
        ("verb.0", verb),
        ("do", "apply"),
    ]
    return browser.post(
        form.action, [*fields, *(("value.0", value) for value in values)], status=303
    ).follow()


def test_lists_in_the_default_order_and_links_to_the_records(cakes: MasterHarness) -> None:
    page = cakes.visitor("sam").get("/cakes")
    assert rows_of(page) == ["Apple pie", "Brownie", "Carrot cake"]
    assert "Cake A1" in words(page.click("Apple pie"))
    assert page.html.find("a", string="Ann")["href"] == "/bakers?f.name.equal=Ann"
    assert "3 cakes" in words(page)


def test_a_filter_leads_to_a_link_that_anybody_can_open(cakes: MasterHarness) -> None:
    page = filtered(cakes.visitor("sam"), "vegan", "is_true")
    assert rows_of(page) == ["Apple pie", "Carrot cake"]
    link = page.request.path_qs
    assert parse_qsl(urlsplit(link).query, keep_blank_values=True) == [("f.vegan.is_true", "")]
    assert rows_of(cakes.visitor("kim").get(link)) == ["Apple pie", "Carrot cake"]


def test_the_view_is_remembered_for_the_person_until_reset(cakes: MasterHarness) -> None:
    sam, kim = cakes.visitor("sam"), cakes.visitor("kim")
    filtered(sam, "price", "between", "4", "")
    assert rows_of(sam.get("/cakes")) == ["Apple pie", "Carrot cake"]
    assert len(rows_of(kim.get("/cakes"))) == 3
    assert len(rows_of(sam.get("/cakes?view=default"))) == 3
    assert rows_of(sam.get("/cakes?f.code.equal=B2")) == ["Brownie"]
    filtered(sam, "name", "contains", "pie")
    assert rows_of(sam.get("/cakes")) == ["Apple pie"]
    form_of(sam.get("/cakes"), "column.0").submit("do", value="reset").follow()
    assert len(rows_of(sam.get("/cakes"))) == 3
    assert cakes.all(SETTINGS) == []


def test_looking_changes_nothing(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    sam.get("/cakes?f.code.equal=B2&sort=-price&size=20")
    assert cakes.all(SETTINGS) == []
    filtered(sam, "vegan", "is_true")
    assert cakes.all(SETTINGS) == [("sam", "cakes")]


def test_the_form_keeps_sort_and_size_and_removes_one_filter(cakes: MasterHarness) -> None:
    page = cakes.visitor("sam").get("/cakes?f.vegan.is_true=&f.name.contains=c&sort=-price&size=20&page=7")
    page = form_of(page, "column.0").submit("do", value="remove-0").follow()
    query = parse_qsl(urlsplit(page.request.path_qs).query)
    assert query == [("f.name.contains", "c"), ("sort", "-price"), ("size", "20")]
    assert rows_of(page) == ["Carrot cake"]


def test_a_filter_that_makes_no_sense_is_said_and_not_kept(cakes: MasterHarness) -> None:
    page = filtered(cakes.visitor("sam"), "price", "greater", "much")
    assert "much" in words(page)
    assert "left out" in words(page)
    assert len(rows_of(page)) == 3
    assert cakes.all(SETTINGS) == []


def test_an_unknown_column_in_a_posted_form_is_said(cakes: MasterHarness) -> None:
    page = filtered(cakes.visitor("sam"), "password_hash", "equal", "x")
    assert "no filter" in words(page)


def test_sorting_by_a_header_and_paging(cakes: MasterHarness) -> None:
    cakes.add(*(Cake(code=f"D{number:02}", name=f"Doughnut {number:02}") for number in range(30)))
    sam = cakes.visitor("sam")
    page = sam.get("/cakes?size=20")
    assert len(rows_of(page)) == 20
    page = page.click("Next")
    assert len(rows_of(page)) == 13
    assert rows_of(page.click("Price"))[0] != rows_of(page.click("Price").click("Price"))[0] == "Apple pie"


def test_headers_show_the_order_and_add_to_its_keys(cakes: MasterHarness) -> None:
    page = cakes.visitor("sam").get("/cakes?page=1").click("Price").click("Price").click("Also sort by Name")
    assert parse_qsl(urlsplit(page.request.path_qs).query) == [("sort", "-price"), ("sort", "name")]
    heads = {head.select_one(".sort-label").get_text(): head for head in page.html.select("th.head")}
    assert heads["Price"]["aria-sort"] == "descending"
    assert [heads[name].select_one(".sort-place").get_text()[-1] for name in ("Price", "Name")] == ["1", "2"]
    page = page.click("Turn or drop sort key Price")
    assert parse_qsl(urlsplit(page.request.path_qs).query) == [("sort", "name")]
    assert urlsplit(page.click("Name").click("Name").request.path_qs).query == "view=default"


def test_the_search_box_looks_into_all_texts_and_keeps_the_rest(cakes: MasterHarness) -> None:
    form = form_of(cakes.visitor("sam").get("/cakes?f.vegan.is_true=&sort=-price&page=1"), "q")
    form["q"] = "C3 CAKE"
    page = form.submit()
    query = parse_qsl(urlsplit(page.request.path_qs).query, keep_blank_values=True)
    assert query == [("f.vegan.is_true", ""), ("sort", "-price"), ("q", "C3 CAKE")]
    assert rows_of(page) == ["Carrot cake"]
    assert "1 cake matches" in words(page)
    assert rows_of(page.click("Clear the search")) == ["Apple pie", "Carrot cake"]
    assert "No matches" in words(page.goto("/cakes?q=stone"))
    assert rows_of(page.goto("/cakes?q=ann")) == ["Brownie"]


def test_alternatives_are_made_in_the_form_and_told_by_chips(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    form = form_of(sam.get("/cakes?f.name.contains=e&f.price.less=4"), "column.0")
    rows = [("0", "name", "contains", "e"), ("1", "price", "less", "4"), ("2", "price", "greater", "11")]
    fields = [("csrf_token", form["csrf_token"].value), ("do", "apply")]
    for number, texts in enumerate(rows):
        names = ("group", "column", "verb", "value")
        fields += [(f"{name}.{number}", text) for name, text in zip(names, texts, strict=True)]
    page = sam.post(form.action, fields, status=303).follow()
    query = parse_qsl(urlsplit(page.request.path_qs).query)
    assert query == [("f.name.contains", "e"), ("f1.price.less", "4"), ("f2.price.greater", "11")]
    assert rows_of(page) == ["Apple pie", "Brownie"]
    told = [item.get_text(" ", strip=True) for item in page.html.select(".chips > li")]
    assert [text.split(" \xd7 ")[0] for text in told] == [
        "Name contains e",
        "either",
        "Price is less than 4",
        "or",
        "Price is greater than 11",
    ]
    again = form_of(page, "column.0")
    assert [again[f"group.{number}"].value for number in range(4)] == ["0", "1", "2", "0"]
    assert rows_of(sam.get("/cakes")) == ["Apple pie", "Brownie"]
    export = page.click("CSV")
    assert len(export.text.splitlines()) == 3
    assert "Either Price is less than 4, or Price is greater than 11" in words(page.click("Print"))


def test_one_result_is_spoken_of_as_one(cakes: MasterHarness) -> None:
    page = cakes.visitor("sam").get("/cakes?f.code.equal=B2")
    assert "1 cake matches" in words(page)
    assert "1 cakes" not in words(page)


def test_the_size_of_a_page_is_chosen_by_a_link(cakes: MasterHarness) -> None:
    cakes.add(*(Cake(code=f"D{number:02}", name=f"Doughnut {number:02}") for number in range(20)))
    page = cakes.visitor("sam").get("/cakes?size=20&page=2")
    assert len(rows_of(page)) == 3
    assert len(rows_of(page.click("^100$"))) == 23


def test_markup_in_data_stays_text(harness: MasterHarness) -> None:
    harness.add(Cake(code="X", name="<script>alert(1)</script>"))
    page = harness.visitor("sam").get("/cakes?f.name.contains=%3Cscript%3E")
    assert "<script>alert" not in page.text
    assert rows_of(page) == ["<script>alert(1)</script>"]


def test_the_filter_form_needs_its_token(cakes: MasterHarness) -> None:
    cakes.visitor("sam").post("/cakes/view", {"column.0": "vegan", "verb.0": "is_true"}, status=400)
    assert cakes.all(SETTINGS) == []


def test_what_was_remembered_locks_nobody_out(harness: MasterHarness) -> None:
    """The database may refuse what a column once took, such as a number beyond its own."""
    harness.add(Cake(code="A1", name="Apple pie"))
    config = configure(harness.engine, WideView)
    sam = MasterHarness(harness.engine, config.make_wsgi_app()).visitor("sam", "wide:view")
    page = sam.get("/wide?f.version.greater=1", status=200)
    assert rows_of(page) == []
    with transaction_scope(harness.engine) as db:
        settings = {"query": [["f.version.greater", "9" * 30]]}
        db.add(GridSetting(user_name="sam", grid="wide", settings=settings))
    page = sam.get("/wide", status=200)
    assert rows_of(page) == ["Apple pie"]
    assert "saved filters can no longer be used" in words(page)


def test_a_view_that_no_link_can_carry_is_neither_kept_nor_shown(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    filtered(sam, "name", "contains", "pie")
    fields = [("csrf_token", form_of(sam.get("/cakes"), "column.0")["csrf_token"].value), ("do", "apply")]
    for row in range(5):
        fields += [(f"column.{row}", "name"), (f"verb.{row}", "any_of")]
        fields += [(f"value.{row}", f"{number:0200}") for number in range(1000)]
    answer = sam.post("/cakes/view", fields, status=413)
    assert "a link of more than 40,000 characters" in words(answer)
    assert "The view was not changed." in words(answer)
    assert rows_of(sam.get("/cakes")) == ["Apple pie"]


def test_a_remembered_view_that_no_link_can_carry_is_given_up(cakes: MasterHarness) -> None:
    query = [["f.name.any_of", f"{number:0200}"] for number in range(1000)]
    with transaction_scope(cakes.engine) as db:
        db.add(GridSetting(user_name="sam", grid="cakes", settings={"query": query}))
    page = cakes.visitor("sam").get("/cakes")
    assert len(rows_of(page)) == 3
    assert "a link of more than 40,000 characters" in words(page)


class WideView(MasterView):
    pages = PAGES
    model = Cake
    prefix = "wide"
    path = "/wide"
    title = "Cakes"
    title_one = "cake"
    grid_columns = (
        "name",
        Column("version", "Version", Cake.version, Kind.INTEGER, limits=(-(10**40), 10**40)),
    )
    default_sort = (Sort("name"),)


@pytest.mark.parametrize("text", ["3000000000", "99999999999", "9" * 20, "-" + "9" * 27])
def test_a_number_beyond_a_hand_made_column_is_said(harness: MasterHarness, text: str) -> None:
    harness.add(Cake(code="A1", name="Apple pie"))
    config = configure(harness.engine, CountView)
    sam = MasterHarness(harness.engine, config.make_wsgi_app()).visitor("sam", "count:view")
    for name in ("version", "sales"):
        page = sam.get(f"/count?f.{name}.less={text}", status=200)
        assert "was left out" in words(page)
        assert rows_of(page) == ["Apple pie"]
    assert rows_of(sam.get("/count?f.sales.equal=0&f.version.less=2000000000")) == ["Apple pie"]


class CountView(WideView):
    prefix = "count"
    path = "/count"
    grid_columns = (
        "name",
        Column("version", "Version", Cake.version, Kind.INTEGER),
        Column(
            "sales",
            "Sales",
            select(func.count()).where(Sale.cake_id == Cake.id).correlate(Cake).scalar_subquery(),
            Kind.INTEGER,
        ),
    )
