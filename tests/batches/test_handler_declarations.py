"""Declarations of handlers: the options of an execution, and callbacks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from batchbook.batches import Action, ExecutionPolicy, Outcome, State
from batchbook.batches.engine.preview import bind_options, options_as_json
from batchbook.errors import BadInput, Conflict

from .harness import BatchHarness, on_hand, stock
from .shelf_count import ShelfCountHandler

FILE = "item,counted,remark\n007,7,\n008,9,\n009,1,\n"


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))


def test_on_complete_may_refuse(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="locked")
    with pytest.raises(Conflict, match=r"The shelf is locked."):
        harness.run(batch_id, Action.COMPLETE)
    assert (harness.batch(batch_id).state, harness.batch(batch_id).completed_at) == (State.OPEN, None)


def executed(harness: BatchHarness, **options: str) -> int:
    batch_id = harness.open(FILE, shelf="A")
    harness.run(batch_id, Action.COMPLETE)
    harness.run(batch_id, Action.EXECUTE, **options)
    return batch_id


def test_options_are_parsed_used_and_kept(engine: Engine, harness: BatchHarness) -> None:
    batch = harness.batch(executed(harness, most=" 1 ", sign="Ann"))
    assert batch.execution_options == {"most": 1, "sign": "Ann"}
    assert on_hand(engine) == {"007": 7, "008": 9, "009": 9}


def test_defaults_stand_where_nothing_was_chosen(harness: BatchHarness) -> None:
    assert harness.batch(executed(harness)).execution_options == {"most": None, "sign": "the shop"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"most": "some"}, "Option most: “some” is not a whole number: use digits only."),
        ({"most": "-1"}, "Option most: “-1” is too small: the least is 0."),
        ({"sign": ""}, "Option sign: Signed by needs a value."),
        ({"colour": "red"}, "There is no execution option “colour”. Options of this type: most, sign."),
    ],
)
def test_options_that_do_not_fit_execute_nothing(
    engine: Engine, harness: BatchHarness, options: dict[str, str], sentence: str
) -> None:
    batch_id = harness.open(FILE, shelf="A")
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(BadInput) as caught:
        harness.run(batch_id, Action.EXECUTE, **options)
    assert caught.value.message == sentence
    assert harness.batch(batch_id).state == State.COMPLETE
    assert on_hand(engine)["008"] == 8


def test_a_type_without_options_takes_none(harness: BatchHarness) -> None:
    def execute(self: Any, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome(f"{rows.count()} rows with {dict(options)}.")

    parts = {"execution_policy": ExecutionPolicy(), "execute": execute}
    catalogue = harness.with_handler(type("Plain", (ShelfCountHandler,), parts))
    batch_id = catalogue.open(FILE, shelf="A")
    catalogue.run(batch_id, Action.COMPLETE)
    with pytest.raises(BadInput, match=r"Options of this type: none."):
        catalogue.run(batch_id, Action.EXECUTE, most="1")
    assert catalogue.run(batch_id, Action.EXECUTE).message.endswith("was executed: 3 rows with {}.")


def test_options_are_kept_as_json_can_hold_them(harness: BatchHarness) -> None:
    assert options_as_json({"a": Decimal("1.50"), "b": ("x", Decimal(2)), "c": None, "d": True, "e": 3}) == {
        "a": "1.50", "b": ["x", "2"], "c": None, "d": True, "e": 3,
    }  # fmt: skip
    with harness.engine() as at_work:
        handler = at_work.context_of_new(harness.batch_type, harness.batch_type.header()).handler
        assert bind_options(handler, {"most": "2"}) == {"most": 2, "sign": "the shop"}
