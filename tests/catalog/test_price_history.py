"""The price history: the grid over all changes, and the way to it from a product and from a batch."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, event, insert, select, text
from tests.functional.harness import CatalogueDatabase, column_of, result_count, text_of, url_of
from webtest import TestApp

from batchbook.catalog.models import PriceHistory, Product
from batchbook.catalog.price_history import SHOWN, PriceHistoryView
from batchbook.db.transactions import transaction_scope
from batchbook.grid import Grid, GridState, Sort
from batchbook.master.view import key_columns

PATH = "/price-history"
START = datetime(2026, 3, 1, 22, 30, 1, tzinfo=UTC)


def add_changes(engine: Engine, item_code: str, count: int) -> None:
    """Let a price of a product rise by a cent, again and again, a minute apart."""
    with transaction_scope(engine) as session:
        product_id = session.scalar(select(Product.id).where(Product.item_code == item_code))
        session.execute(
            insert(PriceHistory),
            [
                {
                    "product_id": product_id,
                    "item_code": item_code,
                    "old_price": Decimal(n).scaleb(-2),
                    "new_price": Decimal(n + 1).scaleb(-2),
                    "changed_at": START + timedelta(minutes=n),
                    "changed_by": ("ann", "bob")[n % 2],
                    "reason": f"Step {n}",
                }
                for n in range(count)
            ],
        )


def test_a_product_leads_to_all_of_its_changes(catalogue: CatalogueDatabase, auditor: TestApp) -> None:
    add_changes(catalogue.engine, "000000011", SHOWN + 3)
    add_changes(catalogue.engine, "000000012", 1)
    page = auditor.get("/products?f.item_code.equal=000000011").click("000000011")
    assert f"The latest {SHOWN} of {SHOWN + 3}" in text_of(page)
    everything = page.click(f"All {SHOWN + 3} changes")
    assert result_count(everything) == SHOWN + 3
    assert text_of(everything, "h1") == "Price history"
    assert text_of(everything, "[data-result-count]").startswith(f"{SHOWN + 3} price changes")
    assert set(column_of(everything, "Item code")) == {"000000011"}
    # Newest first, in the zone of the person, to the second.
    assert column_of(everything, "Changed")[:2] == ["2026-03-01 22:52:01", "2026-03-01 22:51:01"]
    assert column_of(everything, "Difference")[0] == "0.01"
    assert "All" not in text_of(auditor.get("/products?f.item_code.equal=000000012").click("000000012"))


def test_a_batch_leads_to_its_changes_and_each_change_to_its_row(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int
) -> None:
    page = auditor.get(url_of(executed_batch)).click("All 3 price changes")
    assert sorted(column_of(page, "Item code")) == ["000000011", "000000012", "000000021"]
    assert set(column_of(page, "Batch")) == {f"{executed_batch:08d}"}
    row = page.html.select_one('#grid a[href$="row=1"]')
    assert row is not None
    assert auditor.get(row["href"]).follow().request.path == url_of(executed_batch, "rows", 1)
    assert page.click("000000021").request.path.startswith("/products/")


FOUND = {
    "view=default": 6,
    "f.changed_by.equal=ann": 2,
    "f.changed_at.on=2026-03-01": 3,
    "f.changed_at.between=&f.changed_at.between=2026-02-28": 0,
    "f.vendor.equal=V2": 0,
    "f.vendor.equal=V1&f.department.equal=BAKERY": 5,
    "f.item_code_then.contains=0011": 4,
    "f.difference.greater=3": 1,
    "f.batch_id.not_empty=": 3,
    "f.batch_id.equal=00000001": 3,
    "f.reason.contains=step": 3,
}


def test_changes_are_found_by_product_person_batch_period_vendor_and_department(
    catalogue: CatalogueDatabase, staff: TestApp, executed_batch: int
) -> None:
    add_changes(catalogue.engine, "000000011", 3)
    assert {query: result_count(staff.get(f"{PATH}?{query}")) for query in FOUND} == FOUND


def test_every_page_of_any_order_holds_each_change_once(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    add_changes(catalogue.engine, "000000011", 45)
    for sort in ("-changed_at", "changed_at", "reason", "-reason", "-batch", "vendor"):
        seen = [
            reason
            for page in (1, 2, 3)
            for reason in column_of(staff.get(f"{PATH}?size=20&sort={sort}&page={page}"), "Reason")
        ]
        assert len(seen) == 45
        assert set(seen) == {f"Step {n}" for n in range(45)}
        if sort.endswith("reason"):
            assert seen == sorted(seen, reverse=sort.startswith("-"))


def test_they_are_exported_and_cannot_be_changed(
    catalogue: CatalogueDatabase, auditor: TestApp, admin: TestApp, executed_batch: int
) -> None:
    answer = auditor.get(f"{PATH}/export.csv?sort=item_code")
    first, *_rest = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")))
    assert (first["Item code"], first["Old price"], first["New price"]) == ("000000011", "2.00", "2.20")
    assert (first["Batch"], first["Row"], first["Vendor"]) == (f"{executed_batch:08d}", "1", "V1")
    assert auditor.get(f"{PATH}/export.xlsx").body.startswith(b"PK")
    assert f"{PATH}/new" not in admin.get(PATH)
    for address in (f"{PATH}/new", f"{PATH}/1", f"{PATH}/1/edit"):
        admin.get(address, status=404)


def test_who_may_not_see_products_does_not_see_their_prices(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, executed_batch: int
) -> None:
    assert PATH in admin.get(url_of(executed_batch))
    with transaction_scope(catalogue.engine) as session:
        session.execute(text("DELETE FROM role_permission WHERE permission = 'products:view'"))
    staff.get(PATH, status=403)
    assert PATH not in staff.get(url_of(executed_batch))
    assert f'href="{PATH}"' not in staff.get("/")


def test_pages_of_the_latest_and_the_earliest_changes_are_found_by_an_index(
    catalogue: CatalogueDatabase,
) -> None:
    add_changes(catalogue.engine, "000000011", 60)
    view = PriceHistoryView
    grid = Grid(view.columns(), view.base_select(), key_columns(view), view.default_sort)
    plans = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "LIMIT" in statement:
            on_sqlite = connection.dialect.name == "sqlite"
            plan = connection.connection.cursor()
            if not on_sqlite:  # For some rows only, PostgreSQL reads all of them.
                plan.execute("SET LOCAL enable_seqscan = off")
            plan.execute(f"EXPLAIN {'QUERY PLAN ' if on_sqlite else ''}{statement}", parameters)
            plans.append("\n".join(str(row[-1]) for row in plan.fetchall()))

    with transaction_scope(catalogue.engine, read_only=True) as session:
        event.listen(catalogue.engine, "before_cursor_execute", explain)
        states = (GridState(), GridState(page=2), GridState(sort=(Sort("changed_at"),)))
        found = [grid.window(session, state, None).rows for state in states]
        event.remove(catalogue.engine, "before_cursor_execute", explain)
    assert [len(rows) for rows in found] == [50, 10, 50]
    assert found[1][-1] == found[2][0]
    assert ["ix_price_history_changed_at" in plan for plan in plans] == [True] * 3
