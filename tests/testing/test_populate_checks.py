"""The checks of populate, refresh and statements complain about a handler that is broken."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from batchbook.batches import Status, Total
from batchbook.catalog.models import Product
from batchbook.testing.databases import Databases
from batchbook.types.price_change.handler import PriceChangeHandler

from .broken_types import broken, complaint

SOURCE = PriceChangeHandler.file_source


class RefreshesForEver(PriceChangeHandler):
    def refresh(self, batch: Any, rows: Any) -> None:
        rows.update(status_text=f"Refreshed at {self.context.now}", status="increase")


class GivesNumbers(PriceChangeHandler):
    def populate(self, batch: Any) -> Any:
        yield from ({"item_code": code, "new_price": 1} for code in ("A", 2))


class HasFewStatuses(PriceChangeHandler):
    statuses = Status("Few", {"UNCHANGED": ("unchanged",)})  # type: ignore[assignment]


class PopulatesNothing(PriceChangeHandler):
    def populate(self, batch: Any) -> Any:
        return []


def without_bad_rows(handler: Any, name: str, file: Any) -> Any:
    return (row for row in SOURCE.parse_table(handler, name, file) if "issues" not in row)


class DropsBadRows(PriceChangeHandler):
    file_source = replace(SOURCE, parse=without_bad_rows)


def without_bad_texts(handler: Any, name: str, file: Any) -> Any:
    for row in SOURCE.parse_table(handler, name, file):
        yield {**row, "issues": [{**issue, "raw": None} for issue in row.get("issues", ())]}


class ForgetsBadText(PriceChangeHandler):
    file_source = replace(SOURCE, parse=without_bad_texts)


class LooksUpEachRow(PriceChangeHandler):
    def refresh(self, batch: Any, rows: Any) -> None:
        super().refresh(batch, rows)
        for row in rows:
            row.old_price = self.session.scalar(
                select(Product.price).where(Product.item_code == row.item_code)
            )


class CountsEachRow(PriceChangeHandler):
    def totals(self, batch: Any) -> list[Total]:
        return [Total("Row", self.session.scalar(select(func.count()))) for _ in range(batch.row_count)]


@pytest.mark.parametrize(
    ("handler", "check", "words"),
    [
        (PopulatesNothing, "test_populate_gives_numbered_rows", "populate yielded no rows"),
        (
            GivesNumbers,
            "test_every_value_is_one_of_its_column",
            "row 2: “2” came as a number, but Item code takes",
        ),
        (
            RefreshesForEver,
            "test_refreshing_again_changes_nothing",
            "must change nothing if the outside data are unchanged",
        ),
    ],
)
def test_a_broken_populate_or_refresh(
    databases: Databases, handler: type[Any], check: str, words: str
) -> None:
    with broken(databases, handler) as (kit, harness):
        assert words in complaint(getattr(kit, check), harness, harness.made)


def test_a_status_that_is_not_declared_fails_before_any_check(databases: Databases) -> None:
    with pytest.raises(AssertionError, match=r"“increase”, which Swapped\.statuses does not"):  # noqa: SIM117 - It fails on entering.
        with broken(databases, HasFewStatuses):
            pass


@pytest.mark.parametrize(
    ("handler", "words"),
    [(DropsBadRows, "in the file, but no issue"), (ForgetsBadText, "must keep the original text")],
)
def test_a_bad_cell_that_is_lost(databases: Databases, handler: type[Any], words: str) -> None:
    with broken(databases, handler, rows=0) as (kit, harness):
        assert words in complaint(kit.test_a_bad_cell_keeps_its_row_and_its_text, harness)


@pytest.mark.parametrize(
    ("handler", "check", "words"),
    [
        (LooksUpEachRow, "test_statements_do_not_grow_with_the_rows", "never once per row"),
        (
            CountsEachRow,
            "test_a_page_costs_the_same_for_few_and_many_rows",
            "statements for 10 rows and 1",
        ),
    ],
)
def test_statements_that_grow_with_the_rows(
    databases: Databases, handler: type[Any], check: str, words: str
) -> None:
    @contextmanager
    def harness_of(rows: int) -> Any:
        with broken(databases, handler, rows) as (_kit, harness):
            yield harness

    with broken(databases, handler, rows=0) as (kit, _harness):
        assert words in complaint(getattr(kit, check), harness_of)
