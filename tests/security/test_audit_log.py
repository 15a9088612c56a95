"""The lines that security events leave in the log, and the rows in the table."""

from __future__ import annotations

import logging
import sqlite3
import time

import pytest
from sqlalchemy import Engine, insert, select

from batchbook.db.transactions import make_session, transaction_scope
from batchbook.security.audit_log import collect_pending, record_action, record_settings
from batchbook.security.models import AuditEntry, PendingAuditEntry
from batchbook.services import Services

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


def entries(engine: Engine) -> list[tuple[str, str | None, str]]:
    """Return the events in the table, with their actors and targets."""
    query = select(AuditEntry.event, AuditEntry.actor, AuditEntry.target).order_by(AuditEntry.id)
    with transaction_scope(engine, read_only=True) as session:
        return [tuple(row) for row in session.execute(query)]


def test_the_table_has_what_happened_and_what_was_refused(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor(REMOTE_ADDR="10.1.2.3")
    sign_in(browser, "anna", "wrong secret", status=400)
    sign_in(browser, "anna")
    browser.post("/logout", {"csrf_token": token_of(browser)})
    assert entries(harness.engine) == [
        ("sign-in failed", None, "anna"),
        ("signed in", None, "anna"),
        ("signed out", "anna", "anna"),
    ]
    with transaction_scope(harness.engine, read_only=True) as session:
        first = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).first()
        assert first is not None
        assert (first.address, first.target_kind, first.acted_by) == ("10.1.2.3", "user", None)
        assert not session.scalars(select(PendingAuditEntry)).all()


def test_a_change_that_is_rolled_back_leaves_no_entry(harness: WebHarness) -> None:
    with make_session(harness.engine) as session, session.begin() as transaction:
        record_action(session, "anna", "batch deleted", "00000001")
        transaction.rollback()
    with transaction_scope(harness.engine, acted_by="job 7") as session:
        record_action(session, "anna", "batch deleted", "00000002", "price_change", rows=3)
    assert entries(harness.engine) == [("batch deleted", "anna", "00000002")]
    with transaction_scope(harness.engine, read_only=True) as session:
        (found,) = session.scalars(select(AuditEntry))
        assert (found.acted_by, found.detail) == ("job 7", {"text": "price_change", "rows": 3})


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_sign_in_waits_for_no_job_and_is_kept_for_later(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor()
    job = sqlite3.connect(str(harness.engine.url.database), isolation_level=None)
    job.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    sign_in(browser, "anna", "wrong secret", status=400)
    sign_in(browser, "anna")
    assert time.monotonic() - began < 4
    assert entries(harness.engine) == []
    job.execute("ROLLBACK")
    job.close()
    # A process that ended in between has moved one of them, but not deleted it.
    with transaction_scope(harness.engine, read_only=True) as session:
        pending = session.scalars(select(PendingAuditEntry).order_by(PendingAuditEntry.id)).first()
        assert pending is not None
    with transaction_scope(harness.engine) as session:
        names = [column.key for column in PendingAuditEntry.__table__.columns if column.key != "id"]
        session.execute(insert(AuditEntry).values({name: getattr(pending, name) for name in names}))
    collect_pending(harness.engine)
    collect_pending(harness.engine)
    assert [event for event, _, _ in entries(harness.engine)] == ["sign-in failed", "signed in"]


def test_settings_are_compared_with_those_of_the_last_start(harness: WebHarness) -> None:
    services = Services({"batchbook.development": "true", "batchbook.secret": "s3cret", "other": "x"})
    services.add(Engine, harness.engine)
    record_settings(services)
    record_settings(services)
    services.settings = {"batchbook.development": "false", "batchbook.jobs": "inline"}
    record_settings(services)
    with transaction_scope(harness.engine, read_only=True) as session:
        found = session.scalars(select(AuditEntry.detail).order_by(AuditEntry.id)).all()
    assert [one["changed"] for one in found if one] == [
        {"batchbook.development": [None, "true"]},
        {"batchbook.development": ["true", "false"], "batchbook.jobs": [None, "inline"]},
    ]
    assert "s3cret" not in str(found)
