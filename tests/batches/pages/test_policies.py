"""Policies on pages: administrators set them, and an execution meets them with approvals, a reason and a signature."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from tests.conftest import PASSWORD
from tests.functional.harness import (
    PRICE_LIST,
    CatalogueDatabase,
    form_to,
    form_with,
    number_in,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.batches.pages.policies import _FORM, _SECTIONS
from batchbook.db.transactions import transaction_scope

PAGE = "/policies/price_change"


def set_policy(admin: TestApp, **values: Any) -> Any:
    form = form_with(admin.get(PAGE), "windows")
    for name, value in values.items():
        form[name] = value
    return form.submit(status=303).follow()


def type_password(client: TestApp) -> None:
    form = form_with(client.get("/account/confirm"), "present")
    form["present"] = PASSWORD
    form.submit(status=303)


def test_only_administrators_see_and_change_policies(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp
) -> None:
    assert "Nothing" in text_of(admin.get("/policies"), "#policies")
    page = set_policy(admin, other_than_editor=True, approvals="2", windows="Mon-Sun 00:00-24:00")
    assert "somebody who did not edit it 2 approvals Only at Mon-Sun 00:00-24:00 (UTC)" in text_of(page)
    versions = text_of(admin.get(PAGE), "#versions")
    assert "admin" in versions
    assert "Number of approvers: 0 → 2" in versions
    staff.get("/policies", status=403)
    staff.get(PAGE, status=403)


def test_a_policy_that_cannot_be_applied_or_is_outdated_is_not_stored(
    catalogue: CatalogueDatabase, admin: TestApp
) -> None:
    form = form_with(admin.get(PAGE), "windows")
    form["windows"] = "whenever"
    assert "“whenever” is not a time window" in text_of(form.submit(status=422))
    form["windows"], form["approvals_above"] = "", "0.00001"
    assert "at most 14 digits before the decimal point" in text_of(form.submit(status=422))
    outdated = form_with(admin.get(PAGE), "windows")
    set_policy(admin, reason=True)
    outdated["signature"] = True
    assert "Somebody else changed this policy meanwhile" in text_of(outdated.submit(status=409))


def test_approvals_are_given_on_the_page_and_void_when_the_content_changes(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, complete_batch: int
) -> None:
    set_policy(admin, approvals="1")
    page = admin.get(url_of(complete_batch))
    assert "1 more person must approve it as it is now" in text_of(page, "#execution")
    page = form_to(page, "/approve").submit(status=303).follow()
    assert "reviewed and approved" in text_of(page, "#approvals")
    with transaction_scope(catalogue.engine) as session:
        session.execute(
            text("UPDATE price_change_row SET new_price = new_price WHERE batch_id = :id AND sequence = 1"),
            {"id": complete_batch},
        )
    assert "Void" not in text_of(admin.get(url_of(complete_batch)), "#approvals")
    with transaction_scope(catalogue.engine) as session:
        session.execute(
            text(
                "UPDATE price_change_row SET new_price = new_price + 1 WHERE batch_id = :id AND sequence = 1"
            ),
            {"id": complete_batch},
        )
    page = admin.get(url_of(complete_batch))
    assert "Void: The content was changed since." in text_of(page, "#approvals")
    assert "1 more person must approve it as it is now" in text_of(page, "#execution")
    page = form_to(page, "/approve").submit(status=303).follow()
    form_to(page, "/execute").submit(status=303)
    assert catalogue.batch(complete_batch).state == "executed"
    frozen = text_of(admin.get(url_of(complete_batch)), "#approvals")
    assert frozen.count("admin") == 3
    assert "Void" in frozen
    assert "Approve" not in {
        button.text for button in admin.get(url_of(complete_batch)).html.select("button")
    }


def test_an_execution_is_signed_with_the_password_and_has_a_reason(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, complete_batch: int
) -> None:
    type_password(admin)
    set_policy(admin, signature=True, reason=True, reasons="Price list\nCorrection", other_reasons=False)
    page = admin.get(url_of(complete_batch))
    assert "You sign this, as it is now: reviewed and approved" in text_of(page, "#execution")
    form = form_to(page, "/execute")
    assert "Give a reason: “Price list” or “Correction”." in text_of(form.submit(status=409))
    assert catalogue.batch(complete_batch).state == "complete"
    form["reason"] = "Price list"
    form.submit(status=303)
    page = admin.get(url_of(complete_batch))
    assert "Signed by admin" in text_of(page, "#approvals")
    printed = text_of(admin.get(f"{url_of(complete_batch)}/rows.print"))
    assert "signed by admin on" in printed
    assert "UTC: reviewed and approved" in printed
    history = text_of(admin.get(url_of(complete_batch, "history")))
    assert "Signed: reviewed and approved." in history
    assert "Price list" in history


def test_a_password_signs_once(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, complete_batch: int
) -> None:
    set_policy(admin, signature=True)
    again = number_in(upload(staff, PRICE_LIST, vendor_code="V1"))
    form_to(staff.get(url_of(again)), "/complete").submit(status=303)
    # Whoever has just signed in is asked all the same.
    asked = form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    assert "/account/confirm" in asked.headers["Location"]
    assert catalogue.batch(complete_batch).state == "complete"
    type_password(admin)
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    assert catalogue.batch(complete_batch).state == "executed"
    asked = form_to(admin.get(url_of(again)), "/execute").submit(status=303).follow()
    assert catalogue.batch(again).state == "complete"
    form = form_with(asked, "present")
    form["present"] = "not it"
    form = form_with(form.submit(status=422), "present")
    form["present"] = PASSWORD
    form_to(form.submit(status=303).follow(), "/execute").submit(status=303)
    assert catalogue.batch(again).state == "executed"


def test_a_second_person_is_demanded_on_the_page(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    set_policy(admin, other_than_completer=True)
    form_to(admin.get(url_of(complete_batch)), "/reopen").submit(status=303)
    form_to(admin.get(url_of(complete_batch)), "/complete").submit(status=303)
    page = admin.get(url_of(complete_batch))
    assert "admin marked it complete, so somebody else must execute it" in text_of(page, "#execution")
    assert not [form for form in page.forms.values() if form.action.endswith("/execute")]


def test_limits_are_confirmed_with_a_reason_or_refuse_on_the_page(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    set_policy(admin, rows_warn="5", sum_refuse="1")
    assert "Limits: number of rows, sum of all changes" in text_of(admin.get("/policies"))
    page = admin.get(url_of(complete_batch))
    refusal = text_of(page, "#execution")
    assert "The changes of numbers amount to" in refusal
    assert "That is not allowed here" in refusal
    assert not [form for form in page.forms.values() if form.action.endswith("/execute")]
    set_policy(admin, sum_refuse="")
    page = admin.get(url_of(complete_batch))
    assert "rows, more than 5. I have checked them." in text_of(page, "#execution")
    form = form_to(page, "/execute")  # It ticks all boxes.
    again = form.submit(status=409)
    assert catalogue.batch(complete_batch).state == "complete"
    form = form_to(again, "/execute")
    form["reason"] = "The yearly list."
    form.submit(status=303)
    assert catalogue.batch(complete_batch).state == "executed"
    history = text_of(admin.get(url_of(complete_batch, "history")))
    assert "rows, more than 5." in history
    assert "The yearly list." in history


def test_every_part_of_a_policy_is_in_the_form_and_told_in_words(
    catalogue: CatalogueDatabase, admin: TestApp
) -> None:
    form = form_with(admin.get(PAGE), "windows")
    assert {one.name for section in _SECTIONS for one in _FORM.fields if one.name in section[2]} == {
        one.name for one in _FORM.fields
    }
    form["edit_percent"], form["edit_reasons"], form["share_refuse"] = "12.5", "Typing error\nNew list", "30"
    form["other_edit_reasons"] = False
    page = form.submit(status=303).follow()
    assert "A reason for edits above 12.5 %" in text_of(page)
    page = admin.get(PAGE)
    versions = text_of(page, "#versions")
    assert "Rows removed or with problems in %: refuse above: none → 30" in versions
    assert "Reasons for edits to choose from: none → “Typing error”, “New list”" in versions
    assert "Other reasons for edits may be typed: yes → no" in versions
    form = form_with(page, "windows")
    assert (form["edit_percent"].value, form["edit_reasons"].value) == ("12.5", "Typing error\nNew list")
