"""Which cell somebody is editing, as told by pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Presence
from batchbook.security.presence import Editing, being_edited, note_editing, note_left, remove_expired
from batchbook.services import Services


def seen_by(engine: Engine, reader: str, place: str = "batch.1") -> list[Editing]:
    with transaction_scope(engine, read_only=True) as db:
        return list(being_edited(db, place, reader))


def test_others_see_one_cell_of_each_person_and_nobody_their_own(engine: Engine) -> None:
    note_editing(engine, "batch.1", "bob", "3", "price")
    note_editing(engine, "batch.1", "ann", "1", "price")
    note_editing(engine, "batch.1", "ann", "2", "item_code")
    note_editing(engine, "batch.2", "ann", "9", "price")
    assert seen_by(engine, "eve") == [Editing("2", "item_code", "ann"), Editing("3", "price", "bob")]
    assert seen_by(engine, "bob") == [Editing("2", "item_code", "ann")]
    note_left(engine, "batch.1", "ann")
    assert seen_by(engine, "bob") == []
    assert seen_by(engine, "bob", "batch.2") == [Editing("9", "price", "ann")]


def test_a_page_that_tells_no_more_is_forgotten(engine: Engine) -> None:
    note_editing(engine, "batch.1", "ann", "1", "price")
    with transaction_scope(engine) as db:
        db.execute(update(Presence).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert seen_by(engine, "bob") == []
    note_left(engine, "batch.1", "bob")
    with transaction_scope(engine) as db:
        assert db.scalar(select(func.count()).select_from(Presence)) == 0


def test_the_upkeep_forgets_pages_that_were_closed_without_a_word(engine: Engine) -> None:
    note_editing(engine, "batch.1", "ann", "1", "price")
    with transaction_scope(engine) as db:
        db.execute(update(Presence).values(expires_at=utc_now() - timedelta(seconds=1)))
    note_editing(engine, "batch.2", "bob", "1", "price")
    services = Services({})
    services.add(Engine, engine)
    remove_expired(services)
    with transaction_scope(engine) as db:
        assert db.scalars(select(Presence.user_name)).all() == ["bob"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_job_that_is_writing_keeps_nobody_waiting(engine: Engine, write_lock: object) -> None:
    note_editing(engine, "batch.1", "ann", "1", "price")
    assert seen_by(engine, "bob") == [Editing("1", "price", "ann")]
