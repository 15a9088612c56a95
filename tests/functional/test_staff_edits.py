"""Staff correct a batch: cells, rows, and its header."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from webtest import TestApp

from .harness import (
    COUNTS,
    CatalogueDatabase,
    count_link,
    counts_of,
    form_to,
    form_with,
    json_post,
    post,
    text_of,
    url_of,
)


def test_the_rows_form_corrects_a_cell_and_brings_the_row_up_to_date(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", 8)), "new_price")
    assert form["new_price"].value == "cheap"
    form["new_price"] = "1.05"
    page = form.submit(status=303).follow()
    assert "Changed New price in row 8." in text_of(page)
    row = catalogue.row(open_batch, 8)
    assert (row.new_price, row.status, row.issues or []) == (Decimal("1.05"), "decrease", [])
    assert counts_of(staff.get(url_of(open_batch))) == COUNTS | {"Invalid": 0, "Decrease": 2}


def test_a_field_that_a_page_does_not_have_is_left_as_it_is(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    """A page may be older than a field. What it does not send was not emptied by anybody."""
    before = catalogue.row(open_batch, 1)
    post(staff, url_of(open_batch, "rows", 1, "edit"), version=before.version, new_price="2.35")
    after = catalogue.row(open_batch, 1)
    assert (after.item_code, after.new_price) == (before.item_code, Decimal("2.35"))
    post(staff, url_of(open_batch, "edit"), version=catalogue.batch(open_batch).version, notes="Hello")
    batch = catalogue.batch(open_batch)
    assert (batch.description, batch.notes) == ("Spring prices", "Hello")


def test_a_text_that_is_no_price_is_shown_again_with_a_reason_and_changes_nothing(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    for text in ("cheap", "-1", "0", "1.005", "1_000", "NaN", "9" * 30):
        form = form_with(staff.get(url_of(open_batch, "rows", 1)), "new_price")
        form["new_price"] = text
        page = form.submit(status=422)
        assert form_with(page, "new_price")["new_price"].value == text
        assert text_of(page, "#error-new_price"), text
        assert "New price" in text_of(page, ".notice-error")
    assert catalogue.dump() == before


def test_a_cell_edited_in_place_answers_with_the_rows_and_the_counts_new_html(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    cell = url_of(open_batch, "rows", 5, "cell")
    answer = json_post(staff, cell, 200, {"field": "item_code", "value": "000000013", "version": "1"})
    assert "Row 5" in answer["message"]
    assert 'data-version="2"' in answer["row_html"]
    assert "Duplicate in list" in answer["row_html"]
    assert 'id="breakdown"' in answer["counts_html"]
    # The row that now has a double was brought up to date with it, and comes back as well.
    (peer,) = answer["peers"]
    assert (peer["before"], peer["version"]) == (1, 1)
    assert "/rows/4/cell" in peer["row_html"]
    assert "Duplicate in list" in peer["row_html"]
    assert {catalogue.row(open_batch, sequence).status for sequence in (4, 5)} == {"duplicate"}
    counts = COUNTS | {"Unchanged": 0, "Not in catalogue": 0, "Duplicate in list": 4}
    assert counts_of(staff.get(url_of(open_batch))) == counts


def test_an_edit_that_is_sent_again_is_stored_once_and_is_no_conflict_with_itself(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    cell = url_of(open_batch, "rows", 1, "cell")
    fields = {"field": "new_price", "value": "2.4", "version": "1"}
    first = json_post(staff, cell, 200, fields)
    before = catalogue.dump()
    again = json_post(staff, cell, 200, fields)
    assert (first["changed"], first["version"]) == (True, 2)
    assert (again["changed"], again["version"], again["peers"]) == (False, 2, [])
    assert again["row_html"] == first["row_html"]
    assert catalogue.dump() == before


def test_a_cell_edited_in_place_refuses_what_is_no_price_and_what_is_no_field(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    cell = url_of(open_batch, "rows", 1, "cell")
    wrong = json_post(staff, cell, 422, {"field": "new_price", "value": "cheap", "version": "1"})
    assert "cheap" in wrong["error"]
    for field in ("old_price", "status", "batch_id", "version", "nothing", ""):
        answer = json_post(staff, cell, 400, {"field": field, "value": "1", "version": "1"})
        assert "can be edited" in answer["error"]
    assert catalogue.dump() == before


def test_rows_are_added_removed_and_restored(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", "new")), "item_code")
    form["item_code"], form["new_price"] = "000000013", "0.60"
    page = form.submit(status=303).follow()
    assert "Added row 9." in text_of(page)
    assert counts_of(page) == COUNTS | {"All": 9, "Unchanged": 0, "Duplicate in list": 4}
    page = form_to(staff.get(url_of(open_batch, "rows", 9)), "/remove").submit(status=303).follow()
    assert "Removed row 9." in text_of(page)
    assert counts_of(staff.get(url_of(open_batch))) == COUNTS | {"All": 9, "Removed": 1}
    page = form_to(staff.get(url_of(open_batch, "rows", 9)), "/restore").submit(status=303).follow()
    assert "Restored row 9." in text_of(page)
    assert counts_of(staff.get(url_of(open_batch)))["Duplicate in list"] == 4


def test_an_added_row_with_a_bad_price_is_not_added_and_is_shown_again(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    form = form_with(staff.get(url_of(open_batch, "rows", "new")), "item_code")
    form["item_code"], form["new_price"] = "000000013", "six"
    page = form.submit(status=422)
    again = form_with(page, "item_code")
    assert (again["item_code"].value, again["new_price"].value) == ("000000013", "six")
    assert catalogue.dump() == before


def test_all_rows_that_a_filter_shows_are_removed_after_saying_how_many(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    shown = staff.get(count_link(staff.get(url_of(open_batch)), "Duplicate in list"))
    question = shown.click("Remove filtered rows")
    assert "Remove 2 rows?" in text_of(question)
    page = form_with(question, "seen").submit(status=303).follow()
    assert "Removed 2 rows." in text_of(page, ".flashes")
    assert counts_of(staff.get(f"{url_of(open_batch)}?view=default"))["Removed"] == 2
    assert [catalogue.row(open_batch, sequence).removed for sequence in (5, 6, 7, 8)] == [
        False,
        True,
        True,
        False,
    ]


def test_removing_is_refused_when_the_filter_shows_other_rows_by_then_as_many_as_before(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    question = staff.get(url_of(open_batch, "rows", "remove") + "?f.sequence.equal=1")
    json_post(
        client_of("staff"),
        url_of(open_batch, "rows", 1, "cell"),
        200,
        {"field": "new_price", "value": "2.31", "version": catalogue.row(open_batch, 1).version},
    )
    page = form_with(question, "seen").submit(status=409)
    assert "1 row matches now, and they are not what you were shown" in text_of(page)
    assert not catalogue.row(open_batch, 1).removed
    post(staff, url_of(open_batch, "rows", "remove") + "?f.sequence.equal=1", status=400, seen="all")


def test_removing_is_refused_when_the_filter_shows_another_number_by_then(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    shown = staff.get(count_link(staff.get(url_of(open_batch)), "Increase"))
    question = form_with(shown.click("Remove filtered rows"), "seen")
    cell = url_of(open_batch, "rows", 4, "cell")
    json_post(client_of("staff"), cell, 200, {"field": "new_price", "value": "0.55", "version": "1"})
    before = catalogue.dump()
    page = question.submit(status=409)
    assert "Nothing was removed: 3 rows match now" in text_of(page)
    assert catalogue.dump() == before


def test_a_new_warning_limit_in_the_header_marks_the_rows_anew(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    assert [catalogue.row(open_batch, n).over_limit for n in (1, 2, 3)] == [False, False, False]
    form = form_with(staff.get(url_of(open_batch, "edit")), "warn_above")
    form["warn_above"], form["notes"] = "50", "Checked with the vendor."
    page = form.submit(status=303).follow()
    assert "Flag changes over (%)" in text_of(page, ".flashes")
    assert [catalogue.row(open_batch, n).over_limit for n in (1, 2, 3)] == [False, True, False]
    assert "more than 50" in catalogue.row(open_batch, 2).status_text
    assert "Checked with the vendor." in text_of(page)


def test_a_header_that_cannot_be_stored_is_shown_again_with_what_was_typed(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    form = form_with(staff.get(url_of(open_batch, "edit")), "warn_above")
    form["warn_above"], form["description"] = "a lot", "Kept while typing"
    page = form.submit(status=422)
    again = form_with(page, "warn_above")
    assert (again["warn_above"].value, again["description"].value) == ("a lot", "Kept while typing")
    assert catalogue.dump() == before


def test_a_field_is_marked_as_optional_only_where_another_is_required(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    assert not staff.get(url_of(open_batch, "rows", 1)).html.select(".field-optional")
    assert admin.get("/products/new").html.select(".field-optional")


def test_the_heading_says_who_created_the_batch_not_who_brought_it_where_it_is(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    assert " Complete created by staff, " in text_of(staff.get(url_of(open_batch)))


def test_a_rows_page_says_each_thing_once(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    def labels() -> list[str]:
        return [
            label.get_text() for label in staff.get(url_of(open_batch, "rows", 1)).html.select(".fact dt")
        ]

    assert {"Old price", "In catalogue", "Status"} <= {*labels()}
    assert not {"Row", "Item code", "New price", "Removed"} & {*labels()}
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    assert {"Item code", "New price"} <= {*labels()}
