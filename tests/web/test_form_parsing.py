"""Forms as anybody may send them: afterwards a view sees texts that can be stored, and files; or it sees nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.response import Response
from pyramid_retry import RetryableException
from sqlalchemy import Engine
from tests.security.harness import WebHarness, sign_in, token_of
from webtest import TestApp

from batchbook.web.form_parsing import MOST_FIELDS, MOST_FILES, Upload

KIND = "multipart/form-data; boundary=xyz"


def _show(request: Any) -> Response:
    """Read every field as a text, as a view does that thinks of nothing else."""
    texts = [f"{name.strip()}={value.strip()}{'/' if value else ''}" for name, value in request.POST.items()]
    files = [value for value in request.POST.values() if isinstance(value, Upload)]
    return Response("; ".join([*texts, *(f"{file.filename}:{len(file.file.read())}" for file in files)]))


@pytest.fixture
def browser(tables: Engine) -> TestApp:
    harness = WebHarness(tables)
    harness.page("/save", _show, request_method="POST", require_csrf=False)
    return harness.signed_in("ben")


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
        "application/x-www-form-urlencoded",
        "text/plain; charset=punycode",
        "text/plain; charset=utf-7",
        "text/plain; charset=hex",
    ],
)
def test_a_part_is_one_text_whatever_it_says_of_itself(browser: TestApp, kind: str) -> None:
    nested = "--abc\r\n\r\nü&b=c+x\r\n" * 3 + "--abc--"
    answer = send(browser, part("a", nested, header=f"Content-Type: {kind}\r\n"), status=200)
    assert answer.text.encode() == f"a={nested}/".encode()


@pytest.mark.parametrize("charset", ["utf-8", '"UTF-8"', "iso-8859-1"])
def test_ordinary_parts_are_read(browser: TestApp, charset: str) -> None:
    header = f"Content-Type: text/plain; charset={charset}\r\n"
    assert send(browser, part("a", "b", header=header), status=200).text == "a=b/"


@pytest.mark.parametrize(
    "parts",
    [
        b"--xyz\r\n\r\nno name\r\n",
        b"--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n",
        b"--xyz\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n",
        b'--xyz\r\nContent-Disposition: form-data; name="a\r\n\r\nx\r\n',
        part("a", b"\xff"),
        part("a").replace(b"\r\n", b"\n"),
        b"--xyz\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\nx\r\n",
        b"--xyz\r\nContent-Type: multipart/mixed; boundary=abc\r\n--xyz\r\n\r\n--abc\r\n\r\nx\r\n",
    ],
)
def test_odd_parts_cannot_be_read(browser: TestApp, parts: bytes) -> None:
    send(browser, parts, status=400)


def test_what_stands_before_the_parts_and_behind_them_is_passed_over(browser: TestApp) -> None:
    """As RFC 2046 has it, 5.1.1."""
    body = b"before\r\n" + part("a") + b"--xyz--\r\n" + part("b")
    assert send(browser, body, status=200).text == "a=x/"


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


def test_parts_are_named_as_browsers_and_programs_write_it(browser: TestApp) -> None:
    form = (
        b'--xyz\r\nContent-Disposition: form-data; name="a\\"b"\r\n\r\n1\r\n'
        b"--xyz\r\ncontent-type: text/plain\r\ncontent-disposition: form-data;name=c\r\n\r\n2\r\n"
        b"--xyz\r\nContent-Disposition: form-data; name=d; filename=e.csv; filename*=utf-8''e.csv\r\n\r\n345\r\n"
        b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="\xc3\xbc;1.csv"\r\n\r\n\r\n'
    )
    assert send(browser, form, status=200).text == 'a"b=1/; c=2/; d=; f=; e.csv:3; ü;1.csv:0'


@pytest.mark.parametrize("content", [b"\r\n", b"\r\n--xy", b"-", b"\r\n--xy\r"])
@pytest.mark.parametrize("more", [-1, 0, 1, 7])
def test_a_file_is_read_byte_for_byte(tables: Engine, content: bytes, more: int) -> None:
    harness = WebHarness(tables)
    harness.page("/echo", lambda request: Response(request.POST["file"].file.read()), request_method="POST")
    browser = harness.signed_in("ben")
    # About as long as the pieces in which the body is searched for its boundary.
    file = (content * 1_048_576)[: 1_048_576 + more - len(part("csrf_token", token_of(browser)))]
    form = part("csrf_token", token_of(browser)) + part("file", file, '; filename="a.bin"')
    answer = browser.post("/echo", form + b"--xyz--\r\n", headers={"Content-Type": KIND})
    assert answer.body == file


def test_a_form_that_is_cut_off_cannot_be_read(browser: TestApp) -> None:
    browser.post("/save", part("a") * 2, headers={"Content-Type": KIND}, status=400)


def test_a_form_without_fields_is_empty(browser: TestApp) -> None:
    assert send(browser, status=200).text == ""


def test_texts_are_as_limited_in_a_multipart_form_as_in_any_other(tables: Engine) -> None:
    harness = WebHarness(tables, **{"batchbook.max_form_bytes": "5000"})
    harness.page("/save", _show, request_method="POST", require_csrf=False)
    browser = harness.signed_in("ben")
    file = part("file", "x" * 9_000, '; filename="a.bin"')
    assert "a.bin:9000" in send(browser, part("notes", "x" * 2_000) * 2, file, status=200).text
    answer = send(browser, part("notes", "x" * 2_000) * 3, file, status=413)
    assert "more than 5 kB besides its file" in answer.text


def test_more_files_than_any_form_has_are_refused(browser: TestApp) -> None:
    file = part("file", "x", '; filename="a.bin"')
    send(browser, *[file] * MOST_FILES, status=200)
    assert f"more than {MOST_FILES} files" in send(browser, *[file] * (MOST_FILES + 1), status=413).text


def test_signing_in_takes_no_file_for_a_name(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor()
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

    harness = WebHarness(tables)
    harness.page("/save", once_busy, request_method="POST", require_csrf=False)
    large = b"x" * 20_000  # Large enough for the parser to put it into a file of its own.
    answer = send(harness.visitor(), part("file", large, '; filename="a.bin"'), status=200)
    assert answer.text == "[20000, 20000]"
