"""Actions on all batches of an index: the page that says what would happen, and the request."""

from __future__ import annotations

import pytest
from tests.functional.harness import PATH, PRICE_LIST, CatalogueDatabase, form_to, post, text_of, upload
from tests.jobs.harness import JobHarness
from webtest import TestApp

from batchbook.batches import Action
from batchbook.batches.pages.batch import index_actions

#: A list without a change that has to be confirmed.
USUAL = PRICE_LIST.replace("8.00", "4.80")

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


class TestInTheBackground:
    """Actions run as jobs."""

    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"batchbook.jobs": "workers"}

    @pytest.fixture
    def batches(self, harness: JobHarness) -> list[int]:
        """A batch that is complete, and two that have not been populated."""
        return [harness.complete(USUAL), harness.create(), harness.create()]

    def test_each_action_is_offered_to_those_who_may_do_it(
        self, batches: list[int], staff: TestApp, admin: TestApp, auditor: TestApp
    ) -> None:
        offered = {
            name: [link.get_text(strip=True) for link in browser.get(PATH).html.select(".many a")]
            for name, browser in {"staff": staff, "admin": admin, "auditor": auditor}.items()
        }
        assert offered == {
            "staff": ["Refresh all 3…"],
            "admin": ["Refresh all 3…", "Execute all 3…", "Hand over all 3…"],
            "auditor": [],
        }

    def test_the_page_counts_the_reasons_and_shows_the_options_of_executing(
        self, batches: list[int], admin: TestApp
    ) -> None:
        page = admin.get(PATH).click("Execute all 3")
        assert "1 batch of 3" in text_of(page)
        assert "2 batches: It has no rows yet: populate it first." in text_of(page, "#left-out")
        form = form_to(page, "/execute-all")
        assert [box.checked for box in form.fields["apply"]] == [True, True, False, False, False, False]
        refresh = admin.get(f"{PATH}/refresh-all")
        assert "None of the 3 batches that match can be refreshed." in text_of(refresh)
        assert not refresh.html.select("[name=apply]")

    def test_a_batch_whose_changes_have_to_be_confirmed_is_left_out(
        self, harness: JobHarness, batches: list[int], admin: TestApp
    ) -> None:
        large = harness.complete(PRICE_LIST)
        page = text_of(admin.get(f"{PATH}/execute-all"))
        assert "1 batch of 4" in page
        assert "1 row changes the price by more than 20 %: the largest +100 %." in page
        assert f"{large:08d}" in page

    def test_the_options_are_kept_in_each_job(
        self, harness: JobHarness, batches: list[int], admin: TestApp
    ) -> None:
        form = form_to(admin.get(f"{PATH}/execute-all"), "/execute-all")
        form.set("apply", False, 0)
        form.submit(status=303)
        job = harness.job(harness.count())
        assert (job.batch_id, job.arguments["options"]["apply"]) == (batches[0], ["decrease"])

    def test_a_batch_that_the_chosen_options_have_confirmed_is_left_out_of_those_enqueued(
        self, harness: JobHarness, batches: list[int], admin: TestApp
    ) -> None:
        large = harness.complete(USUAL.replace("1 L,cheap", "1 L,110.00"))
        before = harness.count()
        form = form_to(admin.get(f"{PATH}/execute-all"), "/execute-all")
        form.set("apply", True, 2)  # Products of other vendors.
        group = form.submit(status=303).follow()
        assert text_of(group, "h1") == "Execute: 1 batch"
        assert f"Batch {large:08d} was not executed. 1 row changes the price" in text_of(group, "#left-out")
        assert harness.count() == before + 1
        assert harness.job(harness.count()).batch_id == batches[0]

    def test_an_option_that_does_not_exist_enqueues_nothing(
        self, harness: JobHarness, batches: list[int], admin: TestApp
    ) -> None:
        before = harness.count()
        seen = form_to(admin.get(f"{PATH}/execute-all"), "/execute-all")["seen"].value
        post(admin, f"{PATH}/execute-all", 400, seen=seen, apply="everything")
        assert harness.count() == before

    def test_a_post_that_does_not_say_which_batches_were_shown_enqueues_nothing(
        self, harness: JobHarness, batches: list[int], admin: TestApp
    ) -> None:
        before = harness.count()
        page = post(admin, f"{PATH}/execute-all", 409, apply="increase")
        assert "Nothing was done" in text_of(page)
        assert harness.count() == before

    def test_a_filter_that_cannot_be_read_is_not_taken_for_none(
        self, batches: list[int], admin: TestApp
    ) -> None:
        page = admin.get(f"{PATH}/refresh-all?f.row_count.greater=many", status=400)
        assert "Nothing was done" in text_of(page)

    def test_too_many_batches_are_refused(
        self, batches: list[int], admin: TestApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(index_actions, "MOST", 2)
        page = admin.get(f"{PATH}/refresh-all", status=400)
        assert "More than 2 batches match" in text_of(page)
        admin.get(f"{PATH}/refresh-all?f.state.equal=new", status=200)

    def test_batches_with_too_many_rows_together_are_left_out_unread(
        self, harness: JobHarness, batches: list[int], admin: TestApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        second, large = harness.complete(USUAL), harness.complete(PRICE_LIST)
        monkeypatch.setattr(index_actions, "MOST_ROWS", harness.batch(batches[0]).row_count)
        page = admin.get(f"{PATH}/execute-all")
        assert "1 batch of 5" in text_of(page)
        words = (
            "2 batches: Only batches with at most 8 rows together are checked at once: execute it by itself"
        )
        assert words in text_of(page, "#left-out")
        assert f"{second:08d}" in text_of(page, "#left-out")
        assert f"{large:08d}" in text_of(page, "#left-out")
        assert "by more than 20 %" not in text_of(page)
        form_to(page, "/execute-all").submit(status=303)
        assert harness.job(harness.count()).batch_id == batches[0]

    def test_a_running_job_is_shown_above_the_index(
        self, harness: JobHarness, batches: list[int], staff: TestApp
    ) -> None:
        harness.ask(batches[1], Action.POPULATE)
        page = staff.get(PATH)
        assert f"{batches[1]:08d}" in text_of(page, ".running")


def test_actions_that_run_at_once_are_not_offered_for_many_batches(
    catalogue: CatalogueDatabase, open_batch: int, staff: TestApp
) -> None:
    upload(staff, PRICE_LIST)
    assert not staff.get(PATH).html.select(".many")
    page = staff.get(f"{PATH}/refresh-all", status=409)
    assert "Actions run immediately here" in text_of(page)
