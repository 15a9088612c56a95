"""People in one batch: what a page is told of others' changes, and of the cells that they are editing."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.functional.harness import form_to, json_post, token_of, url_of
from webtest import TestApp

JSON = {"Accept": "application/json"}


def changed(person: TestApp, batch: int, since: str | None = None, query: str = "", status: int = 200) -> Any:
    url = f"{url_of(batch, 'rows', 'changed')}?{query}" + ("" if since is None else f"&since={since}")
    return person.get(url, headers=JSON, status=status).json


def tell(person: TestApp, batch: int, status: int = 204, **cell: Any) -> Any:
    headers = JSON | {"X-CSRF-Token": token_of(person)}
    return person.post(url_of(batch, "presence"), cell, headers=headers, status=status)


def edit(person: TestApp, batch: int, row: int, field: str, value: str, version: int = 1) -> Any:
    fields = {"field": field, "value": value, "version": str(version)}
    return json_post(person, url_of(batch, "rows", row, "cell"), 200, fields)


def test_a_page_is_told_of_changed_rows_and_counts(staff: TestApp, admin: TestApp, open_batch: int) -> None:
    first = changed(staff, open_batch)
    assert (first["keys"], first["total"], first["state"], first["editing"]) == ([], 8, "open", [])
    assert changed(staff, open_batch, first["version"]) == first
    edit(admin, open_batch, 1, "new_price", "2.30")
    edit(admin, open_batch, 2, "item_code", "000000014")  # Row 5 has this code, too.
    second = changed(staff, open_batch, first["version"], "f.status.equal=duplicate")
    assert (second["keys"], second["versions"]) == ([1, 2, 5], [2, 2, 1])
    assert second["counts_html"].count("aria-current") == 1
    assert "1 row has problems" in second["problems_html"]
    assert "Edited by people" in second["quick_html"]
    assert "counts_html" not in changed(staff, open_batch, second["version"])
    form_to(staff.get(url_of(open_batch)), "/refresh").submit(status=303)
    assert changed(staff, open_batch, second["version"])["keys"] is None


def test_a_poll_that_finds_nothing_is_a_few_look_ups(staff: TestApp, open_batch: int, backend: str) -> None:
    since = changed(staff, open_batch)["version"]
    changed(staff, open_batch, since)
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    changed(staff, open_batch, since)
    event.remove(Engine, "before_cursor_execute", note)
    assert sum(statement.startswith("SELECT") for statement in sent) == (5 if backend == "sqlite" else 4)


def test_a_page_is_told_of_the_batch_itself(staff: TestApp, admin: TestApp, complete_batch: int) -> None:
    seen = changed(staff, complete_batch)
    assert seen["state"] == "complete"
    form_to(admin.get(url_of(complete_batch)), "/reopen").submit(status=303)
    assert changed(staff, complete_batch, seen["version"])["state"] == "open"


def test_rows_are_shown_anew_by_their_numbers(staff: TestApp, auditor: TestApp, open_batch: int) -> None:
    def these(person: TestApp, query: str, status: int = 200) -> Any:
        return person.get(f"{url_of(open_batch, 'rows', 'these')}?{query}", headers=JSON, status=status).json

    edit(staff, open_batch, 2, "new_price", "8.40")
    html = these(staff, "key=5&key=2&key=99&sort=-new_price")["html"]
    assert html.count("<tr") == 2
    assert html.index('data-key="2" data-version="2"') < html.index('data-key="5" data-version="1"')
    assert "8.40" in html
    assert these(staff, "")["html"].strip() == ""
    assert "which rows it shows" in these(staff, "key=two", 400)["error"]
    these(auditor, "key=2", 403)


@pytest.mark.parametrize("since", ["", "x", "-1", "9" * 30, "%D9%A3"])
def test_what_is_no_number_of_a_change_is_refused(staff: TestApp, open_batch: int, since: str) -> None:
    assert "Reload it." in changed(staff, open_batch, since, status=400)["error"]


def test_people_see_which_cells_others_are_editing(
    staff: TestApp, admin: TestApp, auditor: TestApp, open_batch: int
) -> None:
    tell(staff, open_batch, key="3", field="new_price")
    assert changed(staff, open_batch)["editing"] == []
    cells = [{"key": "3", "field": "new_price", "user": "staff"}]
    assert changed(admin, open_batch)["editing"] == cells
    tell(admin, open_batch, key="1", field="item_code")
    assert changed(staff, open_batch)["editing"] == [{"key": "1", "field": "item_code", "user": "admin"}]
    tell(staff, open_batch)
    assert changed(admin, open_batch)["editing"] == []
    # Who may not edit is told as much as may be viewed, and tells nothing.
    changed(auditor, open_batch, status=403)
    tell(auditor, open_batch, 403, key="1", field="item_code")


@pytest.mark.parametrize(
    "cell", [{"key": "one", "field": "x"}, {"key": "1"}, {"key": "1", "field": "x" * 61}]
)
def test_what_is_no_cell_is_not_told(staff: TestApp, open_batch: int, cell: dict[str, str]) -> None:
    assert "no cell" in tell(staff, open_batch, 400, **cell).json["error"]


def test_strangers_and_other_sites_tell_and_learn_nothing(app: Any, staff: TestApp, open_batch: int) -> None:
    changed(TestApp(app), open_batch, status=403)
    staff.post(url_of(open_batch, "presence"), {"key": "1", "field": "new_price"}, headers=JSON, status=400)


def test_nobody_edits_in_a_complete_batch(staff: TestApp, complete_batch: int) -> None:
    tell(staff, complete_batch, 409, key="1", field="new_price")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_job_that_is_writing_keeps_nobody_waiting(
    staff: TestApp, admin: TestApp, open_batch: int, write_lock: sqlite3.Connection
) -> None:
    tell(staff, open_batch, key="3", field="new_price")
    assert len(changed(admin, open_batch)["editing"]) == 1
    write_lock.rollback()
