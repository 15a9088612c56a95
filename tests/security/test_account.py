from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from pyramid.response import Response
from sqlalchemy import Engine, select, update
from webtest import TestApp

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.account import browser_name
from batchbook.security.models import WebSession

from .harness import PASSWORD, WebHarness, create_tables, sign_in, token_of

NEW = "another long phrase"


def _change(
    browser: TestApp, present: str = PASSWORD, new: str = NEW, again: str = NEW, *, status: int = 303
) -> Any:
    fields = {"present": present, "new": new, "again": again, "csrf_token": token_of(browser)}
    return browser.post("/account/password", fields, status=status)


def _second_browser(harness: WebHarness, name: str = "anna") -> TestApp:
    browser = harness.visitor(HTTP_USER_AGENT="Firefox/140 (X11; Linux)")
    sign_in(browser, name)
    return browser


def test_it_shows_who_one_is_and_where_one_is_signed_in(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    harness.change_user("anna", full_name="Anna <Ash>", email="anna@example.com")
    _second_browser(harness)
    page = browser.get("/account")
    text = page.html.get_text(" ", strip=True)
    for part in ("Anna <Ash>", "anna@example.com", "Role of anna", "Firefox on Linux", "This browser"):
        assert part in text
    assert len(page.html.select("tbody tr")) == 2


def test_a_new_password_replaces_the_old_and_ends_other_sessions(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    other = _second_browser(harness)
    bert = harness.signed_in("bert")
    assert "1 other session was signed out." in _change(browser).follow().text
    assert browser.get("/").text == "home"
    assert other.get("/").status_int == 303
    assert bert.get("/").text == "home"
    sign_in(other, "anna", PASSWORD, status=400)
    sign_in(other, "anna", NEW)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"present": "wrong"}, "not your current password"),
        ({"new": "short", "again": "short"}, "at least 10 characters"),
        ({"new": "anna and more words", "again": "anna and more words"}, "your name"),
        ({"again": NEW + "!"}, "don't match"),
        ({"new": PASSWORD, "again": PASSWORD}, "is your current password"),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(
    harness: WebHarness, fields: dict[str, str], reason: str
) -> None:
    browser = harness.signed_in("anna")
    other = _second_browser(harness)
    page = _change(browser, **fields, status=422)
    assert reason in page.html.find(class_="field-error").get_text()
    assert NEW not in page.text
    assert other.get("/").text == "home"
    sign_in(harness.visitor(), "anna", PASSWORD)


def test_guessing_the_present_password_is_throttled(empty_engine: Engine) -> None:
    create_tables(empty_engine)
    harness = WebHarness(empty_engine, **{"batchbook.login_attempts": "2"})
    browser = harness.signed_in("anna")
    for _ in range(2):
        assert "not your current password" in _change(browser, "wrong", status=422).text
    assert "too many attempts" in _change(browser, PASSWORD, status=422).text


