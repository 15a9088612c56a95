"""The index of a batch type, and the contexts of its addresses."""

from __future__ import annotations

import pytest
from tests.functional.harness import (
    PATH,
    CatalogueDatabase,
    column_of,
    text_of,
    url_of,
)
from webtest import TestApp

from batchbook.batches import Action, RowTable
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.db.transactions import transaction_scope
from batchbook.grid import Kind
from batchbook.jobs import JobRequest
from batchbook.jobs.enqueue import add_job
from batchbook.jobs.models import JobState
from batchbook.types.price_change.models import PriceChangeRow, PriceStatus


def test_the_index_of_the_type_filters_by_state(
    catalogue: CatalogueDatabase, admin: TestApp, executed_batch: int
) -> None:
    assert column_of(admin.get(f"{PATH}?f.state.equal=executed"), "Executed by") == ["admin"]
    assert not admin.get(f"{PATH}?f.state.equal=open").html.select("table.grid")


ONE = pytest.mark.parametrize("backend", ["sqlite"])


def test_a_number_is_found_as_people_write_it(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    for clause in (f"equal={open_batch:08d}", f"contains=000{open_batch}", "starts=0000"):
        assert column_of(staff.get(f"{PATH}?f.number.{clause}"), "Number") == [f"{open_batch:08d}"], clause
    assert not staff.get(f"{PATH}?f.number.equal={open_batch}").html.select("table.grid")


def test_the_index_says_what_is_being_done_with_a_batch_or_will_be(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    def now() -> list[str]:
        return column_of(staff.get(PATH), "Now")

    def add(state: JobState, action: Action) -> None:
        with transaction_scope(catalogue.engine) as session:
            order = JobRequest(
                action.value,
                "Batch",
                "staff",
                {},
                batch_id=open_batch,
                batch_type="price_change",
                exclusive=True,
            )
            add_job(session, order, action.done).state = state

    assert now() == [""]
    add(JobState.SCHEDULED, Action.EXECUTE)
    assert now() == ["Scheduled"]
    add(JobState.RUNNING, Action.REFRESH)
    assert now() == ["Being refreshed"]  # That which runs comes before what will.


@ONE
def test_a_batch_that_is_not_there_is_named(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    page = staff.get(url_of(99), status=404)
    assert "There is no batch 00000099. It may have been deleted." in text_of(page)


@ONE
def test_a_batch_has_no_page_at_the_address_of_another_type(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    staff.get(f"/batches/import/{open_batch}", status=404)


@ONE
def test_what_a_job_holds_is_read_and_not_changed(
    catalogue: CatalogueDatabase, staff: TestApp, auditor: TestApp, open_batch: int
) -> None:
    with transaction_scope(catalogue.engine) as session:
        order = JobRequest(
            "refresh", "Batch", "admin", {}, batch_id=open_batch, batch_type="price_change", exclusive=True
        )
        add_job(session, order, "refreshed")
    staff.get(url_of(open_batch), status=200)
    staff.get(url_of(open_batch, "history"), status=200)
    page = staff.get(url_of(open_batch, "edit"), status=409)
    assert "It is waiting to be refreshed for admin" in text_of(page)
    # Who may not edit in any state hears of the role, not of the job.
    assert "refreshed" not in text_of(auditor.get(url_of(open_batch, "edit"), status=403))


class TestRowTable:
    """The columns of rows."""

    def names(self, table: RowTable) -> list[str]:
        return [column.name for column in table.all_columns(PriceChangeRow, PriceStatus, EVERYTHING)]

    def test_status_and_note_come_behind_the_columns_of_the_type(self) -> None:
        table = RowTable(("item_code", "new_price"), filter_columns=("over_limit",))
        assert self.names(table) == [
            "sequence", "item_code", "new_price", "status", "status_text", "over_limit", "removed", "problems",
        ]  # fmt: skip

    def test_the_status_stays_where_the_type_puts_it(self) -> None:
        assert self.names(RowTable(("status", "item_code")))[:4] == [
            "sequence", "status", "item_code", "status_text",
        ]  # fmt: skip

    def test_the_status_can_be_filtered_by_its_words(self) -> None:
        (status,) = [
            c for c in RowTable().all_columns(PriceChangeRow, PriceStatus, EVERYTHING) if c.name == "status"
        ]
        assert (status.kind, [choice.label for choice in status.choices][:1]) == (
            Kind.CHOICE,
            [next(iter(PriceStatus)).label],
        )
