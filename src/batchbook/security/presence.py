"""Presence: which cell each person is editing at this moment, told by their pages every few seconds.

A page that is closed or loses its connection tells nothing more, and its entry expires. Entries are in the side file of a
SQLite database, so that telling never waits for a job that is writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, delete, or_, select
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.functions import insert_into
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Presence
from batchbook.services import Services

#: The time for which a cell counts as being edited after a page told so. Pages tell it again every five seconds.
LIFETIME = timedelta(seconds=15)
#: The maximum number of people that are named.
_MOST = 100


@dataclass(frozen=True)
class Editing:
    """A cell, by its row's key and its field, and the name of the user who is editing it."""

    key: str
    field: str
    user: str


def note_editing(engine: Engine, place: str, user: str, key: str, field: str) -> None:
    """Note that ``user`` is editing the cell ``field`` of the row ``key`` at ``place``, and no other there."""
    values = {"key": key, "field": field, "expires_at": utc_now() + LIFETIME}
    statement = insert_into(engine, Presence).values(place=place, user_name=user, **values)
    with transaction_scope(engine) as db:
        db.execute(statement.on_conflict_do_update(index_elements=["place", "user_name"], set_=values))


def note_left(engine: Engine, place: str, user: str) -> None:
    """Note that ``user`` is editing nothing at ``place``; what expired there is removed as well."""
    gone = or_(Presence.user_name == user, Presence.expires_at <= utc_now())
    with transaction_scope(engine) as db:
        db.execute(delete(Presence).where(Presence.place == place, gone))


def remove_place(db: Session, place: str) -> None:
    """Remove whoever is noted at ``place``, which is there no more."""
    db.execute(delete(Presence).where(Presence.place == place))


def remove_expired(services: Services) -> None:
    """Remove all that expired: a page that is closed without a word leaves an entry, wherever nobody edits any more."""
    with transaction_scope(services.get(Engine)) as db:
        db.execute(delete(Presence).where(Presence.expires_at <= utc_now()))


def being_edited(db: Session, place: str, reader: str) -> Sequence[Editing]:
    """Return the cells that others than ``reader`` are editing at ``place``, ordered by their names."""
    now_there = select(Presence.key, Presence.field, Presence.user_name).where(
        Presence.place == place, Presence.user_name != reader, Presence.expires_at > utc_now()
    )
    found = db.execute(now_there.order_by(Presence.user_name).limit(_MOST))
    return [Editing(*row) for row in found]
