from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from webob.cookies import SignedCookieProfile
from webtest import TestApp

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import WebSession
from batchbook.security.policy import BY_ITSELF
from batchbook.security.sessions import session_hash

from .harness import SETTINGS, WebHarness, create_tables, sign_in

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def _session_id(browser: TestApp) -> str:
    profile = SignedCookieProfile(
        SETTINGS["batchbook.secret"], "batchbook cookie batchbook_session", "batchbook_session"
    )
    return str(profile.serializer.loads(browser.cookies["batchbook_session"].encode()))


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(harness: WebHarness) -> None:
    cookie = harness.visitor().get("/login").headers["Set-Cookie"]
    assert cookie.startswith("batchbook_session=")
    assert {"Path=/", "HttpOnly", "SameSite=Lax"} == set(cookie.split("; ")[1:])


def test_over_https_it_is_secure_and_bound_to_the_host(empty_engine: Engine) -> None:
    create_tables(empty_engine)
    harness = WebHarness(empty_engine, **{"batchbook.secure_cookies": "true"})
    cookie = harness.visitor().get("/login").headers["Set-Cookie"]
    assert cookie.startswith("__Host-batchbook_session=")
    assert "secure" in cookie.split("; ")[1:]


def test_an_anonymous_visitor_has_an_id_but_no_row(harness: WebHarness) -> None:
    browser = harness.visitor()
    browser.get("/login")
    first = _session_id(browser)
    assert len(first) >= 43
    assert "Set-Cookie" not in browser.get("/login").headers
    assert _session_id(browser) == first
    assert harness.stored(select(func.count()).select_from(WebSession)) == [0]


def test_the_database_holds_the_hash_of_the_id_only(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    assert harness.stored(select(WebSession.id)) == [session_hash(_session_id(browser))]


def test_signing_in_and_out_changes_the_id(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor()
    browser.get("/login")
    anonymous = _session_id(browser)
    sign_in(browser, "anna")
    signed_in = _session_id(browser)
    browser.get("/account").forms[0].submit(status=303)
    assert len({anonymous, signed_in, _session_id(browser)}) == 3


def test_a_planted_id_is_not_signed_in_by_its_victim(harness: WebHarness) -> None:
    harness.add_user("anna")
    attacker, victim = harness.visitor(), harness.visitor()
    attacker.get("/login")
    victim.set_cookie("batchbook_session", attacker.cookies["batchbook_session"])
    sign_in(victim, "anna")
    assert victim.get("/").text == "home"
    assert attacker.get("/").status_int == 303


def test_a_forged_or_foreign_cookie_is_nobodys(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    good = browser.cookies["batchbook_session"]
    flash = SignedCookieProfile(
        SETTINGS["batchbook.secret"], "batchbook cookie batchbook_flash", "x"
    ).serializer.dumps(_session_id(browser))
    for bad in (good[:-2] + ("AA" if good[-2:] != "AA" else "BB"), "nonsense", "", flash.decode()):
        browser.set_cookie("batchbook_session", bad)
        assert browser.get("/").status_int == 303
    browser.set_cookie("batchbook_session", good)
    assert browser.get("/").text == "home"


def test_the_id_is_not_in_any_page(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    assert not re.search(re.escape(_session_id(browser)), browser.get("/account").text)


def test_what_no_database_stores_of_a_browsers_name_is_replaced(harness: WebHarness) -> None:
    harness.add_user("anna")
    sign_in(harness.visitor(HTTP_USER_AGENT="Fire\x00fox/140"), "anna")
    assert harness.stored(select(WebSession.user_agent)) == ["Fire�fox/140"]


# --- Idle sessions ---------------------------------------------------------------------------------------------------


def _idle(harness: WebHarness, minutes: float, began: float = 60) -> None:
    """Have the session been used last so many minutes ago, by the default of two hours, and have begun before."""
    now = utc_now()
    with transaction_scope(harness.engine) as db:
        left = timedelta(minutes=120 - minutes)
        db.execute(
            update(WebSession).values(expires_at=now + left, created_at=now - timedelta(minutes=began))
        )


def test_a_session_ends_when_nobody_uses_it(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    for _ in range(3):
        _idle(harness, 119)
        assert browser.get("/").text == "home"
        (ends,) = harness.stored(select(WebSession.expires_at))
        assert ends - utc_now() > timedelta(minutes=119)
    _idle(harness, 121)
    browser.get("/", status=303)


def test_a_session_is_not_prolonged_beyond_its_length(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    _idle(harness, 119, began=12 * 60 - 10)
    assert browser.get("/").text == "home"
    (ends,) = harness.stored(select(WebSession.expires_at))
    assert timedelta(minutes=9) < ends - utc_now() < timedelta(minutes=11)


def test_a_page_that_asks_by_itself_does_not_keep_a_session_open(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    _idle(harness, 60)
    before = harness.stored(select(WebSession.expires_at))
    for headers in ({"Accept": "application/json"}, {BY_ITSELF: "1"}):
        assert browser.get("/", headers=headers).text == "home"
        assert harness.stored(select(WebSession.expires_at)) == before


def test_without_an_idle_limit_a_session_has_its_length(empty_engine: Engine) -> None:
    create_tables(empty_engine)
    harness = WebHarness(empty_engine, **{"batchbook.idle_minutes": "0"})
    browser = harness.signed_in("anna")
    (ends,) = before = harness.stored(select(WebSession.expires_at))
    assert ends - utc_now() > timedelta(hours=11)
    browser.get("/")
    assert harness.stored(select(WebSession.expires_at)) == before


def test_signing_out_has_the_browser_drop_what_it_kept(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    answer = browser.get("/account").forms[0].submit(status=303)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "You are signed out." in answer.follow().text
