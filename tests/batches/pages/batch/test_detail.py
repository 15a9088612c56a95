"""The page of a batch, its history, and its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.functional.harness import (
    CatalogueDatabase,
    column_of,
    form_to,
    json_post,
    number_in,
    post,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.batches.models import Operation
from batchbook.batches.pages.batch import detail


def summaries(page: Any) -> list[str]:
    return [" ".join(event.get_text().split()) for event in page.html.select(".event-summary")]


def test_the_file_comes_back_byte_for_byte(
    catalogue: CatalogueDatabase, staff: TestApp, real_file: Callable[[str], Path]
) -> None:
    data = b"\xef\xbb\xbf" + real_file("price-list-V0764.csv").read_bytes().replace(b"\n", b"\r\n")
    number = number_in(upload(staff, data, "Préise 'März' 2025.csv"))
    response = staff.get(url_of(number, "files", 1))
    assert response.body == data
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.content_type == "application/octet-stream"


def test_the_history_folds_edits_of_one_person_and_links_their_rows(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    for who, sequence, price in ((staff, 1, "2.5"), (staff, 2, "3.5"), (admin, 3, "4.5"), (staff, 3, "5.5")):
        seen = "2.70" if price == "4.5" else "4.50" if price == "5.5" else ""
        fields = {"field": "new_price", "value": price, "version": "1"}
        fields |= {"seen.new_price": seen} if seen else {}
        json_post(who, url_of(open_batch, "rows", sequence, "cell"), 200, fields)
    page = staff.get(url_of(open_batch, "history"))
    entries = page.html.select_one(".timeline").find_all("li", class_="event", recursive=False)
    said = [" ".join(entry.select_one(".event-summary").get_text().split()) for entry in entries[:3]]
    assert said == ["Changed New price in row 3.", "Changed New price in row 3.", "2 edits, of 2 cells"]
    assert [link["href"] for link in entries[2].select("th a")] == [
        url_of(open_batch, "rows", 2),
        url_of(open_batch, "rows", 1),
    ]
    assert all(len(time.get_text()) == len("2026-01-01 00:00:00") for time in entries[2].select("time"))
    page = staff.get(url_of(open_batch))
    assert "2 edits, of 2 cells" in text_of(page)
    links = [link["href"] for link in page.html.select(".event-summary a")]
    assert links == [url_of(open_batch, "rows", row) for row in (3, 3, 2, 1)]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_history_folds_removals_and_added_rows_by_themselves(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    for sequence in (1, 2, 3):
        post(staff, url_of(open_batch, "rows", sequence, "remove"), version="1")
    post(staff, url_of(open_batch, "rows", 1, "restore"), version="2")
    page = staff.get(url_of(open_batch, "history"))
    entries = page.html.select_one(".timeline").find_all("li", class_="event", recursive=False)
    said = [" ".join(entry.select_one(".event-summary").get_text().split()) for entry in entries[:2]]
    assert said == ["Restored row 1.", "3 removals"]


def test_the_history_names_each_change_with_its_cells(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    cell = url_of(open_batch, "rows", 1, "cell")
    json_post(staff, cell, 200, {"field": "new_price", "value": "2.5", "version": "1"})
    page = staff.get(url_of(open_batch)).click("Full history")
    events = [" ".join(e.get_text(" ").split()) for e in page.html.select(".event")]
    assert events[0].startswith("Changed New price in row 1 . staff ,")
    assert "1 New price 2.20 2.20 2.50" in events[0]
    assert [event.split(".")[0] for event in events[1:]] == ["Populated with 8 rows", "Created from list"]
    assert "2.20 2.50 staff" in text_of(staff.get(url_of(open_batch, "rows", 1)))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_heading_says_who_created_the_batch_not_who_brought_it_where_it_is(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    assert " Complete created by staff, " in text_of(staff.get(url_of(open_batch)))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_history_is_shown_page_by_page(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detail, "PAGE_SIZE", 2)
    post(staff, url_of(open_batch, "refresh"))
    page = staff.get(url_of(open_batch, "history"))
    assert [event.split(" ")[0] for event in summaries(page)] == ["Refreshed", "Populated"]
    page = page.click("Older")
    assert [event.split(" ")[0] for event in summaries(page)] == ["Created"]
    assert "Older" not in text_of(page)
    assert "No older entries" in text_of(staff.get(url_of(open_batch, "history?before=1")))
    for odd in ("x", "-1", "9" * 30, "%D9%A3"):
        assert len(summaries(staff.get(url_of(open_batch, f"history?before={odd}")))) == 2


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_big_change_shows_its_first_cells_and_says_how_many_there_are(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detail, "CELLS_SHOWN", 1)
    version = catalogue.row(open_batch, 1).version
    fields = {"item_code": "000000013", "new_price": "0.70", "version": version}
    post(staff, url_of(open_batch, "rows", 1, "edit"), **fields)
    page = staff.get(url_of(open_batch, "history"))
    assert len(page.html.select(".event")[0].select("tbody tr")) == 1
    assert "Showing the first 1 of 2 cells." in text_of(page)
    everything = page.click("Show all")
    assert column_of(everything, "Field") == ["Item code", "New price"]
    assert column_of(everything, "After") == ["000000013", "0.70"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_page_shows_the_last_operations_and_leads_to_all(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    for _ in range(detail.ENTRIES_SHOWN):
        post(staff, url_of(open_batch, "refresh"))
    page = staff.get(url_of(open_batch))
    assert {event.split(" ")[0] for event in summaries(page)} == {"Refreshed"}
    assert len(summaries(page)) == detail.ENTRIES_SHOWN
    assert f"Full history ({detail.ENTRIES_SHOWN + 2} operations)" in text_of(page)
    assert len(summaries(page.click("Full history"))) == detail.ENTRIES_SHOWN + 2


@pytest.mark.parametrize("backend", ["sqlite"])
def test_edits_that_go_on_beyond_what_is_read_are_not_counted_as_all(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, price in enumerate(("2.1", "2.3", "2.4"), start=1):
        fields = {"field": "new_price", "value": price, "version": str(version)}
        json_post(staff, url_of(open_batch, "rows", 1, "cell"), 200, fields)
    assert "3 edits, of 3 cells" in text_of(staff.get(url_of(open_batch)))
    monkeypatch.setattr(detail, "OPERATIONS_READ", 2)
    page = staff.get(url_of(open_batch))
    assert "At least 2 edits, of 2 cells" in text_of(page)
    assert "Show each" in text_of(page)


def test_operations_of_one_person_and_kind_in_a_row_are_one_group() -> None:
    done = [("ann", "remove"), ("ann", "remove"), ("ann", "restore"), ("ann", "restore"), ("bob", "refresh")]
    done += [("bob", "refresh"), ("bob", "add"), ("bob", "add")]
    groups = detail.group_operations(
        [Operation(actor=actor, kind=kind, summary=kind, cells=0) for actor, kind in done], is_cut=True
    )
    assert [group.summary for group in groups] == [
        "2 removals",
        "2 restorations",
        "refresh",
        "refresh",
        "At least 2 added rows",
    ]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_executed_batch_shows_its_record_and_no_action_that_changes_it(
    catalogue: CatalogueDatabase, admin: TestApp, executed_batch: int
) -> None:
    page = admin.get(url_of(executed_batch))
    assert [b.get_text(strip=True) for b in page.html.select(".page-actions .button")] == [
        "Clone",
        "Reverse",
        "More",
        "Seal and evidence",
        "Auditor's pack",
    ]
    assert "3 prices changed, 1 unchanged, 4 rows left out." in text_of(page, ".outcome")
    assert "This batch can no longer be changed." in text_of(page, ".outcome")
    assert not page.html.select("[data-cell], #quick-entry, input[type=file]")
