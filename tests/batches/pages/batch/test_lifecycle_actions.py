"""The buttons that move a batch through its lifecycle, and those that clone and delete it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.functional.harness import (
    COUNTS,
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    counts_of,
    form_to,
    number_in,
    post,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.batches.registry import BatchTypes
from batchbook.security.settings import SecuritySettings
from batchbook.services import services_of
from batchbook.types.price_change.handler import PriceChangeHandler

#: What sending forms leaves behind, whatever becomes of the batch: who came, which forms were sent, the last number.
NOT_OF_THE_BATCH = ("web_session", "login_attempt", "sent_form", "sqlite_sequence", "uploaded_file")


def test_a_refresh_shows_what_changed_in_the_catalogue(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    catalogue.set_price("000000011", "2.20")
    assert counts_of(staff.get(url_of(open_batch))) == COUNTS
    page = form_to(staff.get(url_of(open_batch)), "/refresh").submit(status=303).follow()
    assert "statuses changed" in text_of(page, ".flashes")
    assert counts_of(page) == COUNTS | {"Increase": 1, "Unchanged": 2}


def test_a_clone_has_the_rows_and_the_file_and_a_life_of_its_own(
    catalogue: CatalogueDatabase, staff: TestApp, executed_batch: int
) -> None:
    response = form_to(staff.get(url_of(executed_batch)), "/clone").submit(status=303)
    clone = number_in(response)
    page = response.follow()
    assert clone != executed_batch
    assert catalogue.batch(clone).state == "open"
    # Refreshed against the prices that the first batch made: those rows have nothing to change any more.
    assert counts_of(page) == COUNTS | {"Unchanged": 4, "Increase": 0, "Decrease": 0}
    assert staff.get(url_of(clone, "files", 1)).body == PRICE_LIST.encode()
    assert f"Cloned from Batch {executed_batch:08d}" in text_of(staff.get(url_of(clone, "history")))


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(("automatic", "state"), [(True, "open"), (False, "complete")])
def test_the_password_is_asked_again_where_marking_complete_executes(
    app: Any,
    catalogue: CatalogueDatabase,
    admin: TestApp,
    open_batch: int,
    monkeypatch: pytest.MonkeyPatch,
    automatic: bool,
    state: str,
) -> None:
    services = services_of(app.registry)
    policy = replace(PriceChangeHandler.execution_policy, automatic=automatic)
    monkeypatch.setattr(services.get(BatchTypes)["price_change"].handler, "execution_policy", policy)
    monkeypatch.setattr(PriceChangeHandler, "number_changes", lambda *_: [])  # There is nothing to warn of.
    careful = {"ask_password_for": frozenset({"batch:*:execute"}), "recent_length": timedelta(0)}
    services.add(SecuritySettings, replace(services.get(SecuritySettings), **careful))
    response = form_to(admin.get(url_of(open_batch)), "/complete").submit(status=303)
    assert ("/account/confirm" in response.location) is automatic
    assert catalogue.batch(open_batch).state == state
    if automatic:
        services.add(SecuritySettings, replace(services.get(SecuritySettings), ask_password_for=frozenset()))
        post(admin, url_of(open_batch, "complete"))
        assert catalogue.batch(open_batch).state == "executed"


def test_a_refused_execution_is_kept_in_the_history(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    catalogue.set_price("000000011", "2.50")
    url = url_of(complete_batch)
    form = form_to(admin.get(url), "/execute")
    form["reason"] = "The vendor waits."
    page = form.submit(status=409)
    if "Confirm to execute" in page:
        form_to(page, "/execute").submit(status=409)
    history = admin.get(url_of(complete_batch, "history"))
    assert "Execute was refused" in text_of(history)
    assert "Reason: The vendor waits." in text_of(history)
    assert catalogue.batch(complete_batch).state == "complete"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_staff_do_not_delete_batches(catalogue: CatalogueDatabase, staff: TestApp, open_batch: int) -> None:
    assert "Delete" not in text_of(staff.get(url_of(open_batch)), ".page-actions")
    staff.get(url_of(open_batch, "delete"), status=403)
    post(staff, url_of(open_batch, "delete"), 403)
    assert catalogue.batches() == 1


def test_an_open_batch_is_deleted_with_all_that_is_its_own_after_a_question(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp
) -> None:
    staff.get("/")
    before = catalogue.dump(without=NOT_OF_THE_BATCH)
    number = number_in(upload(staff, "item_code,description,size,price\n000000011,RYE BREAD,,2.10\n"))
    question = admin.get(url_of(number)).click("Delete", href="/delete")
    assert "Its 1 row, files and history will be deleted too" in text_of(question)
    confirmation = next(form for form in question.forms.values() if not form.action)
    page = confirmation.submit(status=303).follow()
    assert f"Batch {number:08d} was deleted" in text_of(page)
    assert catalogue.dump(without=NOT_OF_THE_BATCH) == before
    admin.get(url_of(number), status=404)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_executed_is_never_deleted(
    catalogue: CatalogueDatabase, admin: TestApp, executed_batch: int
) -> None:
    assert not admin.get(url_of(executed_batch)).html.select(f'a[href$="{executed_batch}/delete"]')
    page = admin.get(url_of(executed_batch, "delete"), status=409)
    assert "and is frozen" in text_of(page)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_would_change_nothing_cannot_be_marked_complete(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    number = number_in(
        upload(staff, "item_code,description,size,price\n000000013,PRETZEL,80 G,0.50\n", vendor_code="V1")
    )
    page = staff.get(url_of(number))
    assert "None of its rows raises or lowers a price" in text_of(page)
    assert "mark it complete first" not in text_of(page)
    assert not [form for form in page.forms.values() if form.action.endswith("/complete")]
    answer = post(staff, url_of(number, "complete"), 409)
    assert "was not marked complete. None of its rows raises or lowers a price" in text_of(answer)
    assert catalogue.batch(number).state == "open"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_tick_confirms_what_the_page_showed_and_nothing_else(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    before = catalogue.prices()
    seen = admin.get(url_of(complete_batch)).html.select_one("#execution input[name=confirm]")["value"]
    sent = {"version": catalogue.batch(complete_batch).version, "overwrite": ""}
    for confirm in ("price", "all", ":,all", f"{seen}x"):
        page = post(admin, url_of(complete_batch, "execute"), 409, **sent, apply="increase", confirm=confirm)
        assert "I have checked them" in text_of(page)
    page = post(admin, url_of(complete_batch, "execute"), 409, **sent, apply="increase", confirm=seen)
    assert catalogue.prices() == before
    form_to(page, "/execute").submit(status=303)
    assert catalogue.prices() != before


def test_a_batch_is_sent_back_to_whoever_marked_it_complete_until_that_is_done_again(
    staff: TestApp, admin: TestApp, complete_batch: int
) -> None:
    assert "Send back" not in text_of(staff.get(url_of(complete_batch)), ".page-actions")
    post(staff, url_of(complete_batch, "send-back"), 403, reason="x")
    page = admin.get(url_of(complete_batch, "send-back"))
    form = next(one for one in page.forms.values() if "reason" in one.fields)
    assert "What has to be corrected needs a value" in text_of(form.submit(status=422))
    form["reason"] = "Row 2 doubles its price.\nAsk the vendor."
    page = form.submit(status=303).follow()
    assert f"Batch {complete_batch:08d} was sent back to staff" in text_of(page, ".flashes")
    assert "Sent back to staff by admin Row 2 doubles its price. Ask the vendor." in text_of(page)
    assert "Waiting For staff: sent back by admin" in text_of(page, "#panel-details")
    home = staff.get("/")
    assert "Sent back to you 1" in text_of(home)
    assert "admin: Row 2 doubles its price. Ask the vendor." in text_of(home)
    assert "Your open batches" not in text_of(home)
    index = admin.get("/batches")
    assert column_of(index, "Waits for") == ["staff"]
    assert column_of(index, "Because") == ["Sent back by admin: Row 2 doubles its price. Ask the vendor."]
    form_to(staff.get(url_of(complete_batch)), "/complete").submit(status=303)
    assert "Sent back" not in text_of(staff.get("/"))
    assert column_of(admin.get("/batches"), "Because") == ["To be reviewed and executed"]
    history = text_of(admin.get(url_of(complete_batch, "history")))
    assert "Sent back to staff." in history
    assert "Reason: Row 2 doubles its price. Ask the vendor." in history
