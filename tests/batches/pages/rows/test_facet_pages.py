"""Staff narrow a batch's rows by facets, without scripts; which facets are open is remembered."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.functional.harness import (
    COUNTS,
    column_of,
    form_with,
    post,
    result_count,
    url_of,
)
from webtest import TestApp


def lines(page: Any, name: str) -> dict[str, int]:
    found = page.html.select(f"[data-facet={name}] [data-facet-body] > .facet-lines .facet-line")
    return {one.select_one(".facet-value").text: int(one.select_one(".facet-count").text) for one in found}


def link(page: Any, name: str, label: str, css: str = ".facet-value") -> str:
    found = page.html.select(f"[data-facet={name}] .facet-line")
    line = next(one for one in found if one.select_one(".facet-value").text == label)
    return str(line.select_one(css)["href"])


def opened(client: TestApp, number: int, *names: str) -> Any:
    page = client.get(url_of(number)).click("All facets on one page")
    for name in names:
        if page.html.select_one(f"[data-facet={name}]"):
            continue
        form = form_with(page, "open")
        form["open"] = name
        page = form.submit(status=303).follow()
    return page


def test_facets_narrow_together_exclude_and_are_taken_back(staff: TestApp, open_batch: int) -> None:
    page = opened(staff, open_batch, "description", "size")
    counts = {label: count for label, count in COUNTS.items() if count and label != "All"}
    assert lines(page, "status") == counts
    assert lines(page, "description")["CRUMBS"] == 2
    page = staff.get(link(page, "size", "500 G"))
    page = staff.get(link(page, "size", "1 KG"))
    assert lines(page, "size")["80 G"] == 1  # Its own filters do not narrow it.
    assert lines(page, "description") == {"CRUMBS": 2, "OAT FLAKES": 1, "RYE BREAD": 1, "WHEAT BREAD": 1}
    page = staff.get(link(page, "description", "CRUMBS", ".facet-exclude"))
    assert lines(page, "description")["CRUMBS"] == 2
    assert [one.text for one in page.html.select(".facet-off .facet-value")] == ["CRUMBS"]
    rows = page.click("Show 3 rows")
    assert column_of(rows, "Description") == ["RYE BREAD", "OAT FLAKES", "WHEAT BREAD"]
    page = staff.get(link(page, "size", "1 KG"))
    assert result_count(page.click("Show 2 rows")) == 2


def test_a_range_of_numbers_narrows_by_its_bars_and_by_its_form(staff: TestApp, open_batch: int) -> None:
    page = opened(staff, open_batch, "new_price")
    assert lines(page, "new_price") == {"(empty)": 1}
    bars = page.html.select("[data-facet=new_price] .facet-list .facet-line")
    assert sum(int(one.select_one(".facet-count").text) for one in bars) == 7
    narrowed = staff.get(bars[-1].a["href"]).click("Show 1 row")
    assert column_of(narrowed, "Description") == ["OAT FLAKES"]
    form = form_with(page, "f.new_price.between")
    form.set("f.new_price.between", "1", 0)
    form.set("f.new_price.between", "2.2", 1)
    page = form.submit()
    assert form_with(page, "f.new_price.between").fields["f.new_price.between"][1].value == "2.2"
    assert column_of(page.click("Show 3 rows"), "Row") == ["1", "6", "7"]
    assert result_count(staff.get(link(page, "new_price", "(empty)")).click("Show 1 row")) == 1


def test_open_facets_are_remembered_for_the_person(staff: TestApp, admin: TestApp, open_batch: int) -> None:
    page = opened(staff, open_batch, "size")
    form = next(one for one in page.forms.values() if "close" in one.fields)
    page = form.submit("close", value="status", status=303).follow()
    names = [one["data-facet"] for one in page.html.select("[data-facet]")]
    assert names[0] == "size"
    assert "status" not in names
    assert [
        one["data-facet"]
        for one in staff.get(url_of(open_batch, "rows", "facets")).html.select("[data-facet]")
    ] == names
    form = form_with(staff.get(f"{url_of(open_batch)}?f.size.equal=80+G"), "open")
    form["open"] = "status_text"
    answer = form.submit(status=303)
    assert answer.headers["Location"].endswith(f"{url_of(open_batch)}?f.size.equal=80+G&panel=facets")
    assert answer.follow().html.select_one("[data-facet]")["data-facet"] == "status_text"
    others = admin.get(url_of(open_batch, "rows", "facets")).html.select("[data-facet]")
    assert others[0]["data-facet"] == "status"


def test_one_facet_has_more_values_and_a_search(staff: TestApp, open_batch: int) -> None:
    url = url_of(open_batch, "rows", "facet")
    page = staff.get(f"{url}?column=description")
    form = form_with(page, "search")
    form["search"] = "bread"
    page = form.submit()
    assert [one.text for one in page.html.select(".facet-value")] == ["RYE BREAD", "WHEAT BREAD"]
    assert result_count(page.click("RYE BREAD", index=0)) == 1
    part = staff.get(f"{url}?column=size&part=1")
    assert part.text.lstrip().startswith('<ul class="facet-lines">')
    assert "href=" in part.text
    assert "f.size.any_of=500+G" in part.text
    staff.get(f"{url}?column=nothing", status=400)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_statuses_come_from_the_header_unless_something_filters(staff: TestApp, open_batch: int) -> None:
    grouped: list[str] = []

    def note(*given: Any) -> None:
        if "GROUP BY" in given[2] and "price_change_row" in given[2]:
            grouped.append(given[2])

    event.listen(Engine, "before_cursor_execute", note)
    url = url_of(open_batch, "rows", "facet")
    staff.get(f"{url}?column=status&view=default&part=1")
    staff.get(f"{url}?column=status&f.status.any_of=invalid&part=1")
    assert grouped == []
    staff.get(f"{url}?column=status&f.description.contains=e&part=1")
    assert len(grouped) == 1
    post(staff, url_of(open_batch, "rows", 1, "remove"), version="1")
    grouped.clear()
    staff.get(f"{url}?column=status&view=default&part=1")
    assert len(grouped) == 1
    event.remove(Engine, "before_cursor_execute", note)
