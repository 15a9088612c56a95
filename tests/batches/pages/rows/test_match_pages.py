"""Staff match codes of a price list that the catalogue lacks, and make new products of those that are new."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from tests.functional.harness import CatalogueDatabase, form_to, form_with, number_in, text_of, upload, url_of
from webtest import TestApp, Upload

from batchbook.batches import Batch
from batchbook.catalog.models import Product, ProductMatch
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, RolePermission

#: A code with a hyphen, one that is unknown with a known description, and a product that is new.
LIST = (
    "item_code,description,size,price\n"
    "0000-00011,RYE BREAD,500 G,2.20\nM-77,OATS FLAKES,1 KG,4.10\n000000014,ROLL,60 G,0.40\n"
)


@pytest.fixture
def number(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    """A price change of vendor V1 with three codes that the catalogue lacks."""
    return number_in(upload(staff, LIST, vendor_code="V1"))


def take_permissions(catalogue: CatalogueDatabase, *names: str) -> None:
    """Take permissions from the role of staff."""
    with transaction_scope(catalogue.engine) as session:
        role = session.scalars(select(Role).where(Role.name == "staff")).one()
        role.permissions = [one for one in role.permissions if one.permission not in names]


def proposals(page: Any) -> dict[str, list[str]]:
    """Return the proposed item codes by the code in the list."""
    return {
        line.select_one("th").get_text(strip=True): [
            field["value"] for field in line.select('input[type="hidden"][name="record"]')
        ]
        for line in page.html.select(".match-table tbody tr")
    }


def form_for(page: Any, code: str, record: str) -> Any:
    return next(
        form
        for form in page.forms.values()
        if form.action.endswith("/matches/take")
        and (form["key"].value, form["record"].value) == (code, record)
    )


def current_matches(catalogue: CatalogueDatabase) -> list[tuple[str, str]]:
    wanted = (
        select(ProductMatch.key, Product.item_code).join(Product).where(ProductMatch.revoked_at.is_(None))
    )
    with transaction_scope(catalogue.engine, read_only=True) as session:
        return [(row.key, row.item_code) for row in session.execute(wanted.order_by(ProductMatch.id))]


def test_a_match_is_proposed_taken_and_remembered(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    page = staff.get(url_of(number)).click("Not in the catalogue \\(3\\)")
    assert proposals(page) == {"0000-00011": ["000000011"], "M-77": ["000000021"], "000000014": []}
    page = form_for(page, "M-77", "000000021").submit(status=303).follow()
    assert "Matched 1 row with the item code “M-77” with product 000000021." in page.text
    assert list(proposals(page)) == ["0000-00011", "000000014"]
    row = catalogue.row(number, 2)
    assert (row.item_code, row.status, row.listed_key) == ("000000021", "increase", "M-77")
    assert row.status_text == "Matched by hand: “M-77” in the list."
    assert current_matches(catalogue) == [("M-77", "000000021")]

    # The vendor's next list, which writes the code in another case, is matched by itself.
    later = number_in(
        upload(staff, "item_code,description,size,price\nm-77,OATS,1 KG,4.20\n", vendor_code="V1")
    )
    row = catalogue.row(later, 1)
    assert (row.item_code, row.status, row.matched_key) == ("000000021", "increase", "000000021")
    page = staff.get(url_of(later))
    assert "Taken from an earlier match: “m-77” in the list." in page.text
    assert "Matched 1 row as in earlier lists of V1." in page.text
    # Another vendor's list is not; there the match is proposed.
    other = number_in(
        upload(staff, "item_code,description,size,price\nM-77,OATS,1 KG,4.20\n", vendor_code="V2")
    )
    assert catalogue.row(other, 1).status == "not_in_catalogue"
    page = staff.get(url_of(other, "matches"))
    assert "matched in lists of vendor V1" in page.text


def test_a_match_is_taken_back_and_forgotten(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    page = staff.get(url_of(number, "rows", "2"))
    page = form_for(page, "M-77", "000000021").submit(status=303).follow()
    assert page.request.path.endswith("/rows/2")
    assert "The list has “M-77” in this row." in page.text
    page = form_to(page, "/matches/undo").submit(status=303).follow()
    assert "Took back the match of 1 row with “M-77” in the list. It is no longer remembered." in page.text
    row = catalogue.row(number, 2)
    assert (row.item_code, row.status, row.listed_key) == ("M-77", "not_in_catalogue", None)
    assert current_matches(catalogue) == []
    form_to(staff.get(url_of(number)), "/refresh").submit(status=303)
    assert catalogue.row(number, 2).item_code == "M-77"


def test_another_code_can_be_typed(catalogue: CatalogueDatabase, staff: TestApp, number: int) -> None:
    page = staff.get(url_of(number, "matches"))
    form = form_for(page, "000000014", "")
    form["record"] = "no-such"
    page = form.submit(status=303).follow()
    assert "There is no product with the item code “no-such”. Nothing was changed." in page.text
    form = form_for(page, "000000014", "")
    form["record"] = " 13 "
    page = form.submit(status=303).follow()
    assert catalogue.row(number, 3).item_code == "000000013"


def test_a_match_of_a_code_that_was_changed_meanwhile_is_refused(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    page = staff.get(url_of(number, "matches"))
    form_for(page, "M-77", "000000021").submit(status=303)
    refused = form_for(page, "M-77", "000000021").submit(status=409)
    assert "No row has the unknown item code “M-77” any more" in refused.text


def test_rows_that_are_not_unknown_or_were_changed_are_refused(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    page = staff.get(url_of(number, "matches"))
    form = form_for(page, "M-77", "000000021")
    row = form_to(staff.get(url_of(number, "rows", "2")), "/edit")
    row["new_price"] = "4.20"
    row.submit(status=303)
    refused = form.submit(status=409)
    assert "The rows with the item code “M-77” were changed since you opened the page" in refused.text
    row = form_to(staff.get(url_of(number, "rows", "2")), "/edit")
    row["item_code"] = "000000013"
    row.submit(status=303)
    form["key"] = "000000013"
    assert "No row has the unknown item code “000000013” any more" in form.submit(status=409).text
    form["seen"] = ""
    assert "The form doesn&#39;t say which rows you saw" in form.submit(status=400).text
    assert catalogue.row(number, 2).item_code == "000000013"
    assert current_matches(catalogue) == []


def test_a_corrected_row_offers_no_undo(catalogue: CatalogueDatabase, staff: TestApp, number: int) -> None:
    page = form_for(staff.get(url_of(number, "rows", "2")), "M-77", "000000021").submit(status=303).follow()
    undo, row = form_to(page, "/matches/undo"), form_to(page, "/edit")
    row["item_code"] = "000000013"
    row.submit(status=303)
    page = staff.get(url_of(number, "rows", "2"))
    assert "The list has “M-77” in this row." in page.text
    assert not page.html.select('form[action$="/matches/undo"]')
    undo.submit(status=409)
    assert catalogue.row(number, 2).item_code == "000000013"


def test_all_rows_with_a_code_are_matched_or_one_of_them(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    lines = "M-77,OAT FLAKES,1 KG,4.10\nM-77,OAT FLAKES,1 KG,4.20\nM-78,OAT FLAKES,1 KG,4.30\n"
    number = number_in(upload(staff, f"item_code,description,size,price\n{lines}", vendor_code="V1"))
    # The two rows with the code are duplicates, which are matched with the third.
    page = staff.get(url_of(number, "matches"))
    assert list(proposals(page)) == ["M-78"]
    form_for(page, "M-78", "000000021").submit(status=303)
    assert catalogue.row(number, 3).item_code == "000000021"


def test_new_products_are_made_of_unknown_codes_and_found_by_a_refresh(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, number: int
) -> None:
    page = staff.get(url_of(number, "matches"))
    page = form_for(page, "M-77", "000000021").submit(status=303).follow()
    page = form_for(page, "0000-00011", "000000011").submit(status=303).follow()
    page = form_to(page, "/matches/new-records").submit(status=303).follow()
    assert "batch 00000002 was populated with 1 row" in page.text.lower()
    made = "/batches/import/2"
    assert f"Batch {number:08d}" in text_of(page, ".facts")
    assert {"import"} == {catalogue.batch(2).type}
    page = staff.get(url_of(number))
    assert "Batch 00000002" in text_of(page, ".facts")
    again = staff.get(url_of(number, "matches"))
    assert not [form for form in again.forms.values() if form.action.endswith("/new-records")]

    form_to(staff.get(made), "/complete").submit(status=303)
    form_to(admin.get(made), "/execute").submit(status=303)
    with transaction_scope(catalogue.engine, read_only=True) as session:
        found = session.scalars(select(Product).where(Product.item_code == "000000014")).one()
        assert (found.description, str(found.price), found.size) == ("ROLL", "0.40", "60 G")
        assert found.vendor is not None
        assert found.vendor.code == "V1"
    form_to(staff.get(url_of(number)), "/refresh").submit(status=303)
    assert catalogue.row(number, 3).status == "unchanged"


def test_a_second_batch_of_the_same_rows_is_refused(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    form = form_to(staff.get(url_of(number, "matches")), "/matches/new-records")
    form.submit(status=303)
    refused = form.submit(status=409)
    assert "Batch 00000002 was made of these rows already" in refused.text
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 2


def test_who_may_only_look_is_offered_no_buttons(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, number: int
) -> None:
    form_for(staff.get(url_of(number, "matches")), "M-77", "000000021").submit(status=303)
    form_to(staff.get(url_of(number)), "/complete").submit(status=303)
    page = admin.get(url_of(number, "matches"))
    assert "000000011" in page.text
    assert not page.html.select('form[action*="/matches/"]')


def test_types_without_a_matching_have_nothing_to_match(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    lines = "item_code,description,price\n000000016,BAGEL,1.00\n"
    form = form_with(staff.get("/batches/import/new"), "file")
    form["file"], form["target"] = Upload("list.csv", lines.encode()), "product"
    form.submit(status=303)
    assert "are not matched with records" in staff.get("/batches/import/1/matches").text


def test_who_may_not_edit_products_changes_no_remembered_match(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    form_for(staff.get(url_of(number, "matches")), "M-77", "000000021").submit(status=303)
    take_permissions(catalogue, "products:edit")
    page = staff.get(url_of(number, "matches"))
    assert "Your role does not allow remembering the choice" in page.text
    page = form_for(page, "0000-00011", "000000011").submit(status=303).follow()
    assert "It is not remembered, because your role does not allow that." in page.text
    assert catalogue.row(number, 1).item_code == "000000011"
    # Neither is the match of somebody else revoked nor replaced.
    undo = form_to(staff.get(url_of(number, "rows", "2")), "/matches/undo")
    page = undo.submit(status=303).follow()
    assert "It is still remembered, because your role does not allow revoking it." in page.text
    form = form_for(page, "M-77", "")
    form["record"] = "000000013"
    form.submit(status=303)
    assert catalogue.row(number, 2).item_code == "000000013"
    assert current_matches(catalogue) == [("M-77", "000000021")]


def test_who_may_not_see_products_is_proposed_none(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    upload(staff, "item_code,description,size,price\nM-77,OATS,1 KG,4.20\n", vendor_code="V2")
    form_for(staff.get(url_of(number, "matches")), "M-77", "000000021").submit(status=303)
    take_permissions(catalogue, "products:view", "products:edit")
    for address in (url_of(number, "matches"), url_of(number, "rows", "1"), url_of(2, "matches")):
        page = staff.get(address)
        assert "Your role does not allow seeing products, so none is proposed." in page.text
        assert "000000011" not in page.text.replace("0000-00011", "")
        assert "matched in lists of vendor" not in page.text
    # The same without the permission to edit the batch.
    take_permissions(catalogue, "batch:*:edit")
    for address in (url_of(number, "matches"), url_of(number, "rows", "1")):
        page = staff.get(address)
        assert "Your role does not allow seeing products, so none is proposed." in page.text
        assert not page.html.select('form[action*="/matches/take"]')


def test_a_batch_of_new_products_is_named_to_people_who_may_see_it(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    form_to(staff.get(url_of(number, "matches")), "/matches/new-records").submit(status=303)
    assert "was made of rows of this batch" in staff.get(url_of(number, "matches")).text
    take_permissions(catalogue, "batch:*:view", "batch:*:edit", "batch:*:create")
    with transaction_scope(catalogue.engine) as session:
        role = session.scalars(select(Role).where(Role.name == "staff")).one()
        role.permissions.append(RolePermission(permission="batch:price_change:view"))
    page = staff.get(url_of(number, "matches"))
    assert "was made of rows of this batch" not in page.text
    assert "Batch 00000002" not in text_of(staff.get(url_of(number)), ".facts")
