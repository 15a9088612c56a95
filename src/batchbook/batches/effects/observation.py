"""The observation of an execution: the values of its records before and after it, compared by the database.

Hundreds of thousands of records may be concerned, so no value passes through Python: what records had before is in a
temporary table, and one statement stores what differs from it after the execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from json.encoder import encode_basestring
from operator import add
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
)

from batchbook.batches.effects.declaration import LONGEST_KEY, TargetRecords
from batchbook.batches.effects.json_values import json_value
from batchbook.batches.effects.models import CREATED, DELETED, UPDATED, BatchEffect
from batchbook.batches.rows.scope import Rows
from batchbook.db import lock_records
from batchbook.db.functions import insert_into
from batchbook.db.guard import unguarded

_COLUMNS = ("batch_id", "number", "target", "record_id", "record_key", "sequence", "kind", "before", "after")
#: The columns of records that have been found, besides their values.
_FOUND = ("record_id", "record_key", "sequence")


@contextmanager
def observing(rows: Rows, batch_id: int, declared: Sequence[TargetRecords]) -> Iterator[None]:
    """Keep the effects that the block, the execution of ``rows``, has on the ``declared`` records of the batch."""
    observed: list[_Observed] = []
    for records in declared:
        if records.locked:
            lock_records(rows.session, records.id, rows.where, records.where, records.join)
        observed.append(_Observed(records, rows, f"batchbook_before_{len(observed)}"))
    yield
    # Whatever somebody has put there by SQL is no effect of this execution.
    rows.session.execute(delete(BatchEffect).where(BatchEffect.batch_id == batch_id))
    number = 0
    for one in observed:
        number += one.keep(batch_id, number)
        one.close()


class _Observed:
    """The records of ``records`` that ``rows`` find, as they were when this was made, in the temporary table ``name``.

    If several rows find a record, it belongs to the first one.
    """

    def __init__(self, records: TargetRecords, rows: Rows, name: str) -> None:
        self._records, self._rows, self._session = records, rows, rows.session
        self._dialect = rows.session.get_bind().dialect.name
        self._fields = [f"field_{place}" for place in range(len(records.fields))]
        self._before = Table(
            name,
            MetaData(),
            Column("record_id", Integer, primary_key=True, autoincrement=False),
            Column("record_key", String(LONGEST_KEY)),
            Column("sequence", Integer),
            *(Column(field, Text) for field in self._fields),
            prefixes=["TEMPORARY"],
            postgresql_on_commit="DROP",
        )
        connection = self._session.connection()
        with unguarded(connection):
            self._before.create(connection, checkfirst=False)
        self._fill()

    def _fill(self) -> None:
        records, row = self._records, self._rows.model
        found = select(records.id, self._key, row.sequence, *self._values)
        found = found.where(records.found_by(self._rows.where)).order_by(records.id, row.sequence)
        filling = insert_into(self._session.get_bind(), self._before)
        self._session.execute(filling.from_select([*_FOUND, *self._fields], found).on_conflict_do_nothing())

    @property
    def _key(self) -> ColumnElement[str]:
        return func.coalesce(func.substr(cast(self._records.key, String), 1, LONGEST_KEY), "")

    @property
    def _values(self) -> list[ColumnElement[str]]:
        values: Iterable[Any] = self._records.fields.values()
        return [json_value(value, self._dialect) for value in values]

    def keep(self, batch_id: int, number: int) -> int:
        """Store what is different now as effects of the batch, numbered from behind ``number``; return how many there are."""
        parts = [self._changed()]
        if self._records.creates:
            parts.append(self._created())
        found = union_all(*parts).subquery("found")
        pairs = [(found.c[field], found.c[f"{field}_now"]) for field in self._fields]
        differs = [before != now for before, now in pairs]
        order = func.row_number().over(order_by=found.c.record_id) + literal(number, Integer)
        kept = select(
            literal(batch_id, Integer),
            order,
            literal(self._records.kind, String),
            *(found.c[name] for name in _FOUND),
            found.c.kind,
            case((found.c.kind != CREATED, self._object(found, [before for before, _ in pairs], differs))),
            case((found.c.kind != DELETED, self._object(found, [now for _, now in pairs], differs))),
        ).where(or_(found.c.kind != UPDATED, *differs))
        table = BatchEffect.metadata.tables[BatchEffect.__tablename__]
        stored = self._session.connection().execute(insert(table).from_select(_COLUMNS, kept))
        return stored.rowcount

    def _changed(self) -> Select[Any]:
        """Return the SELECT of the records that were there before, with their values before and now."""
        before, records = self._before.c, self._records
        kind = case((records.id.is_(None), DELETED), else_=UPDATED)
        now = [value.label(f"{field}_now") for field, value in zip(self._fields, self._values, strict=True)]
        columns = [before[name] for name in (*_FOUND, *self._fields)]
        found = select(*columns, *now, kind.label("kind")).select_from(self._before)
        return found.outerjoin(records.model, records.id == before.record_id)

    def _created(self) -> Select[Any]:
        """Return the SELECT of the records that rows find now, and none did before, with the same columns."""
        records, row = self._records, self._rows.model
        found = select(
            records.id,
            self._key,
            func.min(row.sequence),
            *(null() for _ in self._fields),
            *self._values,
            literal(CREATED, String),
        )
        known = exists().where(self._before.c.record_id == records.id)
        return found.where(records.found_by(self._rows.where), ~known).group_by(records.id)

    def _object(
        self, found: FromClause, values: Sequence[ColumnElement[str]], differs: Sequence[ColumnElement[bool]]
    ) -> ColumnElement[str]:
        """Return in SQL a JSON object of the fields: of a record that was changed, of those that differ."""
        members: list[ColumnElement[str]] = [
            case(
                (or_(found.c.kind != UPDATED, differing), literal(f",{encode_basestring(name)}:") + value),
                else_="",
            )
            for name, value, differing in zip(self._records.fields, values, differs, strict=True)
        ]
        return literal("{") + func.substr(reduce(add, members, literal("")), 2) + "}"

    def close(self) -> None:
        """Remove the temporary table."""
        connection = self._session.connection()
        with unguarded(connection):
            self._before.drop(connection, checkfirst=False)
