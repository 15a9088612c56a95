"""The purge of executed batches that are past their retention, by command or by schedule, and the report of idle ones."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Table, delete, exists, func, select
from sqlalchemy.orm import Session

from batchbook.batches.cell_chunks import CellChunk
from batchbook.batches.lifecycle import FINAL, State
from batchbook.batches.models import Batch, BatchFile, BatchFileChunk, CellChange, Operation
from batchbook.batches.registry import BatchTypes
from batchbook.batches.retention.models import LegalHold, Tombstone, is_held, retention_of
from batchbook.batches.rows.scope import table_of
from batchbook.batches.rows.storage import SharedTable
from batchbook.db import Base, utc_now
from batchbook.db.transactions import acted_by, transaction_scope
from batchbook.errors import Conflict, Missing
from batchbook.master.models import GridSetting
from batchbook.security.audit_log import record_action
from batchbook.services import Services
from batchbook.settings import Setting

BY_SCHEDULE = Setting(
    "batchbook.purge_by_schedule",
    "false",
    "True to purge executed batches that are past their retention every hour, in the processes that run jobs.",
)
IDLE_DAYS = Setting(
    "batchbook.idle_days",
    "365",
    "After so many days without any operation, “batchbook purge” reports a batch that was not executed as idle.",
)

SETTINGS = (BY_SCHEDULE, IDLE_DAYS)

log = logging.getLogger(__name__)

#: The number of rows or cells that one statement deletes.
_AT_A_TIME = 20_000
#: The actor of a purge by schedule.
_ACTOR = "batchbook"


@dataclass(frozen=True)
class Due:
    """An executed batch that may be purged."""

    number: int
    type: str
    executed_at: datetime
    purge_after: datetime
    rows: int


def due_batches(
    session: Session, types: BatchTypes, before: datetime | None = None, key: str | None = None
) -> list[Due]:
    """Return the batches past their retention, the oldest first: those executed ``before`` that time, of the type ``key``.

    Batches under a legal hold are not among them, nor those that the present policy of their type keeps for longer.
    """
    now = utc_now()
    statement = (
        select(Batch.id, Batch.type, Batch.executed_at, Batch.purge_after, Batch.row_count)
        .where(Batch.state == State.EXECUTED, Batch.purge_after < now, ~is_held())
        .where(Batch.type.in_([one.key for one in types if key in (None, one.key)]))
        .order_by(Batch.id)
    )
    if before is not None:
        statement = statement.where(Batch.executed_at < before)
    kept = {one.key: retention_of(session, one.key, one.handler.execution_policy.retention) for one in types}
    found = [Due(*row) for row in session.execute(statement)]  # type: ignore[arg-type]  # An executed batch has both times.
    return [one for one in found if _is_over(kept[one.type], one.executed_at, now)]


def _is_over(retention: timedelta | None, executed_at: datetime, now: datetime) -> bool:
    return retention is not None and executed_at + retention < now


def purge_batch(session: Session, types: BatchTypes, number: int, actor: str) -> str:
    """Delete the executed batch ``number``, which is due, in the transaction of ``session``; return a sentence on it.

    A tombstone and an event of the audit log stay. Raises ``Conflict`` if the batch is not due any more.
    """
    batch = session.scalars(select(Batch).where(Batch.id == number).with_for_update(of=Batch)).one_or_none()
    if batch is None:
        raise Missing(f"There is no batch {number:08d}. It may have been purged already.")
    if number not in {one.number for one in due_batches(session, types, key=batch.type)}:
        raise Conflict(f"{batch} was not purged: it is held, or not past its retention.")
    tombstone = _tombstone(session, batch, actor)
    session.add(tombstone)
    detail = f"{batch.type}, {tombstone.rows:,} rows, executed {tombstone.executed_at:%Y-%m-%d}"
    record_action(session, actor, "batch purged", batch.number, detail, type=batch.type, seal=tombstone.seal)
    _delete(session, types, batch)
    return f"{batch} was purged, with {tombstone.rows:,} rows."


def _tombstone(session: Session, batch: Batch, actor: str) -> Tombstone:
    def count(model: Any) -> int:
        return session.scalar(select(func.count()).where(model.batch_id == batch.id)) or 0

    seals = Base.metadata.tables.get("seal")
    seal = (
        None if seals is None else session.scalar(select(seals.c.number).where(seals.c.batch_id == batch.id))
    )
    packed = session.scalar(select(func.sum(CellChunk.cells)).where(CellChunk.batch_id == batch.id)) or 0
    facts = {name: getattr(batch, name) for name in ("type", "created_at", "created_by", "executed_at")}
    return Tombstone(
        number=batch.id,
        **facts,
        executed_by=batch.executed_by,
        rows=batch.row_count,
        operations=count(Operation),
        cells=count(CellChange) + packed,
        files=count(BatchFile),
        seal=seal,
        purge_after=batch.purge_after,
        purged_at=utc_now(),
        purged_by=actor,
        acted_by=acted_by(session),
    )


def _delete(session: Session, types: BatchTypes, batch: Batch) -> None:
    """Delete everything of ``batch``, children before the header, as the triggers demand."""
    batch_type, number = types[batch.type], batch.id
    header: Table = batch_type.header.__table__  # type: ignore[assignment]
    for model in (CellChange, CellChunk):
        _delete_in_chunks(session, table_of(model), number, "position")
    if isinstance(batch_type.rows, SharedTable):
        _delete_in_chunks(session, table_of(batch_type.rows.declared), number, "sequence")
    batch_type.rows.discard(session, batch)
    session.flush()
    for table in _children():
        session.execute(delete(table).where(table.c.batch_id == number))
    session.execute(delete(GridSetting).where(GridSetting.grid.startswith(batch.filters_key)))
    session.expunge(batch)
    session.execute(delete(header).where(header.c.id == number))
    base: Table = Batch.__table__  # type: ignore[assignment]
    session.execute(delete(base).where(base.c.id == number))


def _children() -> list[Table]:
    """Return the tables of everything that belongs to batches, besides their rows, children of others first.

    They are those that refer to batches, so that those which other packages add are among them.
    """
    known = {Batch.__tablename__, *(model.__tablename__ for model in (LegalHold, Tombstone))}
    first = [table_of(model) for model in (BatchFileChunk, CellChange, CellChunk)]
    found = [
        table
        for table in reversed(Base.metadata.sorted_tables)
        if table.name not in known
        and any(key.column.table.name == Batch.__tablename__ for key in table.foreign_keys)
        and "batch_id" in table.columns
        and table not in first
    ]
    return [*first, *found]


def _delete_in_chunks(session: Session, table: Any, number: int, name: str) -> None:
    place = table.c[name]
    last = session.scalar(select(func.max(place)).where(table.c.batch_id == number))
    for first in range(0, (last or 0) + 1, _AT_A_TIME):
        part = (table.c.batch_id == number, place >= first, place < first + _AT_A_TIME)
        session.execute(delete(table).where(*part))


def place_hold(session: Session, number: int, actor: str, reason: str, *, placed: bool = True) -> LegalHold:
    """Place a legal hold on the batch ``number``, or release it; raise ``Conflict`` if it is so already.

    The batch is locked, so that it is not purged at the same moment. Raises ``Missing`` if there is none.
    """
    locked = select(Batch.id).where(Batch.id == number).with_for_update(of=Batch)
    if session.scalar(locked) is None:
        raise Missing(f"There is no batch {number:08d}. Nothing was changed.")
    if bool(session.scalar(select(is_held(number)))) == placed:
        already = "is under a legal hold already" if placed else "is not under a legal hold"
        raise Conflict(f"Batch {number:08d} {already}. Nothing was changed.")
    entry = LegalHold(number=number, placed=placed, reason=reason, actor=actor, acted_by=acted_by(session))
    session.add(entry)
    session.flush()
    event = "legal hold placed" if placed else "legal hold released"
    record_action(session, actor, event, f"{number:08d}", reason)
    return entry


def idle_batches(session: Session, days: int) -> Sequence[Batch]:
    """Return the batches that were not executed, and with which nothing happened for so many ``days``. They are kept."""
    since = utc_now() - timedelta(days=days)
    active = exists().where(Operation.batch_id == Batch.id, Operation.at >= since)
    found = select(Batch).where(Batch.state.not_in(FINAL), Batch.created_at < since, ~active)
    return session.scalars(found.order_by(Batch.id)).all()


def purge_by_schedule(services: Services) -> None:
    """Purge all batches that are due, each in a transaction of its own, if the settings say so."""
    if not BY_SCHEDULE.flag(services.settings):
        return
    types, engine = services.get(BatchTypes), services.get(Engine)
    with transaction_scope(engine, read_only=True) as session:
        numbers = [one.number for one in due_batches(session, types)]
    for number in numbers:
        try:
            with transaction_scope(engine, acted_by="schedule") as session:
                log.info("%s", purge_batch(session, types, number, _ACTOR))
        except (Conflict, Missing) as error:  # Somebody held it, or purged it meanwhile.
            log.info("%s", error.message)


def day_in_utc(day: datetime) -> datetime:
    """Return the beginning of a ``day`` without a zone, in UTC."""
    return day.replace(tzinfo=UTC)
