from __future__ import annotations

from typing import Any

import pytest
from pyramid.response import Response

from .harness import WebHarness

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])

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
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


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
