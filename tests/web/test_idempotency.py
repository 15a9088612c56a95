from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from pyramid.response import Response
from sqlalchemy import select, text, update
from tests.security.harness import WebHarness, token_of
from webtest import TestApp

from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput
from batchbook.web.idempotency import SentForm, claim_key, idempotency_key_input

KEY = "k" * 32


def _key_of(markup: str) -> str:
    (key,) = re.findall(r'name="form_key" value="([^"]*)"', markup)
    return str(key)


def _form(request: Any) -> Response:
    """Show the form: its key only."""
    return Response(idempotency_key_input(request))


def _rename(request: Any) -> Response:
    """Do the work of the form: add a letter to a name, unless that is what makes it fail."""
    try:
        with claim_key(request) as remember:
            request.db.execute(text("UPDATE user_account SET full_name = full_name || 'x'"))
            if "wrong" in request.POST:
                raise BadInput("That is wrong.")
            remember("Anna was renamed.")
    except BadInput:
        return _form(request)
    return Response("renamed")


@pytest.fixture
def browser(harness: WebHarness) -> TestApp:
    SentForm.__table__.create(harness.engine)  # type: ignore[attr-defined]
    harness.page("/form", _form)
    harness.page("/rename", _rename, "signed-in", request_method="POST")
    harness.page("/rename/{id}", _rename, "signed-in", request_method="POST")
    return harness.signed_in("anna")


def _send(browser: TestApp, status: int = 200, **fields: str) -> Any:
    return browser.post("/rename", {"csrf_token": token_of(browser), **fields}, status=status)


def _name(harness: WebHarness) -> str:
    with transaction_scope(harness.engine, read_only=True) as db:
        return str(db.scalar(text("SELECT full_name FROM user_account")))


def test_a_form_sent_twice_works_once_and_is_told_what_it_did(harness: WebHarness, browser: TestApp) -> None:
    key = _key_of(browser.get("/form").text)
    assert _send(browser, form_key=key).text == "renamed"
    again = _send(browser, 409, form_key=key)
    assert "This form was sent before. Anna was renamed. Nothing was done a second time." in again.text
    assert _name(harness) == "x"


def test_the_key_of_a_form_is_none_of_another_thing(harness: WebHarness, browser: TestApp) -> None:
    fields = {"csrf_token": token_of(browser), "form_key": KEY}
    browser.post("/rename/1", fields, status=200)
    other = browser.post("/rename/2", fields, status=409)
    assert "Nothing was done, because this was sent with the key of something else" in other.text
    assert "Anna was renamed" not in other.text
    assert (
        "This form was sent before. Anna was renamed." in browser.post("/rename/1", fields, status=409).text
    )
    assert _name(harness) == "x"


def test_a_key_that_was_kept_before_it_was_bound_counts_for_all(
    harness: WebHarness, browser: TestApp
) -> None:
    fields = {"csrf_token": token_of(browser), "form_key": KEY}
    browser.post("/rename/1", fields, status=200)
    with transaction_scope(harness.engine) as db:
        db.execute(update(SentForm).values(bound_to=None))
    assert "was sent before" in browser.post("/rename/1", fields, status=409).text
    assert _name(harness) == "x"


def test_a_form_that_failed_is_shown_with_its_key_and_can_be_sent_again(
    harness: WebHarness, browser: TestApp
) -> None:
    shown = _send(browser, form_key=KEY, wrong="1")
    assert _key_of(shown.text) == KEY
    assert (_name(harness), harness.stored(select(SentForm.key))) == ("", [])
    assert _send(browser, form_key=KEY).text == "renamed"
    assert _name(harness) == "x"


@pytest.mark.parametrize("fields", [{}, {"form_key": ""}, {"form_key": "k" * 15}, {"form_key": f"<{KEY}>"}])
def test_a_post_without_a_key_works_each_time(
    harness: WebHarness, browser: TestApp, fields: dict[str, str]
) -> None:
    for _ in range(2):
        assert _send(browser, **fields).text == "renamed"
    assert (_name(harness), harness.stored(select(SentForm.key))) == ("xx", [])


def test_every_form_that_is_shown_has_a_key_of_its_own(browser: TestApp) -> None:
    keys = {_key_of(browser.get("/form").text) for _ in range(3)}
    keys.add(_key_of(_send(browser, wrong="1", form_key="<b>").text))
    assert len(keys) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", key) for key in keys)


def test_keys_are_forgotten_after_two_days(harness: WebHarness, browser: TestApp) -> None:
    for key in ("old" + KEY, "new" + KEY):
        _send(browser, form_key=key)
    with transaction_scope(harness.engine) as db:
        old = db.get_one(SentForm, "old" + KEY)
        db.execute(
            update(SentForm).where(SentForm.key == old.key).values(sent_at=old.sent_at - timedelta(days=16))
        )
    _send(browser, form_key=KEY)
    assert set(harness.stored(select(SentForm.key))) == {KEY, "new" + KEY}
