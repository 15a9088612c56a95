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


def plan(workshop: BatchHarness, batch_id: int) -> ExecutionPreview | None:
    with workshop.engine() as engine:
        return preview_execution(engine.work_on(engine.find(batch_id)))


def test_without_rows_it_says_so_and_after_the_execution_there_is_none(workshop: BatchHarness) -> None:
    batch_id = workshop.create(FILE, shelf="A")
    assert plan(workshop, batch_id) == ExecutionPreview((), ("It has no rows yet: populate it first.",))
    workshop.run(batch_id, Action.POPULATE, Action.COMPLETE, Action.EXECUTE)
    assert plan(workshop, batch_id) is None


def test_an_open_batch_says_what_would_happen_and_what_must_come_first(workshop: BatchHarness) -> None:
    found = plan(workshop, workshop.open(FILE, shelf="A"))
    assert found is not None
    assert found.sentences
    assert found.reasons == ("It is still open for changes: mark it complete first.",)


def test_an_option_that_must_be_chosen_is_waited_for(workshop: BatchHarness) -> None:
    options = Form([Field.of("reason", Kind.TEXT, required=True)])
    parts = {
        "execution_policy": ExecutionPolicy(options=options),
        "describe_execution": lambda _self, _batch, chosen: [f"Because of {chosen['reason']}."],
    }
    asking = workshop.with_handler(type("Asking", (ShelfCountHandler,), parts))
    batch_id = asking.open(FILE, shelf="A")
    asking.run(batch_id, Action.COMPLETE)
    assert plan(asking, batch_id) == ExecutionPreview((), ())
