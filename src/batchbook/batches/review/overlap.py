"""Batches that change the same records: others than a batch that overlap with it, and those in which a record is.

Types declare which records their rows change (:class:`~batchbook.batches.handler.TouchedRecords`). Batches overlap if their rows
have the same values in the columns of the same key, whatever their types. Only unfinished batches count. Handlers ask for
the number of such batches by :func:`count_open_batches`, before they delete a record that others are about to change.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, String, cast, distinct, func, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from batchbook.batches.engine.engine import Engine
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.lifecycle import FORESEEABLE
from batchbook.batches.models import Batch, BatchRow, Operation
from batchbook.batches.registry import BatchType
from batchbook.db.bulk_writing import chunked
from batchbook.db.number_sets import is_among

#: The maximum number of other batches that are compared, the newest ones, and of pairs whose counts are kept.
MOST_BATCHES, MOST_KEPT = 20, 1_000
#: The number of rows, of all comparisons for a page together, after which no more batches are compared.
MOST_ROWS = 1_000_000
#: The maximum number of batches of a type, the newest ones, that are looked at, and of rows that are found in them.
_MOST_SEARCHED, _MOST_ROWS = 100, 100
#: The number of values in one statement; SQLite takes 32,766.
_MOST_VALUES = 10_000


@dataclass(frozen=True)
class Overlap:
    """A batch that changes ``count`` of the same records."""

    batch: Batch
    count: int


@dataclass(frozen=True)
class Overlaps:
    """The batches that overlap, most shared records first; ``left_out`` is the number of batches that were not compared."""

    found: Sequence[Overlap] = ()
    left_out: int = 0


@dataclass(frozen=True)
class _Keys:
    """The key columns of a batch's rows; ``record`` names the columns of the records that they find.

    The row model, which is made for each batch where batches have tables of their own, is made when it is asked for.
    """

    batch: Batch
    batch_type: BatchType
    columns: Sequence[str]
    record: tuple[str, ...]

    @property
    def row(self) -> type[BatchRow]:
        """The model of the batch's rows."""
        return self.batch_type.rows.of(self.batch)

    def of(self, row: Any) -> list[ColumnElement[Any]]:
        """Return the columns of ``row``, the row model or an alias of it, as texts that are compared."""
        return [cast(getattr(row, name), String) for name in self.columns]

    def plain(self, row: Any) -> list[ColumnElement[Any]]:
        """Return the columns of ``row`` as they are, which indexes serve."""
        return [getattr(row, name) for name in self.columns]

    def kept(self, row: Any) -> ColumnElement[bool]:
        """Return the condition for the batch's rows that are not removed."""
        condition: ColumnElement[bool] = (row.batch_id == self.batch.id) & ~row.removed
        return condition


