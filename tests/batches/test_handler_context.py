"""A handler's context knows what its actor may do at this moment, and the next free number of a batch's children."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from tests.batches.harness import BatchHarness

from batchbook.batches import HandlerContext
from batchbook.batches.handler_context import next_number
from batchbook.batches.models import Operation
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import User

from .shelf_count import ShelfCountRow


def context(session: Session, actor: str) -> HandlerContext:
    return HandlerContext(session, {}, actor, utc_now())


@pytest.mark.usefixtures("users")
def test_permissions_are_those_that_the_actor_has_now(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        admin = context(session, "admin")
        assert admin.may("batch:shelf_count:execute")
        assert not context(session, "staff").may("batch:shelf_count:execute")
        session.scalars(select(User).where(User.name == "admin")).one().active = False
        session.flush()
        assert admin.permissions == frozenset()
        assert not admin.may("batch:shelf_count:execute")


def test_an_actor_who_is_no_user_holds_no_permission(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        assert context(session, "nobody at all").permissions == frozenset()


def test_numbers_go_on_within_one_batch(harness: BatchHarness) -> None:
    first = harness.open("item,counted,remark\n1,1,\n2,2,\n", shelf="A")
    second = harness.create(shelf="B")
    harness.remove(first, 2)
    with harness.engine() as engine:
        numbers = [
            next_number(engine.session, column, batch_id)
            for column in (ShelfCountRow.sequence, Operation.number)
            for batch_id in (first, second)
        ]
    assert numbers == [3, 1, 4, 2], "A removed row keeps its number."


def test_days_are_those_of_the_applications_zone(empty_engine: Engine) -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    with transaction_scope(empty_engine) as session:
        there = HandlerContext(session, {"batchbook.timezone": "Europe/Berlin"}, "staff", late)
        assert (there.today, HandlerContext(session, {}, "staff", late).today) == (
            date(2026, 12, 1), date(2026, 11, 30),
        )  # fmt: skip
        assert there.start_of(there.today) == datetime(2026, 11, 30, 23, tzinfo=UTC)
