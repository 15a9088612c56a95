from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pyramid.events import ContextFound
from pyramid.response import Response
from sqlalchemy import Engine, func, select, update
from webtest import TestApp

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.audit_log import collect_pending
from batchbook.security.models import AuditEntry, LoginAttempt, User, WebSession
from batchbook.security.views import FAILED, TOO_OFTEN, local_path

from .harness import PASSWORD, WebHarness, create_tables, sign_in, token_of


def _count(harness: WebHarness, model: type[Any]) -> int:
    return int(harness.stored(select(func.count()).select_from(model))[0])


def _sign_out(browser: TestApp) -> Any:
    return browser.post("/logout", {"csrf_token": token_of(browser)})


# --- Signing in ------------------------------------------------------------------------------------------------------


def test_one_signs_in_and_goes_on_to_where_one_wanted(harness: WebHarness) -> None:
    harness.page("/wanted", lambda request: Response(f"for {request.identity.name}"), "signed-in")
    harness.add_user("anna")
    browser = harness.visitor()
    asked = browser.get("/wanted?page=2&f.a.equal=x", status=303)
    answer = sign_in(browser, "anna", path=asked.location)
    assert answer.location == "http://localhost/wanted?page=2&f.a.equal=x"
    assert answer.follow().text == "for anna"


def test_one_goes_on_within_this_site_only(harness: WebHarness) -> None:
    harness.add_user("anna")
    for path in ("//other.example/", "http://other.example/", "/%5Cother.example", "/%09/other.example"):
        answer = sign_in(harness.visitor(), "anna", path=f"/login?next={path}")
        assert answer.location == "http://localhost/"


