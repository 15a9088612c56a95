"""The stock movements and the cost history: what writes them, their grids, and the way to them from a product."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError
from tests.functional.harness import CatalogueDatabase, column_of, form_with, result_count
from webtest import TestApp

from batchbook.catalog.loader import COLUMNS, load
from batchbook.catalog.models import CostHistory, Product, StockMovement, Vendor
from batchbook.db.transactions import transaction_scope

BREAD = "000000011"


def costs(engine: Engine) -> list[tuple[Any, ...]]:
    h = CostHistory
    wanted = select(h.item_code, Vendor.code, h.old_cost, h.new_cost, h.changed_by, h.reason).outerjoin(
        h.vendor
    )
    with transaction_scope(engine, read_only=True) as session:
        return [tuple(row) for row in session.execute(wanted.order_by(h.id))]


def movements(engine: Engine) -> list[tuple[Any, ...]]:
    m = StockMovement
    wanted = select(m.item_code, m.kind, m.before, m.change, m.after, m.cost, m.changed_by, m.reason)
    with transaction_scope(engine, read_only=True) as session:
        return [tuple(row) for row in session.execute(wanted.order_by(m.id))]


def edit_form(client: TestApp, engine: Engine) -> Any:
    with transaction_scope(engine, read_only=True) as session:
        product = session.scalar(select(Product.id).where(Product.item_code == BREAD))
    return form_with(client.get(f"/products/{product}/edit"), "description")


def test_a_product_leads_to_its_movements_and_costs(
    catalogue: CatalogueDatabase, admin: TestApp, auditor: TestApp
) -> None:
    form = edit_form(admin, catalogue.engine)
    form["on_hand"], form["cost"], form["direct_edit_reason"] = "7", "1.10", "Found two"
    form.submit(status=303)
    assert movements(catalogue.engine) == [(BREAD, "edit", 5, 2, 7, Decimal("1.10"), "admin", "Found two")]
    assert costs(catalogue.engine) == [(BREAD, None, None, Decimal("1.10"), "admin", None)]
    page = auditor.get(f"/products?f.item_code.equal={BREAD}").click(BREAD)
    found = page.click("Stock movements", href="equal")
    assert (result_count(found), column_of(found, "After"), column_of(found, "Value")) == (
        1,
        ["7"],
        ["2.20"],
    )
    found = page.click("Cost history", href="equal")
    assert (result_count(found), column_of(found, "New cost")) == (1, ["1.10"])
    assert result_count(auditor.get("/cost-history?f.item_code.equal=000000012")) == 0
    assert result_count(auditor.get("/stock-movements?f.department.equal=BAKERY&f.change.greater=1")) == 1


def test_what_does_not_change_is_not_recorded(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    form = edit_form(staff, catalogue.engine)
    form["description"] = "DARK BREAD"
    form.submit(status=303)
    form = form_with(admin.get("/products/new"), "description")
    form["item_code"], form["description"], form["price"], form["cost"] = "77", "NEW", "1", "0.50"
    form["on_hand"], form["direct_edit_reason"] = "3", "Opening day"
    form.submit(status=303)
    assert (costs(catalogue.engine), movements(catalogue.engine)) == ([], [])


def test_a_catalogue_file_records_both(catalogue: CatalogueDatabase) -> None:
    lines = (
        ",".join((*COLUMNS, "cost", "case_pack")),
        f"{BREAD},RYE BREAD,BAKERY,BREAD,MILL,500 G,V2,2.00,8,1.25,6",
        "000000012,WHEAT BREAD,BAKERY,BREAD,MILL,500 G,V1,3.00,5,,",
        "000000077,NEW,BAKERY,BREAD,MILL,500 G,V1,3.00,5,1.00,12",
    )
    with transaction_scope(catalogue.engine) as session:
        load(session, "catalog.csv", io.BytesIO("\n".join(lines).encode()), by="test", reason="Moved")
        packs = dict(session.execute(select(Product.item_code, Product.case_pack).where(Product.item_code.in_([BREAD, "000000077"]))).all())  # fmt: skip
    assert packs == {BREAD: 6, "000000077": 12}
    assert costs(catalogue.engine) == [(BREAD, None, None, Decimal("1.25"), "test", "Moved")]
    assert movements(catalogue.engine) == [(BREAD, "load", 5, 3, 8, None, "test", "Moved")]


@pytest.mark.parametrize("model", [CostHistory, StockMovement])
def test_the_database_lets_nobody_change_them(catalogue: CatalogueDatabase, model: Any) -> None:
    values = {
        CostHistory: {"old_cost": None, "new_cost": Decimal(1), "effective_on": date(2026, 11, 30)},
        StockMovement: {"kind": "count", "before": 5, "change": 1, "after": 6},
    }[model]
    table = model.__table__
    with catalogue.engine.begin() as connection:
        product = connection.scalar(select(Product.id).where(Product.item_code == BREAD))
        connection.execute(
            insert(model).values(product_id=product, item_code=BREAD, changed_by="test", **values)
        )
    for statement in (table.delete(), table.update().values(item_code="x")):
        with pytest.raises(DBAPIError, match="append-only"), catalogue.engine.begin() as connection:
            connection.execute(statement)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("path", ["/cost-history", "/stock-movements"])
def test_they_are_exported_and_cannot_be_changed(
    catalogue: CatalogueDatabase, auditor: TestApp, admin: TestApp, path: str
) -> None:
    form = edit_form(admin, catalogue.engine)
    form["on_hand"], form["cost"], form["direct_edit_reason"] = "7", "1.10", "Found two"
    form.submit(status=303)
    answer = auditor.get(f"{path}/export.csv")
    (row,) = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")))
    assert (row["Item code"], row["Department"]) == (BREAD, "BAKERY")
    for address in (f"{path}/new", f"{path}/1", f"{path}/1/edit"):
        admin.get(address, status=404)
