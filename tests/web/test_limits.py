from __future__ import annotations

import io
from typing import Any

import pytest
from pyramid.response import Response
from sqlalchemy import Engine
from tests.security.harness import WebHarness, get_raw, token_of
from webtest import TestApp


class Unreadable(io.RawIOBase):
    """A body that must not be read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise AssertionError("The body was read.")


def _echo(request: Any) -> Response:
    upload = request.POST.get("file")
    return Response(f"{len(upload.file.read()) if upload is not None else len(request.body)} bytes")


@pytest.fixture
def small(tables: Engine) -> WebHarness:
    harness = WebHarness(
        tables, **{"batchbook.max_upload_bytes": "20000", "batchbook.max_form_bytes": "5000"}
    )
    harness.page("/save", _echo, request_method="POST", require_csrf=False)
    harness.page("/look", lambda request: Response(str(dict(request.GET))))
    return harness


def _post_unread(browser: TestApp, length: str | None, kind: str, **environ: str) -> Any:
    stated = {"CONTENT_LENGTH": length} if length is not None else {}
    request = browser.RequestClass.blank(
        "/save", environ={"wsgi.input": Unreadable(), **environ}, method="POST"
    )
    request.environ.pop("CONTENT_LENGTH", None)
    request.environ.update(stated, CONTENT_TYPE=kind)
    return request.get_response(browser.app)


MULTIPART = "multipart/form-data; boundary=xyz"


@pytest.mark.parametrize(
    ("length", "kind", "limit"),
    [
        ("20001", MULTIPART, "20 kB"),
        ("999999999999", MULTIPART, "20 kB"),
        ("5001", "application/x-www-form-urlencoded", "5 kB"),
        ("5001", "application/json", "5 kB"),
        ("5001", "", "5 kB"),
    ],
)
def test_a_body_over_the_limit_is_refused_unread(
    small: WebHarness, length: str, kind: str, limit: str
) -> None:
    answer = _post_unread(small.visitor(), length, kind)
    assert answer.status_int == 413
    assert f"the limit is {limit}" in answer.text
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "٣", "+5", "9" * 5000])
def test_a_length_that_is_none_is_refused_unread(small: WebHarness, length: str) -> None:
    answer = _post_unread(small.visitor(), length, MULTIPART)
    assert answer.status_int == 400
    assert "no valid length" in answer.text


@pytest.mark.parametrize("length", [None, "10"])
def test_a_body_in_chunks_is_refused_unread(small: WebHarness, length: str | None) -> None:
    answer = _post_unread(small.visitor(), length, MULTIPART, HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_int == 411
    assert "Content-Length" in answer.text


def test_a_body_without_a_length_is_empty(small: WebHarness) -> None:
    answer = _post_unread(small.visitor(), None, "application/json")
    assert (answer.status_int, answer.text) == (200, "0 bytes")


def test_a_file_below_the_limit_is_taken_from_who_is_signed_in(small: WebHarness) -> None:
    browser = small.signed_in("anna")
    assert browser.post("/save", upload_files=[("file", "a.csv", b"x" * 15_000)]).text == "15000 bytes"


def test_a_long_file_is_not_taken_from_strangers(small: WebHarness) -> None:
    answer = small.visitor().post("/save", upload_files=[("file", "a.csv", b"x" * 15_000)], status=413)
    assert "not signed in" in answer.text
    assert small.visitor().post("/save", upload_files=[("file", "a.csv", b"x" * 3_000)]).text == "3000 bytes"


@pytest.mark.parametrize("kind", [MULTIPART, "application/x-www-form-urlencoded", "application/json"])
def test_strangers_may_send_no_more_than_signing_in_needs(harness: WebHarness, kind: str) -> None:
    page = _post_long(harness.visitor(), kind)
    assert page.status_int == 413
    assert "the limit is 64 kB; what you sent has 64 kB" in page.text
    assert _post_long(harness.signed_in("anna"), kind).status_int == 400


def _post_long(browser: TestApp, kind: str) -> Any:
    return browser.post("/login", b"\r\n" * 32_001, headers={"Content-Type": kind}, status="*")


def test_a_script_is_told_in_json(small: WebHarness) -> None:
    answer = _post_unread(small.visitor(), "5001", "application/json", HTTP_X_REQUESTED_WITH="fetch")
    assert answer.json["status"] == 413
    assert "the limit is 5 kB" in answer.json["error"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--xyz\r\n"),
        ("multipart/form-data; boundary=\xfc", b"--xyz\r\n"),
        ("multipart/form-data; boundary=" + "x" * 500, b"--xyz\r\n"),
        ("application/x-www-form-urlencoded; charset=latin-1", b"a=%fc"),
    ],
)
def test_a_form_that_cannot_be_read_is_bad_input(small: WebHarness, kind: str, body: bytes) -> None:
    answer = small.visitor().post("/save", body, headers={"Content-Type": kind}, status=400)
    assert "be read. Nothing was saved" in answer.text


def test_an_unreadable_form_does_not_hide_that_one_may_not_post(harness: WebHarness) -> None:
    harness.page("/save", _echo, "products:edit", request_method="POST")
    harness.visitor().post("/save", b"--xyz\r\n", headers={"Content-Type": "multipart/form-data"}, status=403)


def test_more_fields_than_any_form_has_are_refused(harness: WebHarness) -> None:
    body = b"a&" * 20_001
    answer = harness.visitor().post("/login", body, status=413)
    assert "more than 20000 fields" in answer.text


def test_ampersands_in_json_are_no_fields(harness: WebHarness) -> None:
    harness.page("/save", _echo, request_method="POST", require_csrf=False)
    assert harness.visitor().post_json("/save", "&" * 30_000).text == "30002 bytes"


@pytest.mark.parametrize("path", ["/look?a=%ff", "/look?%ff=a", "/look%ff", "/look?a=%00", "/look%00"])
def test_an_address_that_is_no_text_is_bad_input(small: WebHarness, path: str) -> None:
    for browser in (small.visitor(), small.signed_in("anna")):
        answer = get_raw(browser, path)
        assert answer.status_int == 400
        assert "The address" in answer.text
        assert "error-page" in answer.text


def test_any_readable_address_is_fine(small: WebHarness) -> None:
    assert small.visitor().get("/look?a=%C3%BC").text == "{'a': 'ü'}"


def test_a_token_is_still_needed_for_what_can_be_read(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    browser.post("/account/sessions", status=400)
    browser.post("/account/sessions", {"csrf_token": token_of(browser)}, status=303)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("shop.example", 200),
        ("SHOP.example:8443", 200),
        ("[::1]:6543", 200),
        ("other.example", 400),
        ("shop.example.evil", 400),
        ("shop.example@evil", 400),
        ("[", 400),
        ("", 400),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_only_the_names_of_the_site_are_answered(tables: Engine, host: str, status: int) -> None:
    harness = WebHarness(tables, **{"batchbook.allowed_hosts": "shop.example ::1"})
    harness.page("/look", lambda request: Response("seen"))
    answer = harness.visitor().get("/look", headers={"Host": host}, status=status)
    assert (answer.text == "seen") is (status == 200)
