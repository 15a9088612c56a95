"""What executing would do, as pages and commands tell it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, stock
from tests.batches.shelf_count import ShelfCountHandler

from batchbook.batches import Action, ExecutionPolicy
from batchbook.batches.engine.preview import ExecutionPreview, preview_execution
from batchbook.forms import Field, Form
from batchbook.grid import Kind

FILE = "item,counted,remark\n007,7,\n"


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 1))


def plan(harness: BatchHarness, batch_id: int) -> ExecutionPreview | None:
    with harness.engine() as engine:
        return preview_execution(engine.context_of(engine.find(batch_id)))


def test_without_rows_it_says_so_and_after_the_execution_there_is_none(harness: BatchHarness) -> None:
    batch_id = harness.create(FILE, shelf="A")
    assert plan(harness, batch_id) == ExecutionPreview((), ("It has no rows yet: populate it first.",))
    harness.run(batch_id, Action.POPULATE, Action.COMPLETE, Action.EXECUTE)
    assert plan(harness, batch_id) is None


def test_an_open_batch_says_what_would_happen_and_what_must_come_first(harness: BatchHarness) -> None:
    found = plan(harness, harness.open(FILE, shelf="A"))
    assert found is not None
    assert found.sentences
    assert found.reasons == ("It is still open for changes: mark it complete first.",)


def test_an_option_that_must_be_chosen_is_waited_for(harness: BatchHarness) -> None:
    options = Form([Field.of("reason", Kind.TEXT, required=True)])
    parts = {
        "execution_policy": ExecutionPolicy(options=options),
        "describe_execution": lambda _self, _batch, chosen: [f"Because of {chosen['reason']}."],
    }
    asking = harness.with_handler(type("Asking", (ShelfCountHandler,), parts))
    batch_id = asking.open(FILE, shelf="A")
    asking.run(batch_id, Action.COMPLETE)
    assert plan(asking, batch_id) == ExecutionPreview((), ())
