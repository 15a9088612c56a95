from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pyramid.httpexceptions import (
    HTTPBadRequest,
    HTTPForbidden,
    HTTPFound,
    HTTPNotFound,
    HTTPServiceUnavailable,
)
from pyramid.response import Response
from pyramid_retry import RetryableException
from sqlalchemy import Engine, text
from tests.security.harness import WebHarness, token_of

from batchbook.db.engine import make_engine
from batchbook.db.outages import lacks_space
from batchbook.errors import BadInput, BatchbookError, Busy, Conflict, Missing, Refused, TooLarge
from batchbook.services import services_of

JSON = {"Accept": "application/json"}


class Stale(Conflict):
    """A kind of conflict that another room defines."""


def _raising(error: Exception) -> Any:
    def view(_request: Any) -> Response:
        raise error

    return view


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (BadInput("The file is empty."), 400, "can't be used"),
        (Refused("Only admins may."), 403, "may not"),
        (Missing("There is no batch 7."), 404, "Not found"),
        (Conflict("The batch was executed."), 409, "not possible now"),
        (Stale("Somebody was faster."), 409, "not possible now"),
        (TooLarge("The file has 9 GB."), 413, "too large"),
        (BatchbookError("It did not work."), 400, "can't be used"),
    ],
)
def test_what_the_domain_refuses_is_told_in_its_words(
    harness: WebHarness, error: BatchbookError, status: int, title: str
) -> None:
    harness.page("/do", _raising(error))
    browser = harness.visitor()
    page = browser.get("/do", status=status)
    assert title in page.html.h1.text
    assert error.message in page.text
    assert page.html.find(class_="error-status").text == (
        "Not done" if status in (403, 409) else f"Error {status}"
    )
    answer = browser.get("/do", headers=JSON, status=status)
    expected = {"error": error.message, "status": status, "request_id": answer.headers["X-Request-Id"]}
    assert answer.json == expected


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HTTPBadRequest("internal detail"), 400),
        (HTTPForbidden("internal detail"), 403),
        (HTTPNotFound("internal detail"), 404),
        (HTTPServiceUnavailable("internal detail"), 503),
    ],
)
def test_pyramids_own_errors_get_the_same_page_without_their_details(
    harness: WebHarness, error: Exception, status: int
) -> None:
    harness.page("/do", _raising(error), "signed-in")
    page = harness.signed_in("anna").get("/do", status=status)
    assert page.html.find(class_="error-page")
    assert "internal detail" not in page.text
    assert "." in page.html.find(class_="error-page").find_all("p")[1].text


def test_a_redirect_that_is_raised_redirects(harness: WebHarness) -> None:
    harness.page("/do", _raising(HTTPFound("/login")))
    assert harness.visitor().get("/do").status_int == 302


def test_what_is_said_is_escaped(harness: WebHarness) -> None:
    harness.page("/do", _raising(BadInput("<script>alert(1)</script>")))
    assert "<script>alert" not in harness.visitor().get("/do", status=400).text


def test_an_unknown_page_and_an_unknown_method_are_not_found(harness: WebHarness) -> None:
    browser = harness.signed_in("anna", "*:*")
    assert "There is nothing at this address" in browser.get("/nowhere", status=404).text
    browser.put("/login", status=404)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, "text/html"),
        ({"Accept": "*/*"}, "text/html"),
        ({"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, "text/html"),
        ({"Accept": "nonsense;;"}, "text/html"),
        ({"Accept": "application/json"}, "application/json"),
        ({"Accept": "text/html;q=0.5, application/json"}, "application/json"),
        ({"X-Requested-With": "XMLHttpRequest"}, "application/json"),
    ],
)
def test_a_script_gets_json_and_a_person_a_page(
    harness: WebHarness, headers: dict[str, str], kind: str
) -> None:
    assert harness.visitor().get("/nowhere", headers=headers, status=404).content_type == kind


