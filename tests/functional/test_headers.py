"""What every answer carries, and what is told of an error that nobody foresaw."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from webtest import TestApp

from .addresses import FIELDS
from .harness import CatalogueDatabase, json_post, post, text_of, url_of


def test_every_kind_of_answer_has_the_headers_that_protect(
    catalogue: CatalogueDatabase, admin: TestApp, client: TestApp, staff: TestApp, open_batch: int
) -> None:
    css = client.get("/login").html.find("link", rel="stylesheet")["href"]
    answers = {
        "sign-in page": client.get("/login"),
        "to the sign-in page": client.get("/", status=303),
        "style sheet": client.get(css),
        "page": staff.get(url_of(open_batch)),
        "redirect": post(staff, url_of(open_batch, "refresh")),
        "bad request": staff.post(url_of(open_batch, "refresh"), status=400),
        "forbidden": staff.get("/users", status=403),
        "not found": staff.get("/nothing", status=404),
        "not found on disk": client.get(f"{css}x", status=404),
        "conflict": post(staff, url_of(open_batch, "reopen"), 409),
        "unprocessable": post(staff, url_of(open_batch, "rows", 1, "edit"), 422, new_price="x", version="1"),
        "download": staff.get(url_of(open_batch, "files", 1)),
        "csv": staff.get(url_of(open_batch, "rows.csv")),
        "xlsx": staff.get(url_of(open_batch, "rows.xlsx")),
    }
    for kind, answer in answers.items():
        headers = answer.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"], kind
        assert "unsafe" not in headers["Content-Security-Policy"], kind
        assert headers["X-Content-Type-Options"] == "nosniff", kind
        assert headers["X-Frame-Options"] == "DENY", kind
        assert headers["Referrer-Policy"] == "same-origin", kind
        assert headers["Cache-Control"] == "no-store" or kind == "style sheet", kind


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_nobody_foresaw_is_one_page_with_a_number_and_nothing_inside(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, accept: str
) -> None:
    with catalogue.engine.begin() as connection:
        connection.execute(text("ALTER TABLE cell_change RENAME TO elsewhere"))
    answer = staff.get(url_of(open_batch, "history"), headers={"Accept": accept}, status=500)
    assert "cell_change" not in answer.text
    assert "Traceback" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    if accept == "application/json":
        assert set(answer.json) == {"error", "status", "request_id"}
        assert answer.json["status"] == 500
    else:
        assert "Something went wrong" in text_of(answer)
        assert re.search(r"Request [0-9a-f]{8,}", text_of(answer))


def test_scripts_get_their_refusals_as_json(
    catalogue: CatalogueDatabase, staff: TestApp, executed_batch: int
) -> None:
    answer = json_post(staff, url_of(executed_batch, "rows", 1, "cell"), 409, FIELDS)
    assert answer["status"] == 409
    assert "frozen" in answer["error"]
    assert json_post(staff, url_of(999, "rows", 1, "cell"), 404, FIELDS)["status"] == 404
