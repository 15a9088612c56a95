"""The kept effects of executed batches, which freeze with them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, Row, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from batchbook.batches.effects.declaration import LONGEST_KEY, LONGEST_NAME
from batchbook.db import Base

#: The kinds of effects on a record.
CREATED, UPDATED, DELETED = "created", "updated", "deleted"
#: The character between the parts of a key of several fields.
BETWEEN_PARTS = "\x1f"
#: The number of effects that are read together.
_TOGETHER = 2_000


class BatchEffect(Base):
    """The effect of an executed batch on one record.

    ``target`` is the name of the kind of records, ``record_id`` the primary key, ``record_key`` the key by which people know
    it, and ``sequence`` the number of the row. ``before`` and ``after`` are JSON objects of the fields that changed; of a
    created record there is no ``before``, of a deleted one no ``after``. They are texts, equal on every database.
    """

    __tablename__ = "batch_effect"
    __table_args__ = (
        Index("ix_batch_effect_target_record_id", "target", "record_id"),
        {"sqlite_with_rowid": False},  # Storing them by their key alone takes a third less time.
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    target: Mapped[str] = mapped_column(String(LONGEST_NAME))
    record_id: Mapped[int]
    record_key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class Effect:
    """The effect of an execution on one record: ``before`` and ``after`` are the values of the fields that changed."""

    number: int
    target: str
    record_id: int
    record_key: str
    sequence: int
    kind: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The key as people read it; the parts of a key of several fields are apart."""
        return self.record_key.replace(BETWEEN_PARTS, " ")

    @property
    def changes(self) -> Sequence[tuple[str, Any, Any]]:
        """The fields that changed, each with its values before and after."""
        names = dict.fromkeys((*self.before, *self.after))
        return [(name, self.before.get(name), self.after.get(name)) for name in names]


def effects_of_row(session: Session, batch_id: int, sequence: int) -> list[Effect]:
    """Return the effects that one row of an executed batch had."""
    table = BatchEffect.__table__.c
    columns = [table[name] for name in table.keys() if name != "batch_id"]  # noqa: SIM118 - Iterating yields columns.
    found = select(*columns).where(table.batch_id == batch_id, table.sequence == sequence)
    return [_effect(row) for row in session.execute(found.order_by(table.number))]


def effects_of(session: Session, batch_id: int, most: int | None = None) -> Iterator[Effect]:
    """Yield the effects of a batch in their order, all of them or ``most``, holding some thousands at a time."""
    last, left, names = 0, most, BatchEffect.__table__.c
    columns = [names[name] for name in names.keys() if name != "batch_id"]  # noqa: SIM118 - Iterating yields columns.
    while left is None or left > 0:
        together = _TOGETHER if left is None else min(left, _TOGETHER)
        found = select(*columns).where(names.batch_id == batch_id, names.number > last)
        page = session.execute(found.order_by(names.number).limit(together)).all()
        for row in page:
            yield _effect(row)
        if len(page) < together:
            return
        last, left = page[-1].number, None if left is None else left - len(page)


def _effect(row: Row[Any]) -> Effect:
    values = row._mapping
    sides = {side: json.loads(values[side] or "{}") for side in ("before", "after")}
    return Effect(**{**values, **sides})


def count_effects(session: Session, batch_id: int) -> dict[tuple[str, str], int]:
    """Return the number of effects of a batch by the records' name and the kind of effect, in a fixed order."""
    effect = BatchEffect
    counted = select(effect.target, effect.kind, func.count()).where(effect.batch_id == batch_id)
    grouped = counted.group_by(effect.target, effect.kind).order_by(effect.target, effect.kind)
    return {(target, kind): count for target, kind, count in session.execute(grouped)}
