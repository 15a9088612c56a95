"""Staff look at the rows that matter: by a count, by filters, as a file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from tests.functional.harness import (
    COUNTS,
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    count_link,
    counts_of,
    form_with,
    number_in,
    post,
    result_count,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.master import GridSetting


def test_a_click_on_a_count_shows_just_those_rows(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(url_of(open_batch))
    for label, count in ((label, count) for label, count in COUNTS.items() if count):
        shown = staff.get(count_link(page, label))
        assert result_count(shown) == count == len(column_of(shown, "Row"))
    assert column_of(staff.get(count_link(page, "Decrease")), "Item code") == ["000000012"]


def test_a_count_and_the_rows_behind_it_agree_when_rows_are_removed(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    post(staff, url_of(open_batch, "rows", 1, "remove"), version="1")
    page = staff.get(url_of(open_batch))
    assert counts_of(page)["Increase"] == 1
    assert counts_of(page)["Removed"] == 1
    for label in ("Increase", "Removed"):
        assert result_count(staff.get(count_link(page, label))) == 1, label


def test_the_filter_form_finds_rows_by_words_and_by_figures(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch)), "column.0")
    form["column.0"], form["verb.0"] = "description", "contains"
    form.set("value.0", "bread", 0)
    page = form.submit("do", index=0).follow()
    assert column_of(page, "Description") == ["RYE BREAD", "WHEAT BREAD"]
    form = form_with(page, "column.1")
    form["column.1"], form["verb.1"] = "new_price", "greater"
    form.set("value.1", "2.50", 0)
    assert column_of(form.submit("do", index=0).follow(), "Description") == ["WHEAT BREAD"]


def test_a_view_is_remembered_for_its_user_alone_and_can_be_shared_as_a_link(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch)), "column.0")
    form["column.0"], form["verb.0"] = "item_code", "equal"
    form.set("value.0", "000000013", 0)
    shared = form.submit("do", index=0).headers["Location"]
    assert result_count(staff.get(url_of(open_batch))) == 1
    admin = client_of("admin")
    assert result_count(admin.get(url_of(open_batch))) == 8
    assert column_of(admin.get(shared), "Description") == ["PRETZEL"]
    assert (
        result_count(admin.get(url_of(open_batch))) == 8
    )  # Looking at another's link is not a choice of one's own.
    reset = form_with(staff.get(url_of(open_batch)), "column.0")
    reset.submit("do", value="reset")
    assert result_count(staff.get(url_of(open_batch))) == 8


def test_filters_belong_to_a_batch_and_the_sort_to_its_type(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    sorted_page = staff.get(f"{url_of(open_batch)}?sort=-new_price&size=20")
    form = form_with(sorted_page, "column.0")
    form["column.0"], form["verb.0"] = "description", "contains"
    form.set("value.0", "bread", 0)
    form.submit("do", index=0)
    assert column_of(staff.get(url_of(open_batch)), "Description") == ["WHEAT BREAD", "RYE BREAD"]
    other = number_in(upload(staff, PRICE_LIST, description="Autumn prices", vendor_code="V1"))
    assert column_of(staff.get(url_of(other)), "Description")[:3] == [
        "OAT FLAKES",
        "WHEAT BREAD",
        "RYE BREAD",
    ]
    assert result_count(staff.get(url_of(other))) == 8
    assert result_count(staff.get(url_of(open_batch))) == 2
    kept = select(GridSetting.grid).order_by(GridSetting.grid)
    with catalogue.engine.connect() as connection:
        assert connection.scalars(kept).all() == [f"batch.{open_batch}.rows", "rows.price_change"]
    post(admin, url_of(open_batch, "delete"))
    with catalogue.engine.connect() as connection:
        assert connection.scalars(kept).all() == ["rows.price_change"]


def test_the_rows_that_a_filter_shows_are_exported(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    shown = staff.get(count_link(staff.get(url_of(open_batch)), "Decrease"))
    csv_file = shown.click("CSV")
    assert csv_file.content_type == "text/csv"
    lines = csv_file.body.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "000000012" in lines[1]
    assert "2.70" in lines[1]
    xlsx = shown.click("Excel")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(xlsx.body)).get_sheet_by_index(0).to_python()
    assert len(sheet) == 2
    assert "000000012" in sheet[1]
    assert 2.7 in sheet[1]
    assert zipfile.ZipFile(io.BytesIO(xlsx.body)).testzip() is None


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_export_by_a_filter_that_cannot_be_read_is_refused(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    for path in (
        f"{url_of(open_batch)}/rows.csv?f.new_price.greater=abc",
        "/products/export.xlsx?f.price.less=x",
    ):
        assert "Nothing was exported" in staff.get(path, status=400).text


@pytest.mark.parametrize("backend", ["sqlite"])
def test_cells_are_edited_in_place_only_while_the_batch_is_open_and_never_in_a_removed_row(
    catalogue: CatalogueDatabase, staff: TestApp, auditor: TestApp, open_batch: int
) -> None:
    def editable(browser: TestApp) -> set[str]:
        return {row["data-key"] for row in browser.get(url_of(open_batch)).html.select("tr:has([data-cell])")}

    grid = staff.get(url_of(open_batch)).html.select_one("row-grid")
    assert grid["data-cell-url"] == url_of(open_batch, "rows", "{key}", "cell")
    rows = editable(staff)
    assert "1" in rows
    post(staff, url_of(open_batch, "rows", 1, "remove"), version="1")
    assert editable(staff) == rows - {"1"}
    post(staff, url_of(open_batch, "complete"))
    assert editable(staff) == set()
    assert "data-cell-url" not in staff.get(url_of(open_batch)).html.select_one("row-grid").attrs


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_cell_that_could_not_be_read_shows_its_text_and_why(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    (cell,) = staff.get(url_of(open_batch)).html.select(".cell-error")
    assert "cheap" in cell.get_text()
    assert "is not a number" in cell.get_text()


def test_columns_and_rows_of_an_export_are_chosen(staff: TestApp, open_batch: int) -> None:
    page = staff.get(f"{url_of(open_batch)}?f.size.equal=500+G&sort=-item_code").click(
        "Choose columns and rows"
    )
    form = next(one for one in page.forms.values() if "columns" in one.fields)
    for box in form.fields["columns"]:
        box.checked = box._value in ("item_code", "size")
    url = page.html.select_one("button[formaction$='rows.csv']")["formaction"]

    def exported(**more: str) -> list[str]:
        for name, value in more.items():
            form[name] = value
        text = staff.get(url, form.submit_fields()).body.decode("utf-8-sig")
        return text.splitlines()

    assert exported() == ["Item code,Size", "000000012,500 G", "000000011,500 G"]
    assert len(exported(rows="all")) == 9
    assert exported(rows="numbers", numbers="1, 8") == ["Item code,Size", "000000099,1 L", "000000011,500 G"]
    staff.get(f"{url}?rows=numbers&numbers=x", status=400)
    staff.get(f"{url}?columns=nothing", status=400)


def test_lists_of_records_are_exported_by_choice(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    page = staff.get("/products").click("Custom export")
    url = page.html.select_one("button[formaction]")["formaction"]
    answer = staff.get(f"{url}?columns=price&columns=item_code&rows=all")
    assert answer.body.decode("utf-8-sig").splitlines()[:2] == ["Price,Item code", "2.00,000000011"]
