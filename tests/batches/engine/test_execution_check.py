"""What is confirmed before an execution: changes of numbers beyond the usual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, on_hand, stock
from tests.batches.shelf_count import ShelfCountHandler, ShelfCountRow

from batchbook.batches import Action, NumberChange, State
from batchbook.batches.engine.engine import Engine as BatchEngine
from batchbook.batches.engine.execution_check import Unconfirmed
from batchbook.batches.engine.preview import preview_execution
from batchbook.batches.policies.limits import check_limits
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

FILE = "item,counted,remark\nA,12,\nB,300,\nC,60,\nD,11,\nE,5,\n"


class Counting(ShelfCountHandler):
    """A count whose quantities are looked at before they are set."""

    def number_changes(self, batch: Any, options: Mapping[str, Any]) -> list[NumberChange]:
        row = ShelfCountRow
        where = row.status == "differs"
        return [
            NumberChange(name="count", label="the count", before=row.on_hand, after=row.counted, where=where)
        ]


@pytest.fixture
def counts(engine: Engine, harness: BatchHarness) -> BatchHarness:
    stock(engine, ("A", 10), ("B", 100), ("C", 100), ("D", 10), ("E", 0))
    return harness.with_handler(Counting)


def complete(counts: BatchHarness) -> int:
    batch_id = counts.open(FILE, shelf="A")
    counts.edit(batch_id, 4, counted="12")
    counts.edit(batch_id, 4, remark="seen")
    counts.edit(batch_id, 4, counted="11")
    counts.run(batch_id, Action.COMPLETE)
    return batch_id


SENTENCE = "3 rows change the count by more than 20 %: the largest from 0 to 5."


def test_changes_beyond_the_usual_are_shown_and_have_to_be_confirmed(counts: BatchHarness) -> None:
    batch_id = complete(counts)
    with counts.engine() as engine:
        plan = preview_execution(engine.context_of(engine.find(batch_id)))
    assert plan is not None
    (number,) = plan.check.numbers
    rises = [(row.sequence, row.key, row.before, row.after, row.percent_text) for row in number.rises]
    assert rises == [
        (5, "E", 0, 5, "from 0"),
        (2, "B", 100, 300, "+200 %"),
        (1, "A", 10, 12, "+20 %"),
    ]
    assert [(row.key, row.percent_text) for row in number.falls] == [("C", "-40 %")]
    assert (plan.check.edited, plan.check.edited_cells) == (1, 2)
    assert (number.warning, plan.check.refusals) == (SENTENCE, [])
    with pytest.raises(Unconfirmed) as caught:
        counts.run(batch_id, Action.EXECUTE, confirm=())
    assert caught.value.message == (
        f"Batch {batch_id:08d} was not executed. {SENTENCE} Look at these rows, then confirm count and execute it."
    )
    assert counts.batch(batch_id).state == State.COMPLETE
    assert not counts.run(batch_id, Action.EXECUTE, confirm="count").failed
    assert on_hand(counts.database) == {"A": 12, "B": 300, "C": 60, "D": 11, "E": 5}
    assert counts.batch(batch_id).execution_options == {
        "most": None,
        "sign": "the shop",
        "confirm": ["count"],
    }
    assert counts.operations(batch_id)[-1][2].endswith(f"Confirmed: {SENTENCE}")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"batchbook.warn_above.shelf_count": "250"}, "1 row changes the count by more than 250 %"),
        ({"batchbook.refuse_above.shelf_count": "150.5"}, "2 rows change the count by more than 150.5 %"),
    ],
)
def test_the_limits_are_set_for_each_type(
    counts: BatchHarness, settings: dict[str, str], sentence: str
) -> None:
    batch_id = complete(counts)
    is_refused = "batchbook.refuse_above.shelf_count" in settings
    with transaction_scope(counts.database) as session:
        engine = BatchEngine(session, counts.types, settings, "staff")
        confirm = {"confirm": "all"} if is_refused else {}
        with pytest.raises(Conflict, match=sentence) as caught:
            engine.run(batch_id, Action.EXECUTE, confirm)
    assert isinstance(caught.value, Unconfirmed) is not is_refused
    assert counts.batch(batch_id).state == State.COMPLETE


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("batchbook.warn_above.shelf_count", "much", "must be a number of per cent, such as 20, not 'much'"),
        ("batchbook.refuse_above.shelfcount", "20", "names no batch type that is included"),
    ],
)
def test_a_limit_that_cannot_be_used_stops_the_start(name: str, value: str, sentence: str) -> None:
    check_limits({"batchbook.refuse_above.shelf_count": "", "batchbook.jobs": "x"}, ["shelf_count"])
    with pytest.raises(ConfigurationError, match=sentence):
        check_limits({name: value}, ["shelf_count"])


def numbers(*names: str) -> list[NumberChange]:
    row = ShelfCountRow
    values: dict[str, Any] = {"before": row.on_hand, "after": row.counted, "where": row.status == "differs"}
    return [NumberChange(name=name, label="the count", **values) for name in names]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("a", "a"), "returned several NumberChange with the name 'a'"),
        (("all",), "cannot have the name 'all'"),
        (("a,b",), "cannot have the name 'a,b'"),
        (("a:b",), "cannot have the name 'a:b'"),
    ],
)
def test_each_number_can_be_confirmed_by_itself(
    counts: BatchHarness, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setattr(Counting, "number_changes", lambda *_: numbers(*names))
    result = counts.run(complete(counts), Action.EXECUTE)
    assert result.failed
    assert sentence in result.message


def test_no_number_is_too_large_to_be_compared(engine: Engine, harness: BatchHarness) -> None:
    stock(engine, ("A", -2_000_000_000))
    large = harness.with_handler(Counting)
    batch_id = large.open("item,counted,remark\nA,2000000000,\n", shelf="A")
    large.run(batch_id, Action.COMPLETE)
    with pytest.raises(Unconfirmed, match=r"more than 20 %: the largest \+200 %"):
        large.run(batch_id, Action.EXECUTE, confirm=())
