"""The keys of a batch that are in no record, each with its rows and the records that it may mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from batchbook.batches.concurrency import Token
from batchbook.batches.editing import Selection
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.matching.declaration import Matching
from batchbook.batches.matching.proposals import Proposal, Proposer, UnknownKey
from batchbook.errors import Missing


@dataclass(frozen=True)
class UnmatchedKey:
    """A key that is in no record: the number of its rows, the first of them with its description, and likely records.

    ``token`` is the concurrency token of these rows. ``proposals`` is ``None`` for somebody who may not see records.
    """

    key: str
    description: str
    rows: int
    first: int
    token: Token
    proposals: Sequence[Proposal] | None


def seen_matching(context: ActionContext) -> Matching | None:
    """Return the matching of the batch's type; ``None`` if it declares none, or its columns are hidden from the person."""
    matching: Matching | None = context.handler.matching
    names = (
        () if matching is None else (matching.key, *([matching.description] if matching.description else ()))
    )
    return matching if context.access.sees_all(names) else None


def matching_of(context: ActionContext) -> Matching:
    """Return the matching of the batch's type; raise ``Missing`` if the person can match nothing, see :func:`seen_matching`."""
    matching = seen_matching(context)
    if matching is None:
        raise Missing(f"Rows of {context.batch} are not matched with records.")
    return matching


def unknown_rows(context: ActionContext) -> ColumnElement[bool]:
    """Return the condition for the rows of a batch whose keys are in no record."""
    unknown = matching_of(context).unknown.value
    where: ColumnElement[bool] = context.rows().narrowed(context.row.status == unknown).where
    return where


def count_unmatched(context: ActionContext) -> int:
    """Return the number of keys that are in no record."""
    key = getattr(context.row, matching_of(context).key)
    return context.session.scalar(select(func.count(func.distinct(key))).where(unknown_rows(context))) or 0


def unmatched_keys(
    context: ActionContext, limit: int, offset: int = 0, key: str | None = None, *, proposing: bool
) -> list[UnmatchedKey]:
    """Return ``limit`` keys behind the first ``offset``, in the order of their first rows, or only ``key``.

    Records are proposed with ``proposing``, for people who may see them. The number of statements does not depend on the number of keys.
    """
    matching, batch, row = matching_of(context), context.batch, context.row
    column = getattr(row, matching.key)
    groups = (
        select(
            column.label("key"),
            func.min(row.sequence).label("first"),
            func.count().label("rows"),
            func.sum(row.sequence).label("sequences"),
            func.sum(row.version).label("versions"),
        )
        .where(unknown_rows(context), *([] if key is None else [column == key]))
        .group_by(column)
        .order_by(func.min(row.sequence))
        .offset(offset)
        .limit(limit)
        .subquery()
    )
    text = getattr(row, matching.description) if matching.description else column
    statement = (
        select(*groups.c, text.label("description"))
        .join(row, and_(row.batch_id == batch.id, row.sequence == groups.c.first))
        .order_by(groups.c.first)
    )
    found = context.session.execute(statement).all()
    described = matching.description is not None
    wanted = [UnknownKey(one.key, (described and one.description) or "") for one in found]
    proposals = Proposer(context.session, matching, batch, row).propose(wanted) if proposing else {}
    return [
        UnmatchedKey(one.key, about.description, one.rows, one.first, _token(one), proposals.get(one.key))
        for one, about in zip(found, wanted, strict=True)
    ]


def _token(found: Any) -> Token:
    return Selection(int(found.rows), int(found.sequences), int(found.versions)).token