def test_where_to_go_on_survives_a_mistake(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor()
    form = sign_in(browser, "anna", "wrong", status=400, path="/login?next=/wanted").forms[0]
    assert form["name"].value == "anna"
    form["password"] = PASSWORD
    assert form.submit().location == "http://localhost/wanted"


def test_the_name_is_taken_in_any_case(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor()
    sign_in(browser, " Anna ")
    assert browser.get("/").text == "home"


def test_who_is_signed_in_is_not_asked_again(harness: WebHarness) -> None:
    assert harness.signed_in("anna").get("/login?next=/account").location == "http://localhost/account"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", "wrong"),
        ("anna", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("gone", PASSWORD),
        ("new", PASSWORD),
        ("new", ""),
        ("x" * 5000, PASSWORD),
        ("' or 1=1 --", PASSWORD),
        ("anna", "x" * 60_000),
    ],
)
def test_all_failures_look_alike(harness: WebHarness, name: str, password: str) -> None:
    harness.add_user("anna")
    harness.add_user("gone", active=False)
    harness.add_user("new", password_hash=None)
    browser = harness.visitor()
    page = sign_in(browser, name, password, status=400)
    assert page.html.find(class_="notice-error").get_text(" ", strip=True) == f"✕ {FAILED}"
    assert browser.get("/").status_int == 303
    assert _count(harness, WebSession) == 0


def test_a_missing_or_odd_field_fails_like_a_wrong_one(harness: WebHarness) -> None:
    browser = harness.visitor()
    token = token_of(browser)
    assert FAILED in browser.post("/login", {"csrf_token": token}, status=400).text
    files = [("name", "a.txt", b"anna"), ("password", "b.txt", b"x"), ("next", "c.txt", b"/")]
    assert FAILED in browser.post("/login", {"csrf_token": token}, upload_files=files, status=400).text


def test_a_session_remembers_where_it_was_opened(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor(HTTP_USER_AGENT="Firefox/140 " + "x" * 500, REMOTE_ADDR="10.1.2.3")
    sign_in(browser, "anna")
    (session,) = harness.stored(select(WebSession))
    assert (session.user_agent[:11], len(session.user_agent), session.address) == (
        "Firefox/140",
        300,
        "10.1.2.3",
    )
    # By default a session that nobody uses ends after two hours.
    assert abs(session.expires_at - utc_now() - timedelta(hours=2)) < timedelta(minutes=1)


# --- Throttling ------------------------------------------------------------------------------------------------------


@pytest.fixture
def strict(empty_engine: Engine) -> WebHarness:
    create_tables(empty_engine)
    limits = {"batchbook.login_attempts": "2", "batchbook.login_attempts_per_address": "4"}
    return WebHarness(empty_engine, **limits)


def test_failures_count_though_their_requests_failed(strict: WebHarness) -> None:
    strict.add_user("anna")
    browser = strict.visitor(REMOTE_ADDR="10.0.0.1")
    for _ in range(2):
        assert FAILED in sign_in(browser, "anna", "wrong", status=400).text
    refused = sign_in(browser, "anna", status=429)
    assert TOO_OFTEN in refused.text
    assert refused.headers["Retry-After"] == "900"
    assert browser.get("/").status_int == 303


def test_nobody_fills_the_audit_log_with_throttled_attempts(strict: WebHarness) -> None:
    browser = strict.visitor(REMOTE_ADDR="10.0.0.1")
    for _ in range(2 + 20):
        sign_in(browser, "nobody", "wrong", status="*")
    collect_pending(strict.engine)
    throttled = strict.stored(select(AuditEntry).where(AuditEntry.event == "sign-in throttled"))
    assert [(one.detail or {})["text"] for one in throttled] == [
        f"{number} too many in 15 minutes" for number in (1, 2, 1, 2, 4, 8, 16)
    ], "Two exceeded the limit of the name, the others that of the address."


def test_unknown_names_are_throttled_alike(strict: WebHarness) -> None:
    browser = strict.visitor(REMOTE_ADDR="10.0.0.1")
    statuses = [sign_in(browser, "nobody", "wrong", status="*").status_int for _ in range(3)]
    assert statuses == [400, 400, 429]


def test_an_address_is_not_what_a_header_says(strict: WebHarness) -> None:
    browser = strict.visitor(REMOTE_ADDR="10.0.0.1")
    statuses = []
    for number in range(5):
        browser.extra_environ["HTTP_X_FORWARDED_FOR"] = f"10.9.9.{number}"
        statuses.append(sign_in(browser, f"user{number}", "wrong", status="*").status_int)
    assert statuses == [400, 400, 400, 400, 429]


def test_success_gives_the_attempts_back(strict: WebHarness) -> None:
    strict.add_user("anna")
    for _ in range(3):
        browser = strict.visitor(REMOTE_ADDR="10.0.0.1")
        sign_in(browser, "anna", "wrong", status=400)
        sign_in(browser, "anna")
        strict.stored(select(LoginAttempt))
    assert sign_in(strict.visitor(REMOTE_ADDR="10.0.0.1"), "bert", "wrong", status=400)
    assert sign_in(strict.visitor(REMOTE_ADDR="10.0.0.1"), "bert", "wrong", status=429)


def test_a_transaction_begun_too_early_is_a_defect_not_a_deadlock(
    harness: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.config.add_subscriber(lambda event: event.request.db.execute(select(User.id)), ContextFound)
    form = harness.visitor().get("/login").forms[0]
    form.submit(status=500)
    assert "must be counted before the request's transaction begins" in caplog.text


# --- Sessions --------------------------------------------------------------------------------------------------------


def test_signing_out_ends_the_session_for_whoever_has_its_cookie(harness: WebHarness) -> None:
    browser, copy = harness.signed_in("anna"), harness.visitor()
    copy.set_cookie("batchbook_session", browser.cookies["batchbook_session"])
    assert copy.get("/").text == "home"
    answer = _sign_out(browser)
    assert answer.location == "http://localhost/login"
    assert "You are signed out." in answer.follow().text
    assert copy.get("/").status_int == 303


def test_signing_in_again_ends_the_session_before(harness: WebHarness) -> None:
    harness.add_user("bert")
    browser, copy = harness.signed_in("anna"), harness.visitor()
    copy.set_cookie("batchbook_session", browser.cookies["batchbook_session"])
    browser.post("/login", {"csrf_token": token_of(browser), "name": "bert", "password": PASSWORD})
    assert browser.get("/").text == "home"
    assert copy.get("/").status_int == 303


def test_a_user_who_is_switched_off_is_out_at_once(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    harness.change_user("anna", active=False)
    assert browser.get("/").status_int == 303
    harness.change_user("anna", active=True)
    assert browser.get("/").text == "home"


def test_a_session_ends_at_its_hour_and_is_cleaned_up(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    with transaction_scope(harness.engine) as db:
        db.execute(update(WebSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert browser.get("/").status_int == 303
    sign_in(browser, "anna")
    assert _count(harness, WebSession) == 1


def test_looking_changes_nothing(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    before = (
        [vars(session)["revoked_at"] for session in harness.stored(select(WebSession))],
        _count(harness, LoginAttempt),
    )
    for path in ("/", "/account", "/login", "/nowhere", "/logout"):
        browser.get(path, status="*")
    after = (
        [vars(session)["revoked_at"] for session in harness.stored(select(WebSession))],
        _count(harness, LoginAttempt),
    )
    assert before == after


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/batches/7?f.status.any_of=a&page=2",
        "/a//b",
        "/a?next=http://other.example/",
        "/%E2%82%AC?a=[1]~",
    ],
)
def test_paths_of_this_site(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "batches",
        "//other.example/",
        "/\\other.example/",
        "\\/other.example",
        "/\t/other.example",
        "/\n/other.example",
        "/a\r\nSet-Cookie: x=y",
        "/a b",
        "http://other.example/",
        "javascript:alert(1)",
        " /a",
        "/a\x00",
        "/a\n",
        "/€",
        "/ü",
        "/a\x80",
    ],
)
def test_anything_else_leads_home(path: str) -> None:
    assert local_path(path, "/home") == "/home"
