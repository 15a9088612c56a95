"""Verification: executed batches are digested again and compared with their seals, which are a chain.

Nothing but the database is needed: what is read, and how, is in the manifests of the seals, so a batch is verified whether
or not its type is installed. Batches that were executed before there were seals are told apart from those whose seal is
missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import column, exists, func, select, table
from sqlalchemy.orm import Session

from batchbook.batches.lifecycle import FINAL
from batchbook.batches.models import Batch, CellChange
from batchbook.batches.retention.models import Tombstone
from batchbook.batches.rows.scope import table_of
from batchbook.batches.seal.chain import Difference, sealed_manifest
from batchbook.batches.seal.comparison import batch_with_the_record, compare_table
from batchbook.batches.seal.models import Seal, SealChunk
from batchbook.batches.seal.parts import PACKED, PARTS, Section
from batchbook.batches.trigger_check import columns_by_table
from batchbook.errors import Missing
from batchbook.progress import NoProgress, Progress

_BATCH = table_of(Batch)


class Result(StrEnum):
    """The results of verifying a batch."""

    AS_SEALED = "as sealed"
    DIFFERS = "differs"
    #: It was executed before there were seals.
    UNSEALED = "unsealed"
    #: It was purged after its retention, as its tombstone tells. Its seal is kept.
    PURGED = "purged"


@dataclass(frozen=True)
class Verdict:
    """The result of verifying one batch; ``seal`` is ``None`` if it has none. ``difference`` is the first one."""

    batch_id: int
    result: Result
    seal: Seal | None = None
    difference: Difference | None = None
    #: Whether the seal was made after the execution was committed.
    is_late: bool = False
    #: The tombstone of a batch that was purged.
    tombstone: Tombstone | None = None


def verify(session: Session, numbers: Iterable[int] | None = None, since: int = 1) -> Iterator[Verdict]:
    """Yield the verdicts on the batches with ``numbers``, or on all from the seal ``since`` on, in order of their seals.

    The chain is verified separately, see :func:`~batchbook.batches.seal.chain.verify_chain`. Raises
    :class:`~batchbook.errors.Missing` for a number of a batch that was neither executed nor sealed.
    """
    tables = columns_by_table(session.connection())
    if numbers is None:
        known = select(Seal.number).where(Seal.number >= since).order_by(Seal.number)
        for number in session.scalars(known).all():
            yield _verify(session, session.get_one(Seal, number), tables)
        numbers = unsealed_batches(session) if since == 1 else []
    for batch_id in numbers:
        seal = session.scalars(select(Seal).where(Seal.batch_id == batch_id)).one_or_none()
        yield _verify(session, seal, tables) if seal else _unsealed(session, batch_id)


def verify_batch(session: Session, seal: Seal, progress: Progress | None = None) -> Verdict:
    """Return the verdict on the batch of ``seal``: whether every record and file is as it was sealed."""
    return _verify(session, seal, columns_by_table(session.connection()), progress or NoProgress())


def _verify(
    session: Session, seal: Seal, tables: Mapping[str, set[str]], progress: Progress | None = None
) -> Verdict:
    manifest = sealed_manifest(seal)
    if isinstance(manifest, Difference):
        return Verdict(seal.batch_id, Result.DIFFERS, seal, manifest)
    if stone := _tombstone_of(session, seal.batch_id):
        found = _of_tombstone(seal, manifest, stone)
        result = Result.DIFFERS if found else Result.PURGED
        return Verdict(seal.batch_id, result, seal, found, manifest["late"], stone)
    found = next(_differences(session, seal, manifest, tables, progress or NoProgress()), None)
    result = Result.DIFFERS if found else Result.AS_SEALED
    return Verdict(seal.batch_id, result, seal, found, manifest["late"])


def _differences(
    session: Session,
    seal: Seal,
    manifest: Mapping[str, Any],
    tables: Mapping[str, set[str]],
    progress: Progress,
) -> Iterator[Difference]:
    """Yield the first difference of each sealed table of a batch, in the order in which they were sealed."""
    done, total = 0, sum(sealed["rows"] for _, sealed in _sealed_tables(manifest))

    def report(records: int) -> None:
        progress.report("verify records", done + records, total)

    for name, sealed in _sealed_tables(manifest):
        section = Section.from_json(name, sealed)
        if lacking := [*_lacking(section, seal, tables)]:
            yield from lacking
        elif found := compare_table(session, section, sealed, seal, report):
            yield _named(session, section, seal, found)
        done += sealed["rows"]
    yield from _added_tables(session, seal, {table["name"] for _, table in _sealed_tables(manifest)}, tables)


def _named(session: Session, section: Section, seal: Seal, found: Difference) -> Difference:
    """Return the difference ``found``, naming the other batch if the header of a batch is now that of another."""
    other = batch_with_the_record(session, section, seal) if section.table == _BATCH.name else None
    if other is None:
        return found
    return replace(found, columns=(), what=f"is that of batch {other:08d}: the two were swapped")


def _lacking(section: Section, seal: Seal, tables: Mapping[str, set[str]]) -> Iterator[Difference]:
    """Yield a difference for each table, or else its columns, that the records were read from and that is not there."""
    for table_name, names in section.stored_columns.items():
        stored = tables.get(table_name)
        if stored is None:
            yield Difference(seal.batch_id, seal.number, table_name, what="the whole table is missing")
        elif lacking := sorted(names - stored):
            yield Difference(seal.batch_id, seal.number, table_name, columns=(*lacking,), what="is missing")


def _sealed_tables(manifest: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(part["name"], sealed) for part in manifest["parts"] for sealed in part["tables"]]


def _added_tables(
    session: Session, seal: Seal, sealed: set[str], tables: Mapping[str, set[str]]
) -> Iterator[Difference]:
    """Yield a difference for each table of which nothing was sealed, and which has records of the batch or digests."""
    known = {PACKED} if CellChange.__tablename__ in sealed else set[str]()
    names = [table_of(model).name for part in PARTS for model in part.models]
    for name in (*names, PACKED):
        if name not in sealed | known and name in tables:
            records = table(name, column("batch_id"))
            if session.scalar(select(exists().where(records.c.batch_id == seal.batch_id))):
                yield Difference(seal.batch_id, seal.number, name, what="none of its records were sealed")
    digested = select(SealChunk.table_name).where(SealChunk.batch_id == seal.batch_id).distinct()
    for name in sorted({*session.scalars(digested)} - sealed):
        yield Difference(seal.batch_id, seal.number, SealChunk.__tablename__, f"of {name}", what="was added")


def _tombstone_of(session: Session, batch_id: int) -> Tombstone | None:
    """Return the tombstone of a batch that is no longer there; ``None`` without one."""
    is_there = session.scalar(select(exists().where(_BATCH.c.id == batch_id)))
    return None if is_there else session.get(Tombstone, batch_id)


def _of_tombstone(seal: Seal, manifest: Mapping[str, Any], stone: Tombstone) -> Difference | None:
    """Return the difference between a tombstone and the seal of its batch, which must have been purged after its retention."""
    of_batch = (seal.batch_id, seal.number, Tombstone.__tablename__)
    until = manifest["purge_after"]
    if until is None:
        return Difference(*of_batch, what="is of a batch that was to be kept for good")
    over = datetime.fromisoformat(until)
    if not isinstance(stone.purged_at, datetime) or stone.purged_at < over:
        return Difference(*of_batch, columns=("purged_at",), what="is before the end of the retention")
    rows: dict[str, int] = {}
    for name, sealed in _sealed_tables(manifest):
        rows.setdefault(name, sealed["rows"])  # Files come before their chunks.
    counts = {name: rows.get(name, 0) for name in ("rows", "operations", "cells", "files")}
    facts = {"type": seal.type, "seal": seal.number, "purge_after": over, **counts}
    differing = tuple(name for name, value in facts.items() if getattr(stone, name) != value)
    return Difference(*of_batch, columns=differing, what="does not match the seal") if differing else None


def unsealed_batches(session: Session) -> list[int]:
    """Return the numbers of the executed batches that have no seal."""
    executed = select(_BATCH.c.id).where(_BATCH.c.state.in_(FINAL)).order_by(_BATCH.c.id)
    return [*session.scalars(executed.where(~exists().where(Seal.batch_id == _BATCH.c.id)))]


def _unsealed(session: Session, batch_id: int) -> Verdict:
    """Return the verdict on an executed batch without a seal, which should have one if there were seals at its time."""
    found = session.execute(
        select(_BATCH.c.executed_at).where(_BATCH.c.id == batch_id, _BATCH.c.state.in_(FINAL))
    ).one_or_none()
    if found is None:
        raise Missing(
            f"There is no executed batch {batch_id}, nor a seal of one, so there is nothing to verify."
        )
    first = session.scalar(select(func.min(Seal.sealed_at)))
    if first is None or (isinstance(found.executed_at, datetime) and found.executed_at < first):
        return Verdict(batch_id, Result.UNSEALED)
    return Verdict(
        batch_id,
        Result.DIFFERS,
        difference=Difference(batch_id, None, Seal.__tablename__, what="the seal of the batch is missing"),
    )
