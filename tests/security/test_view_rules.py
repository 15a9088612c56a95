from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationExecutionError
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


POLICY = {
    "default-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


def _fail(_request: Any) -> Response:
    raise RuntimeError("a defect")


def _fail_to_commit(request: Any) -> Response:
    def refuse() -> None:
        raise RuntimeError("no commit")

    request.tm.get().addBeforeCommitHook(refuse)
    return Response("saved")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/login", 200),
        ("/", 303),
        ("/nowhere", 404),
        ("/fail", 500),
        ("/commit", 500),
        ("/nowhere?x=%ff", 400),
        ("static", 200),
    ],
)
def test_every_response_carries_them(harness: WebHarness, path: str, status: int) -> None:
    harness.page("/fail", _fail)
    harness.page("/commit", _fail_to_commit)
    browser = harness.visitor()
    if path == "static":
        path = browser.get("/login").html.find("link", rel="stylesheet")["href"]
    headers = browser.get(path, status=status).headers
    assert set(headers["Content-Security-Policy"].split("; ")) == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Request-Id"]


def test_pages_are_not_kept_unless_they_say_so(harness: WebHarness) -> None:
    harness.page("/kept", lambda request: Response("kept"), http_cache=60)
    browser = harness.visitor()
    assert browser.get("/login").headers["Cache-Control"] == "no-store"
    assert browser.get("/nowhere", status=404).headers["Cache-Control"] == "no-store"
    assert browser.get("/kept").headers["Cache-Control"] == "max-age=60"


def test_https_is_asked_for_over_https_only(harness: WebHarness) -> None:
    assert "Strict-Transport-Security" not in harness.visitor().get("/login").headers
    secure = harness.visitor(**{"wsgi.url_scheme": "https"}).get("/login")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_our_pages_contain_nothing_the_policy_forbids(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    for page in (
        browser.get("/account"),
        browser.get("/nowhere", status=404),
        harness.visitor().get("/login"),
    ):
        assert not page.html.find_all("style")
        assert not page.html.find_all(style=True)
        assert all(script.get("src") for script in page.html.find_all("script"))
        assert not [name for tag in page.html.find_all() for name in tag.attrs if name.startswith("on")]


class OddError(Exception):
    """An error with a view of its own."""


def test_a_view_without_a_permission_stops_the_start(harness: WebHarness) -> None:
    harness.page("/open", lambda request: Response("open"), permission=None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationExecutionError, match="names no permission"):
        harness.config.make_wsgi_app()


def test_a_default_permission_does_not_excuse_it(harness: WebHarness) -> None:
    harness.config.set_default_permission("signed-in")
    harness.page("/open", lambda request: Response("open"), permission=None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationExecutionError, match="names no permission"):
        harness.config.make_wsgi_app()


def test_pages_for_everybody_say_so(harness: WebHarness) -> None:
    harness.page("/open", lambda request: Response("open"))
    assert harness.visitor().get("/open").text == "open"


def test_views_of_errors_need_none(harness: WebHarness) -> None:
    def fail(request: object) -> Response:
        raise OddError

    harness.page("/odd", fail)
    harness.config.add_view(lambda error, request: Response("odd"), context=OddError)
    assert harness.visitor().get("/odd").text == "odd"
