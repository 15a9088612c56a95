"""The lines that security events leave in the log."""

from __future__ import annotations

import logging

import pytest

from .harness import PASSWORD, WebHarness, sign_in, token_of


def test_signing_in_and_out_leaves_lines_and_never_a_password(
    harness: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.add_user("anna")
    browser = harness.visitor(REMOTE_ADDR="10.1.2.3")
    with caplog.at_level(logging.INFO, "batchbook.security"):
        sign_in(browser, "anna", "wrong secret", status=400)
        answer = sign_in(browser, "anna")
        browser.post("/logout", {"csrf_token": token_of(browser)})
    lines = [record.getMessage() for record in caplog.records if record.name == "batchbook.security"]
    assert [line.partition(", request ")[0] for line in lines] == [
        "sign-in failed: 'anna' by 'nobody' from '10.1.2.3'",
        "signed in: 'anna' by 'nobody' from '10.1.2.3'",
        "signed out: 'anna' by 'anna' from '10.1.2.3'",
    ]
    assert lines[1].endswith(answer.headers["X-Request-Id"])
    assert PASSWORD not in caplog.text
    assert "wrong secret" not in caplog.text


def test_what_a_stranger_types_makes_no_line_of_its_own(
    harness: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "batchbook.security"):
        sign_in(harness.visitor(), "x" * 500 + "\nsigned in: 'admin'", status=400)
        browser = harness.visitor()
        fields = {"csrf_token": token_of(browser), "name": "a\nsigned in: 'admin'", "password": "x"}
        browser.post("/login", fields, status=400)
    lines = [record.getMessage() for record in caplog.records if record.name == "batchbook.security"]
    assert len(lines) == 2
    assert all("\n" not in line and len(line) < 200 for line in lines)
