"""Forms as anybody may send them: afterwards a view sees texts that can be stored, and files; or it sees nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.response import Response
from pyramid_retry import RetryableException
from sqlalchemy import Engine
from tests.security.small_site import Site, sign_in
from webtest import TestApp

from batchbook.web.posted import MOST_FIELDS, Upload

KIND = "multipart/form-data; boundary=xyz"


def _show(request: Any) -> Response:
    """Read every field as a text, as a view does that thinks of nothing else."""
    texts = [f"{name.strip()}={value.strip()}{'/' if value else ''}" for name, value in request.POST.items()]
    files = [value for value in request.POST.values() if isinstance(value, Upload)]
    return Response("; ".join([*texts, *(f"{file.filename}:{len(file.file.read())}" for file in files)]))


@pytest.fixture
def browser(tables: Engine) -> TestApp:
    site = Site(tables)
    site.page("/save", _show, request_method="POST", require_csrf=False)
    return site.visitor()


def part(name: str, value: str | bytes = "x", further: str = "", header: str = "") -> bytes:
    content = value if isinstance(value, bytes) else value.encode()
    head = f'--xyz\r\nContent-Disposition: form-data; name="{name}"{further}\r\n{header}\r\n'
    return head.encode() + content + b"\r\n"


def send(browser: TestApp, *parts: bytes, status: int, kind: str = KIND) -> Any:
    return browser.post(
        "/save", b"".join(parts) + b"--xyz--\r\n", headers={"Content-Type": kind}, status=status
    )


def test_a_file_in_place_of_a_text_is_an_empty_text(browser: TestApp) -> None:
    answer = send(browser, part("do", b"\x00\xff", '; filename="a.bin"'), part("name", "Ann"), status=200)
    assert answer.text == "do=; name=Ann/; a.bin:2"


@pytest.mark.parametrize("content", [b"", b"some"])
def test_a_file_without_a_name_is_none(browser: TestApp, content: bytes) -> None:
    assert send(browser, part("file", content, '; filename=""'), status=200).text == "file="


@pytest.mark.parametrize("fields", [{"name": "A\x00nn"}, {"na\x00me": "Ann"}])
def test_a_null_character_is_refused(browser: TestApp, fields: dict[str, str]) -> None:
    for answer in (
        browser.post("/save", fields, status=400),
        send(browser, *(part(name, value) for name, value in fields.items()), status=400),
    ):
        assert "a character that cannot be stored" in answer.text
        assert "Nothing was saved" in answer.text


def test_a_null_character_in_a_files_name_is_refused(browser: TestApp) -> None:
    send(browser, part("file", "x", '; filename="a\x00.csv"'), status=400)


def test_parts_are_counted_before_they_are_parsed(browser: TestApp) -> None:
    send(browser, part("a") * MOST_FIELDS, status=200)
    # The parser would refuse the last one, had it been asked.
    many = send(browser, part("a") * MOST_FIELDS, part("a", "\x00"), status=413)
    assert f"more than {MOST_FIELDS} fields" in many.text


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/mixed; boundary=abc",
        "Multipart/Mixed; boundary=abc",
        "multipart/mixed; boundary=abc; charset=utf-8",
        "\r\n multipart/mixed; boundary=abc",
        "application/x-www-form-urlencoded",
        "text/plain; charset=punycode",
        "text/plain; charset = punycode",
        "text/plain; charset=utf-7",
        "text/plain; charset=hex",
        "text/plain; charset=windows-9",
    ],
)
def test_a_part_is_one_field_in_an_ordinary_encoding(browser: TestApp, kind: str) -> None:
    nested = "--abc\r\n\r\nx\r\n" * 3 + "--abc--"
    answer = send(browser, part("a", nested, header=f"Content-Type: {kind}\r\n"), status=400)
    assert "be read. Nothing was saved" in answer.text


@pytest.mark.parametrize("charset", ["utf-8", '"UTF-8"', "iso-8859-1"])
def test_ordinary_parts_are_read(browser: TestApp, charset: str) -> None:
    header = f"Content-Type: text/plain; charset={charset}\r\n"
    assert send(browser, part("a", "b", header=header), status=200).text == "a=b/"


@pytest.mark.parametrize(
    "parts",
    [
        b"--xyz\r\n\r\nno name\r\n",
        b"--xyz\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\nx\r\n",
        b"--xyz\r\nContent-Type: multipart/mixed; boundary=abc\r\n--xyz\r\n\r\n--abc\r\n\r\nx\r\n",
    ],
)
def test_odd_parts_cannot_be_read(browser: TestApp, parts: bytes) -> None:
    send(browser, parts, status=400)


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=abc; boundary=xyz",
        "multipart/form-data; boundary=abc; x=y; boundary=xyz",
        'multipart/form-data; boundary="xyz',
        "multipart/form-data; charset=utf-8",
    ],
)
def test_a_form_has_one_boundary(browser: TestApp, kind: str) -> None:
    send(browser, part("a"), status=400, kind=kind)


@pytest.mark.parametrize(
    "kind",
    ['multipart/form-data; boundary="xyz"', "multipart/form-data;boundary=xyz; charset=utf-8"],
)
def test_boundaries_are_found_as_programs_write_them(browser: TestApp, kind: str) -> None:
    assert send(browser, part("a"), status=200, kind=kind).text == "a=x/"


def test_signing_in_takes_no_file_for_a_name(site: Site) -> None:
    site.add_user("anna")
    browser = site.visitor()
    token = browser.get("/login").forms[0]["csrf_token"].value
    files = [("name", "a.txt", b"anna")]
    browser.post("/login", {"csrf_token": token, "password": "x"}, upload_files=files, status=400)
    browser.post("/login", {"csrf_token": token, "name": "an\x00na", "password": "x"}, status=400)
    sign_in(browser, "anna")


def test_a_request_that_is_tried_again_has_its_file_again(tables: Engine) -> None:
    attempts: list[int] = []

    def once_busy(request: Any) -> Response:
        upload = request.POST["file"]
        attempts.append(len(upload.file.read()))
        if len(attempts) == 1:
            raise RetryableException
        return Response(f"{attempts}")

    site = Site(tables)
    site.page("/save", once_busy, request_method="POST", require_csrf=False)
    large = b"x" * 20_000  # Large enough for the parser to put it into a file of its own.
    answer = send(site.visitor(), part("file", large, '; filename="a.bin"'), status=200)
    assert answer.text == "[20000, 20000]"
