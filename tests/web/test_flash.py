from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from tests.security.harness import WebHarness
from webtest import TestApp


def _say(request: Any) -> HTTPSeeOther:
    for text in request.GET.getall("text"):
        request.flash(text * int(request.GET.get("times", 1)), request.GET.get("kind", "success"))
    return HTTPSeeOther("/login")


@pytest.fixture
def browser(harness: WebHarness) -> TestApp:
    harness.page("/say", _say)
    harness.page("/plain", lambda request: Response("plain"))
    return harness.visitor()


def _shown(page: Any) -> list[str]:
    return [
        notice.find(class_="notice-body").get_text(strip=True) for notice in page.html.select("[data-flash]")
    ]


def test_a_message_is_shown_once_after_the_redirect(browser: TestApp) -> None:
    browser.get("/say?text=Saved.")
    assert _shown(browser.get("/login")) == ["Saved."]
    assert _shown(browser.get("/login")) == []
    assert not browser.cookies.get("batchbook_flash")


def test_messages_wait_for_a_page_that_shows_them(browser: TestApp) -> None:
    browser.get("/say?text=one")
    browser.get("/plain")
    browser.get("/say?text=two&text=three&kind=warning")
    page = browser.get("/login")
    assert _shown(page) == ["one", "two", "three"]
    assert len(page.html.select(".notice-success")) == 1
    assert len(page.html.select(".notice-warning")) == 2


def test_what_is_said_is_escaped(browser: TestApp) -> None:
    browser.get("/say?text=%3Cb%3Ebold")
    assert _shown(browser.get("/login")) == ["<b>bold"]


def test_a_message_on_the_same_page_needs_no_cookie(harness: WebHarness) -> None:
    def page(request: Any) -> dict[str, str]:
        request.flash("Right here.")
        return {}

    harness.page("/here", page, renderer="batchbook.templates:layout.jinja2")
    answer = harness.visitor().get("/here")
    assert _shown(answer) == ["Right here."]
    assert not any("batchbook_flash" in cookie for cookie in answer.headers.getall("Set-Cookie"))


@pytest.mark.parametrize("text", ["x", "ü", "😀"])
def test_long_messages_are_cut_to_what_a_cookie_holds(browser: TestApp, text: str) -> None:
    browser.get(f"/say?text={quote(text)}&times=9000")
    (shown,) = _shown(browser.get("/login"))
    assert shown.startswith(text * 120)
    assert shown.endswith("…")


def test_of_too_many_messages_the_newest_stay(browser: TestApp) -> None:
    browser.get("/say?times=900&" + "&".join(f"text={letter}" for letter in "abcdefg"))
    assert [text[0] for text in _shown(browser.get("/login"))] == ["e", "f", "g"]


def test_a_forged_message_is_not_shown(browser: TestApp) -> None:
    browser.get("/say?text=Saved.")
    value = browser.cookies["batchbook_flash"]
    for forged in (value[:-3] + "AAA", "nonsense", ""):
        browser.set_cookie("batchbook_flash", forged)
        assert _shown(browser.get("/login")) == []


def test_the_cookie_is_out_of_reach_of_scripts(browser: TestApp) -> None:
    cookie = browser.get("/say?text=Saved.").headers["Set-Cookie"]
    assert cookie.startswith("batchbook_flash=")
    assert {"Path=/", "HttpOnly", "SameSite=Lax"} == set(cookie.split("; ")[1:])


def test_messages_of_a_request_that_failed_are_forgotten(harness: WebHarness) -> None:
    def fail(request: Any) -> Response:
        request.flash("Saved.")
        raise RuntimeError("not saved after all")

    harness.page("/say", _say)
    harness.page("/fail", fail)
    browser = harness.visitor()
    browser.get("/say?text=before")
    assert _shown(browser.get("/fail", status=500)) == ["before"]
    assert _shown(browser.get("/login")) == []
