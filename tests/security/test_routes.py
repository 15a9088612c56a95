"""The addresses of security: which methods they take, and from whom."""

from __future__ import annotations

import pytest

from .harness import WebHarness, token_of


def test_signing_out_by_a_link_is_impossible(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    browser.get("/logout", status=404)
    assert browser.get("/").text == "home"


def test_signing_out_without_being_signed_in_is_no_error(harness: WebHarness) -> None:
    browser = harness.visitor()
    assert browser.post("/logout", {"csrf_token": token_of(browser)}).status_int == 303


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("path", ["/account/password", "/account/timezone", "/account/sessions"])
def test_the_account_is_for_those_who_are_signed_in(harness: WebHarness, path: str) -> None:
    browser = harness.visitor()
    assert browser.get("/account").location == "http://localhost/login?next=%2Faccount"
    assert "You are signed out" in browser.post(path, {"csrf_token": token_of(browser)}, status=403).text
    harness.signed_in("anna").get(path, status=404)
