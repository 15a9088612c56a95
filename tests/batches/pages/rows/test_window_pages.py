"""A page asks for rows that it has not loaded: by their positions in any view of a batch."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from tests.functional.harness import CatalogueDatabase, json_post, post, url_of
from webtest import TestApp

JSON = {"Accept": "application/json"}


def window(browser: TestApp, number: int, query: str) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"{url_of(number)}/rows/window?{query}", headers=JSON).json
    return found


def numbers(html: str) -> list[str]:
    """Return the text of the first cell of each row."""
    rows = BeautifulSoup(f"<table>{html}</table>", "html.parser").select("tr")
    return [row.find(["th", "td"]).get_text(" ", strip=True) for row in rows]


def test_windows_have_the_rows_of_the_page_in_any_order(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    found = window(staff, open_batch, "first=2&count=3")
    assert (found["first"], found["total"], found["keys"]) == (2, 8, "")
    assert numbers(found["html"]) == ["3", "4", "5"]
    by_price = window(staff, open_batch, "sort=-new_price&first=0&count=2")
    page = staff.get(f"{url_of(open_batch)}?sort=-new_price").html.select_one("row-grid")
    assert page["data-keys"] == by_price["keys"]  # With which the page asks for its first window.
    assert numbers(by_price["html"]) == ["2", "3"]
    rest = window(staff, open_batch, f"sort=-new_price&first=6&count=9&keys={by_price['keys']}")
    assert (numbers(rest["html"]), rest["keys"]) == (["5", "8"], by_price["keys"])
    assert window(staff, open_batch, "f.status.equal=duplicate&first=1&count=9")["total"] == 2


def test_a_row_stays_in_its_place_while_it_is_edited(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = window(staff, open_batch, "sort=-new_price&first=0&count=3")
    version = str(catalogue.row(open_batch, 2).version)
    cell = {"field": "new_price", "value": "0.10", "version": version}
    json_post(staff, url_of(open_batch, "rows", 2, "cell"), 200, cell)
    kept = window(staff, open_batch, f"sort=-new_price&first=0&count=3&keys={before['keys']}")
    assert numbers(kept["html"]) == ["2", "3", "1"]
    assert int(kept["version"]) == int(before["version"]) + 1
    assert numbers(window(staff, open_batch, "sort=-new_price&first=0&count=3")["html"]) == ["3", "1", "7"]
    post(staff, url_of(open_batch, "refresh"))
    old = window(staff, open_batch, f"sort=-new_price&first=0&count=3&keys={before['keys']}")
    assert numbers(old["html"]) == ["3", "1", "7"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_remembered_does_not_count_and_the_page_shows_the_same_rows(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = {"column.0": "status", "verb.0": "equal", "value.0": "duplicate", "do": "apply"}
    post(staff, url_of(open_batch, "rows"), **form)
    assert window(staff, open_batch, "first=0&count=9")["total"] == 8
    page = staff.get(f"{url_of(open_batch)}?sort=-new_price").html
    rows = "".join(map(str, page.select("tr[data-row]")))
    assert numbers(rows) == numbers(window(staff, open_batch, "sort=-new_price&first=0&count=50")["html"])


@pytest.mark.parametrize("backend", ["sqlite"])
def test_positions_that_are_no_numbers_are_refused_in_words(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    assert len(numbers(window(staff, open_batch, "")["html"])) == 8
    for query in ("first=", "first=-1&count=9", "first=0&count=many", "first=9999999999&count=1"):
        answer = staff.get(f"{url_of(open_batch)}/rows/window?{query}", headers=JSON, status=400)
        assert "must be a whole number" in answer.json["error"]


def asked(browser: TestApp, number: int, page: str) -> Any:
    return browser.get(f"{url_of(number)}/rows/{page}", headers=JSON).json


def test_the_next_text_problem_and_edge_are_found_in_rows_that_are_not_loaded(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    sort = "sort=-new_price&"
    assert asked(staff, open_batch, "find?text=wheat") == {"position": 2, "key": 3, "field": "description"}
    assert asked(staff, open_batch, f"find?{sort}text=WHEAT")["position"] == 1
    assert asked(staff, open_batch, "find?text=bread&from=1")["key"] == 3
    assert asked(staff, open_batch, "find?text=bread&from=1&direction=up")["key"] == 1
    assert asked(staff, open_batch, "find?text=8.00&columns=item_code,new_price")["field"] == "new_price"
    assert asked(staff, open_batch, "find?text=bread&columns=item_code") is None
    assert asked(staff, open_batch, "find?problem=1") == {"position": 7, "key": 8, "field": "new_price"}
    assert asked(staff, open_batch, f"find?{sort}edge=new_price&direction=down")["position"] == 6
    assert asked(staff, open_batch, "find?text=") is None
    assert asked(staff, open_batch, "find?edge=new_price&from=99") is None


def test_cells_are_added_up_and_their_texts_told(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    found = asked(staff, open_batch, "summary?first=0&count=3&columns=new_price,description")
    assert found["columns"] == {
        "new_price": {"count": 3, "sum": "12.90", "average": "4.3"},
        "description": {"count": 3, "sum": None, "average": None},
    }
    texts = asked(staff, open_batch, "texts?first=6&count=9&columns=item_code,new_price")["texts"]
    assert texts == [["000000015", "1.20"], ["000000099", "cheap"]]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_columns_and_rows_that_make_no_sense_are_refused(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    for page in (
        "summary?columns=nowhere",
        "texts?columns=%00",
        "find?edge=nowhere",
        "find?text=%00",
    ):
        staff.get(f"{url_of(open_batch)}/rows/{page}", headers=JSON, status=400)
