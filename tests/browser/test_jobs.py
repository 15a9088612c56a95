"""Jobs watched in a browser: they tell how far they are without the page being loaded again, and how they ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.functional.harness import CatalogueDatabase, url_of
from tests.jobs.harness import JobHarness, opened
from webtest import TestApp

from batchbook.batches import Action
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, lease
from batchbook.jobs.job_progress import JobProgress, mark_unresponsive
from batchbook.jobs.job_run import JobRun

from .visits import Visits


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """The application's settings: jobs wait until the test runs them."""
    return settings | {"batchbook.jobs": "workers"}


@pytest.fixture
def harness(settings: dict[str, str], catalogue: CatalogueDatabase) -> Iterator[JobHarness]:
    """Where jobs are asked for and run."""
    with opened(settings, catalogue) as harness:
        yield harness


def taken(harness: JobHarness, job_id: int) -> Job:
    with transaction_scope(harness.catalogue.engine) as session:
        job = lease.acquire(session, job_id, 1, "here")
    assert job is not None
    return job


def tell(harness: JobHarness, job: Job, phase: str, done: int, total: int) -> None:
    # Each time by another object: one alone does not write as often as a test wants it to.
    JobProgress(harness.jobs.store, job, threading.Event()).report(phase, done, total)


def test_a_job_tells_how_far_it_is_and_the_page_leads_on_when_it_has_ended(
    harness: JobHarness, visits: Visits
) -> None:
    batch_id = harness.create()
    job = taken(harness, harness.ask(batch_id, Action.POPULATE, "staff"))
    page = visits.sign_in("staff")
    tell(harness, job, "populate", 20, 80)
    page.goto(url_of(batch_id))
    words, bar = page.locator("[data-job-words]"), page.locator("[data-job-bar]")
    expect(words).to_contain_text("Populate: 20 of 80 rows")
    tell(harness, job, "refresh", 60, 80)
    expect(words).to_contain_text("Refresh: 60 of 80 rows")
    expect(bar).to_have_js_property("value", 75)
    expect(page).to_have_title("75 % · Price change 00000001 · Batchbook")
    expect(page.locator("#announcer")).to_contain_text("Populate: Batch 00000001. Refresh: 60 of 80 rows")
    JobRun(harness.services, "here").run_taken(job)
    expect(page.locator(".flashes")).to_contain_text("Batch 00000001 was populated with 8 rows.")
    expect(page.locator("table.grid tbody tr")).to_have_count(8)
    expect(page).to_have_url(f"{visits.address}{url_of(batch_id)}")


def test_a_job_is_watched_in_the_list_and_cancelled_on_the_page(harness: JobHarness, visits: Visits) -> None:
    batch_id = harness.create()
    job = taken(harness, harness.ask(batch_id, Action.POPULATE, "staff"))
    tell(harness, job, "populate", 1, 2)
    page = visits.sign_in("staff")
    page.goto("/batches")
    expect(page.locator("#running")).to_contain_text("being populated for staff")
    expect(page.locator("#running [data-job-words]")).to_contain_text("Populate: 1 of 2 rows")
    page.locator("#running a").click()
    page.get_by_role("button", name="Cancel job").click()
    expect(page.locator("[data-job-words]")).to_contain_text(
        "staff cancelled the job; it will stop as soon as possible."
    )
    JobRun(harness.services, "here").run_taken(job)
    expect(page.locator(".flashes")).to_contain_text("was not populated: staff cancelled the job.")
    expect(page.locator(".notice-warning").last).to_contain_text("The last action was cancelled")


def test_a_page_that_is_open_shows_what_can_be_done_with_a_job_that_does_not_react(
    harness: JobHarness, visits: Visits
) -> None:
    job = taken(harness, harness.ask(harness.create(), Action.POPULATE, "staff"))
    tell(harness, job, "populate", 1, 2)
    page = visits.sign_in("admin")
    page.goto(f"/jobs/{job.id}")
    expect(page.locator("[data-job-words]")).to_contain_text("Populate: 1 of 2 rows")
    harness.jobs.request_cancel(job, "staff")
    mark_unresponsive(harness.jobs.store, job)
    expect(page.locator("#unresponsive")).to_contain_text(
        "Only ending the process that runs it will stop it now."
    )
    assert _problems(page) == []
    page.get_by_role("button", name="End the process").click()
    expect(page.locator(".flashes")).to_contain_text("The process here will be ended")
    expect(page.locator("#unresponsive")).to_contain_text("admin is ending that process")


def test_without_scripts_the_page_loads_itself_again(harness: JobHarness, visits: Visits) -> None:
    batch_id = harness.create()
    job = taken(harness, harness.ask(batch_id, Action.POPULATE, "staff"))
    tell(harness, job, "populate", 1, 2)
    page = visits.sign_in("staff", java_script_enabled=False)
    page.goto(url_of(batch_id))
    expect(page.locator("[data-job-words]")).to_contain_text("Populate: 1 of 2 rows")
    JobRun(harness.services, "here").run_taken(job)
    expect(page.locator(".flashes")).to_contain_text("Batch 00000001 was populated with 8 rows.")


def test_pages_of_jobs_are_readable_by_everybody(
    harness: JobHarness, visits: Visits, client_of: Callable[[str], TestApp]
) -> None:
    batch_id = harness.create()
    job = taken(harness, harness.ask(batch_id, Action.POPULATE, "admin"))
    tell(harness, job, "populate", 1, 2)
    found = []
    for scheme, width in (("light", 1440), ("dark", 390)):
        page = visits.sign_in("admin", color_scheme=scheme, viewport={"width": width, "height": 900})
        for path in (url_of(batch_id), "/batches", "/jobs", f"/jobs/{job.id}"):
            page.goto(path)
            found += [f"{path} at {width}: {problem}" for problem in _problems(page)]
    assert found == []


def _problems(page: Page) -> list[str]:
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    sideways = ["it scrolls sideways"] if width > 0 else []
    return sideways + [f"{one['id']}: {one['help']}" for one in Axe().run(page).response["violations"]]
