"""What people see of jobs: on a batch's page, in the lists, on the page of a job."""

from __future__ import annotations

import threading

import pytest
from pyramid import testing
from tests.functional.harness import column_of, post, result_count, text_of, url_of
from webtest import TestApp

from batchbook.batches import Action
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs import Job, lease
from batchbook.jobs.job_progress import JobProgress
from batchbook.jobs.views import active_jobs_url
from batchbook.security.identity import Identity

from .harness import JobHarness, hooked


def begin(harness: JobHarness, job_id: int, phase: str, done: int, total: int | None) -> Job:
    """Have a job run, far away, and be that far."""
    with transaction_scope(harness.catalogue.engine) as session:
        job = lease.acquire(session, job_id, 1, "far-away")
    assert job is not None
    JobProgress(harness.jobs.store, job, threading.Event()).report(phase, done, total)
    return job


@pytest.mark.parametrize("backend", ["sqlite"])
def test_how_a_job_stands_is_told_to_scripts(harness: JobHarness, staff: TestApp) -> None:
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE, "staff")
    begin(harness, job_id, "populate", 4_000, None)
    told = staff.get(f"/jobs/{job_id}/status.json").json
    assert (told["state"], told["ended"], told["done"], told["percent"]) == ("running", False, 4_000, None)
    assert told["progress"].startswith("Populate: 4,000 rows")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_page_of_a_job_and_the_list_of_all(harness: JobHarness, admin: TestApp, staff: TestApp) -> None:
    batch_id = harness.create()
    job = harness.do(batch_id, Action.POPULATE)
    page = admin.get(f"/jobs/{job.id}")
    assert f"Batch {batch_id:08d} was populated with 8 rows." in text_of(page)
    assert page.html.select_one(f'a[href="{url_of(batch_id)}"]')
    assert not [form for form in page.forms.values() if (form.action or "").startswith("/jobs/")]
    for what in ("cancel", "retry"):
        post(admin, f"/jobs/{job.id}/{what}", status=409)
    listed = admin.get("/jobs")
    assert "populated" in text_of(listed, "table.grid")
    assert all(
        len(time.get_text()) == len("2026-01-01 00:00:00") for time in listed.html.select(".grid time")
    )
    staff.get("/jobs", status=403)


def test_a_refusal_is_not_called_a_failure_and_trying_again_is_not_offered(
    harness: JobHarness, admin: TestApp
) -> None:
    def refuse() -> None:
        raise Conflict("A price changed meanwhile. Reopen the batch and refresh it.")

    harness.with_handler(**hooked("execute", refuse))
    batch_id = harness.complete()
    job = harness.do(batch_id, Action.EXECUTE)
    page = admin.get(url_of(batch_id))
    assert "The last action was refused A price changed meanwhile." in text_of(page)
    assert "start the action again from this page" in text_of(page)
    for shown in (page, admin.get(f"/jobs/{job.id}")):
        assert not any(
            word in text_of(shown) for word in ("Try again", "Failed", "failed", "the log has more")
        )
    assert "Refused" in text_of(admin.get(f"/jobs/{job.id}"))
    assert admin.get(f"/jobs/{job.id}/status.json").json["state_label"] == "Refused"
    assert column_of(admin.get("/jobs?f.state.equal=refused"), "State") == ["Refused"]
    assert result_count(admin.get("/jobs?f.state.equal=failed")) == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_hostile_words_of_a_handler_are_words(harness: JobHarness, admin: TestApp) -> None:
    batch_id = harness.complete()

    def boom() -> None:
        raise RuntimeError("<script>alert(1)</script>\x00\n<b>second line</b>")

    harness.with_handler(**hooked("execute", boom))
    job = harness.do(batch_id, Action.EXECUTE)
    for page in (admin.get(url_of(batch_id)), admin.get(f"/jobs/{job.id}"), admin.get("/jobs")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text


@pytest.mark.parametrize("permissions", [frozenset({"jobs:view"}), frozenset()])
def test_the_address_of_active_jobs_is_for_those_who_may_see_them(permissions: frozenset[str]) -> None:
    with testing.testConfig() as config:
        config.add_route("jobs.index", "/jobs")
        config.testing_securitypolicy(identity=Identity(1, "ann", "Ann", permissions))
        request = testing.DummyRequest()
        expected = "/jobs?f.state.any_of=queued&f.state.any_of=running" if permissions else ""
        assert active_jobs_url(request) == expected
