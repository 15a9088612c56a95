"""While a job has a batch, everybody else is refused at once, also where its transaction keeps writers out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from tests.functional.addresses import FIELDS, Addresses
from tests.functional.harness import post, text_of, token_of, url_of
from webtest import TestApp

from batchbook.batches import Action
from batchbook.db.transactions import WaitingLimit
from batchbook.services import services_of

from .harness import Gate, JobHarness, hooked, in_thread

READING = (
    "rows",
    "changes_layout",
    "remember_changes",
    "export_rows",
    "export_changes",
    "comments_seen",
    "choose_rows",
    "worksheet",
    "worksheet_problems",
    "seen",
    "row_facets",
    "row_layout",
    "presence",
    "seal",
)


def test_what_would_change_a_batch_is_refused_while_a_job_writes(
    harness: JobHarness, app: Any, staff: TestApp, admin: TestApp
) -> None:
    batch_id = harness.complete()
    gate = Gate()
    harness.with_handler(**hooked("execute", gate.pass_through))
    token = token_of(admin)
    job_id = harness.ask(batch_id, Action.EXECUTE)
    thread = in_thread(lambda: harness.run(job_id))
    assert gate.reached.wait(30)
    try:
        addresses = Addresses(app, harness.catalogue)
        tried = 0
        for address in addresses.of_batches("POST"):
            if address.route.rpartition(".")[2] in READING:
                continue  # How the rows are looked at, and files of them: none changes anything of the batch.
            answer = admin.post(addresses.url(address, batch_id), FIELDS | {"csrf_token": token}, status=409)
            assert "It is being executed for admin at this moment: wait until that has ended." in text_of(
                answer
            )
            tried += 1
        assert tried >= 10
        for end in ("", "/history"):
            assert staff.get(url_of(batch_id) + end).status_int == 200
    finally:
        gate.open()
        thread.join()
    assert harness.job(job_id).state == "done"


def test_a_running_job_is_cancelled_by_its_page_although_it_writes(
    harness: JobHarness, app: Any, admin: TestApp
) -> None:
    batch_id = harness.create()
    gate = Gate()
    harness.with_handler(**hooked("refresh", gate.pass_through))
    token = token_of(admin)
    job_id = harness.ask(batch_id, Action.POPULATE)
    thread = in_thread(lambda: harness.run(job_id))
    assert gate.reached.wait(30)
    try:
        answer = admin.post(f"/jobs/{job_id}/cancel", {"csrf_token": token}, status=303)
        assert answer.headers["Location"].endswith(f"/jobs/{job_id}/await")
    finally:
        gate.open()
        thread.join()
    assert harness.job(job_id).state == "cancelled"
    assert "admin cancelled the job" in text_of(admin.get(f"/jobs/{job_id}/await", status=303).follow())


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_job_that_waits_is_cancelled_although_another_one_writes(
    harness: JobHarness,
    app: Any,
    admin: TestApp,
    monkeypatch: pytest.MonkeyPatch,
    write_lock: sqlite3.Connection,
) -> None:
    write_lock.execute("ROLLBACK")
    services_of(app.registry).add(WaitingLimit, WaitingLimit(3, seconds=0))
    batch_id = harness.create()
    token = token_of(admin)
    job_id = harness.ask(batch_id, Action.POPULATE)
    write_lock.execute("BEGIN IMMEDIATE")
    answer = admin.post(f"/jobs/{job_id}/cancel", {"csrf_token": token}, status="*")
    assert (answer.status_int, harness.job(job_id).state) == (303, "queued"), "It is told what holds."
    write_lock.execute("ROLLBACK")
    assert "admin cancelled the job; it will stop as soon as possible." in text_of(
        admin.get(f"/jobs/{job_id}")
    )
    harness.run(job_id)
    assert harness.job(job_id).state == "cancelled"


def test_who_may_not_see_a_job_learns_nothing_of_it(
    harness: JobHarness, app: Any, client_of: Callable[[str], TestApp]
) -> None:
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    auditor, staff = client_of("auditor"), client_of("staff")
    for end in ("", "/status.json", "/await"):
        assert auditor.get(f"/jobs/{job_id}{end}", status="*").status_int == 403
        assert staff.get(f"/jobs/{job_id}{end}", status="*").status_int in (200, 303)
    post(staff, f"/jobs/{job_id}/cancel", status=403)
    post(staff, f"/jobs/{job_id}/retry", status=403)
    assert staff.get("/jobs", status=403)
