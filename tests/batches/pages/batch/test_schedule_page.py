"""The form that schedules an execution, changes its time or cancels it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.functional.harness import form_to, form_with, post, text_of, url_of
from tests.jobs.harness import JobHarness
from webtest import TestApp

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.enqueue import scheduled_job

TOMORROW = utc_now().replace(second=0, microsecond=0) + timedelta(days=1)

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"batchbook.jobs": "workers"}


def scheduled(harness: JobHarness, batch_id: int) -> Job | None:
    with transaction_scope(harness.catalogue.engine, read_only=True) as session:
        return scheduled_job(session, batch_id)


def test_people_set_change_and_drop_a_time_in_their_own_zone(
    harness: JobHarness, admin: TestApp, staff: TestApp
) -> None:
    batch_id = harness.complete()
    post(admin, "/account/timezone", timezone="Asia/Tokyo")
    page = admin.get(url_of(batch_id)).click("Schedule…")
    assert "Time (Asia/Tokyo)" in text_of(page)
    form = form_with(page, "planned_for")
    form["planned_for"] = f"{TOMORROW:%Y-%m-%d}T15:30"
    form.set("apply", False, index=1)
    page = form.submit(status=409)
    assert "1 row changes the price by more than 20 %: the largest +100 %." in text_of(page)
    form = form_with(page, "planned_for")
    form["confirm"].checked = True
    page = form.submit(status=303).follow()
    text = text_of(page, "#plan")
    assert f"executed on {TOMORROW:%Y-%m-%d} 15:30 (Asia/Tokyo) on behalf of admin" in text
    job = scheduled(harness, batch_id)
    assert job is not None
    assert f"{job.run_at:%H:%M}" == "06:30"
    assert "Scheduled" in text_of(staff.get("/batches/price-change"))
    seen = staff.get(url_of(batch_id))
    assert f"executed on {TOMORROW:%Y-%m-%d} 06:30 (UTC) on behalf of admin" in text_of(seen, "#plan")
    assert not seen.html.select("#plan form")
    form = form_with(page.click("Change time…"), "planned_for")
    assert form["planned_for"].value == f"{TOMORROW:%Y-%m-%d}T15:30"
    assert [box.checked for box in form.fields["apply"]] == [True, False, False, False, False, False]
    form["planned_for"] = f"{TOMORROW:%Y-%m-%d}T16:30"
    page = form.submit(status=303).follow()
    assert "16:30 (Asia/Tokyo)" in text_of(page, "#plan")
    page = form_to(page, "/unschedule").submit(status=303).follow()
    assert not page.html.select("#plan")
    assert scheduled(harness, batch_id) is None


def test_what_is_wrong_with_a_time_is_said_at_the_field_and_nothing_typed_is_lost(
    harness: JobHarness, admin: TestApp
) -> None:
    batch_id = harness.complete()
    page = admin.get(url_of(batch_id, "schedule"))
    for text, sentence in {
        "2020-01-01T06:00": "That time is in the past.",
        "soon": "is not a day and time",
        "": "is not a day and time",
    }.items():
        form = form_with(page, "planned_for")
        form["planned_for"] = text
        page = form.submit(status=422)
        assert sentence in text_of(page, "#error-planned_for")
        assert form_with(page, "planned_for")["planned_for"].value == text
    assert scheduled(harness, batch_id) is None


def test_a_time_cannot_be_set_by_those_who_may_not_execute_nor_for_an_open_batch(
    harness: JobHarness, admin: TestApp, staff: TestApp
) -> None:
    batch_id = harness.complete()
    assert "Schedule…" not in text_of(staff.get(url_of(batch_id)))
    staff.get(url_of(batch_id, "schedule"), status=403)
    post(staff, url_of(batch_id, "unschedule"), 403, version=harness.batch(batch_id).version)
    post(staff, url_of(batch_id, "reopen"))
    admin.get(url_of(batch_id, "schedule"), status=409)


def test_nothing_can_be_cancelled_where_nothing_is_scheduled(harness: JobHarness, admin: TestApp) -> None:
    batch_id = harness.complete()
    version = harness.batch(batch_id).version
    page = post(admin, url_of(batch_id, "unschedule"), 409, version=version)
    assert f"No execution of Batch {batch_id:08d} is scheduled" in text_of(page)
    assert harness.batch(batch_id).version == version
