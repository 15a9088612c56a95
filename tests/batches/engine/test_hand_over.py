"""Handing batches over: the owner, the history, and what a person who left had asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, select, update
from tests.functional.harness import CatalogueDatabase
from tests.jobs.harness import JobHarness, opened

from batchbook.batches import Action
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.hand_over import HandedOver, hand_over_all
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.security.identity import identity_of_user
from batchbook.security.models import Role, User


@pytest.fixture
def harness(settings: dict[str, str], catalogue: CatalogueDatabase) -> Iterator[JobHarness]:
    """Price changes whose jobs wait until the test runs them; bob is another member of the staff."""
    with opened(settings | {"batchbook.jobs": "workers"}, catalogue) as harness:
        with transaction_scope(catalogue.engine) as session:
            role = session.scalars(select(Role).where(Role.name == "staff")).one()
            session.add(User(name="bob", roles=[role]))
        yield harness


def leave(harness: JobHarness, name: str) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        session.execute(update(User).where(User.name == name).values(active=False))


def owner(harness: JobHarness, batch_id: int) -> tuple[str, str]:
    with transaction_scope(harness.catalogue.engine, read_only=True) as session:
        batch = session.get_one(Batch, batch_id)
        by_sql = session.scalar(select(Batch.owner).where(Batch.id == batch_id))
        assert batch.owner == by_sql
        return batch.created_by, batch.owner


def test_the_batch_has_another_owner_and_its_history_tells(harness: JobHarness) -> None:
    batch_id = harness.create()
    version = harness.catalogue.batch(batch_id).version
    result = harness.submit(batch_id, Action.HAND_OVER, to=" Bob ")
    assert result.message == f"Batch {batch_id:08d} was handed over from staff to bob."
    assert owner(harness, batch_id) == ("staff", "bob")
    assert harness.operations(batch_id)[-1] == ("hand-over", "Handed over from staff to bob.")
    assert harness.catalogue.batch(batch_id).version == version + 1


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("nobody", "there is no user called “nobody”"),
        ("staff", "it is staff's already"),
        ("auditor", "the role of auditor doesn't allow working on it as it is now"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_cannot_work_on_it_does_not_get_it(harness: JobHarness, to: str, reason: str) -> None:
    batch_id = harness.create()
    with pytest.raises(Conflict, match=reason):
        harness.submit(batch_id, Action.HAND_OVER, to=to)
    assert owner(harness, batch_id) == ("staff", "staff")
    leave(harness, "bob")
    with pytest.raises(Conflict, match="bob can't sign in any more"):
        harness.submit(batch_id, Action.HAND_OVER, to="bob")


def test_a_plan_of_somebody_who_left_is_cancelled_and_that_of_another_stays(harness: JobHarness) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        admin = session.scalars(select(Role).where(Role.name == "admin")).one()
        session.add(User(name="chief", roles=[admin]))
    first, second = harness.complete(), harness.complete()
    harness.plan(first, by="chief")
    harness.plan(second, by="admin")
    leave(harness, "chief")
    result = harness.submit(first, Action.HAND_OVER, to="admin")
    assert "The execution that chief scheduled for" in result.message
    assert harness.planned(first) is None
    assert "cancelled" not in harness.submit(second, Action.HAND_OVER, to="admin").message
    assert harness.come_due(second).state == "done"


def test_a_job_of_somebody_who_left_does_not_keep_the_batch(harness: JobHarness) -> None:
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE, by="staff")
    leave(harness, "staff")
    with pytest.raises(Conflict, match="wait until that has ended"):
        harness.submit(batch_id, Action.HAND_OVER, to="bob")
    harness.run(job_id)
    assert harness.job(job_id).state in ("failed", "done")
    assert "handed over" in harness.submit(batch_id, Action.HAND_OVER, to="bob").message


def hand_over_several(harness: JobHarness, batch_ids: list[int], to: str) -> tuple[HandedOver, int]:
    """Hand batches over; return the outcome and the number of statements."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with transaction_scope(harness.catalogue.engine) as session:
        engine = Engine(session, harness.services.get(BatchTypes), harness.services.settings, "admin")
        admin = identity_of_user(session.scalars(select(User).where(User.name == "admin")).one())
        found = session.scalars(select(Batch).where(Batch.id.in_(batch_ids)).order_by(Batch.id.desc())).all()
        event.listen(harness.catalogue.engine, "before_cursor_execute", note)
        try:
            outcome = hand_over_all(engine, admin, found, to)
            session.flush()
        finally:
            event.remove(harness.catalogue.engine, "before_cursor_execute", note)
    return outcome, len(statements)


def test_several_are_handed_over_by_as_many_statements_as_few(harness: JobHarness) -> None:
    few, many = [harness.create() for _ in range(2)], [harness.create() for _ in range(7)]
    version = harness.catalogue.batch(many[0]).version
    _, for_few = hand_over_several(harness, few, "bob")
    outcome, for_many = hand_over_several(harness, many, "bob")
    assert outcome.done == {"staff": [f"{batch_id:08d}" for batch_id in many]}
    assert for_many == for_few
    for batch_id in many:
        assert owner(harness, batch_id) == ("staff", "bob")
        assert harness.operations(batch_id)[-1] == ("hand-over", "Handed over from staff to bob.")
        assert harness.catalogue.batch(batch_id).version == version + 1


def test_of_several_those_that_cannot_be_handed_over_are_named_and_plans_go_as_for_one(
    harness: JobHarness,
) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        admin = session.scalars(select(Role).where(Role.name == "admin")).one()
        session.add_all([User(name="chief", roles=[admin]), User(name="second", roles=[admin])])
    dropped, kept, held, other = harness.complete(), harness.complete(), harness.create(), harness.create()
    harness.plan(dropped, by="chief")
    harness.plan(kept, by="admin")
    harness.ask(held, Action.POPULATE, by="staff")
    harness.submit(other, Action.HAND_OVER, to="second")
    leave(harness, "chief")
    outcome, _ = hand_over_several(harness, [dropped, kept, held, other], "second")
    assert outcome.done == {"staff": [f"{dropped:08d}", f"{kept:08d}"]}
    busy, owned = outcome.left_out
    assert f"{held:08d} was not handed over. It is waiting" in busy
    assert owned == f"Batch {other:08d} was not handed over: it is second's already."
    assert harness.planned(dropped) is None
    assert "The execution that chief scheduled for" in harness.operations(dropped)[-1][1]
    assert harness.come_due(kept).state == "done"
    with pytest.raises(
        Conflict, match=r"Nothing was handed over[.] Batch [0-9]+ was not .* no user called “nobody”"
    ):
        hand_over_several(harness, [other], "nobody")
