"""The index in which similar records are looked up: each record's code in the form that compares, and its words.

It is brought up to date when a catalogue was loaded, and when a batch with unmatched rows is populated or refreshed, from the
records themselves: however they were changed, by a form, an import or SQL, the index follows. It is the same on all databases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast
from zlib import crc32

from sqlalchemy import Index, Integer, String, Table, Text, bindparam, delete, exists, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from batchbook.batches.matching.code_variants import comparable
from batchbook.batches.matching.declaration import LONGEST_KEY, MatchedRecords
from batchbook.batches.registry import BatchTypes
from batchbook.db import Base, fold
from batchbook.db.bulk_writing import bulk_insert
from batchbook.progress import NoProgress, Progress

#: The number of records that are indexed together.
_TOGETHER = 20_000
#: The number of records with which the index changes a lot.
_MANY = 1_000
#: The number of words of a description that count, and of characters of a word.
_MOST_WORDS, _LONGEST_WORD = 12, 30
#: A token that more records have than this is common: it does not tell records from each other.
COMMON = 100
#: The key of an advisory lock that only this module takes; any number would do.
_LOCK = 7_240_114


class IndexedRecord(Base):
    """A record as it is in the index: its key and its description, and the form of its key that compares."""

    __tablename__ = "match_record"
    __table_args__ = (Index(None, "records", "form"),)

    records: Mapped[str] = mapped_column(String(60), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    form: Mapped[str] = mapped_column(String(LONGEST_KEY))
    description: Mapped[str] = mapped_column(Text)


class IndexedToken(Base):
    """A token of a record's description."""

    __tablename__ = "match_token"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - Read by SQLAlchemy, never changed.

    token: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class CommonToken(Base):
    """A token that more than :data:`COMMON` records have."""

    __tablename__ = "match_common_token"

    token: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the words and numbers of ``text`` in the form in which texts are compared, without those of one letter."""
    found = dict.fromkeys(word[:_LONGEST_WORD] for word in _WORD.findall(fold(text)))
    return [word for word in found if len(word) > 1 or word.isdigit()][:_MOST_WORDS]


def tokens_of(records: str, text: str) -> list[int]:
    """Return the tokens of ``text``, the description of one of ``records``, in ascending order.

    There is one for each word, one for all words together, and one for all but each of them: two descriptions of which one
    word differs share a token even if each of their words is in thousands of others. A token is a number that is
    smaller to store than the words; two that get the same one only cost a comparison.
    """
    words = sorted(words_of(text))
    parts = {*words, " ".join(words)}
    if len(words) > 2:
        parts |= {" ".join(words[:place] + words[place + 1 :]) for place in range(len(words))}
    # Signed, as the columns of numbers are.
    return sorted({crc32(f"{records}\0{part}".encode()) - 2**31 for part in parts if part})


class RecordIndex:
    """The index of ``records``."""

    def __init__(self, session: Session, records: MatchedRecords) -> None:
        self._session = session
        self._connection = session.connection()
        self._records = records

    def update(self, progress: Progress) -> int:
        """Index the records that are new or changed, and forget those that are gone; return the number of these.

        Where somebody else is doing so at the moment, it is left to them.
        """
        locks = self._connection.dialect.name == "postgresql"
        if locks and not self._session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
            return 0
        count = 0
        for changed in self._changed():
            self._forget([(row.id, row.description) for row in changed if row.indexed is not None])
            self._add(changed)
            count += len(changed)
            progress.report("index records for matching", count, None)
        if self._has_deleted():
            count += self._forget_deleted()
        if count:
            self._count_tokens()
        if count >= _MANY and self._connection.dialect.name == "postgresql":
            # Without figures about so many new rows, the database would read all of them rather than use their indexes.
            # A role that does not own the tables only gets a warning, and autovacuum does it within a minute.
            tables = ", ".join(_table(model).name for model in (IndexedRecord, IndexedToken))
            self._connection.exec_driver_sql(f"ANALYZE {tables}")
        return count

    def _changed(self) -> Iterator[Sequence[Any]]:
        """Yield the records that are not in the index as they are, each with the description that is there."""
        of, indexed = self._records, IndexedRecord
        differs = indexed.record_id.is_(None) | (indexed.key != of.key) | (indexed.description != of.text)
        wanted = (
            select(
                of.id.label("id"),
                of.key.label("key"),
                of.text.label("text"),
                indexed.record_id.label("indexed"),
                indexed.description.label("description"),
            )
            .outerjoin(indexed, (indexed.records == of.name) & (indexed.record_id == of.id))
            .where(differs)
            .order_by(of.id)
            .limit(_TOGETHER)
        )
        last = -1
        while page := self._connection.execute(wanted.where(of.id > last)).all():
            yield page
            last = page[-1].id

    def _add(self, rows: Sequence[Any]) -> None:
        name = self._records.name
        records = [(name, row.id, row.key, comparable(row.key)[:LONGEST_KEY], row.text) for row in rows]
        columns = ("records", "record_id", "key", "form", "description")
        bulk_insert(self._connection, _table(IndexedRecord), columns, records)
        tokens = sorted((token, row.id) for row in rows for token in tokens_of(name, row.text))
        bulk_insert(self._connection, _table(IndexedToken), ("token", "record_id"), tokens)

    def _forget(self, rows: Sequence[tuple[int, str]]) -> None:
        """Remove the records with these keys and indexed descriptions from the index."""
        if not rows:
            return
        name, token = self._records.name, IndexedToken
        self._connection.execute(
            delete(token).where(
                token.token == bindparam("of_token"), token.record_id == bindparam("of_record")
            ),
            [
                {"of_token": number, "of_record": record_id}
                for record_id, text in rows
                for number in tokens_of(name, text)
            ]
            or [{"of_token": 0, "of_record": -1}],
        )
        ids = [record_id for record_id, _ in rows]
        indexed = IndexedRecord
        self._connection.execute(delete(indexed).where(indexed.records == name, indexed.record_id.in_(ids)))

    def _has_deleted(self) -> bool:
        """Return whether records are in the index that are gone; all others are in it by now."""
        indexed = select(func.count()).where(IndexedRecord.records == self._records.name)
        there = select(func.count()).select_from(self._records.model)
        return self._connection.scalar(indexed) != self._connection.scalar(there)

    def _forget_deleted(self) -> int:
        indexed, of = IndexedRecord, self._records
        gone = (
            select(indexed.record_id, indexed.description)
            .where(indexed.records == of.name, ~exists().where(of.id == indexed.record_id))
            .limit(_TOGETHER)
        )
        count = 0
        while rows := self._connection.execute(gone).all():
            self._forget([(row.record_id, row.description) for row in rows])
            count += len(rows)
        return count

    def _count_tokens(self) -> None:
        token = IndexedToken.token
        self._connection.execute(delete(CommonToken))
        common = select(token).group_by(token).having(func.count() > COMMON)
        self._connection.execute(insert(CommonToken).from_select(["token"], common))


def index_records(session: Session, types: BatchTypes) -> None:
    """Index the records in which ``types`` look for matches, as after loading many: otherwise the next batch has to."""
    matchings = [one.handler.matching for one in types]
    for records in {matching.records.name: matching.records for matching in matchings if matching}.values():
        RecordIndex(session, records).update(NoProgress())


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)
