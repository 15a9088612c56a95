"""The pages of a batch and the lists tell what runs on a batch, and how its last job failed."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.functional.harness import form_to, text_of, url_of
from tests.jobs.harness import JobHarness, hooked
from webtest import TestApp

from batchbook.batches import Action
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, lease
from batchbook.jobs.job_progress import JobProgress
from batchbook.security.settings import SecuritySettings
from batchbook.services import services_of


def begin(harness: JobHarness, job_id: int, phase: str, done: int, total: int | None) -> Job:
    """Have a job run, far away, and be that far."""
    with transaction_scope(harness.catalogue.engine) as session:
        job = lease.acquire(session, job_id, 1, "far-away")
    assert job is not None
    JobProgress(harness.jobs.store, job, threading.Event()).report(phase, done, total)
    return job


def test_a_batch_on_which_something_runs_says_what_for_whom_and_how_far(
    harness: JobHarness, staff: TestApp, admin: TestApp
) -> None:
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    page = staff.get(url_of(batch_id))
    assert text_of(page, "#activity").startswith("Waiting to be executed for admin Waiting for its turn.")
    assert "Complete" in text_of(page, ".page-lead")
    begin(harness, job_id, "prices", 3, 8)
    page = staff.get(url_of(batch_id))
    assert text_of(page, "#activity").startswith("Being executed for admin Prices: 3 of 8 rows")
    assert page.html.select_one("#activity progress")["value"] == "37"
    assert "Executing" in text_of(page, ".page-lead")
    assert (
        page.html.select_one("noscript meta[http-equiv=refresh]")["content"] == f"3; url={url_of(batch_id)}"
    )
    assert not page.html.select("#execution"), "Nothing is offered that would be refused."
    posted = {form.action.split("?")[0] for form in page.forms.values() if form.method.lower() == "post"}
    own_view = {
        url_of(batch_id, *part) for part in (("rows",), ("rows", "seen"), ("rows", "facets"), ("layout",))
    }
    assert {action for action in posted if "/batches/" in action} <= own_view
    assert not page.html.select("#activity form"), "Staff may not cancel what an administrator asked for."
    own = admin.get(url_of(batch_id))
    assert (
        own.html.select_one("noscript meta[http-equiv=refresh]")["content"] == f"3; url=/jobs/{job_id}/await"
    )
    assert form_to(own, "/cancel")


def test_the_lists_say_what_runs(harness: JobHarness, staff: TestApp, auditor: TestApp) -> None:
    batch_id = harness.complete()
    begin(harness, harness.ask(batch_id, Action.EXECUTE), "prices", 4, 8)
    for path in ("/batches", "/batches/price-change"):
        page = staff.get(path)
        assert f"Price change {batch_id:08d} being executed for admin Prices: 4 of 8 rows" in text_of(
            page, "#running"
        )
        assert "Being executed" in text_of(page, "table.grid")
        assert not auditor.get(path).html.select("#running")
    found = staff.get("/batches?f.now.equal=executed")
    assert f"{batch_id:08d}" in text_of(found)


def test_what_failed_says_why_and_offers_another_try(
    harness: JobHarness, admin: TestApp, staff: TestApp
) -> None:
    batch_id = harness.complete()
    harness.with_handler(**hooked("execute", lambda: 1 / 0))
    job = harness.do(batch_id, Action.EXECUTE)
    page = admin.get(url_of(batch_id))
    assert "The last action failed" in text_of(page)
    assert "ZeroDivisionError" in text_of(page, ".notice-error")
    assert f"Job {job.id}" in text_of(page, ".notice-error")
    assert not staff.get(url_of(batch_id)).html.select(".notice-error form")
    harness.with_handler()
    answer = form_to(page, "/retry").submit(status=303)
    again = job.id + 1
    assert answer.headers["Location"].endswith(f"/jobs/{again}/await")
    assert harness.run(again)
    outcome = admin.get(f"/jobs/{again}/await", status=303).follow()
    assert f"Batch {batch_id:08d} was executed:" in text_of(outcome, ".flashes")
    assert "The last action failed" not in text_of(outcome)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_try_asks_for_the_password_where_the_action_does(
    app: Any, harness: JobHarness, admin: TestApp
) -> None:
    batch_id = harness.complete()
    harness.with_handler(**hooked("execute", lambda: 1 / 0))
    harness.do(batch_id, Action.EXECUTE)
    harness.with_handler()
    services = services_of(app.registry)
    careful = {"ask_password_for": frozenset({"batch:*:execute"}), "recent_length": timedelta(0)}
    services.add(SecuritySettings, replace(services.get(SecuritySettings), **careful))
    answer = form_to(admin.get(url_of(batch_id)), "/retry").submit(status="*")
    assert answer.status_int == 403 or "/account/confirm" in answer.headers["Location"]
    assert harness.batch(batch_id).state == "complete"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_cancelled_says_so_until_something_else_is_done(harness: JobHarness, staff: TestApp) -> None:
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE, "staff")
    form_to(staff.get(url_of(batch_id)), "/cancel").submit(status=303)
    page = staff.get(url_of(batch_id))
    assert "The last action was cancelled" in text_of(page, ".notice-warning")
    assert f"Batch {batch_id:08d} was not populated: staff cancelled the job before it started." in text_of(
        page
    )
    assert harness.operations(batch_id)[-1][0] == "cancel"
    again = form_to(page, "/retry").submit(status=303)
    assert harness.run(job_id + 1)
    assert "was populated with 8 rows" in text_of(again.follow(status=303).follow())
    assert not staff.get(url_of(batch_id)).html.select(".notice-warning")
