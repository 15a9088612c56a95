"""Administrators: they find what waits, execute it once and for good, and manage people."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from webtest import TestApp

from .harness import (
    CatalogueDatabase,
    column_of,
    form_to,
    form_with,
    number_in,
    post,
    text_of,
    token_of,
    upload,
    url_of,
)

APPLIED = {"000000011": "2.20", "000000021": "8.00", "000000012": "2.70"}


def decimals(texts: dict[str, str]) -> dict[str, Decimal]:
    return {code: Decimal(text) for code, text in texts.items()}


def test_executing_changes_exactly_these_prices_and_writes_down_each(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    before = catalogue.prices()
    page = form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303).follow()
    assert "3 prices changed, 1 unchanged, 4 rows left out." in text_of(page, ".flashes")
    assert "Executed and frozen" in text_of(page)
    assert catalogue.prices() == before | decimals(APPLIED)
    assert catalogue.price_history() == [
        (code, before[code], Decimal(price), "admin", complete_batch, sequence)
        for sequence, (code, price) in enumerate(APPLIED.items(), start=1)
    ]
    batch = catalogue.batch(complete_batch)
    assert (batch.state, batch.executed_by, batch.completed_by) == ("executed", "admin", "staff")
    assert batch.executed_at is not None


def test_only_the_chosen_statuses_are_applied(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    before = catalogue.prices()
    form = form_to(admin.get(url_of(complete_batch)), "/execute")
    form.set("apply", False, 0)  # Increases.
    page = form.submit(status=303).follow()
    assert "1 price changed, 1 unchanged, 6 rows left out." in text_of(page)
    assert catalogue.prices() == before | decimals({"000000012": "2.70"})
    assert catalogue.batch(complete_batch).execution_options == {"apply": ["decrease"], "overwrite": False}


def test_a_price_that_rises_a_hundredfold_is_executed_by_whoever_confirmed_it(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    """The list says 8.00 for 4.00: a typing error is seen before it is executed."""
    page = admin.get(url_of(complete_batch))
    warning = "1 row changes the price by more than 20 %: the largest +100 %."
    assert warning in text_of(page, "#execution")
    assert "4.00 → 8.00 (+100 %)" in text_of(page, "#execution")
    assert page.click("Show these rows").html.select_one("tbody tr th").text.strip() == "2"
    form = next(form for form in page.forms.values() if form.action.endswith("/execute"))
    refused = form.submit(status=409)
    assert catalogue.batch(complete_batch).state == "complete"
    assert warning in text_of(refused)
    form_to(refused, "/execute").submit(status=303)
    assert catalogue.prices()["000000021"] == Decimal("8.00")
    assert f"Confirmed: {warning}" in text_of(admin.get(url_of(complete_batch, "history")))


def test_executing_nothing_at_all_is_refused(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    before = catalogue.dump()
    form = form_to(admin.get(url_of(complete_batch)), "/execute")
    form.set("apply", False, 0)
    form.set("apply", False, 1)
    page = form.submit(status="*")
    assert page.status_int in (400, 422)
    assert "apply" in text_of(page)
    assert catalogue.dump() == before


def test_an_option_that_does_not_exist_executes_nothing(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    before = catalogue.dump()
    version = catalogue.batch(complete_batch).version
    page = post(admin, url_of(complete_batch, "execute"), 400, apply="invalid", version=version)
    assert "apply" in text_of(page)
    assert catalogue.dump() == before


def test_executing_a_second_time_says_what_happened_and_does_nothing(
    catalogue: CatalogueDatabase, admin: TestApp, client_of: Callable[[str], TestApp], complete_batch: int
) -> None:
    second_tab = form_to(client_of("admin").get(url_of(complete_batch)), "/execute")
    form = form_to(admin.get(url_of(complete_batch)), "/execute")
    form.submit(status=303)
    before = catalogue.dump()
    for again in (form, second_tab):
        page = again.submit(status=409)
        assert "executed by admin" in text_of(page)
        assert "and is frozen" in text_of(page)
    assert catalogue.dump() == before
    assert len(catalogue.price_history()) == len(APPLIED)


def test_a_batch_that_changed_since_its_page_was_opened_is_not_executed(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, complete_batch: int
) -> None:
    form = form_to(admin.get(url_of(complete_batch)), "/execute")
    form_to(staff.get(url_of(complete_batch)), "/reopen").submit(status=303)
    row = form_with(staff.get(url_of(complete_batch, "rows", 1)), "new_price")
    row["new_price"] = "1.99"
    row.submit(status=303)
    form_to(staff.get(url_of(complete_batch)), "/complete").submit(status=303)
    before = catalogue.dump(without=("operation",))  # Which tells of the refusal.
    page = form.submit(status=409)
    assert "was changed since you opened its page, so it was not executed" in text_of(page)
    assert catalogue.dump(without=("operation",)) == before
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    assert catalogue.prices()["000000011"] == Decimal("1.99")


def test_a_price_that_changed_since_the_refresh_stops_all_of_it_and_is_named(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    catalogue.edit_price("000000021", "4.44")
    page = admin.get(url_of(complete_batch))
    assert "1 of these prices changed in the catalogue since the last refresh." in text_of(page, "#execution")
    before = catalogue.dump(without=("operation",))  # Which tells of the refusal.
    refused = form_to(page, "/execute").submit(status=409)
    assert "000000021 (was 4.00, now 4.44)" in text_of(refused)
    assert "refresh it to see them" in text_of(refused)
    assert catalogue.dump(without=("operation",)) == before


def test_overwriting_applies_the_list_over_what_changed_meanwhile(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    catalogue.set_price("000000021", "4.44")
    form = form_to(admin.get(url_of(complete_batch)), "/execute")
    form["overwrite"] = True
    asked = form.submit(status=409)  # The change is another one than that of the page.
    assert catalogue.prices()["000000021"] == Decimal("4.44")
    form_to(asked, "/execute").submit(status=303)
    assert catalogue.prices()["000000021"] == Decimal("8.00")
    (changed,) = [line for line in catalogue.price_history() if line[0] == "000000021"]
    assert changed[1:3] == (Decimal("4.44"), Decimal("8.00"))


def test_a_price_change_made_elsewhere_on_a_row_that_is_left_out_does_not_matter(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    catalogue.set_price("000000099", "1.30")
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    assert catalogue.prices()["000000099"] == Decimal("1.30")


def test_a_price_that_was_to_stay_and_would_not_any_more_is_seen_before_anything_is_done(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    catalogue.edit_price("000000013", "0.75")
    page = admin.get(url_of(complete_batch))
    assert "1 of these prices changed in the catalogue" in text_of(page, "#execution")
    refused = form_to(page, "/execute").submit(status=409)
    assert "000000013 (was 0.50, now 0.75)" in text_of(refused)
    form = form_to(page, "/execute")
    form["overwrite"] = "yes"
    form.submit(status=303)
    assert catalogue.prices()["000000013"] == Decimal("0.75")


def test_a_removed_row_is_not_executed(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, open_batch: int
) -> None:
    form_to(staff.get(url_of(open_batch, "rows", 2)), "/remove").submit(status=303)
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    form_to(admin.get(url_of(open_batch)), "/execute").submit(status=303)
    assert catalogue.prices()["000000021"] == Decimal("4.00")
    assert [line[0] for line in catalogue.price_history()] == ["000000011", "000000012"]


def test_a_list_without_a_change_has_nothing_to_execute(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp
) -> None:
    data = "item_code,description,size,price\n000000013,PRETZEL,80 G,0.50\n"
    number = number_in(upload(staff, data))
    panel = admin.get(url_of(number)).html.select_one("#execution")
    assert "there is nothing to execute" in panel.get_text()
    assert not panel.select("form")
    page = post(admin, url_of(number, "complete"), 409)
    assert "there is nothing to execute" in text_of(page)
    assert catalogue.batch(number).state == "open"


def test_the_products_page_shows_the_new_price_and_where_it_came_from(
    catalogue: CatalogueDatabase, admin: TestApp, executed_batch: int
) -> None:
    index = admin.get("/products?f.item_code.equal=000000011")
    assert column_of(index, "Price") == ["2.20"]


def test_administrators_see_users_and_roles_and_others_do_not(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, auditor: TestApp
) -> None:
    assert column_of(admin.get("/users"), "Full name") == ["Admin Person", "Auditor Person", "Staff Person"]
    assert column_of(admin.get("/users"), "Roles") == ["Administrator", "Auditor", "Staff"]
    assert column_of(admin.get("/roles"), "Label") == ["Administrator", "Auditor", "Staff"]
    for other in (staff, auditor):
        other.get("/users", status=403)
        other.get("/roles", status=403)
        assert not other.get("/batches").html.select('nav a[href="/users"]')


def test_a_role_that_loses_a_permission_loses_it_at_once(
    catalogue: CatalogueDatabase, admin: TestApp, auditor: TestApp, executed_batch: int
) -> None:
    auditor.get(url_of(executed_batch))
    form = form_with(
        admin.get("/roles").click("Auditor", href="/roles/").click("Edit", href="/edit"), "label"
    )
    held = [box for box in form.fields["permissions"] if box.checked]
    assert len(held) > 1
    for box in held:
        box.checked = box._value != "batch:*:audit"
    form.submit(status=303)
    auditor.get(url_of(executed_batch), status=403)


def test_the_token_of_one_person_is_of_no_use_to_another(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, complete_batch: int
) -> None:
    before = catalogue.dump()
    admin.post(url_of(complete_batch, "execute"), {"csrf_token": token_of(staff)}, status=400)
    assert catalogue.dump() == before


@pytest.mark.parametrize("ticked", ["all", "price", ":,all", "price:0,price"])
def test_a_form_confirms_nothing_but_what_a_page_has_shown(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int, ticked: str
) -> None:
    before = catalogue.prices()
    form = form_to(admin.get(url_of(complete_batch)), "/execute")
    for box in form.fields["confirm"]:
        box.force_value(ticked)
    form.submit(status=409)
    assert catalogue.prices() == before
