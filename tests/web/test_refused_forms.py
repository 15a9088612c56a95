"""Forms on error pages: which are kept, why others are not, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.response import Response
from tests.security.harness import WebHarness, token_of

from batchbook.errors import BadInput


def refusing(_request: Any) -> Response:
    raise BadInput("No.")


@pytest.mark.parametrize(
    ("referrer", "leads_to"),
    [
        ("http://localhost/batches?page=2#top", "/batches?page=2"),
        ("http://localhost/do", "/"),
        ("http://other.example/batches", "/"),
        ("http://localhost//other.example/", "/"),
        ("", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_the_way_back_leads_to_a_page_of_ours(harness: WebHarness, referrer: str, leads_to: str) -> None:
    harness.page("/do", refusing)
    page = harness.visitor().get("/do", headers={"Referer": referrer}, status=400)
    assert page.html.select(".error-page .button-primary")[0]["href"] == leads_to


@pytest.mark.parametrize(
    ("fields", "origin", "lost"),
    [
        ({"may_be_kept": ""}, "http://localhost", ""),
        ({"may_be_kept": ""}, "http://other.example", "or it does not come from a page of this site"),
        ({}, "http://localhost", "a password was typed into it"),
        ({"may_be_kept": "", "big": "x" * 60_000}, "http://localhost", "and the limit is"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_form_of_a_stranger_is_kept_or_the_page_says_why_not(
    harness: WebHarness, fields: dict[str, str], origin: str, lost: str
) -> None:
    harness.page("/do", refusing, "signed-in", request_method="POST")
    browser = harness.visitor()
    sent = {"csrf_token": token_of(browser), "note": "words", **fields}
    page = browser.post("/do", sent, headers={"Origin": origin}, status="4*")
    told = page.html.get_text()
    assert ("can't be kept here" in told) is bool(lost)
    assert lost in told
    assert bool(page.html.select("[name=kept]")) is not bool(lost)
