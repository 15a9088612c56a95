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