class OverlapCounts:
    """The counts that a process keeps, by the two batches and the last operation of each, shared by its threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, ...], int] = OrderedDict()
        self._lock = Lock()

    def get(self, pair: tuple[int, ...]) -> int | None:
        """Return the count of ``pair``; ``None`` if it is not kept."""
        with self._lock:
            return self._kept.get(pair)

    def put(self, pair: tuple[int, ...], count: int) -> None:
        """Keep the ``count`` of ``pair``, in place of the oldest one if there are too many."""
        with self._lock:
            self._kept[pair] = count
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


def overlaps_of(
    engine: Engine, batch: Batch, visible: ColumnElement[bool], counts: OverlapCounts
) -> Overlaps:
    """Return the other open and complete batches that change the same records as ``batch``, of those that are ``visible``.

    At most :data:`MOST_BATCHES` are compared, the newest ones, each by one statement unless its count is kept from before, and
    no more once these statements have read :data:`MOST_ROWS` rows.
    """
    context = engine.handler_context()
    own = _keys_of(context, batch)
    if own is None or batch.state not in FORESEEABLE or not batch.row_count:
        return Overlaps()
    others = [keys for keys in _unfinished(context, visible) if keys.batch.id != batch.id]
    alike = [keys for keys in others if keys.record == own.record]
    compared = alike[:MOST_BATCHES]
    last = _last_operations(engine.session, [batch.id, *(one.batch.id for one in compared)])
    found, left_out, rows = [], len(alike) - len(compared), 0
    for other in compared:
        pair = (batch.id, last.get(batch.id, 0), other.batch.id, last.get(other.batch.id, 0))
        count = counts.get(pair)
        if count is None and rows < MOST_ROWS:
            rows += batch.row_count + other.batch.row_count
            count = _count_shared(engine.session, own, other)
            counts.put(pair, count)
        if count is None:
            left_out += 1
        elif count:
            found.append(Overlap(other.batch, count))
    return Overlaps(sorted(found, key=lambda one: -one.count), left_out)


def batches_with(
    engine: Engine, record: Any, visible: ColumnElement[bool]
) -> list[tuple[Batch, Sequence[int]]]:
    """Return the open and complete batches with rows that change ``record``, each with the numbers of these rows, newest first.

    Batches that share a table are asked by one statement.
    """
    table = record.__table__.name
    by_row: dict[type[BatchRow], list[_Keys]] = {}
    for keys in _unfinished(engine.handler_context(), visible)[:_MOST_SEARCHED]:
        if {name.partition(".")[0] for name in keys.record} == {table}:
            by_row.setdefault(keys.row, []).append(keys)
    found: list[tuple[Batch, Sequence[int]]] = []
    for row, several in by_row.items():
        values = [getattr(record, name.partition(".")[2]) for name in several[0].record]
        equal = [column == value for column, value in zip(several[0].plain(row), values, strict=True)]
        batches = {keys.batch.id: keys.batch for keys in several}
        wanted = select(row.batch_id, row.sequence).where(row.batch_id.in_(batches), ~row.removed, *equal)
        numbers: dict[int, list[int]] = {}
        for batch_id, sequence in engine.session.execute(wanted.order_by(row.sequence).limit(_MOST_ROWS)):
            numbers.setdefault(batch_id, []).append(sequence)
        found += [(batches[batch_id], sequences) for batch_id, sequences in numbers.items()]
    return sorted(found, key=lambda one: -one[0].id)


def count_open_batches(
    context: HandlerContext, key: InstrumentedAttribute[str], values: Collection[str], batch: Batch
) -> dict[str, int]:
    """Return how many open and complete batches other than ``batch`` change the records with these ``values`` of ``key``.

    Records that no other batch changes are left out. All batches count, also those that the actor may not see. There is one
    statement for each type and each table of rows.
    """
    record = (f"{key.class_.__tablename__}.{key.key}",)
    by_column: dict[tuple[type[BatchRow], str], list[int]] = {}
    for keys in reversed(_unfinished(context, true(), most=None)):
        if keys.record == record and keys.batch.id != batch.id:
            by_column.setdefault((keys.row, keys.columns[0]), []).append(keys.batch.id)
    found: Counter[str] = Counter()
    connection = context.session.connection()
    for (row, name), numbers in by_column.items():
        column = getattr(row, name)
        same: Any = column if type(column.type) is type(key.type) else cast(column, String)
        for some in chunked(values, _MOST_VALUES):
            named = same.in_(some), is_among(row.batch_id, numbers, connection.dialect), ~row.removed
            counts = select(same, func.count(distinct(row.batch_id))).where(*named).group_by(same)
            found.update({value: count for value, count in connection.execute(counts)})  # noqa: C416 - Rows are no tuples.
    return dict(found)


def _unfinished(
    context: HandlerContext, visible: ColumnElement[bool], most: int | None = _MOST_SEARCHED
) -> list[_Keys]:
    """Return the keys of the open and complete batches with rows whose types declare the records they change, the newest first.

    There is one statement for each type that has such batches, of which the ``most`` newest are found; ``None`` for all.
    """
    unfinished = Batch.state.in_([state.value for state in FORESEEABLE]) & (Batch.row_count > 0)
    types = {*context.session.scalars(select(Batch.type).where(unfinished, visible).distinct())}
    found: list[_Keys] = []
    for batch_type in context.types:
        if batch_type.key in types and batch_type.handler.touched_records is not None:
            header = batch_type.header
            wanted = select(header).where(unfinished, visible).order_by(header.id.desc())
            batches = context.session.scalars(wanted.limit(most))
            found += [keys for keys in (_keys_of(context, batch) for batch in batches) if keys is not None]
    return sorted(found, key=lambda keys: -keys.batch.id)


def _keys_of(context: HandlerContext, batch: Batch) -> _Keys | None:
    """Return the key columns of ``batch``; ``None`` for a type that does not declare the records its rows change."""
    batch_type: BatchType = context.types[batch.type]
    declared = batch_type.handler.touched_records
    if declared is None:
        return None
    handler = batch_type.make_rowless_handler(context)
    if not (columns := declared.columns_of(handler, batch)):
        return None
    key = declared.key_of(handler, batch)
    record = tuple(f"{attribute.class_.__tablename__}.{attribute.key}" for attribute in key)
    return _Keys(batch, batch_type, columns, record)


def _count_shared(session: Session, own: _Keys, other: _Keys) -> int:
    """Return the number of different keys that both batches have."""
    mine, theirs = aliased(own.row), aliased(other.row)
    same = [
        type(one.type) is type(two.type)
        for one, two in zip(own.plain(mine), other.plain(theirs), strict=True)
    ]
    keys, others = (own.plain(mine), other.plain(theirs)) if all(same) else (own.of(mine), other.of(theirs))
    wanted = select(*keys).where(own.kept(mine))
    if len(keys) == 1:
        counted = select(func.count(distinct(others[0]))).where(other.kept(theirs), others[0].in_(wanted))
    else:
        shared = select(*others).where(other.kept(theirs), tuple_(*others).in_(wanted)).distinct()
        counted = select(func.count()).select_from(shared.subquery())
    return session.scalar(counted) or 0


def _last_operations(session: Session, numbers: Sequence[int]) -> dict[int, int]:
    latest = select(Operation.batch_id, func.max(Operation.number)).where(Operation.batch_id.in_(numbers))
    return {row[0]: row[1] for row in session.execute(latest.group_by(Operation.batch_id))}