@pytest.mark.parametrize(
    ("error", "lines"),
    [(Conflict("It was\nexecuted."), 1), (Refused("Not you."), 1), (Missing("Nothing."), 0)],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_refusal_is_logged_with_who_met_it(
    harness: WebHarness, caplog: pytest.LogCaptureFixture, error: BatchbookError, lines: int
) -> None:
    caplog.set_level(logging.INFO, "batchbook.web.error_pages")
    harness.page("/do", _raising(error))
    page = harness.signed_in("anna", REMOTE_ADDR="10.1.2.3").get("/do", status="*")
    found = [record.getMessage() for record in caplog.records if record.name == "batchbook.web.error_pages"]
    number = page.headers["X-Request-Id"]
    expected = f"Request {number} was refused ({page.status_int}), by 'anna' from '10.1.2.3': GET '/do': {error.message!r}"
    assert found == [expected] * lines


# --- Forbidden -------------------------------------------------------------------------------------------------------


def test_a_stranger_is_asked_to_sign_in_first(harness: WebHarness) -> None:
    answer = harness.visitor().get("/account?a=1&b=2", status=303)
    assert answer.location == "http://localhost/login?next=%2Faccount%3Fa%3D1%26b%3D2"


def test_a_stranger_who_posts_is_told_that_nothing_was_changed(harness: WebHarness) -> None:
    browser = harness.visitor()
    page = browser.post("/account/sessions", {"csrf_token": token_of(browser)}, status=403)
    assert "nothing was changed" in page.text
    assert page.html.find("form", action="/login")


def test_a_script_of_a_stranger_is_not_redirected(harness: WebHarness) -> None:
    answer = harness.visitor().get("/account", headers=JSON, status=403)
    assert "not signed in" in answer.json["error"]


def test_who_may_not_is_told_whom_to_ask(harness: WebHarness) -> None:
    harness.page("/do", lambda request: Response("done"), "products:edit")
    page = harness.signed_in("anna").get("/do", status=403)
    assert "ask an administrator" in page.text
    assert not page.html.find("a", href="/login")


# --- Unexpected ------------------------------------------------------------------------------------------------------


def test_a_defect_is_logged_with_its_id_and_not_shown(
    harness: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.page("/do", _raising(RuntimeError("secret detail")))
    page = harness.visitor().get("/do", status=500)
    assert "secret detail" not in page.text
    assert "Traceback" not in page.text
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert page.headers["X-Request-Id"] in record.getMessage()
    assert "secret detail" in caplog.text
    assert page.headers["X-Request-Id"] in page.text


def test_an_address_cannot_break_the_lines_of_the_log(
    harness: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.page(r"/do{rest:[\s\S]*}", _raising(RuntimeError("x")))
    harness.visitor().get("/do%0AERROR forged", status=500)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "\n" not in record.getMessage()


def test_a_defect_rolls_back_what_was_done(harness: WebHarness) -> None:
    def save(request: Any) -> Response:
        request.db.execute(text("UPDATE user_account SET full_name = 'changed'"))
        raise RuntimeError("too late")

    harness.page("/do", save, "signed-in", request_method="POST")
    browser = harness.signed_in("anna")
    browser.post("/do", {"csrf_token": token_of(browser)}, status=500)
    with harness.engine.connect() as connection:
        assert connection.scalar(text("SELECT full_name FROM user_account")) == ""


def test_a_failed_statement_still_leads_to_a_page_with_the_person_on_it(harness: WebHarness) -> None:
    harness.page("/do", lambda request: request.db.execute(text("nonsense")), "signed-in")
    browser = harness.signed_in("anna")
    assert "Signed in as" in browser.get("/do", status=500).text


@pytest.mark.parametrize("path", ["/", "/account", "/nowhere", "/login"])
def test_pages_are_answered_without_a_database(harness: WebHarness, tmp_path: Path, path: str) -> None:
    browser = harness.signed_in("anna")
    browser.get("/")
    tmp_path.with_name(f"{tmp_path.name}.sessions.sqlite3").mkdir()
    nowhere = make_engine(f"sqlite:///{tmp_path}")
    services_of(harness.config.registry).add(Engine, nowhere)
    page = browser.get(path, status=404 if path == "/nowhere" else 503)
    assert page.html.find(class_="error-id").code.text == page.headers["X-Request-Id"]
    assert "sqlite" not in page.text.lower()
    if page.status_int == 503:  # Nobody can sign in now, and who is signed in need not.
        assert page.html.select_one(".error-page .button-primary")["href"] == path
        assert not page.html.select(".error-page [href^='/login?next']")
    assert browser.get(path, headers=JSON, status="*").json["request_id"]


def test_a_page_without_identity_needs_no_database(harness: WebHarness, tmp_path: Path) -> None:
    services_of(harness.config.registry).add(Engine, make_engine(f"sqlite:///{tmp_path}"))
    assert "Sign in" in harness.visitor().get("/login").text


def test_even_a_broken_layout_leaves_an_answer(harness: WebHarness, tmp_path: Path) -> None:
    browser = harness.signed_in("anna")
    harness.config.get_jinja2_environment().globals["flash_messages"] = None
    page = browser.get("/no<b>where", status=404)
    assert "There is nothing at this address" in page.text
    assert page.headers["X-Request-Id"] in page.text
    assert page.headers["Content-Security-Policy"]


def test_a_busy_database_is_told_after_all_attempts(
    harness: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = []

    def busy(_request: Any) -> Response:
        attempts.append(1)
        raise RetryableException

    harness.page("/do", busy)
    page = harness.visitor().get("/do", status=503)
    assert "Try again in a moment" in page.text
    assert page.headers["Retry-After"] == "5"
    assert len(attempts) == 3
    assert len([record for record in caplog.records if "gave up" in record.getMessage()]) == 1


# --- Outages ---------------------------------------------------------------------------------------------------------

_RAISE = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{}', MESSAGE = 'secret detail'; END $$"


@pytest.mark.parametrize(("code", "words"), [("53100", "disk of the database is full"), ("XX001", "damaged")])
@pytest.mark.parametrize("backend", ["postgresql"])
def test_an_outage_of_postgresql_is_told_with_the_time_to_try_again(
    harness: WebHarness, code: str, words: str
) -> None:
    harness.page("/do", lambda request: request.db.execute(text(_RAISE.format(code))))
    page = harness.visitor().get("/do", status=503)
    assert words in page.html.find(class_="error-page").text
    assert "secret detail" not in page.text
    assert page.headers["Retry-After"] == "5"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_full_disk_is_told_and_pages_can_still_be_read(harness: WebHarness) -> None:
    def save(request: Any) -> Response:
        connection = request.db.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        try:
            connection.exec_driver_sql("CREATE TABLE big AS SELECT randomblob(1000000) AS cell")
        finally:
            connection.exec_driver_sql("PRAGMA max_page_count = 4294967294")
        return Response("saved")

    harness.page("/do", save, "signed-in", request_method="POST")
    browser = harness.signed_in("anna")
    answer = browser.post("/do", {"csrf_token": token_of(browser)}, headers=JSON, status=503)
    assert answer.json["error"].startswith("The disk of the database is full, so nothing can be saved.")
    assert answer.headers["Retry-After"] == "5"
    assert lacks_space(harness.engine)
    browser.get("/account", status=200)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_connection_that_is_lost_in_a_request_is_a_reason_to_try_again(harness: WebHarness) -> None:
    attempts = []

    def save(request: Any) -> Response:
        attempts.append(1)
        request.db.execute(text("UPDATE user_account SET full_name = full_name || 'x'"))
        if len(attempts) == 1:
            request.db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return Response("saved")

    harness.page("/do", save, "signed-in", request_method="POST")
    browser = harness.signed_in("anna")
    assert browser.post("/do", {"csrf_token": token_of(browser)}).text == "saved"
    assert len(attempts) == 2
    with harness.engine.connect() as connection:
        assert connection.scalar(text("SELECT full_name FROM user_account")) == "x"


@pytest.mark.parametrize("backend", ["postgresql"])
def test_what_may_have_been_committed_is_not_done_again(harness: WebHarness) -> None:
    attempts = []

    def save(request: Any) -> Response:
        attempts.append(1)
        pid = request.db.scalar(text("SELECT pg_backend_pid()"))
        # Its server process ends once the view has returned, and so within the commit.
        with harness.engine.connect() as other:
            other.execute(text(f"SELECT pg_terminate_backend({pid})"))
        return Response("saved")

    harness.page("/do", save, "signed-in", request_method="POST")
    browser = harness.signed_in("anna")
    page = browser.post("/do", {"csrf_token": token_of(browser)}, status=503)
    assert "check then whether your last change was saved" in page.text
    assert len(attempts) == 1


def test_what_was_typed_is_shown_with_the_error_and_sent_again_when_that_may_help(
    harness: WebHarness,
) -> None:
    answers = iter([Busy("Busy."), Conflict("It has changed."), None])

    def save(request: Any) -> Response:
        error = next(answers)
        if error is not None:
            raise error
        return Response(json=dict(request.POST))

    harness.page("/save", save, request_method="POST")
    browser = harness.visitor()
    fields = {"note": "long words", "pin": "", "may_be_kept": "", "csrf_token": token_of(browser)}
    page = browser.post("/save", fields, headers={"Origin": "http://localhost"}, status=503)
    assert page.html.select_one(".kept-form dd").text == "long words"
    page = page.forms[0].submit(headers={"Origin": "http://localhost"}, status=409)
    assert page.html.select_one(".kept-form dd").text == "long words"
    assert not page.forms
    assert browser.post("/save", fields).json["note"] == "long words"
