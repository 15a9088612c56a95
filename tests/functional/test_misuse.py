"""A type whose code does what it may not: every page says so, and nothing is kept that is not told."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from sqlalchemy import text, update
from webtest import TestApp

import batchbook.batches
from batchbook.batches import Callbacks, Outcome, Rows
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.service import JobService
from batchbook.services import services_of
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChange

from .harness import OWN, CatalogueDatabase, form_to, form_with, json_post, text_of, url_of

NOTED = (*OWN, "batch", "operation")


def _after_edit(handler: Misusing, batch: PriceChange, rows: Rows) -> None:
    handler.refresh(batch, rows)
    handler.attempt("edit")


class Misusing(PriceChangeHandler):
    """Does in the hook called ``where`` what ``how`` says."""

    callbacks = Callbacks(after_edit=_after_edit)
    where: ClassVar[str] = ""
    how: ClassVar[str] = ""

    def attempt(self, where: str) -> None:
        if where != self.where:
            return
        if where != "describe":
            self.session.execute(update(Product).values(on_hand=77))
        if self.how == "commit":
            self.session.commit()
        elif self.how == "evade":
            driver: Any = self.session.connection().connection.driver_connection
            if isinstance(driver, sqlite3.Connection):
                driver.set_authorizer(None)
                driver.commit()
            else:
                driver.pgconn.exec_(b"COMMIT")
        elif self.how == "exit":
            raise SystemExit(3)
        else:
            self.session.execute(text(self.how))

    def describe_execution(self, batch: PriceChange, options: Mapping[str, Any]) -> list[str]:
        self.attempt("describe")
        return super().describe_execution(batch, options)

    def execute(self, batch: PriceChange, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        outcome = super().execute(batch, rows, options)
        self.attempt("execute")
        return outcome


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"batchbook.handler.price_change": f"{__name__}:Misusing"}


@pytest.fixture
def misuse(monkeypatch: pytest.MonkeyPatch) -> Any:
    def misuse(where: str, how: str) -> None:
        monkeypatch.setattr(Misusing, "where", where)
        monkeypatch.setattr(Misusing, "how", how)

    return misuse


@pytest.mark.parametrize("how", ["commit", "COMMIT", "CREATE TABLE mine (a INTEGER)", "exit"])
def test_an_execution_fails_and_its_page_says_why(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int, misuse: Any, how: str
) -> None:
    misuse("execute", how)
    before = catalogue.dump(without=NOTED)
    page = form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303).follow()
    said = "SystemExit: 3" if how == "exit" else " was refused: "
    assert said in text_of(page)
    assert "Everything is as it was before." in text_of(page, ".flashes")
    assert catalogue.dump(without=NOTED) == before
    assert catalogue.batch(complete_batch).state == "complete"
    misuse("", "")
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    assert catalogue.batch(complete_batch).state == "executed"


def test_where_the_transaction_was_ended_the_page_says_that_parts_may_have_been_kept(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int, misuse: Any
) -> None:
    misuse("execute", "evade")
    page = form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=500)
    assert "Some of its work may have been kept." in text_of(page)
    assert "and nothing was saved" not in text_of(page)
    batch = catalogue.batch(complete_batch)
    assert (batch.state, batch.executed_at) == ("complete", None)
    page = admin.get(url_of(complete_batch))
    assert "may have been kept" in text_of(page)
    assert form_to(page, "/execute")


@pytest.mark.parametrize("how", ["commit", "ROLLBACK", "DROP TABLE price_history", "exit"])
def test_an_edit_is_refused_and_nothing_is_kept(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, misuse: Any, how: str
) -> None:
    misuse("edit", how)
    before = catalogue.dump(without=OWN)
    status = 409 if how == "exit" else 500
    said = "SystemExit: 3" if how == "exit" else " was refused: "
    form = form_with(staff.get(url_of(open_batch, "rows", 1)), "new_price")
    form["new_price"] = "9.99"
    assert said in text_of(form.submit(status=status))
    cell = {"field": "new_price", "value": "9.99", "version": "1"}
    assert said in json_post(staff, url_of(open_batch, "rows", 1, "cell"), status, cell)["error"]
    assert catalogue.dump(without=OWN) == before


@pytest.mark.parametrize("how", ["commit", "COMMIT", "exit"])
def test_a_page_that_cannot_tell_what_will_happen_says_so(
    catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int, misuse: Any, how: str
) -> None:
    misuse("describe", how)
    before = catalogue.dump(without=OWN)
    page = admin.get(url_of(complete_batch))
    assert "What executing it would do cannot be told: " in text_of(page)
    assert catalogue.dump(without=OWN) == before


def test_the_page_of_a_batch_that_was_healed_says_why(
    app: Any, catalogue: CatalogueDatabase, admin: TestApp, complete_batch: int
) -> None:
    with transaction_scope(catalogue.engine) as session:
        batch = session.get_one(batchbook.batches.Batch, complete_batch)
        batch.state = "executing"
    assert "/execute" not in {form.action for form in admin.get(url_of(complete_batch)).forms.values()}
    for task in services_of(app.registry).get(JobService).upkeep:
        task(services_of(app.registry))
    page = admin.get(url_of(complete_batch))
    assert "was interrupted while it was executing" in text_of(page)
    assert form_to(page, "/execute")
