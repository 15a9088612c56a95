"""What authors may say about their type is heard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from batchbook.batches import BatchHandler, Severity, Status, Total

from .harness import BatchHarness, stock
from .shelf_count import CountStatus, ShelfCountHandler

FILE = "item,counted,remark\n007,7,\n008,9,\n009,1,\n"


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))


def test_the_header_status_follows_the_rows(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    assert harness.batch(batch_id).status == "wanting"
    harness.edit(batch_id, 2, counted="8")
    assert harness.batch(batch_id).status == "wanting"
    harness.remove(batch_id, 3)
    assert harness.batch(batch_id).status == "fine"
    harness.remove(batch_id, 3, removed=False)
    assert harness.batch(batch_id).status == "wanting"


def test_a_type_without_header_statuses_has_none(harness: BatchHarness) -> None:
    plain = type(
        "Plain",
        (ShelfCountHandler,),
        {"header_statuses": None, "header_status": BatchHandler.header_status, "totals": BatchHandler.totals},
    )
    catalogue = harness.with_handler(plain)
    batch_id = catalogue.open(FILE, shelf="A")
    assert catalogue.batch(batch_id).status is None
    with catalogue.engine() as at_work:
        assert at_work.context_of(at_work.find(batch_id)).handler.totals(at_work.find(batch_id)) == []


def test_totals_and_descriptions_are_computed_from_the_rows(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    harness.remove(batch_id, 1)
    with harness.engine() as at_work:
        batch = at_work.find(batch_id)
        handler = at_work.context_of(batch).handler
        assert handler.totals(batch) == [Total("Counted", 10)]
        assert handler.describe_execution(batch, {}) == ["2 rows will be executed."]
        assert handler.why_not_execute(batch) is None
    harness.remove_where(batch_id, harness.batch_type.row.sequence > 1)
    with harness.engine() as at_work:
        batch = at_work.find(batch_id)
        assert at_work.context_of(batch).handler.why_not_execute(batch) == "It has no rows to execute."


def test_a_handler_knows_who_acts_when_and_by_which_settings(harness: BatchHarness) -> None:
    with harness.by("ann").engine() as at_work:
        context = at_work.context_of_new(harness.batch_type, harness.batch_type.header()).handler.context
        assert (context.actor, context.settings, context.session) == ("ann", {}, at_work.session)
        assert context.now.utcoffset() == timedelta(0)


def test_a_status_is_its_text_and_carries_its_words() -> None:
    assert CountStatus.DIFFERS == "differs"
    assert f"{CountStatus.DIFFERS}" == "differs"
    assert (CountStatus.DIFFERS.label, CountStatus.DIFFERS.severity, CountStatus.DIFFERS.sign) == (
        "Differs", Severity.WARNING, "≠",
    )  # fmt: skip
    assert (CountStatus.UNCOUNTED.label, CountStatus.UNCOUNTED.severity) == ("Uncounted", Severity.NEUTRAL)
    assert issubclass(CountStatus, Status)
