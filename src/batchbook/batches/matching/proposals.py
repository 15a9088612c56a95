"""Likely records for keys that are in no record: by similar keys, similar descriptions, and what was matched before.

All keys of a page are looked up together: the number of statements does not depend on the number of keys.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from batchbook.batches.matching.code_variants import Likeness, typing_errors, variants
from batchbook.batches.matching.declaration import LONGEST_KEY, Matching
from batchbook.batches.matching.record_index import IndexedRecord
from batchbook.batches.matching.similar_records import Description, records_with_words, rows_with
from batchbook.batches.models import Batch
from batchbook.db import key_form

#: The number of records that are proposed for a key.
MOST = 3
#: The number of records with a similar description that are compared with it, for each key.
_COMPARED = 20
#: The least likelihood of a record that is proposed.
_LEAST = 0.45
#: The least share of the likelihood of the best one.
_BESIDE = 0.6
#: The likelihood of a record that another owner's lists mean by the same key.
_MATCHED_BEFORE = 0.9


@dataclass(frozen=True)
class UnknownKey:
    """A key that is in no record, and the description that the row gives, which may be empty."""

    key: str
    description: str = ""


@dataclass(frozen=True)
class Proposal:
    """A record that a key may mean: its primary key, its key and description, how likely it is (0 to 1), and why.

    ``own`` tells whether it is of the batch's owner, ``taken`` whether another row of the batch names it already.
    """

    record_id: int
    key: str
    description: str
    likelihood: float
    reason: str
    own: bool = False
    taken: bool = False


@dataclass
class _Candidates:
    """The records that one key may mean: by their primary key the likelihood and the reason that its form gives."""

    by_key: dict[int, tuple[float, str]] = field(default_factory=dict)
    by_words: Counter[int] = field(default_factory=Counter)

    def add(self, record_id: int, likelihood: float, reason: str) -> None:
        """Add a record; of two reasons the better one counts."""
        self.by_key[record_id] = max(self.by_key.get(record_id, (0.0, "")), (likelihood, reason))

    @cached_property
    def ids(self) -> list[int]:
        """The primary keys of the records that are compared."""
        return [*dict.fromkeys([*self.by_key, *(found for found, _ in self.by_words.most_common(_COMPARED))])]


class Proposer:
    """Finds the records that the unknown keys of ``batch`` may mean; ``row`` is the model of its rows."""

    def __init__(self, session: Session, matching: Matching, batch: Batch, row: Any) -> None:
        self._session = session
        self._matching = matching
        self._records = matching.records
        self._batch = batch
        self._row = row

    def propose(self, wanted: Collection[UnknownKey]) -> dict[str, list[Proposal]]:
        """Return for each of the ``wanted`` keys the records that it may mean, the likeliest first."""
        found = {one.key: _Candidates() for one in wanted}
        self._by_key(found)
        self._by_memory(found)
        self._by_words(wanted, found)
        records = self._read({record_id for one in found.values() for record_id in one.ids})
        taken = self._taken([record.key for record in records.values()])
        return {
            one.key: [
                replace(proposal, taken=proposal.key in taken)
                for proposal in self._best(one, found[one.key], records, taken)
            ]
            for one in wanted
        }

    def _by_key(self, found: Mapping[str, _Candidates]) -> None:
        """Add the records whose keys are like the wanted ones; those with a typing error for keys that have no others."""
        self._add_like(found, {key: variants(key) for key in found})
        others = [key for key, candidates in found.items() if not candidates.by_key]
        self._add_like(
            found, {key: dict.fromkeys(typing_errors(key), Likeness.TYPING_ERROR) for key in others}
        )

    def _add_like(
        self, found: Mapping[str, _Candidates], forms: Mapping[str, Mapping[str, Likeness]]
    ) -> None:
        wanted: dict[str, list[tuple[str, Likeness]]] = defaultdict(list)
        for key, likenesses in forms.items():
            for form, likeness in likenesses.items():
                wanted[form].append((key, likeness))
        at = IndexedRecord
        indexed = select(at.form, at.record_id).where(at.records == self._records.name)
        for row in rows_with(self._session, indexed, at.form, wanted):
            for key, likeness in wanted[row.form]:
                found[key].add(row.record_id, likeness.likelihood, likeness.phrase)

    def _by_memory(self, found: Mapping[str, _Candidates]) -> None:
        """Add the records that were matched with the wanted keys in lists of any owner."""
        memory = self._matching.memory
        if memory is None:
            return
        forms: dict[str, list[str]] = defaultdict(list)
        for key in found:
            forms[key_form(key)[:LONGEST_KEY]].append(key)
        match, owner = memory.model, memory.owner
        (primary,) = owner.class_.__mapper__.primary_key
        before = (
            select(match.key_form, match.record_id().label("record_id"), owner.label("owner"))
            .join(owner.class_, primary == match.owner_id())
            .where(match.revoked_at.is_(None))
        )
        for row in rows_with(self._session, before, match.key_form, forms):
            for key in forms[row.key_form]:
                found[key].add(
                    row.record_id, _MATCHED_BEFORE, f"matched in lists of {memory.title} {row.owner}"
                )

    def _by_words(self, wanted: Collection[UnknownKey], found: Mapping[str, _Candidates]) -> None:
        """Add the records whose descriptions share uncommon words with those of the rows."""
        texts = {one.key: one.description for one in wanted}
        for key, records in records_with_words(self._session, self._records.name, texts).items():
            found[key].by_words.update(records)

    def _read(self, ids: Collection[int]) -> dict[int, Any]:
        """Return the records with these primary keys, those that are still there."""
        of, memory = self._records, self._matching.memory
        own: Any = literal(value=False)
        if of.owner is not None and memory is not None and memory.name_of(self._batch):
            own = of.owner == memory.find_owner(self._batch).scalar_subquery()
        columns = (of.id.label("id"), of.key.label("key"), of.text.label("text"), own.label("own"))
        return {row.id: row for row in rows_with(self._session, select(*columns), of.id, ids)}

    def _taken(self, keys: Sequence[str]) -> set[str]:
        """Return those of ``keys`` that a row of the batch has."""
        row, key = self._row, getattr(self._row, self._matching.key)
        named = select(key.label("key")).where(row.batch_id == self._batch.id, ~row.removed)
        return {found.key for found in rows_with(self._session, named, key, keys)}

    def _best(
        self, wanted: UnknownKey, candidates: _Candidates, records: Mapping[int, Any], taken: Collection[str]
    ) -> list[Proposal]:
        described = Description(wanted.description)
        found = []
        for record_id in candidates.ids:
            record = records.get(record_id)
            proposal = record and _judged(record, described, *candidates.by_key.get(record_id, (0.0, "")))
            if proposal:
                found.append(proposal)
        likeliest = max((one.likelihood for one in found), default=0.0)
        found = [one for one in found if one.likelihood >= likeliest * _BESIDE]
        found.sort(key=lambda one: (one.key in taken, -one.likelihood, not one.own, one.key))
        return found[:MOST]


def _judged(record: Any, described: Description, likelihood: float, reason: str) -> Proposal | None:
    """Return the record as a proposal; ``None`` for one that is too unlikely."""
    similarity = described.similarity(Description(record.text))
    if likelihood < _MATCHED_BEFORE and reason:
        # A key that differs by a character is no more than a hint, which a description confirms or denies.
        likelihood = (likelihood + similarity) / 2 if described.words and record.text else likelihood
    elif similarity > likelihood:
        likelihood, reason = similarity, "similar description"
    likelihood += 0.05 if record.own else 0.0
    if likelihood < _LEAST:
        return None
    if reason != "similar description" and similarity >= _LEAST:
        reason += ", similar description"
    return Proposal(record.id, record.key, record.text, likelihood, reason, own=bool(record.own))
