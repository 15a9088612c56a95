"""Cells and blocks of cells that the grid sends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from tests.functional.harness import COUNTS, CatalogueDatabase, counts_of, json_post, token_of, url_of
from webtest import TestApp

from batchbook.grid import Grid


def send(client: TestApp, batch_id: int, status: int = 200, **body: Any) -> Any:
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(client)}
    return client.post_json(url_of(batch_id, "cells"), body, headers=headers, status=status).json


def test_a_cell_edited_in_place_answers_with_the_rows_and_the_counts_new_html(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    cell = url_of(open_batch, "rows", 5, "cell")
    answer = json_post(staff, cell, 200, {"field": "item_code", "value": "000000013", "version": "1"})
    assert "Row 5" in answer["message"]
    assert 'data-version="2"' in answer["row_html"]
    assert "Duplicate in list" in answer["row_html"]
    assert 'id="breakdown"' in answer["counts_html"]
    # The row that now has a double was brought up to date with it, and comes back as well.
    (peer,) = answer["peers"]
    assert (peer["before"], peer["version"]) == (1, 1)
    assert 'data-key="4"' in peer["row_html"]
    assert "Duplicate in list" in peer["row_html"]
    assert {catalogue.row(open_batch, sequence).status for sequence in (4, 5)} == {"duplicate"}
    counts = COUNTS | {"Unchanged": 0, "Not in catalogue": 0, "Duplicate in list": 4}
    assert counts_of(staff.get(url_of(open_batch))) == counts


def test_an_edit_that_is_sent_again_is_stored_once_and_is_no_conflict_with_itself(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    cell = url_of(open_batch, "rows", 1, "cell")
    fields = {"field": "new_price", "value": "2.4", "version": "1"}
    first = json_post(staff, cell, 200, fields)
    before = catalogue.dump()
    again = json_post(staff, cell, 200, fields)
    assert (first["changed"], first["version"]) == (True, 2)
    assert (again["changed"], again["version"], again["peers"]) == (False, 2, [])
    assert again["row_html"] == first["row_html"]
    assert catalogue.dump() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_cell_edited_in_place_refuses_what_is_no_price_and_what_is_no_field(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    cell = url_of(open_batch, "rows", 1, "cell")
    wrong = json_post(staff, cell, 422, {"field": "new_price", "value": "cheap", "version": "1"})
    assert "cheap" in wrong["error"]
    for field in ("old_price", "status", "batch_id", "version", "nothing", ""):
        answer = json_post(staff, cell, 400, {"field": field, "value": "1", "version": "1"})
        assert "can be edited" in answer["error"]
    assert catalogue.dump() == before


def test_a_block_is_pasted_by_number_and_by_place_in_a_view(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    answer = send(
        staff,
        open_batch,
        rows={"keys": [2, 1]},
        columns=["new_price", "old_price"],
        texts=[["3.10", "1"], ["cheap", "1"]],
        seen={"2": {"new_price": "0.01"}, "1": {}},
        kind="paste",
    )
    assert (answer["rows"], answer["cells"], answer["refused"]) == (0, 0, 4 - len(answer["conflicts"]))
    assert answer["conflicts"][0] | {"theirs": ""} == {
        "key": 2, "field": "new_price", "mine": "3.10", "theirs": "", "before": "0.01",
    }  # fmt: skip
    window = staff.get(
        url_of(open_batch, "rows/window?sort=-sequence"), headers={"Accept": "application/json"}
    )
    rows = {"query": "sort=-sequence", "token": window.json["keys"], "first": 1, "count": 2}
    answer = send(staff, open_batch, rows=rows, columns=["new_price"], texts=[["9.10"]], kind="fill")
    assert (answer["rows"], answer["cells"], answer["refusals"]) == (2, 2, [])
    assert answer["message"] == "Filled 2 cells in 2 rows."
    last = catalogue.batch(open_batch).row_count
    prices = [catalogue.row(open_batch, last - place).new_price for place in (1, 2)]
    assert prices == [Decimal("9.10")] * 2


def test_places_mean_the_rows_that_were_seen_there_whatever_changed_in_between(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    def window(query: str) -> Any:
        found = staff.get(url_of(open_batch, f"rows/window?{query}"), headers={"Accept": "application/json"})
        rows = BeautifulSoup(found.json["html"], "html.parser").select("[data-row]")
        return found.json["keys"], [int(row["data-key"]) for row in rows]

    query = "f.new_price.greater=1"
    token, seen = window(query)
    # The second one leaves the view, and another one comes into it.
    change(admin, open_batch, seen[1], "0.10")
    other = next(number for number in range(1, 9) if number not in seen)
    change(admin, open_batch, other, "5.00")
    assert window(query)[1] != seen
    rows = {"query": query, "token": token, "first": 1, "count": 2}
    answer = send(staff, open_batch, rows=rows, columns=["new_price"], texts=[["7.10"]])
    assert (answer["rows"], answer["refused"]) == (2, 0)
    now = {number: str(catalogue.row(open_batch, number).new_price) for number in range(1, 9)}
    assert [number for number, price in now.items() if price == "7.10"] == seen[1:3]
    # Without a token, which a filtered view always has, nobody knows which rows were meant; in the order of their numbers,
    # where rows are never moved, none is needed.
    answer = send(staff, open_batch, 409, rows=rows | {"token": ""}, columns=["new_price"], texts=[["8.10"]])
    assert "The rows have changed since you looked" in answer["error"]
    assert window("")[0] == ""
    send(admin, open_batch, rows={"keys": [1]}, columns=["new_price"], texts=[["1.10"], ["1.20"]], add=1)
    plain = {"query": "", "token": "", "first": 1, "count": 2}
    assert send(staff, open_batch, rows=plain, columns=["new_price"], texts=[["8.10"]])["rows"] == 2
    assert [str(catalogue.row(open_batch, number).new_price) for number in (2, 3)] == ["8.10", "8.10"]


def change(client: TestApp, batch_id: int, row: int, price: str) -> None:
    fields = {"field": "new_price", "value": price, "version": "1"}
    json_post(client, url_of(batch_id, "rows", row, "cell"), 200, fields)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_body_that_is_no_block_changes_nothing(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    good: dict[str, Any] = {"rows": {"keys": [1]}, "columns": ["new_price"], "texts": [["1"]]}
    wrong: list[dict[str, Any]] = [
        {"rows": None}, {"rows": {"keys": [1, 1]}}, {"rows": {"keys": ["1"]}}, {"columns": []},
        {"columns": ["new_price"] * 2}, {"texts": []}, {"texts": [[1]]}, {"texts": [[]]}, {"seen": {"a": {}}},
        {"seen": {"1": {"new_price": 1}}}, {"kind": "steal"}, {"add": -1},
        {"rows": {"query": "f.no.equal=1", "count": 1}},
    ]  # fmt: skip
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(staff)}
    for page in ("cells", "layout"):
        nested = staff.post(
            url_of(open_batch, page), b"[" * 100_000, headers, content_type="application/json", status=400
        )
        assert "not" in nested.json["error"] or "nothing" in nested.json["error"]
    many = url_of(open_batch, f"rows/summary?columns={','.join(['new_price'] * 2_500)}")
    assert list(staff.get(many, headers=headers).json["columns"]) == ["new_price"]
    staff.post_json(url_of(open_batch, "layout"), {"panel": "\ud800"}, headers=headers, status=204)
    for part in wrong:
        assert "othing was changed" in send(staff, open_batch, 400, **(good | part))["error"], part
    assert "no row 999" in send(staff, open_batch, 404, **(good | {"rows": {"keys": [999]}}))["error"]
    big = {"rows": {"keys": [1]}, "add": 300_000}
    assert "cells" in send(staff, open_batch, 413, **(good | big))["error"]
    assert catalogue.dump() == before


def test_places_counted_from_the_last_row_are_not_moved_by_added_rows(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    window = staff.get(
        url_of(open_batch, "rows/window?sort=-sequence"), headers={"Accept": "application/json"}
    )
    page = staff.get(f"{url_of(open_batch)}?sort=-sequence").html
    assert page.find("row-grid")["data-keys"] == window.json["keys"]
    last = catalogue.batch(open_batch).row_count
    added = {"rows": {"keys": []}, "add": 1, "columns": ["new_price"], "texts": [["3.10"]]}
    assert send(staff, open_batch, **added)["rows"] == 1
    before = catalogue.dump()
    rows = {"query": "sort=-sequence", "token": window.json["keys"], "first": 0, "count": 1}
    for token in (window.json["keys"], ""):
        body = {"rows": rows | {"token": token}, "columns": ["new_price"], "texts": [["7.77"]]}
        assert "have changed since you looked" in send(staff, open_batch, 409, **body)["error"]
    assert catalogue.dump() == before
    assert catalogue.batch(open_batch).row_count == last + 1


def test_keys_that_were_listed_while_somebody_changed_rows_are_not_kept_for_the_version_before(
    staff: TestApp, admin: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_keys, changes = Grid.list_keys, iter([{"columns": ["new_price"], "texts": [["999.00"]]}])

    def list_after_a_change(self: Grid, *args: Any, **options: Any) -> Any:
        for change in changes:
            send(admin, open_batch, rows={"keys": [1]}, **change)
        return list_keys(self, *args, **options)

    monkeypatch.setattr(Grid, "list_keys", list_after_a_change)
    headers = {"Accept": "application/json"}
    window = staff.get(url_of(open_batch, "rows/window?sort=-new_price"), headers=headers).json
    rows = {"query": "sort=-new_price", "token": window["keys"], "first": 0, "count": 1}
    is_first = window["html"].index('data-key="1"') < window["html"].index('data-key="2"')
    # SQLite still shows the rows before the change under this token, PostgreSQL those after it, which are not kept.
    send(staff, open_batch, 409 if is_first else 200, rows=rows, columns=["new_price"], texts=[["7.77"]])
