"""Sealing: what an executed batch consists of is digested, and the digests become the next link of the chain of seals.

The manifest of a seal is one line of canonical JSON with its number, the batch, the digest of the seal before, and the
digest of each table. It is written by the transaction that executes the batch, so that there is no executed batch without
its seal, and no seal of a batch that was not executed.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from batchbook.batches.models import Batch
from batchbook.batches.rows.scope import table_of
from batchbook.batches.seal.chain import FORMAT, GENESIS, digest_of_manifest
from batchbook.batches.seal.models import Seal, SealChunk
from batchbook.batches.seal.parts import Section, sections_of
from batchbook.batches.seal.serialisation import Chunk, chunks_of, digest_of, runs_of
from batchbook.batches.seal.values import Column
from batchbook.db.bulk_writing import bulk_insert, chunked

#: The number of the advisory lock of PostgreSQL that orders the chain: the first letters of “seal”, as a number.
_LOCK = int.from_bytes(b"seal")
_CHUNKS_WRITTEN = 50
#: The most chunks that wait to be digested.
_CHUNKS_AHEAD = 3


def seal_batch(
    session: Session, batch: Batch, handler: type[Any], now: datetime, *, late: bool = False
) -> Seal:
    """Seal ``batch``, which is executed and stored as it will stay, and return its seal.

    ``handler`` is the class that executed it. A seal that is ``late`` is made after the execution was committed, so it
    vouches only for the time from ``now`` on.

    The chain is locked last, until the transaction ends, so that other executions wait for as short a time as possible.
    """
    parts = [*_sealed_parts(session, batch)]
    last = _locked_head(session)
    seal = Seal(
        number=1 if last is None else last.number + 1,
        batch_id=batch.id,
        type=batch.type,
        sealed_at=now,
        previous=GENESIS if last is None else last.digest,
    )
    seal.manifest = manifest_line(_manifest(seal, batch, handler, parts, late=late))
    seal.digest = digest_of_manifest(seal.manifest)
    session.add(seal)
    session.flush()
    return seal


def manifest_line(manifest: Mapping[str, Any]) -> str:
    """Return ``manifest`` as a canonical line, with its keys in their order."""
    return json.dumps(manifest, ensure_ascii=False, separators=(",", ":")) + "\n"


def head_of_chain(session: Session) -> Seal | None:
    """Return the last seal; ``None`` if there is none yet."""
    return session.scalars(select(Seal).order_by(Seal.number.desc()).limit(1)).first()


def _locked_head(session: Session) -> Seal | None:
    """Return the last seal; no other transaction can add one until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    # On SQLite this transaction has the only write lock.
    return head_of_chain(session)


def _manifest(
    seal: Seal, batch: Batch, handler: type[Any], parts: list[dict[str, Any]], *, late: bool
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "number": seal.number,
        "batch": seal.batch_id,
        "type": seal.type,
        "sealed_at": _moment(seal.sealed_at),
        "late": late,
        "purge_after": _moment(batch.purge_after),
        "versions": {
            "batchbook": version_of("batchbook"),
            "handler": f"{handler.__module__}.{handler.__qualname__}",
            "package": version_of(handler.__module__.partition(".")[0]),
        },
        "previous": seal.previous,
        "parts": parts,
    }


def _moment(at: datetime | None) -> Any:
    return json.loads(Column("", "moment").tokens([at])[0])


@cache
def version_of(package: str) -> str | None:
    """Return the version of the installed ``package``; ``None`` if it was not installed as one."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _sealed_parts(session: Session, batch: Batch) -> Iterator[dict[str, Any]]:
    """Store the digests of the chunks of all parts of ``batch``; yield the parts as the manifest has them."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for section in sections_of(session, batch):
        parts.setdefault(section.part, []).append(_sealed_table(session, section, batch.id))
    for name, tables in parts.items():
        yield {"name": name, "tables": tables}


def _sealed_table(session: Session, section: Section, batch_id: int) -> dict[str, Any]:
    connection, stored = session.connection(), table_of(SealChunk)
    digests: list[bytes] = []
    rows = 0
    for records in chunked(
        _records(chunks_of(connection, section, batch_id), section, batch_id), _CHUNKS_WRITTEN
    ):
        bulk_insert(connection, stored, _Record._fields, records)
        digests += [bytes.fromhex(record.digest) for record in records]
        rows += sum(record.rows for record in records)
    return section.to_json() | {"rows": rows, "digest": digest_of(digests)}


class _Record(NamedTuple):
    """The values of a :class:`SealChunk`, in the order of its columns."""

    batch_id: int
    table_name: str
    position: int
    rows: int
    digest: str
    keys: str
    row_digests: bytes
    column_digests: bytes


def _records(chunks: Iterable[Chunk], section: Section, batch_id: int) -> Iterator[_Record]:
    """Yield the records of ``chunks``, which another thread digests while the database returns the next ones."""
    with ThreadPoolExecutor(1, "seal") as pool:
        waiting: deque[Future[_Record]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_record, section, batch_id, chunk))
            if len(waiting) > _CHUNKS_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _record(section: Section, batch_id: int, chunk: Chunk) -> _Record:
    return _Record(
        batch_id,
        section.table,
        chunk.position,
        len(chunk.lines),
        chunk.digest.hex(),
        runs_of(chunk.keys),
        chunk.row_digests,
        chunk.column_digests,
    )
