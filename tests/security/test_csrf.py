from __future__ import annotations

from typing import Any

import pytest
from pyramid.response import Response
from webtest import TestApp

from .harness import WebHarness, sign_in, token_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def browser(harness: WebHarness) -> TestApp:
    harness.page(
        "/save", lambda request: Response("saved"), "signed-in", request_method=("POST", "PUT", "DELETE")
    )
    return harness.signed_in("anna")


def test_the_sessions_token_is_accepted_as_field_and_as_header(browser: TestApp) -> None:
    token = token_of(browser)
    assert browser.post("/save", {"csrf_token": token}).text == "saved"
    assert browser.post("/save", headers={"X-CSRF-Token": token}).text == "saved"
    assert browser.post_json("/save", {}, headers={"X-CSRF-Token": token}).text == "saved"
    assert browser.put("/save", headers={"X-CSRF-Token": token}).text == "saved"


@pytest.mark.parametrize(
    "fields", [{}, {"csrf_token": ""}, {"csrf_token": "0" * 64}, {"csrf_token": "für\udc80"}]
)
def test_any_other_token_is_refused(browser: TestApp, fields: dict[str, Any]) -> None:
    answer = browser.post(
        "/save", {name: text.encode("utf-8", "replace") for name, text in fields.items()}, status=400
    )
    assert "no longer valid" in answer.text
    assert "Nothing was changed" in answer.text


def test_other_unsafe_methods_are_checked_too(browser: TestApp) -> None:
    browser.put("/save", status=400)
    browser.delete("/save", status=400)


def test_a_token_in_the_address_does_not_count(browser: TestApp) -> None:
    browser.post(f"/save?csrf_token={token_of(browser)}", status=400)


def test_a_file_is_no_token(browser: TestApp) -> None:
    browser.post("/save", upload_files=[("csrf_token", "a.txt", token_of(browser).encode())], status=400)


def test_another_visitors_token_is_refused(harness: WebHarness, browser: TestApp) -> None:
    browser.post("/save", {"csrf_token": token_of(harness.visitor())}, status=400)


def test_a_token_without_its_cookie_is_refused(harness: WebHarness) -> None:
    token = token_of(harness.visitor())
    harness.visitor().post("/login", {"csrf_token": token, "name": "a", "password": "b"}, status=400)


def test_a_token_from_before_signing_in_is_refused_after(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor()
    before = token_of(browser)
    sign_in(browser, "anna")
    browser.post("/logout", {"csrf_token": before}, status=400)
    assert browser.get("/").text == "home"


def test_a_form_sent_over_https_from_elsewhere_is_refused(harness: WebHarness) -> None:
    browser = harness.visitor(**{"wsgi.url_scheme": "https", "HTTP_HOST": "localhost"})
    fields = {"csrf_token": token_of(browser), "name": "a", "password": "b"}
    assert "wrong" in browser.post("/login", fields, headers={"Origin": "https://localhost"}, status=400).text
    elsewhere = browser.post("/login", fields, headers={"Origin": "https://other.example"}, status=400)
    assert "no longer valid" in elsewhere.text
