"""Checks of a batch's lifecycle: failure, execution, cloning, deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Table

from batchbook.batches import Action, State
from batchbook.batches.effects.models import CREATED, Effect, effects_of
from batchbook.batches.engine.creation import clone_batch, delete_batch
from batchbook.batches.engine.preview import bind_options
from batchbook.batches.handler import ALL, CONFIRM
from batchbook.batches.running.dry_run import dry_run
from batchbook.db import Base
from batchbook.errors import Conflict
from batchbook.testing.harness import AppHarness, HarnessFixtures
from batchbook.testing.populate_checks import check_counts
from batchbook.testing.sample import Sample, check, complain, refused, same

#: The tables in which the engine itself records the failure of an action.
_NOTED = ("batch", "operation", "seal", "seal_chunk", "batch_approval")

_REASON = "the kit makes it fail"


class LifeChecks(HarnessFixtures):
    """Checks of failure, execution, cloning and deletion."""

    @pytest.mark.parametrize("action", [Action.REFRESH, Action.EXECUTE])
    def test_a_failure_leaves_everything_as_it_was(
        self, harness: AppHarness, made: tuple[Sample, int], action: Action
    ) -> None:
        """If a handler fails after its work, no table has changed, and the batch has the reason."""
        sample, number = made
        if action is Action.EXECUTE:
            harness.run(number, Action.COMPLETE)
        state, before = harness.batch(number).state, harness.snapshot(*_NOTED)
        _fail(harness, number, action, sample)
        same(before, harness.snapshot(*_NOTED), f"A failed {action} must leave all tables unchanged.")
        batch = harness.batch(number)
        check(
            batch.state == state, f"After a failed {action}, the batch must be {state}, but is {batch.state}."
        )
        check(
            _REASON in (batch.failure or ""),
            f"The batch must keep the reason why its {action} failed, but has {batch.failure!r}.",
        )

    def test_execution_is_described_before_it_happens(
        self, harness: AppHarness, made: tuple[Sample, int]
    ) -> None:
        """The description of the execution consists of sentences and writes nothing."""
        sample, number = made
        batch = harness.batch(number)
        with harness.transaction(read_only=True) as session:
            context = harness.context(session)
            handler = harness.batch_type.make_handler(context, batch)
            reason = handler.why_not_execute(batch)
            check(
                reason is None, f"The sample must make a batch that can be executed, but it can't: {reason}"
            )
            sentences = handler.describe_execution(batch, bind_options(handler, sample.options))
            handler.totals(batch)
        check(sentences, "describe_execution must describe the execution, but returned nothing.")
        check(
            all(map(_is_sentence, sentences)),
            f"describe_execution must return whole sentences, but returned {sentences}.",
        )

    def test_execution_happens_once(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """An execution has an effect and a summary, leads to the state executed, and cannot be repeated."""
        sample, number = made
        own = {*_NOTED, harness.batch_type.header.__tablename__, harness.row_of(number).__tablename__}
        before = harness.snapshot(*own)
        harness.execute(number, sample)
        after, batch = harness.snapshot(*own), harness.batch(number)
        check(
            batch.state == State.EXECUTED,
            f"An executed batch must be in the state executed, but is {batch.state}.",
        )
        summary = (batch.execution_outcome or {}).get("summary", "")
        check(_is_sentence(summary), f"The outcome of execute must be a sentence, but is {summary!r}.")
        check(
            before != after,
            "Executing the sample changed nothing outside the batch: make a sample whose execution has an effect.",
        )
        with refused(Conflict, "execute a batch twice"):
            harness.run(number, Action.EXECUTE, options=sample.options)
        same(after, harness.snapshot(*own), "A second execution must change nothing.")

    def test_a_dry_run_tells_what_the_execution_does(
        self, harness: AppHarness, made: tuple[Sample, int]
    ) -> None:
        """A dry run changes nothing, and tells the summary and each changed record of the execution that follows."""
        sample, number = made
        harness.run(number, Action.COMPLETE)
        before = harness.snapshot()
        with harness.acting() as engine:
            told = dry_run(engine, number, sample.options, _without_new_numbers)
        same(before, harness.snapshot(), "A dry run must change nothing.")
        harness.run(number, Action.EXECUTE, options={CONFIRM: ALL, **sample.options})
        summary = (harness.batch(number).execution_outcome or {}).get("summary", "")
        check(told.summary == summary, f"A dry run told “{told.summary}”, and the execution did “{summary}”.")
        with harness.transaction(read_only=True) as session:
            done = _without_new_numbers(effects_of(session, number))
        check(
            told.effects == done,
            f"A dry run must tell of each record that the execution changes, but told {told.effects[:5]} of {done[:5]}.",
        )

    def test_a_clone_is_open_and_leaves_its_source_alone(
        self, harness: AppHarness, made: tuple[Sample, int]
    ) -> None:
        """A clone of an executed batch is open and has as many rows."""
        sample, number = made
        harness.execute(number, sample)
        before = harness.snapshot()
        with harness.acting() as engine:
            clone = clone_batch(engine, number).id
        state = harness.batch(clone).state
        check(state == State.OPEN, f"A clone must be open, but is {state}.")
        rows, copied = len(harness.rows(number)), len(harness.rows(clone))
        check(rows == copied, f"A clone must have the {rows} rows of its source, but has {copied}.")
        check_counts(harness, clone, "of a clone")
        after = {key: row for key, row in harness.snapshot().items() if key in before}
        same(before, after, "Cloning must not change existing rows.")

    def test_deleting_leaves_nothing(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """No table has rows of a deleted batch."""
        _, number = made
        with harness.acting() as engine:
            delete_batch(engine, number)
        left = {key for key, row in harness.snapshot().items() if _concerns(key[0], dict(row), number)}
        check(not left, f"A deleted batch must leave no rows, but these are left: {sorted(map(str, left))}.")

    def test_an_executed_batch_cannot_be_deleted(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """An executed batch is part of the audit trail."""
        sample, number = made
        harness.execute(number, sample)
        before = harness.snapshot()
        with refused(Conflict, "delete an executed batch"), harness.acting() as engine:
            delete_batch(engine, number)
        same(before, harness.snapshot(), "Deleting an executed batch must change nothing.")


def _fail(harness: AppHarness, number: int, action: Action, sample: Sample) -> None:
    name = str(action)
    original: Callable[..., Any] = getattr(harness.batch_type.handler, name)

    def failing(*arguments: Any) -> None:
        original(*arguments)
        raise RuntimeError(_REASON)

    options = {CONFIRM: ALL, **sample.options} if action is Action.EXECUTE else {}
    try:
        with harness.acting(**{name: failing}) as engine:
            result = engine.run(number, action, options)
    except Exception as error:  # noqa: BLE001 - The engine turns all errors of a handler into results.
        complain(
            f"A failure of {name} must be rolled back, but could not be ({type(error).__name__}: {error})."
            " A handler must not commit, roll back or close its session."
        )
    check(
        result.failed,
        f"If the {name} of a handler raises an error, the result must be a failure: {result.message}",
    )


def _without_new_numbers(effects: Iterable[Effect]) -> list[Effect]:
    """Return ``effects`` without the numbers of created records: an execution that was undone has used some up."""
    return [replace(one, record_id=0) if one.kind == CREATED else one for one in effects]


def _concerns(table_name: str, row: dict[str, Any], number: int) -> bool:
    table: Table = Base.metadata.tables[table_name]
    hanging = [
        key.parent.name
        for key in table.foreign_keys
        if key.column.name in ("id", "batch_id") and _of_batch(key.column.table)
    ]
    return any(row[name] == number for name in hanging) or (table_name == "batch" and row["id"] == number)


def _of_batch(table: Any) -> bool:
    """Return whether the rows of a table are batches, or belong to one by their key."""
    first = next(iter(table.primary_key.columns))
    return table.name == "batch" or any(_of_batch(key.column.table) for key in first.foreign_keys)


def _is_sentence(text: str) -> bool:
    return len(text) > 1 and text[0].isupper() | text[0].isdigit() and text[-1] in ".!?"
