"""Records with descriptions like given ones, looked up through the index, and the similarity of two descriptions.

Types find duplicates with it before they create records; the proposals for unknown keys are made of the same parts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from batchbook.batches.matching.declaration import MatchedRecords
from batchbook.batches.matching.record_index import (
    CommonToken,
    IndexedToken,
    RecordIndex,
    tokens_of,
    words_of,
)
from batchbook.db.bulk_writing import chunked
from batchbook.db.functions import one_of
from batchbook.progress import NoProgress, Progress

K = TypeVar("K")

#: The number of values in one statement; SQLite takes 32,766.
_AT_ONCE = 10_000
#: The number of records that share the most words with a text, and are compared with it.
_COMPARED = 50


@dataclass(frozen=True)
class SimilarRecord:
    """A record with a similar description: its primary key, key and description, and how similar it is, from 0 to 1."""

    record_id: int
    key: str
    description: str
    similarity: float


class SimilarRecords(Generic[K]):
    """Finds those of ``records`` whose descriptions are like given texts; ``records`` have a ``description``.

    The lookup uses the index of records, which it shares with the matching of unknown keys. The index does not follow the
    records by itself: call :meth:`update_index` before the first lookup of an action on a whole batch.
    """

    def __init__(self, session: Session, records: MatchedRecords) -> None:
        self._session = session
        self._records = records

    def update_index(self, progress: Progress | None = None) -> int:
        """Bring the index up to date with the records, and return the number of those that had changed.

        That reads the keys of all records, so an edit of a few rows does without. Nothing happens while somebody else is
        doing the same.
        """
        return RecordIndex(self._session, self._records).update(progress or NoProgress())

    def find(
        self, texts: Mapping[K, str], least: float = 0.8, most: int = 10
    ) -> dict[K, list[SimilarRecord]]:
        """Return for each of ``texts`` that has any the records with a similarity of at least ``least``.

        The most similar of ``most`` come first. Words that very many records have are not looked for. The number of statements does not
        depend on the number of texts.
        """
        shared = records_with_words(self._session, self._records.name, texts)
        compared = {
            key: sorted(counts, key=lambda found: (-counts[found], found))[:_COMPARED]
            for key, counts in shared.items()
        }
        records = self._read({record_id for ids in compared.values() for record_id in ids})
        found = {}
        for key, ids in compared.items():
            text = Description(texts[key])
            there = (records[one] for one in ids if one in records)
            each = ((row, text.similarity(other)) for row, other in there)
            similar = [
                SimilarRecord(row.id, row.key, row.text, share) for row, share in each if share >= least
            ]
            if similar:
                found[key] = sorted(similar, key=lambda one: (-one.similarity, one.key))[:most]
        return found

    def _read(self, ids: Iterable[int]) -> dict[int, tuple[Any, Description]]:
        """Return the records with these primary keys that are still there, each with its description."""
        of = self._records
        statement = select(of.id.label("id"), of.key.label("key"), of.text.label("text"))
        found = rows_with(self._session, statement, of.id, ids)
        return {row.id: (row, Description(row.text)) for row in found}


class Description:
    """A description, compared with others by the pairs of letters of their words."""

    def __init__(self, text: str) -> None:
        self.words = words_of(text)
        self._pairs = {
            f" {word} "[place : place + 2] for word in self.words for place in range(len(word) + 1)
        }

    def similarity(self, other: Description) -> float:
        """Return how similar ``other`` is, from 0 to 1: the share of pairs of letters that both have (Dice's coefficient)."""
        count = len(self._pairs) + len(other._pairs)
        return 2 * len(self._pairs & other._pairs) / count if count else 0.0


def records_with_words(session: Session, records: str, texts: Mapping[K, str]) -> dict[K, Counter[int]]:
    """Return for each of ``texts`` the primary keys of the ``records`` that share uncommon words with it, and how many."""
    keys: dict[int, list[K]] = defaultdict(list)
    for key, text in texts.items():
        for token in tokens_of(records, text):
            keys[token].append(key)
    for row in rows_with(session, select(CommonToken.token), CommonToken.token, [*keys]):
        del keys[row.token]
    found: dict[K, Counter[int]] = defaultdict(Counter)
    tokens = select(IndexedToken.token, IndexedToken.record_id)
    for row in rows_with(session, tokens, IndexedToken.token, keys):
        for key in keys[row.token]:
            found[key][row.record_id] += 1
    return found


def rows_with(
    session: Session, statement: Any, column: InstrumentedAttribute[Any], values: Iterable[Any]
) -> Iterator[Any]:
    """Yield the rows of ``statement`` whose ``column`` has one of ``values``, however many these are."""
    # By the connection: the session would double the cost of each row.
    connection = session.connection()
    for some in chunked(values, _AT_ONCE):
        yield from connection.execute(statement.where(one_of(connection, column, some)))
