"""An action on all batches that an index shows: one job for each, and one page that says how each ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.functional.harness import PRICE_LIST, form_to, post, text_of, url_of
from tests.jobs.harness import JobHarness, hooked
from webtest import TestApp

from batchbook.batches import Action, State
from batchbook.batches.registry import BatchTypes
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs import Job
from batchbook.security.settings import SecuritySettings
from batchbook.services import services_of

PATH = "/batches/price-change"

#: A list that changes another price than the one that all tests share.
PRETZEL = "item_code,description,size,price\n000000013,PRETZEL,80 G,0.55\n"
#: A list without a change that has to be confirmed.
USUAL = PRICE_LIST.replace("8.00", "4.80")


def job_ids(harness: JobHarness, state: str) -> list[int]:
    with transaction_scope(harness.catalogue.engine, read_only=True) as session:
        return list(session.scalars(select(Job.id).where(Job.state == state).order_by(Job.id)))


@pytest.fixture
def three(harness: JobHarness) -> list[int]:
    """Two batches that are complete, and one that is open."""
    batches = [harness.complete(USUAL), harness.complete(PRETZEL), harness.create()]
    harness.do(batches[2], Action.POPULATE)
    return batches


def test_all_that_can_be_are_executed_each_by_a_job_and_one_page_says_how_it_ended(
    harness: JobHarness, three: list[int], admin: TestApp
) -> None:
    page = admin.get(PATH).click("Execute all 3")
    assert "2 batches of 3" in text_of(page)
    assert "1 batch: It is still open for changes: mark it complete first." in text_of(page, "#left-out")
    answer = form_to(page, "/execute-all").submit(status=303)
    group = answer.follow()
    assert text_of(group, "h1") == "Execute: 2 batches"
    assert "Waiting 2" in text_of(group, ".page-lead")
    assert f"Batch {three[2]:08d} was not executed. It is still open" in text_of(group, "#left-out")
    assert group.html.select("noscript meta[http-equiv=refresh]")
    waiting = job_ids(harness, "queued")
    assert [harness.job(number).priority for number in waiting] == [2, 2]
    for number in waiting:
        assert harness.run(number)
    group = admin.get(answer.headers["Location"])
    assert "Done 2" in text_of(group, ".page-lead")
    assert not group.html.select("noscript meta[http-equiv=refresh]")
    for batch_id in three[:2]:
        assert f"Batch {batch_id:08d} was executed:" in text_of(group, "#jobs")
    assert [harness.batch(batch_id).state for batch_id in three] == [
        State.EXECUTED,
        State.EXECUTED,
        State.OPEN,
    ]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_not_shown_is_not_acted_on(harness: JobHarness, three: list[int], admin: TestApp) -> None:
    form = form_to(admin.get(f"{PATH}/execute-all"), "/execute-all")
    harness.submit(three[0], Action.REOPEN)
    refused = form.submit(status=409)
    assert "Nothing was done: other batches match now, or one of them was changed." in text_of(refused)
    assert job_ids(harness, "queued") == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_only_what_the_filters_show_is_refreshed_and_only_by_who_may(
    harness: JobHarness, three: list[int], staff: TestApp, auditor: TestApp
) -> None:
    index = staff.get(f"{PATH}?f.state.equal=open")
    assert "Refresh all" not in text_of(index), "There is only one."
    page = staff.get(f"{PATH}/refresh-all?f.state.equal=open")
    assert "1 batch of 1" in text_of(page)
    group = form_to(page, "/refresh-all").submit(status=303).follow()
    assert "1 job" in text_of(group)
    assert [harness.job(number).batch_id for number in job_ids(harness, "queued")] == [three[2]]
    staff.get(f"{PATH}/execute-all", status=403)
    auditor.get(f"{PATH}/refresh-all", status=403)
    auditor.get(group.request.path, status=403)
    held = staff.get(f"{PATH}/refresh-all")
    assert "None of the 3 batches that match can be refreshed." in text_of(held)
    assert "It is waiting to be refreshed for staff" in text_of(held, "#left-out")


def test_the_rest_is_cancelled_and_what_failed_is_tried_again(
    harness: JobHarness, three: list[int], admin: TestApp
) -> None:
    page = form_to(admin.get(f"{PATH}/execute-all"), "/execute-all").submit(status=303).follow()
    harness.with_handler(**hooked("execute", lambda: 1 / 0))
    first, second = job_ids(harness, "queued")
    assert harness.run(first)
    page = form_to(page, "/cancel").submit(status=303).follow()
    assert "1 job that had not started was cancelled." in text_of(page)
    assert (harness.job(first).state, harness.job(second).state) == ("failed", "cancelled")
    assert harness.batch(three[1]).state == State.COMPLETE
    harness.with_handler()
    again = form_to(page, "/retry").submit(status=303).follow()
    assert text_of(again, "h1") == "Execute: 2 batches, again"
    for number in job_ids(harness, "queued"):
        assert harness.run(number)
    assert "Done 2" in text_of(admin.get(again.request.path), ".page-lead")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_another_try_of_all_asks_for_the_password_where_the_action_does(
    app: Any, harness: JobHarness, three: list[int], admin: TestApp
) -> None:
    page = form_to(admin.get(f"{PATH}/execute-all"), "/execute-all").submit(status=303).follow()
    harness.with_handler(**hooked("execute", lambda: 1 / 0))
    for number in job_ids(harness, "queued"):
        assert harness.run(number)
    harness.with_handler()
    services = services_of(app.registry)
    careful = {"ask_password_for": frozenset({"batch:*:execute"}), "recent_length": timedelta(0)}
    services.add(SecuritySettings, replace(services.get(SecuritySettings), **careful))
    before = harness.count()
    answer = form_to(admin.get(page.request.path), "/retry").submit(status="*")
    assert answer.status_int == 403 or "/account/confirm" in answer.headers["Location"]
    assert harness.count() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_refused_is_not_among_the_failed_and_not_tried_again(
    harness: JobHarness, three: list[int], admin: TestApp
) -> None:
    page = form_to(admin.get(f"{PATH}/execute-all"), "/execute-all").submit(status=303).follow()

    def refuse() -> None:
        raise Conflict("A price changed meanwhile.")

    harness.with_handler(**hooked("execute", refuse))
    for number in job_ids(harness, "queued"):
        assert harness.run(number)
    page = admin.get(page.request.path)
    assert "Refused 2" in text_of(page, ".page-lead")
    assert "Failed" not in text_of(page)
    assert "Retry failed jobs" not in text_of(page)
    assert post(admin, f"{page.request.path}/retry", status=409)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_hostile_descriptions_are_words(harness: JobHarness, three: list[int], admin: TestApp) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        session.execute(
            harness.services.get(BatchTypes)["price_change"]
            .header.__table__.metadata.tables["batch"]
            .update()
            .values(description="<script>alert(1)</script>")
        )
    page = admin.get(f"{PATH}/execute-all")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert text_of(admin.get(url_of(three[0])), "h1") == "<script>alert(1)</script>"
