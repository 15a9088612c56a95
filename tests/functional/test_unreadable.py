"""Values in the database that are none of their columns, put there by SQL: every page is there and shows them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, inspect
from webtest import TestApp

from batchbook.batches import Total
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChange

from .addresses import Addresses
from .harness import CatalogueDatabase, column_of, form_with, json_post, post, text_of, url_of
from .test_imports import IMPORTS, number_of, send

#: How SQLite is given a value of another type, and what a page shows of it in a column of numbers.
STRANGE = {
    "'=1+1'": "“=1+1” (not readable)",
    "x'41ff'": "“A\\xff” (not readable)",
    "1.5": "0.015",
    "9e999": "",
}
#: Pages of an import, and what the framework itself counts by.
_PAGES = (
    "",
    "/rows/1",
    "/rows/1/file",
    "/rows/2",
    "/problems",
    "/history",
    "/edit",
    "/stale",
    "/rows.csv",
    "/rows.xlsx",
    "/worksheet.xlsx",
)
_BOOKKEEPING = ("batch_id", "id", "sequence", "version")


def spoil(engine: Engine, batch: int, value: str, *tables: str) -> None:
    """Put ``value`` into every column of the batch's first row and of the header that its type adds, or of ``tables``."""
    with engine.begin() as connection:
        for table in tables or ("price_change_row", "price_change"):
            where = f"batch_id = {batch} AND sequence = 1" if "row" in table.split("_") else f"id = {batch}"
            names = [
                c["name"] for c in inspect(connection).get_columns(table) if c["name"] not in _BOOKKEEPING
            ]
            values = ", ".join(f"{name} = {value}" for name in names if name != "removed")
            connection.exec_driver_sql(f"UPDATE {table} SET {values} WHERE {where}")


@pytest.mark.parametrize(
    "value", [*STRANGE, "''", "9223372036854775807", "CAST(x'41ff' AS TEXT)", "'[5, {}]'"]
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_page_of_a_batch_is_there_whatever_its_cells_hold(
    catalogue: CatalogueDatabase, admin: TestApp, addresses: Addresses, open_batch: int, value: str
) -> None:
    asked = [addresses.url(address, open_batch) for address in addresses.of_batches("GET")]
    asked += [
        "/",
        "/batches",
        "/batches/price-change",
        "/batches/price-change.csv",
        "/batches/price-change.xlsx",
    ]
    asked += [url_of(open_batch, "rows.xlsx"), f"{url_of(open_batch)}?sort=-new_price&f.item_code.not_empty="]
    before = {url: admin.get(url, expect_errors=True).status_int for url in asked}
    spoil(catalogue.engine, open_batch, value)
    assert {url: admin.get(url, expect_errors=True).status_int for url in asked} == before
    assert list(before.values()).count(200) > 15


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_page_of_an_import_is_there_whatever_its_cells_hold(
    catalogue: CatalogueDatabase, admin: TestApp, value: str
) -> None:
    answer = send(admin, "item_code,description,price\n000000011,RYE,2.20\n000000012,WHEAT,3.10\n")
    number = number_of(answer)
    asked = [f"{IMPORTS}/{number}{end}" for end in _PAGES]
    before = {url: admin.get(url, expect_errors=True).status_int for url in asked}
    assert [*before.values()].count(200) > 6, before
    spoil(catalogue.engine, number, value, f"row_{number}")
    assert {url: admin.get(url, expect_errors=True).status_int for url in asked} == before


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(("value", "shown"), [*STRANGE.items()][:3])
def test_the_cell_shows_what_it_holds(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, value: str, shown: str
) -> None:
    spoil(catalogue.engine, open_batch, value)
    assert column_of(staff.get(url_of(open_batch)), "New price")[0] == shown
    record = next(
        csv.DictReader(io.StringIO(staff.get(url_of(open_batch, "rows.csv")).body.decode("utf-8-sig")))
    )
    assert record["New price"] == shown
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(staff.get(url_of(open_batch, "rows.xlsx")).body))
    heads, first, *_ = sheet.get_sheet_by_index(0).to_python()
    assert str(dict(zip(heads, first, strict=True))["New price"]) == shown


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_cell_that_cannot_be_read_can_be_corrected(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    with catalogue.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE price_change_row SET new_price = 'dear' WHERE sequence = 1")
    page = staff.get(url_of(open_batch, "rows", 1))
    form = form_with(page, "new_price")
    assert form["new_price"].value == "dear"
    form["new_price"] = "2.50"
    form.submit(status=303)
    assert str(catalogue.row(open_batch, 1).new_price) == "2.50"
    assert "dear" in text_of(staff.get(url_of(open_batch, "history")))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_done_with_such_a_batch_is_done_or_refused(
    catalogue: CatalogueDatabase, admin: TestApp, open_batch: int
) -> None:
    spoil(catalogue.engine, open_batch, "'abc'")
    for end in ("refresh", "complete", "reopen", "clone"):
        assert post(admin, url_of(open_batch, end), status="*").status_int < 500, end
    cell = {"field": "new_price", "value": "cheap", "version": "1"}
    assert json_post(admin, url_of(open_batch, "rows", 1, "cell"), 422, cell)["error"]
    assert post(admin, url_of(open_batch, "edit"), status="*", version="1", warn_above="5").status_int < 500
    assert admin.get(url_of(open_batch)).status_int == 200


@pytest.mark.parametrize("backend", ["postgresql"])
def test_what_postgresql_holds_and_python_does_not_is_shown(
    catalogue: CatalogueDatabase, staff: TestApp, addresses: Addresses, open_batch: int
) -> None:
    with catalogue.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE price_change_row SET new_price = 'NaN', modified_at = 'infinity', issues = '[5]' WHERE sequence = 1"
        )
        connection.exec_driver_sql("UPDATE price_change SET percent = 'NaN', warn_above = 'NaN'")
    asked = [addresses.url(address, open_batch) for address in addresses.of_batches("GET")]
    found = {url: staff.get(url, expect_errors=True).status_int for url in asked}
    assert {url: status for url, status in found.items() if status >= 500} == {}
    assert column_of(staff.get(url_of(open_batch)), "New price")[0] == "“NaN” (not readable)"


class Adding(PriceChangeHandler):
    """Adds up what the cells hold, which fails for a text."""

    def totals(self, batch: PriceChange) -> list[Total]:
        rows = self.session.scalars(
            self.row_model.__table__.select().with_only_columns(self.row_model.new_price)
        )
        return [Total("Sum", sum(price or 0 for price in rows))]

    def describe_execution(self, batch: PriceChange, options: Any) -> list[str]:
        return [f"{batch.warn_above or 0:.2f} is much."]


@pytest.mark.parametrize("backend", ["sqlite"])
class TestAHandlerThatFailsToTell:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"batchbook.handler.price_change": f"{__name__}:Adding"}

    def test_is_told_of_on_the_page(
        self, catalogue: CatalogueDatabase, staff: TestApp, complete_batch: int
    ) -> None:
        assert "0.00 is much." in text_of(staff.get(url_of(complete_batch)))
        with catalogue.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE price_change_row SET new_price = 'dear' WHERE sequence = 1")
            connection.exec_driver_sql("UPDATE price_change SET warn_above = 'much'")
        page = text_of(staff.get(url_of(complete_batch)))
        assert "Totals Cannot be computed: TypeError" in page
        assert "What executing it would do cannot be told: ValueError" in page
