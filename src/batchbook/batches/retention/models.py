"""Models of retention: policies by type, legal holds, and the tombstones of purged batches; and what they mean for a batch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Index, String, Text, exists, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from batchbook.batches.models import Batch, column
from batchbook.db import USER_NAME, Base, utc_now


class RetentionPolicy(Base):
    """The number of days for which executed batches of a type are kept; null keeps them for good.

    It holds instead of what the type declares, for batches that are executed from then on: the time is stored with the batch,
    and frozen. A longer policy also keeps batches that were executed before.
    """

    __tablename__ = "retention_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = column(String(60), unique=True, label="Batch type")
    days: Mapped[int | None] = column(minimum=1, maximum=36_500, label="Days")
    version: Mapped[int] = mapped_column(default=1)


class LegalHold(Base):
    """An entry by which a legal hold on the batch ``number`` is placed, or released. The latest one counts.

    While a batch is held, the database refuses to delete anything of it. The table is append-only.
    """

    __tablename__ = "legal_hold"
    __table_args__ = (Index("ix_legal_hold_number", "number", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = column(minimum=1, maximum=2**31 - 1, label="Batch number")
    placed: Mapped[bool] = column(default=True, label="Hold the batch; without a tick, release it")
    reason: Mapped[str] = column(Text)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    acted_by: Mapped[str | None] = mapped_column(String(64))
    # Always null: an entry names an executed batch, which ``append_only`` would refuse in this column.
    batch_id: Mapped[int | None]


class Tombstone(Base):
    """The record that remains of a purged batch: its type, times and counts, its seal if it had one, and who purged it when.

    The table is append-only.
    """

    __tablename__ = "tombstone"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    executed_at: Mapped[datetime]
    executed_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    rows: Mapped[int]
    operations: Mapped[int]
    cells: Mapped[int]
    files: Mapped[int]
    seal: Mapped[int | None]
    purge_after: Mapped[datetime]
    purged_at: Mapped[datetime]
    purged_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    acted_by: Mapped[str | None] = mapped_column(String(64))
    # Always null; ``append_only`` needs the column.
    batch_id: Mapped[int | None]


def retention_of(session: Session, key: str, declared: timedelta | None) -> timedelta | None:
    """Return for how long batches of the type ``key`` are kept: by its policy, or else as the type has ``declared``."""
    policy = session.scalar(select(RetentionPolicy).where(RetentionPolicy.type == key))
    if policy is None:
        return declared
    return None if policy.days is None else timedelta(days=policy.days)


def is_held(number: Any = Batch.id) -> ColumnElement[bool]:
    """Return the condition that the batch of that ``number`` is under a legal hold."""
    later = aliased(LegalHold)
    newer = exists().where(later.number == LegalHold.number, later.id > LegalHold.id)
    return exists().where(LegalHold.number == number, LegalHold.placed, ~newer)
