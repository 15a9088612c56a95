"""Comparison of a sealed table with what is stored: the first record and the columns that differ."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from itertools import zip_longest
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from batchbook.batches.rows.scope import table_of
from batchbook.batches.seal.chain import Difference
from batchbook.batches.seal.models import Seal, SealChunk
from batchbook.batches.seal.parts import Section
from batchbook.batches.seal.serialisation import SHORT, Chunk, Key, chunks_of, digest_of, keys_of, runs_of

_CHUNKS = table_of(SealChunk)


def compare_table(
    session: Session,
    section: Section,
    sealed: Mapping[str, Any],
    seal: Seal,
    report: Callable[[int], None] = lambda _records: None,
) -> Difference | None:
    """Return the first difference between the records of ``section`` and what the manifest ``sealed`` of them has.

    After each chunk, ``report`` is told the number of records that were compared. The digests of chunks that are stored beside the seal tell where it is. Whether they can be relied upon is known from
    the manifest, which has the digest of them all.
    """
    stored = _stored_digests(session, section, seal)
    are_as_sealed = None not in stored and digest_of(one for one in stored if one) == sealed["digest"]
    current: list[bytes] = []
    first: tuple[RowMapping | None, Chunk | None] | None = None
    count = 0
    with (
        closing(_stored_chunks(session, section, seal)) as kept_chunks,
        closing(chunks_of(session.connection(), section, seal.batch_id)) as chunks,
    ):
        for position, (kept, chunk) in enumerate(zip_longest(kept_chunks, chunks)):
            if first is None and not _is_equal(kept, chunk, position):
                first = kept, chunk
                if are_as_sealed and (kept is None or chunk is None or kept.digest != chunk.digest.hex()):
                    return _located(section, seal, kept, chunk)
            if chunk is not None:
                current.append(chunk.digest)
                count += len(chunk.lines)
                report(count)
    if digest_of(current) != sealed["digest"] or count != sealed["rows"]:
        what = "was changed, and so were the digests that tell where"
        unknown = Difference(seal.batch_id, seal.number, section.table, what=what)
        return _located(section, seal, *first) if first else unknown
    return _of_digests(section, seal, *first) if first else None


def _stored_digests(session: Session, section: Section, seal: Seal) -> list[bytes | None]:
    """Return the stored digests of all chunks; ``None`` for one that is not readable."""
    texts = session.execute(_of(section, seal).with_only_columns(_CHUNKS.c.digest)).scalars()
    return [_from_hex(text) for text in texts]


def _from_hex(text: Any) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError):
        return None


def _stored_chunks(session: Session, section: Section, seal: Seal) -> Generator[RowMapping]:
    with session.execute(_of(section, seal).execution_options(yield_per=50)) as found:
        yield from found.mappings()


def _of(section: Section, seal: Seal) -> Any:
    own = (_CHUNKS.c.batch_id == seal.batch_id, _CHUNKS.c.table_name == section.table)
    return select(_CHUNKS).where(*own).order_by(_CHUNKS.c.position)


def _facts(chunk: Chunk, position: int) -> dict[str, Any]:
    """Return what is stored of ``chunk``, the first of it being the digest."""
    return {
        "digest": chunk.digest.hex(),
        "position": position,
        "rows": len(chunk.lines),
        "keys": runs_of(chunk.keys) if _are_numbers(chunk.keys) else None,
        "row_digests": chunk.row_digests,
        "column_digests": chunk.column_digests,
    }


def _are_numbers(keys: Sequence[Key]) -> bool:
    return all(type(number) is int for key in keys for number in key)


def _is_equal(kept: RowMapping | None, chunk: Chunk | None, position: int) -> bool:
    if kept is None or chunk is None:
        return False
    return all(kept[name] == value for name, value in _facts(chunk, position).items())


def _of_digests(section: Section, seal: Seal, kept: RowMapping | None, chunk: Chunk | None) -> Difference:
    """Return the difference where only the stored digests of a chunk were changed, added or deleted."""
    name = SealChunk.__tablename__
    if kept is None or chunk is None:
        position = chunk.position if chunk else kept.position if kept else 0
        what = "is missing" if kept is None else "was added"
        return Difference(seal.batch_id, seal.number, name, f"{section.table} {position}", what=what)
    facts = _facts(chunk, chunk.position)
    columns = tuple(column for column, value in facts.items() if kept[column] != value)
    return Difference(seal.batch_id, seal.number, name, f"{section.table} {chunk.position}", columns)


def _located(section: Section, seal: Seal, kept: RowMapping | None, chunk: Chunk | None) -> Difference:
    """Return the first difference between a stored chunk and the records that are there now."""
    before, now = _sealed_keys(kept), [*chunk.keys] if chunk else []
    row_digests = _parts(kept["row_digests"]) if kept else []
    rows_now = _parts(chunk.row_digests) if chunk else []
    for at, (old, new) in enumerate(zip_longest(before, now)):
        if old != new:
            return _of_keys(section, seal, before, now)
        if row_digests[at : at + 1] != rows_now[at : at + 1]:
            columns = _differing_columns(section, kept, chunk) if before == now else ()
            return _difference(section, seal, old, columns)
    return Difference(seal.batch_id, seal.number, section.table, what="was changed")


def _sealed_keys(kept: RowMapping | None) -> list[Key]:
    try:
        return keys_of(json.loads(kept["keys"])) if kept else []
    except (ValueError, TypeError):
        return []


def _of_keys(section: Section, seal: Seal, before: Sequence[Key], now: Sequence[Key]) -> Difference:
    """Return the difference where records were deleted or added, or a key was changed, which is both."""
    were, are = {*before}, {*now}
    lost, added = [key for key in before if key not in are], [key for key in now if key not in were]
    if not lost or (added and _is_before(added[0], lost[0])):
        return _difference(section, seal, added[0], (), "was added")
    # A record that was deleted draws the first one of the next chunk into its own.
    is_drawn = len(now) == section.chunk_rows and not _is_before(added[0], before[-1])
    if len(lost) != 1 or len(added) != 1 or is_drawn:
        return _difference(section, seal, lost[0], (), "is missing")
    pairs = zip(section.record_key, lost[0], added[0], strict=True)
    columns = tuple(name for name, old, new in pairs if old != new)
    what = f"is missing, and {_words(section, added[0])} was added"
    return _difference(section, seal, lost[0], columns, what)


def _is_before(one: Key, other: Key) -> bool:
    # SQL can store texts in SQLite's columns of numbers.
    return _are_numbers((one, other)) and one < other


def _difference(
    section: Section, seal: Seal, key: Key, columns: tuple[str, ...], what: str = "was changed"
) -> Difference:
    return Difference(seal.batch_id, seal.number, section.table, _words(section, key), columns, what)


def _words(section: Section, key: Key) -> str:
    """Return the key of a record in words, such as “sequence 7”; the header's only record has none."""
    return (
        " ".join(f"{name} {number}" for name, number in zip(section.record_key, key, strict=False))
        or "its record"
    )


