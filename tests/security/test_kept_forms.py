"""What somebody typed while being signed out: it is kept over the sign-in, and sent when that is done."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from pyramid.response import Response
from webtest import TestApp, Upload

from batchbook.security.kept_forms import SIGN_IN_BYTES, keep_input

from .harness import PASSWORD, WebHarness, sign_in, token_of

#: What browsers send with a form of this site.
HERE = {"Origin": "http://localhost"}
KEEP = {"may_be_kept": ""}
TYPED = "First line\r\n  “second” & <third>\r\n"


@pytest.fixture
def notes(harness: WebHarness) -> WebHarness:
    """A site with a form for notes, which answers with what it got."""

    def got(request: Any) -> Response:
        sent = {name: getattr(text, "filename", text) for name, text in request.POST.items()}
        return Response(json=sent | {"query": request.query_string})

    harness.page("/notes", got, "signed-in", request_method="POST")
    return harness


def sign_out(browser: TestApp) -> None:
    browser.post("/logout", {"csrf_token": token_of(browser)})


def send(browser: TestApp, token: str = "", **options: Any) -> Any:
    fields = [
        ("csrf_token", token),
        ("note", TYPED),
        ("tag", "a"),
        ("tag", "b"),
        ("version", "3"),
        *KEEP.items(),
    ]
    return browser.post("/notes?draft=1", fields, headers=HERE | options.pop("headers", {}), **options)


def signed_in_from(page: Any, name: str = "anna", **options: Any) -> Any:
    form = page.forms[0]
    form["name"], form["password"] = name, PASSWORD
    return form.submit(**options)


def test_what_was_typed_is_kept_over_the_sign_in_and_sent_after_it(notes: WebHarness) -> None:
    browser = notes.signed_in("anna")
    sign_out(browser)
    page = send(browser, status=403)
    assert "The form is kept on this page" in page.text
    assert page.html.select_one(".kept-form dd").text == TYPED
    page.forms[0]["name"] = "anna"
    page = page.forms[0].submit(status=400)  # A wrong password loses nothing either.
    page = signed_in_from(page, status=200)
    assert "Send again" in page.text
    sent = page.forms[0].submit().json
    assert sent["note"] == TYPED
    assert (sent["version"], sent["query"]) == ("3", "draft=1")
    assert page.forms[0].get("tag", index=1).value == "b"


def test_a_form_that_is_kept_was_refused_and_is_in_the_log(
    notes: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "batchbook.web.error_pages")
    send(notes.visitor(), status=403)
    send(notes.signed_in("anna"), token="stale", status=400)
    signed_out, stale = (record.getMessage() for record in caplog.records if "refused" in record.getMessage())
    assert "was refused (403), by nobody from '': POST '/notes': 'The sender" in signed_out
    assert "was refused (400), by 'anna' from '': POST '/notes': \"The form's token" in stale


def test_a_form_from_before_the_last_sign_in_can_be_sent_again(notes: WebHarness) -> None:
    browser = notes.signed_in("anna")
    page = send(browser, token="stale", status=400)
    assert "Your form has not been saved yet" in page.text
    form = next(form for form in page.forms.values() if "note" in form.fields)
    assert form.submit().json["note"] == TYPED


def test_a_file_is_chosen_again(notes: WebHarness) -> None:
    browser = notes.signed_in("anna")
    sign_out(browser)
    page = browser.post(
        "/notes",
        {"note": "x", **KEEP},
        headers=HERE,
        upload_files=[("list", "a.csv", b"1,2\n" * 50_000)],
        content_type="multipart/form-data",
        status=403,
    )
    form = signed_in_from(page, status=200).forms[0]
    form["list"] = Upload("b.csv", b"3,4")
    assert form.submit().json["list"] == "b.csv"


def test_a_form_with_a_password_is_not_put_into_a_page(notes: WebHarness) -> None:
    page = notes.visitor().post("/notes", {"pin": "secret words"}, headers=HERE, status=403)
    assert "a password was typed into it" in page.text
    assert not page.html.select("[name=kept]")
    assert "secret words" not in page.text


def test_a_long_form_is_kept_where_somebody_has_signed_in_before(notes: WebHarness) -> None:
    browser = notes.signed_in("anna")
    sign_out(browser)
    note = "“a long text”\r\n" * 50_000
    page = browser.post("/notes", {"note": note, **KEEP}, headers=HERE, status=403)
    assert "(750,000 characters)" in page.text
    page = signed_in_from(signed_in_from(page, "nobody", status=400), status=200)
    assert page.forms[0].submit().json["note"] == note
    sign_out(browser)
    most = 5_000_000 - SIGN_IN_BYTES
    page = browser.post(
        "/notes", {"note": "x" * most, **KEEP}, headers=HERE, content_type="multipart/form-data", status=403
    )
    assert "has 5 MB, and the limit is 5 MB" in page.text


def test_of_a_browser_that_is_not_known_only_short_forms_are_read(notes: WebHarness) -> None:
    browser = notes.visitor()
    browser.get("/login")
    kept = browser.post("/notes", {"note": "x" * 50_000, **KEEP}, headers=HERE, status=403)
    assert kept.html.select("[name=kept]")
    page = browser.post("/notes", {"note": "x" * 60_000, **KEEP}, headers=HERE, status=403)
    assert "has 60.1 kB, and the limit is 56 kB. Sign in in another tab, then go back" in page.text
    page = browser.post("/notes", {"note": "x" * 64_000, **KEEP}, headers=HERE, status=413)
    assert "Sign in in another tab, then go back" in page.text


def test_a_kept_form_outlives_a_sign_in_in_another_tab(notes: WebHarness) -> None:
    browser = notes.signed_in("anna")
    sign_out(browser)
    page = send(browser, headers={"Referer": "http://localhost/form"}, status=403)
    sign_in(browser, "anna")
    page = signed_in_from(page, headers=HERE, status=400)
    assert "Your form has not been saved yet" in page.text
    form = next(form for form in page.forms.values() if "note" in form.fields)
    assert form.submit().json["note"] == TYPED
    assert page.html.find("a", string="Discard")["href"] == "/form"


@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_a_form_with_any_password_in_it_may_not_be_kept(quote: str) -> None:
    assert keep_input(f'<label>PIN <INPUT name="pin" type={quote}Password{quote}></label>', "ann") == ""
    assert 'value="ann"' in keep_input('<input name="password_hint" type="text"> type it, no password', "ann")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_form_of_another_site_is_never_offered(notes: WebHarness, origin: str) -> None:
    browser = notes.signed_in("anna")
    answer = send(browser, token="stale", headers={"Origin": origin}, status=400)
    assert not answer.html.select("[name=note]")
    sign_out(browser)
    answer = send(browser, headers={"Origin": origin}, status=403)
    assert not answer.html.select("[name=kept]")


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[",
        "[1]",
        "7",
        json.dumps(["javascript:alert(1)", [], []]),
        json.dumps(["//evil.example/", [], []]),
    ],
)
def test_a_kept_form_that_makes_no_sense_is_dropped(notes: WebHarness, kept: str) -> None:
    notes.add_user("anna")
    browser = notes.visitor()
    form = browser.get("/login").forms[0]
    fields = {"csrf_token": form["csrf_token"].value, "name": "anna", "password": PASSWORD, "kept": kept}
    assert browser.post("/login", fields, status=303).location == "http://localhost/"


def test_the_way_to_the_sign_in_leads_back(notes: WebHarness) -> None:
    browser = notes.visitor()
    link = browser.get("/nowhere?at=all", status=404).html.find("a", string="Sign in")
    assert link["href"] == "/login?next=%2Fnowhere%3Fat%3Dall"
    page = send(browser, headers={"Referer": "http://localhost/form?page=2"}, status=403)
    assert page.forms[0]["next"].value == "/form?page=2"
