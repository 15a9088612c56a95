"""The reason for an edit, as pages, scripts and commands are asked for it, for prices and imports."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from tests.batches.sheets import Book
from tests.functional.harness import (
    PRICE_LIST,
    CatalogueDatabase,
    form_to,
    form_with,
    number_in,
    post,
    text_of,
    token_of,
    upload,
    url_of,
)
from tests.jobs.harness import JobHarness
from webtest import TestApp, Upload

from batchbook.batches import Action, Policy
from batchbook.batches.models import Operation
from batchbook.batches.policies.stored import set_policy
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.services import services_of

#: Row 1 of the list has the price 2.20.
PRICE, DEAR, NEAR = Decimal("2.20"), "9.90", "2.30"
SENTENCE = "New price in row 1 changes from 2.20 to 9.90, by more than 20 %."


@pytest.fixture(autouse=True)
def policy(catalogue: CatalogueDatabase) -> None:
    """Edits of prices and of imports by more than 20 % need a reason."""
    wanted = Policy(edit_percent=Decimal(20), edit_reasons=("Typing error",))
    with transaction_scope(catalogue.engine) as session:
        for key in ("price_change", "import"):
            set_policy(session, key, wanted, utc_now(), "admin", 0)


def reasons(catalogue: CatalogueDatabase, batch: int) -> list[tuple[str, str | None]]:
    with transaction_scope(catalogue.engine, read_only=True) as session:
        found = session.execute(
            select(Operation.kind, Operation.reason)
            .where(Operation.batch_id == batch, Operation.cells > 0)
            .order_by(Operation.number)
        )
        return [tuple(row) for row in found]


def explained(page: Any, reason: str) -> Any:
    """Give the reason that a page asks for."""
    form = form_with(page, "edit_reason")
    form["edit_reason"] = reason
    return form.submit(status=303).follow()


def test_the_form_of_a_row_has_the_reason_or_asks_for_it(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    url = url_of(open_batch, "rows", 1)
    form = form_to(staff.get(url), "/edit")
    form["new_price"] = NEAR
    form.submit(status=303)
    form = form_to(staff.get(url), "/edit")
    form["new_price"] = DEAR
    page = form.submit(status=422)
    assert "New price in row 1 changes from 2.30 to 9.90, by more than 20 %." in text_of(page)
    assert page.html.select_one("datalist option")["value"] == "Typing error"
    assert catalogue.row(open_batch, 1).new_price == Decimal(NEAR)
    assert "Changed New price in row 1" in text_of(explained(page, "New contract <b>"), ".flashes")
    assert catalogue.row(open_batch, 1).new_price == Decimal(DEAR)
    form = form_to(staff.get(url), "/edit")
    form["new_price"], form["edit_reason"] = NEAR, "Typing error"
    form.submit(status=303)
    assert reasons(catalogue, open_batch) == [
        ("edit", None),
        ("edit", "New contract <b>"),
        ("edit", "Typing error"),
    ]
    assert "Reason: New contract <b>" in text_of(staff.get(url_of(open_batch, "history")))


def test_the_grid_is_asked_for_a_reason_and_sends_it(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(staff)}
    offered = {"reasons": ["Typing error"], "other_reasons": True}

    def cell(status: int, **more: str) -> Any:
        fields = {"field": "new_price", "value": DEAR, "version": "1"}
        return staff.post(
            url_of(open_batch, "rows", 1, "cell"), fields, headers=headers | more, status=status
        ).json

    def block(status: int, **more: str) -> Any:
        body = {"rows": {"keys": [2, 3]}, "columns": ["new_price"], "texts": [["80"]], "kind": "paste"}
        return staff.post_json(url_of(open_batch, "cells"), body, headers=headers | more, status=status).json

    def undo(status: int, **more: str) -> Any:
        return staff.post_json(url_of(open_batch, "undo"), {}, headers=headers | more, status=status).json

    for send in (cell, block, undo):
        before = catalogue.dump()
        asked = send(422)
        assert asked["reason_needed"] == offered
        assert asked["error"].startswith("Nothing was changed. New price in row ")
        assert catalogue.dump() == before
        send(200, **{"X-Edit-Reason": "%C3%84nderung"})
    assert reasons(catalogue, open_batch) == [(kind, "Änderung") for kind in ("edit", "paste", "undo")]


def test_a_column_and_a_worksheet_are_changed_with_a_reason(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    url = f"{url_of(open_batch, 'rows', 'change')}?do=percent&preview=1&column=new_price&value=50"
    page = form_with(staff.get(url), "seen").submit(status=422)
    assert catalogue.row(open_batch, 1).new_price == PRICE
    explained(page, "New contract")
    page = staff.get(url_of(open_batch))
    book = Book.read(page.click("^Download worksheet$").body)
    book[1, "New price"] = "1.00"
    form = form_to(page, "/worksheets")
    form["file"] = Upload("sheet.xlsx", book.save())
    page = form_with(form.submit(status=303).follow(), "seen").submit(status=422)
    assert "from 3.30 to 1.00" in text_of(page)
    assert "Changed 1 cell in 1 row from the worksheet." in text_of(explained(page, "From the vendor"))
    assert reasons(catalogue, open_batch) == [("change", "New contract"), ("worksheet", "From the vendor")]


def test_an_import_is_edited_with_a_reason(
    catalogue: CatalogueDatabase, staff: TestApp, import_of_prices: int
) -> None:
    url = f"/batches/import/{import_of_prices}/rows/1"
    form = form_to(staff.get(url), "/edit")
    name = next(name for name in form.fields if name and "price" in name and "seen" not in name)
    form[name] = DEAR
    page = form.submit(status=422)
    assert "by more than 20 %" in text_of(page)
    explained(page, "New contract")
    assert reasons(catalogue, import_of_prices) == [("edit", "New contract")]


@pytest.fixture
def import_of_prices(staff: TestApp) -> int:
    """An open import of prices."""
    form = form_with(staff.get("/batches/import/new"), "file")
    form["target"] = "product"
    form["file"] = Upload("list.csv", b"item_code,price\n000000011,2.20\n000000012,2.70\n")
    page = form.submit(status=303)
    return int(page.headers["Location"].rstrip("/").rpartition("/")[2].partition("?")[0])


def test_a_replay_needs_a_reason(catalogue: CatalogueDatabase, staff: TestApp, open_batch: int) -> None:
    form = form_to(staff.get(url_of(open_batch, "rows", 2)), "/edit")
    form["new_price"], form["edit_reason"] = "4.40", "Typing error"
    form.submit(status=303)
    after = number_in(upload(staff, PRICE_LIST, description="Again", vendor_code="V1"))
    page = form_to(staff.get(url_of(after, "replay")), "/replay").submit(status=422)
    assert "New price in row 2 changes from 8.00 to 4.40" in text_of(page)
    assert reasons(catalogue, after) == []
    explained(page, "As last time")
    assert reasons(catalogue, after) == [("replay", "As last time")]


class TestInTheBackground:
    """Edits that jobs do: nobody can be asked then."""

    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"batchbook.jobs": "workers", "batchbook.jobs.big_rows": "1"}

    def test_the_reason_is_asked_for_beforehand_and_kept(
        self, app: Any, catalogue: CatalogueDatabase, staff: TestApp
    ) -> None:
        jobs = JobHarness(services_of(app.registry), catalogue)
        jobs.jobs.store.prepare()
        batch = jobs.create()
        jobs.do(batch, Action.POPULATE)
        change = f"{url_of(batch, 'rows', 'change')}?preview=1&do="
        page = staff.get(f"{change}set&column=item_code&value=9")
        assert "jobs" in form_with(page, "seen").submit(status=303).headers["Location"]
        post(staff, "/jobs/2/cancel")
        page = form_with(staff.get(f"{change}percent&column=new_price&value=50"), "seen").submit(status=422)
        assert "A job changes these rows and cannot ask for a reason" in text_of(page)
        form = form_with(page, "edit_reason")
        form["edit_reason"] = "New contract"
        found = re.search(r"/jobs/(\d+)/", form.submit(status=303).headers["Location"])
        assert found
        assert jobs.run(int(found[1]))
        assert jobs.job(int(found[1])).state == "done"
        assert reasons(catalogue, batch) == [("change", "New contract")]
