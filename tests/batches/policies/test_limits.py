"""Limits of an execution: above the first one it is confirmed with a reason, above the second one refused, on every path."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness
from tests.batches.policies.controlled import FILE, declaring

from batchbook.batches import Action, Limit, State
from batchbook.batches.engine.engine import Engine as BatchEngine
from batchbook.batches.engine.execution_check import Unconfirmed
from batchbook.batches.engine.preview import confirmed_options, unconfirmed_warnings
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

SENTENCES = {
    "rows": "It has 2 rows, more than 1.",
    "percent": "2 rows change the count by more than 1 %: the largest +200 %.",
    "amount": "The largest change of a number is 200, more than 1.",
    "share": "33.33 % of its rows are removed or have problems, more than 1 %.",
    "sum": "The changes of numbers amount to 202, more than 1.",
}


def complete(counts: BatchHarness) -> int:
    """Two rows differ, from 10 to 12 and from 100 to 300, and one is removed."""
    batch_id = counts.open(FILE + "Z,1,\n", shelf="A")
    counts.remove(batch_id, 3)
    counts.run(batch_id, Action.COMPLETE)
    return batch_id


def execute(counts: BatchHarness, batch_id: int, confirm: Any, reason: str | None) -> str:
    with counts.engine() as engine:
        engine.reason = reason
        return engine.run(batch_id, Action.EXECUTE, {"confirm": confirm}).message


@pytest.mark.parametrize("measure", SENTENCES)
def test_above_the_first_limit_a_tick_and_a_reason_are_demanded_and_kept(
    counts: BatchHarness, measure: str
) -> None:
    counts = declaring(counts, limits=(Limit(measure, warn=Decimal(1)),))
    batch_id, sentence = complete(counts), SENTENCES[measure]
    name = {"percent": "count"}.get(measure, measure)
    with pytest.raises(Unconfirmed, match=f"then confirm (count, )?{name} and execute it") as caught:
        execute(counts, batch_id, (), "Counted twice.")
    assert sentence in caught.value.message
    with pytest.raises(Unconfirmed, match="Give a reason why that is right"):
        execute(counts, batch_id, "all", None)
    assert counts.batch(batch_id).state == State.COMPLETE
    execute(counts, batch_id, f"count,{name}", "Counted twice.")
    assert sentence in counts.operations(batch_id)[-1][2]


@pytest.mark.parametrize("measure", SENTENCES)
def test_above_the_second_limit_nothing_helps(counts: BatchHarness, measure: str) -> None:
    counts = declaring(counts, limits=(Limit(measure, refuse=Decimal(1)),))
    batch_id = complete(counts)
    with pytest.raises(Conflict, match="That is not allowed here") as caught:
        execute(counts, batch_id, "all", "Please.")
    assert SENTENCES[measure] in caught.value.message
    with counts.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        assert "That is not allowed here" in unconfirmed_warnings(context, {})
        with pytest.raises(Conflict, match="That is not allowed here"):
            confirmed_options(context, {"confirm": "all"})


def test_the_lower_one_of_settings_and_policy_counts(engine: Engine, counts: BatchHarness) -> None:
    counts = declaring(counts, limits=(Limit("rows", refuse=Decimal(2)),))
    batch_id = complete(counts)
    settings = {"batchbook.refuse_above.shelf_count.rows": "1"}
    with transaction_scope(engine) as session:
        acting = BatchEngine(session, counts.types, settings, "staff")
        with pytest.raises(Conflict, match=r"It has 2 rows, more than 1\. That is not allowed here"):
            acting.run(batch_id, Action.EXECUTE, {"confirm": "all"})
    assert execute(counts, batch_id, "all", None)


def test_what_was_confirmed_must_be_what_is_executed(counts: BatchHarness) -> None:
    counts = declaring(counts, limits=(Limit("rows", warn=Decimal(1)),))
    batch_id = complete(counts)
    with counts.engine() as engine:
        engine.reason = "Counted twice."
        options = confirmed_options(engine.context_of(engine.find(batch_id)), {"confirm": "all"})
    counts.run(batch_id, Action.REOPEN)
    counts.add(batch_id, item_code="C", counted="1")
    counts.run(batch_id, Action.COMPLETE)
    with pytest.raises(Unconfirmed, match="are not those that were confirmed"):
        execute(counts, batch_id, options["confirm"], "Counted twice.")
