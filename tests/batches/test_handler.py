"""What authors may say about their type is heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from batchbook.batches import Action, BatchHandler, ExecutionPolicy, Outcome, Severity, State, Status, Total
from batchbook.batches.engine.preview import bind_options, options_as_json
from batchbook.errors import BadInput, Conflict

from .harness import BatchHarness, on_hand, stock
from .shelf_count import CountStatus, ShelfCountHandler

FILE = "item,counted,remark\n007,7,\n008,9,\n009,1,\n"


AUTOMATIC = replace(ShelfCountHandler.execution_policy, automatic=True)


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))


def test_the_header_status_follows_the_rows(workshop: BatchHarness) -> None:
    batch_id = workshop.open(FILE, shelf="A")
    assert workshop.batch(batch_id).status == "wanting"
    workshop.edit(batch_id, 2, counted="8")
    assert workshop.batch(batch_id).status == "wanting"
    workshop.remove(batch_id, 3)
    assert workshop.batch(batch_id).status == "fine"
    workshop.remove(batch_id, 3, removed=False)
    assert workshop.batch(batch_id).status == "wanting"


def test_a_type_without_header_statuses_has_none(workshop: BatchHarness) -> None:
    plain = type(
        "Plain",
        (ShelfCountHandler,),
        {"header_statuses": None, "header_status": BatchHandler.header_status, "totals": BatchHandler.totals},
    )
    shop = workshop.with_handler(plain)
    batch_id = shop.open(FILE, shelf="A")
    assert shop.batch(batch_id).status is None
    with shop.engine() as at_work:
        assert at_work.work_on(at_work.find(batch_id)).handler.totals(at_work.find(batch_id)) == []


def test_totals_and_descriptions_are_computed_from_the_rows(workshop: BatchHarness) -> None:
    batch_id = workshop.open(FILE, shelf="A")
    workshop.remove(batch_id, 1)
    with workshop.engine() as at_work:
        batch = at_work.find(batch_id)
        handler = at_work.work_on(batch).handler
        assert handler.totals(batch) == [Total("Counted", 10)]
        assert handler.describe_execution(batch, {}) == ["2 rows will be executed."]
        assert handler.why_not_execute(batch) is None
    workshop.remove_where(batch_id, workshop.batch_type.row.sequence > 1)
    with workshop.engine() as at_work:
        batch = at_work.find(batch_id)
        assert at_work.work_on(batch).handler.why_not_execute(batch) == "It has no rows to execute."


def test_a_handler_knows_who_acts_when_and_by_which_settings(workshop: BatchHarness) -> None:
    with workshop.by("ann").engine() as at_work:
        context = at_work.work_on_new(workshop.batch_type, workshop.batch_type.header()).handler.context
        assert (context.actor, context.settings, context.session) == ("ann", {}, at_work.session)
        assert context.now.utcoffset() == timedelta(0)


def test_on_complete_may_refuse(workshop: BatchHarness) -> None:
    batch_id = workshop.open(FILE, shelf="locked")
    with pytest.raises(Conflict, match=r"The shelf is locked."):
        workshop.run(batch_id, Action.COMPLETE)
    assert (workshop.batch(batch_id).state, workshop.batch(batch_id).completed_at) == (State.OPEN, None)


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("actor", ["staff", "auditor", "nobody at all"])
def test_none_executes_itself_for_somebody_who_may_not_execute(
    engine: Engine, workshop: BatchHarness, actor: str
) -> None:
    automatic = workshop.with_handler(
        type("Automatic", (ShelfCountHandler,), {"execution_policy": AUTOMATIC})
    )
    batch_id = automatic.open(FILE, shelf="A")
    result = automatic.by(actor).submit(batch_id, Action.COMPLETE)
    assert result.message.endswith(
        f"The role of {actor} does not allow that, so it waits for somebody who may execute it."
    )
    assert (automatic.batch(batch_id).state, on_hand(engine)["008"]) == (State.COMPLETE, 8)


@pytest.mark.usefixtures("users")
def test_a_batch_that_executes_itself_does_so_when_it_is_complete(
    engine: Engine, workshop: BatchHarness
) -> None:
    automatic = workshop.with_handler(
        type("Automatic", (ShelfCountHandler,), {"execution_policy": AUTOMATIC})
    )
    batch_id = automatic.open(FILE, shelf="A")
    result = automatic.by("admin").submit(batch_id, Action.COMPLETE)
    assert result.message == f"Batch {batch_id:08d} was executed: 2 quantities set, signed by the shop."
    assert automatic.batch(batch_id).state == State.EXECUTED
    assert on_hand(engine) == {"007": 7, "008": 9, "009": 1}


@pytest.mark.usefixtures("users")
def test_one_that_cannot_execute_itself_stays_complete_and_says_why(workshop: BatchHarness) -> None:
    refusing = {
        "execution_policy": AUTOMATIC,
        "why_not_execute": lambda _self, _batch: "The shelf is locked.",
    }
    automatic = workshop.with_handler(type("Locked", (ShelfCountHandler,), refusing))
    batch_id = automatic.open(FILE, shelf="A")
    result = automatic.by("admin").submit(batch_id, Action.COMPLETE)
    assert "was marked complete" in result.message
    assert "was not executed. The shelf is locked." in result.message
    assert automatic.batch(batch_id).state == State.COMPLETE


def test_one_that_does_not_stays_complete(engine: Engine, workshop: BatchHarness) -> None:
    batch_id = workshop.open(FILE, shelf="A")
    workshop.submit(batch_id, Action.COMPLETE)
    assert workshop.batch(batch_id).state == State.COMPLETE
    assert on_hand(engine)["008"] == 8


# --- Options of the execution ----------------------------------------------------------------------------------------


def executed(workshop: BatchHarness, **options: str) -> int:
    batch_id = workshop.open(FILE, shelf="A")
    workshop.run(batch_id, Action.COMPLETE)
    workshop.run(batch_id, Action.EXECUTE, **options)
    return batch_id


def test_options_are_parsed_used_and_kept(engine: Engine, workshop: BatchHarness) -> None:
    batch = workshop.batch(executed(workshop, most=" 1 ", sign="Ann"))
    assert batch.execution_options == {"most": 1, "sign": "Ann"}
    assert on_hand(engine) == {"007": 7, "008": 9, "009": 9}


def test_defaults_stand_where_nothing_was_chosen(workshop: BatchHarness) -> None:
    assert workshop.batch(executed(workshop)).execution_options == {"most": None, "sign": "the shop"}


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
    engine: Engine, workshop: BatchHarness, options: dict[str, str], sentence: str
) -> None:
    batch_id = workshop.open(FILE, shelf="A")
    workshop.run(batch_id, Action.COMPLETE)
    with pytest.raises(BadInput) as caught:
        workshop.run(batch_id, Action.EXECUTE, **options)
    assert caught.value.message == sentence
    assert workshop.batch(batch_id).state == State.COMPLETE
    assert on_hand(engine)["008"] == 8


def test_a_type_without_options_takes_none(workshop: BatchHarness) -> None:
    def execute(self: Any, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome(f"{rows.count()} rows with {dict(options)}.")

    parts = {"execution_policy": ExecutionPolicy(), "execute": execute}
    shop = workshop.with_handler(type("Plain", (ShelfCountHandler,), parts))
    batch_id = shop.open(FILE, shelf="A")
    shop.run(batch_id, Action.COMPLETE)
    with pytest.raises(BadInput, match=r"Options of this type: none."):
        shop.run(batch_id, Action.EXECUTE, most="1")
    assert shop.run(batch_id, Action.EXECUTE).message.endswith("was executed: 3 rows with {}.")


def test_options_are_kept_as_json_can_hold_them(workshop: BatchHarness) -> None:
    assert options_as_json({"a": Decimal("1.50"), "b": ("x", Decimal(2)), "c": None, "d": True, "e": 3}) == {
        "a": "1.50", "b": ["x", "2"], "c": None, "d": True, "e": 3,
    }  # fmt: skip
    with workshop.engine() as at_work:
        handler = at_work.work_on_new(workshop.batch_type, workshop.batch_type.header()).handler
        assert bind_options(handler, {"most": "2"}) == {"most": 2, "sign": "the shop"}


# --- Statuses --------------------------------------------------------------------------------------------------------


def test_a_status_is_its_text_and_carries_its_words() -> None:
    assert CountStatus.DIFFERS == "differs"
    assert f"{CountStatus.DIFFERS}" == "differs"
    assert (CountStatus.DIFFERS.label, CountStatus.DIFFERS.severity, CountStatus.DIFFERS.sign) == (
        "Differs", Severity.WARNING, "≠",
    )  # fmt: skip
    assert (CountStatus.UNCOUNTED.label, CountStatus.UNCOUNTED.severity) == ("Uncounted", Severity.NEUTRAL)
    assert issubclass(CountStatus, Status)
