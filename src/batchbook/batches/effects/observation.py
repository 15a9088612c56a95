"""The observation of an execution: the values of its records before and after it, read in its own transaction.

Hundreds of thousands of records may be concerned, so they are converted by column, compared as tuples, and wait in files.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from json.encoder import encode_basestring
from tempfile import SpooledTemporaryFile
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from batchbook.batches.effects.declaration import LONGEST_KEY, TargetRecords, values_as_json
from batchbook.batches.effects.models import CREATED, DELETED, UPDATED, BatchEffect
from batchbook.batches.rows.scope import Rows
from batchbook.db import lock_records
from batchbook.db.bulk_writing import bulk_insert

#: The number of records that are fetched together, and the bytes of them that are kept in memory.
_FETCHED, _IN_MEMORY = 2_000, 8 * 1024 * 1024
_COLUMNS = ("batch_id", "number", "target", "record_id", "record_key", "sequence", "kind", "before", "after")
#: The place of the first value in a record as it was read; before it are primary key, key, and number of the row.
_FIRST = 3

#: A record as it was read: primary key, key, number of the row that finds it, and the values of the fields.
_Record = tuple[Any, ...]


class _Snapshot:
    """The records of ``records`` that ``rows`` find, as they are now, in the order of their primary keys."""

    def __init__(self, records: TargetRecords, rows: Rows) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - close() closes it.
        self._sizes: list[int] = []
        statement = records.values(rows.model, rows.where)
        options = {"yield_per": _FETCHED, "stream_results": True}
        last = None
        for part in rows.session.connection().execute(statement, execution_options=options).partitions():
            ids, keys, *columns = zip(*part, strict=True)
            texts = [str(key)[:LONGEST_KEY] for key in keys]
            found = [*zip(ids, texts, *map(values_as_json, columns), strict=True)]
            if ids[0] == last or len(set(ids)) < len(ids):  # Another row finds the same record.
                found = [row for row, before in zip(found, (last, *ids), strict=False) if row[0] != before]
            data = marshal.dumps(found)
            self._sizes.append(len(data))
            self._file.write(data)
            last = ids[-1]

    def __iter__(self) -> Iterator[_Record]:
        """Yield the records."""
        self._file.seek(0)
        for size in self._sizes:
            yield from marshal.loads(self._file.read(size))  # noqa: S302 - This process has written it.

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


@contextmanager
def observing(rows: Rows, batch_id: int, declared: Sequence[TargetRecords]) -> Iterator[None]:
    """Keep the effects that the block, the execution of ``rows``, has on the ``declared`` records of the batch."""
    with ExitStack() as stack:
        before = []
        for records in declared:
            if records.locked:
                lock_records(rows.session, records.id, rows.where, records.where, records.join)
            before.append(_Snapshot(records, rows))
            stack.callback(before[-1].close)
        yield
        # Whatever somebody has put there by SQL is no effect of this execution.
        rows.session.execute(delete(BatchEffect).where(BatchEffect.batch_id == batch_id))
        number = 0
        for records, earlier in zip(declared, before, strict=True):
            later = _Snapshot(records, rows)
            stack.callback(later.close)
            number = _keep(rows.session, batch_id, records, number, earlier, later)


def _keep(
    session: Session, batch_id: int, records: TargetRecords, number: int, before: _Snapshot, after: _Snapshot
) -> int:
    """Store the differences of two snapshots, numbered from behind ``number``; return the last number."""
    names, target = [*map(encode_basestring, records.fields)], records.kind

    def lines() -> Iterator[tuple[Any, ...]]:
        nonlocal number
        for kind, old, new in differences(before, after):
            number += 1
            sides = _sides(names, kind, old, new)
            yield (batch_id, number, target, *(old or new)[:_FIRST], kind, *sides)

    table = BatchEffect.metadata.tables[BatchEffect.__tablename__]
    bulk_insert(session.connection(), table, _COLUMNS, lines())
    return number


def _sides(names: Sequence[str], kind: str, old: _Record, new: _Record) -> tuple[str | None, str | None]:
    """Return the values before and after as JSON: of a changed record those that differ."""
    places: Sequence[int] = range(len(names))
    if kind == UPDATED:
        places = [place for place in range(len(names)) if old[_FIRST + place] != new[_FIRST + place]]
    return _json(names, old, places) if old else None, _json(names, new, places) if new else None


def _json(names: Sequence[str], record: _Record, places: Sequence[int]) -> str:
    parts = [f"{names[place]}:{_value(record[_FIRST + place])}" for place in places]
    return f"{{{','.join(parts)}}}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    return "null" if value is None else "true" if value is True else "false" if value is False else str(value)


def differences(before: _Snapshot, after: _Snapshot) -> Iterator[tuple[str, _Record, _Record]]:
    """Yield the kind of each difference of two snapshots in the same order, with the record before and after; empty for none."""
    earlier, later = iter(before), iter(after)
    old, new = next(earlier, ()), next(later, ())
    while old or new:
        if old and (not new or old[0] < new[0]):
            yield DELETED, old, ()
            old = next(earlier, ())
        elif not old or new[0] < old[0]:
            yield CREATED, (), new
            new = next(later, ())
        else:
            if old[_FIRST:] != new[_FIRST:]:
                yield UPDATED, old, new
            old, new = next(earlier, ()), next(later, ())
