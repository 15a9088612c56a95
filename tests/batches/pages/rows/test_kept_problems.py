"""Problems that a process keeps: until the batch changes, and only for whoever sees the same columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Engine, event
from tests.batches.editing.undoing import undo
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.editing.problems import Problems
from batchbook.batches.pages.rows import kept_problems as module
from batchbook.batches.pages.rows.kept_problems import KeptProblems
from batchbook.batches.policies.field_rules import FieldAccess

FILE = "item,counted,remark\n007,lots,\n008,9,\n009,lots,\n010,some,\n"


@pytest.fixture
def batch_id(harness: BatchHarness, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(module, "LEAST_ROWS", 1)
    return harness.open(FILE, shelf="A")


def problems(
    kept: KeptProblems, harness: BatchHarness, batch_id: int, access: FieldAccess | None = None
) -> Problems:
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        if access is not None:
            context = replace(context)
            context.__dict__["access"] = access
        return kept.of(context)


@contextmanager
def groupings(database: Engine) -> Iterator[list[str]]:
    """Collect the statements that group rows by their issues."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "GROUP BY" in statement and "issues" in statement.partition("GROUP BY")[2]:
            found.append(statement)

    event.listen(database, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database, "before_cursor_execute", note)


def test_problems_are_grouped_once_until_the_batch_changes(harness: BatchHarness, batch_id: int) -> None:
    kept = KeptProblems()
    look = partial(problems, kept, harness, batch_id)
    changes = (
        lambda: harness.edit(batch_id, 1, counted="7"),
        lambda: harness.remove(batch_id, 3),
        lambda: harness.remove(batch_id, 3, removed=False),
        lambda: harness.add(batch_id, item_code="011", counted="3"),
        lambda: harness.run(batch_id, Action.REFRESH),
        lambda: undo(harness, batch_id),
    )
    assert look().count == 3
    for change, count in zip(changes, (2, 1, 2, 2, 2, 2), strict=True):
        change()
        with groupings(harness.database) as found:
            assert [look().count, look().count] == [count, count]
        assert len(found) == 1


def test_whoever_sees_fewer_columns_gets_their_own(harness: BatchHarness, batch_id: int) -> None:
    kept = KeptProblems()
    assert problems(kept, harness, batch_id).count == 3
    assert problems(kept, harness, batch_id, FieldAccess(hidden=("counted",))).count == 0
    assert problems(kept, harness, batch_id).count == 3


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_least_used_ones_are_dropped_and_few_problems_are_not_kept(
    harness: BatchHarness, batch_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptProblems(most=4)
    second, third = harness.open(FILE, shelf="B"), harness.open(FILE, shelf="C")
    for number in (batch_id, second, batch_id, third):
        problems(kept, harness, number)
    with groupings(harness.database) as found:
        problems(kept, harness, batch_id)
        assert not found
        problems(kept, harness, second)
        assert len(found) == 1
    monkeypatch.setattr(module, "LEAST_ROWS", 4)
    harness.edit(second, 2, counted="8")
    with groupings(harness.database) as found:
        problems(kept, harness, second)
        problems(kept, harness, second)
    assert len(found) == 2