def _parts(digests: Any) -> list[bytes]:
    data = bytes(digests)
    return [data[at : at + SHORT] for at in range(0, len(data), SHORT)]


def _differing_columns(section: Section, kept: RowMapping | None, chunk: Chunk | None) -> tuple[str, ...]:
    if kept is None or chunk is None:
        return ()
    pairs = zip_longest(section.columns, _parts(kept["column_digests"]), _parts(chunk.column_digests))
    return tuple(column.name for column, old, new in pairs if column is not None and old != new)


def batch_with_the_record(session: Session, section: Section, seal: Seal) -> int | None:
    """Return the other batch whose only record in ``section`` is now that of the batch of ``seal``; ``None`` without one.

    The number of the batch in the record is not compared. The batch is found by the short digests of the columns, as they were sealed.
    """
    chunk = next(chunks_of(session.connection(), section, seal.batch_id), None)
    if chunk is None:
        return None
    number = [column.name for column in section.columns].index(section.batch_column)

    def others(digests: Any) -> list[bytes]:
        found = _parts(digests)
        return [*found[:number], *found[number + 1 :]]

    of_others = (_CHUNKS.c.table_name == section.table, _CHUNKS.c.batch_id != seal.batch_id)
    stored = select(_CHUNKS.c.batch_id, _CHUNKS.c.column_digests).where(*of_others)
    now = others(chunk.column_digests)
    found = session.execute(stored.order_by(_CHUNKS.c.batch_id))
    return next((batch for batch, digests in found if others(digests) == now), None)