def test_one_other_session_can_be_signed_out(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    second, third = _second_browser(harness), _second_browser(harness)
    form = next(form for form in browser.get("/account").forms.values() if "session" in form.fields)
    chosen = form["session"].value
    assert "1 other session was signed out." in form.submit().follow().text
    assert len(harness.stored(select(WebSession).where(WebSession.revoked_at.is_not(None)))) == 1
    assert {second.get("/").status_int, third.get("/").status_int} == {200, 303}
    fields = {"session": chosen, "csrf_token": token_of(browser)}
    assert "already over" in browser.post("/account/sessions", fields).follow().text


def test_all_other_sessions_can_be_signed_out(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    second, third = _second_browser(harness), _second_browser(harness)
    answer = browser.post("/account/sessions", {"csrf_token": token_of(browser)})
    assert "2 other sessions were signed out." in answer.follow().text
    assert (second.get("/").status_int, third.get("/").status_int) == (303, 303)


def test_nobody_signs_out_somebody_else(harness: WebHarness) -> None:
    anna, bert = harness.signed_in("anna"), harness.signed_in("bert")
    (session,) = harness.stored(select(WebSession.id).order_by(WebSession.created_at.desc()).limit(1))
    anna.post("/account/sessions", {"session": session, "csrf_token": token_of(anna)})
    assert bert.get("/").text == "home"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_time_zone_is_chosen_and_a_made_up_one_refused(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    for zone, status in {"Asia/Tokyo": 303, "Mars/Olympus": 422, "": 303}.items():
        fields = {"timezone": zone, "csrf_token": token_of(browser)}
        answer = browser.post("/account/timezone", fields, status=status)
        if zone == "Mars/Olympus":
            assert "Your time zone was not changed." in answer.text
            chosen = browser.get("/account").html.select_one("select[name=timezone] option[selected]")
            assert chosen["value"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_have_names(agent: str, name: str) -> None:
    assert browser_name(agent) == name


# --- A password that somebody else has set ---------------------------------------------------------------------------


def test_a_password_that_somebody_else_has_set_must_be_changed_first(harness: WebHarness) -> None:
    harness.page("/do", lambda request: Response("done"), "users:view")
    browser = harness.signed_in("anna", "users:view")
    harness.change_user("anna", must_change_password=True)
    assert browser.get("/do", status=303).location == "http://localhost/account"
    assert "set by somebody else" in browser.get("/", status=303).follow().text
    told = browser.get("/do", headers={"Accept": "application/json"}, status=403).json["error"]
    assert told.startswith("Your password was set by somebody else")
    assert _change(browser).location == "http://localhost/"
    assert browser.get("/do").text == "done"


# --- Confirming the password -----------------------------------------------------------------------------------------


@pytest.fixture
def careful(empty_engine: Engine) -> WebHarness:
    """A site that asks for the password again."""
    create_tables(empty_engine)
    harness = WebHarness(empty_engine, **{"batchbook.confirm_password_for": "users:edit batch:*:execute"})
    for permission in ("users:edit", "users:view", "batch:x:execute"):
        path = f"/{permission.replace(':', '-')}"
        for method in ("GET", "POST"):
            harness.config.add_route(path + method, path, request_method=method)
            harness.config.add_view(
                lambda request: Response(f"done {request.method}"),
                route_name=path + method,
                permission=permission,
            )
    return harness


def _long_ago(harness: WebHarness) -> None:
    """Have everybody signed in half an hour ago."""
    with transaction_scope(harness.engine) as db:
        db.execute(update(WebSession).values(created_at=utc_now() - timedelta(minutes=30), confirmed_at=None))


def test_the_password_is_asked_again_where_the_settings_say_so(careful: WebHarness) -> None:
    browser = careful.signed_in("anna", "users:edit", "users:view", "batch:*:execute")
    token = {"csrf_token": token_of(browser)}
    assert browser.get("/users-edit").text == "done GET"  # Just signed in.
    _long_ago(careful)
    assert browser.get("/users-view").text == "done GET"
    page = browser.get("/users-edit", status=303)
    assert page.location == "http://localhost/account/confirm?next=%2Fusers-edit"
    form = next(form for form in page.follow().forms.values() if "present" in form.fields)
    form["present"] = "wrong"
    assert "not your current password" in form.submit(status=422).text
    form["present"] = PASSWORD
    page = form.submit(status=303)
    assert page.location == "http://localhost/users-edit"
    assert browser.post("/batch-x-execute", token).text == "done POST"
    _long_ago(careful)
    back = {"Referer": "http://localhost/users-view"}
    page = browser.post("/batch-x-execute", token, headers=back, status=303)
    assert page.location == "http://localhost/account/confirm?next=%2Fusers-view"
    assert "Nothing was done yet." in page.follow().text
    told = browser.post("/batch-x-execute", token, headers={"X-Requested-With": "x"}, status=403)
    assert told.json["error"].startswith("Nothing was done yet.")


def test_a_form_is_kept_while_the_password_is_confirmed(
    careful: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "batchbook.web.error_pages")
    browser = careful.signed_in("anna", "users:edit")
    _long_ago(careful)
    fields = {"csrf_token": token_of(browser), "full_name": "Anna Bell", "may_be_kept": ""}
    page = browser.post("/users-edit", fields, headers={"Origin": "http://localhost"}, status=403)
    assert "The form is kept on this page" in page.text
    assert "Anna Bell" in page.html.select_one(".kept-form").text
    assert "was refused (403), by 'anna'" in caplog.text
    form = next(form for form in page.forms.values() if "present" in form.fields)
    form["present"] = "wrong"
    page = form.submit(status=422)
    form = next(form for form in page.forms.values() if "present" in form.fields)
    form["present"] = PASSWORD
    page = form.submit(status=200)
    assert "Your password is confirmed." in page.text
    form = next(form for form in page.forms.values() if "full_name" in form.fields)
    assert form.submit().text == "done POST"


def test_who_may_not_is_not_asked_for_the_password(careful: WebHarness) -> None:
    browser = careful.signed_in("anna")
    _long_ago(careful)
    browser.get("/users-edit", status=403)


@pytest.mark.parametrize("next_page", ["https://other.example/", "//other.example"])
def test_confirming_leads_to_a_page_of_ours(careful: WebHarness, next_page: str) -> None:
    browser = careful.signed_in("anna")
    page = browser.get("/account/confirm", {"next": next_page})
    assert page.html.find("input", {"name": "next"})["value"] == "/"
