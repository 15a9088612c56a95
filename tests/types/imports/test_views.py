"""The pages that imports have besides those of every batch."""

from __future__ import annotations

import pytest
from webtest import TestApp

from .conftest import ImportHarness

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def test_a_row_is_shown_as_it_stands_in_the_file(
    harness: ImportHarness, auditor: TestApp, staff: TestApp
) -> None:
    number = harness.create("Artikel;Bezeichnung;Notiz;Preis\n 000000001;Item 1; <b>x</b> ;1,50 €\n")
    page = staff.get(f"/batches/import/{number}/rows/1").click("View in file")
    rows = [
        [cell.text for cell in row.find_all(["th", "td"])] for row in page.html.find("tbody").find_all("tr")
    ]
    assert rows == [
        ["Artikel", " 000000001", "Item code", "000000001"],
        ["Bezeichnung", "Item 1", "Description", "Item 1"],
        ["Notiz", " <b>x</b> ", "", ""],
        ["Preis", "1,50 €", "Price", "1.50"],
    ]
    harness.execute(number)
    assert auditor.get(f"/batches/import/{number}/rows/1/file").status_int == 200


def test_records_are_suggested_for_keys_and_for_what_fields_refer_to(
    harness: ImportHarness, staff: TestApp
) -> None:
    harness.create_department("BAKERY")
    number = harness.create("item_code,description,price,department,vendor\n000000001,Item 1,1.50,BAKE,V1\n")
    page = staff.get(f"/batches/import/{number}")
    named = {head["data-field"] for head in page.html.select("th[data-reference]")}
    assert named == {"new_item_code", "new_department", "new_vendor"}

    def suggested(field: str, typed: str) -> list[str]:
        url = f"/batches/import/{number}/rows/lookup"
        answer = staff.get(url, {"field": field, "q": typed}, headers={"Accept": "application/json"}).json
        return [one["text"] for one in answer]

    assert suggested("new_department", "bak") == ["BAKERY"]
    assert "000000001" in suggested("new_item_code", "0000")
    assert suggested("new_description", "I") == suggested("old_vendor", "V") == []


def test_a_row_by_hand_stands_in_no_file(harness: ImportHarness, staff: TestApp) -> None:
    number = harness.create("item_code,description,price\n000000001,Item 1,1.50\n")
    harness.add_row(number, new_item_code="000000007", new_description="By hand", new_price="1.00")
    page = staff.get(f"/batches/import/{number}/rows/2")
    assert "View in file" not in page.text
    staff.get(f"/batches/import/{number}/rows/2/file", status=404)


def test_what_changed_since_is_shown_as_it_was_as_planned_and_as_it_is(
    harness: ImportHarness, staff: TestApp
) -> None:
    number = harness.create("item_code,description,price\n000000001,Item 1,1.50\n000000009,Item 9,9.00\n")
    assert "Nothing changed" in staff.get(f"/batches/import/{number}/changed").text
    harness.set_price("000000001", "1.10")
    harness.add_product("000000009")
    assert "Some records have changed since" in staff.get(f"/batches/import/{number}").text
    page = staff.get(f"/batches/import/{number}/changed")
    rows = [[cell.text for cell in row.find_all("td")] for row in page.html.find("tbody").find_all("tr")]
    assert ["1", "000000001", "Price", "1.00", "1.50", "1.10"] in rows
    assert ["2", "000000009", "Record", "is not there", "Create", "is there"] in rows


def test_only_targets_that_one_may_change_are_offered(harness: ImportHarness, staff: TestApp) -> None:
    page = staff.get("/batches/import/new")
    options = {option["value"] for option in page.html.find("select", {"name": "target"}).find_all("option")}
    assert {"product", "on_hand", "vendor", "department"} <= options


def test_no_more_columns_are_kept_besides_than_a_row_can_hold(harness: ImportHarness, staff: TestApp) -> None:
    others = [f"c{place}" for place in range(201)]
    number = harness.upload(
        f"item_code,description,price,{','.join(others)}\n000000001,Item 1,1.50{',x' * 201}\n"
    )
    page = staff.get(f"/batches/import/{number}/mapping")
    form = next(form for form in page.forms.values() if "carried" in form.fields)
    for box in form.fields["carried"][3:]:
        box.checked = True
    page = form.submit("do", value="populate", status=422)
    assert "At most 200 other columns can be kept" in page.text


def test_the_executed_batch_leads_to_the_rows_that_were_left_out(
    harness: ImportHarness, staff: TestApp
) -> None:
    number = harness.create("item_code,description,price\n000000001,Item 1,1.50\n000000002,Item 2,abc\n")
    harness.execute(number, apply="good")
    page = staff.get(f"/batches/import/{number}").click("Rows that were left out").maybe_follow()
    assert page.request.path == f"/batches/import/{number + 1}"
    assert "Made of the rows that were left out" in page.text


def test_an_import_without_rows_has_its_page(harness: ImportHarness, staff: TestApp) -> None:
    number = harness.upload("Artikel;Bezeichnung\n000000001;Item 1\n")
    page = staff.get(f"/batches/import/{number}")
    assert page.html.find("a", href=f"/batches/import/{number}/intake")
    assert "Nothing changed" in staff.get(f"/batches/import/{number}/changed").text


def test_the_form_suggests_vendors_as_the_source(harness: ImportHarness, staff: TestApp) -> None:
    page = staff.get("/batches/import/new")
    for field in ("sender", "scope_value"):
        listed = page.html.find("datalist", id=page.html.find("input", {"name": field})["list"])
        assert [option["value"] for option in listed.find_all("option")] == ["V1", "V2", "V3"]
