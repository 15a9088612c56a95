"""Remembered matches: applied to the rows of a batch, added when a person matches a row, and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from batchbook.batches.changed_cells import ChangedCell
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.refresh import recount, refresh_in_chunks
from batchbook.batches.history import REMEMBERED, Cell, add_cells, record
from batchbook.batches.matching.declaration import LONGEST_KEY, Matching, RememberedMatch
from batchbook.batches.matching.record_index import RecordIndex
from batchbook.batches.models import Operation
from batchbook.batches.rows.scope import Rows
from batchbook.db import folded_key, key_form
from batchbook.words import counted

#: The kind of the operations that match rows.
MATCH = "match"
#: The number of rows that are matched together.
_TOGETHER = 2_000


def match_rows(context: ActionContext) -> None:
    """Match those rows of a batch, which were just refreshed, that were matched in earlier lists; index the records for others.

    Nothing happens where the type declares no matching, or all keys are known.
    """
    matching = context.handler.matching
    if matching is None or not _unmatched(context, matching).count():
        return
    if _take_remembered(context, matching):
        recount(context)
    if _unmatched(context, matching).count():
        RecordIndex(context.session, matching.records).update(context.progress)


def _unmatched(context: ActionContext, matching: Matching) -> Rows:
    return context.rows().narrowed(context.row.status == matching.unknown.value)


def _take_remembered(context: ActionContext, matching: Matching) -> int:
    """Match the rows whose key was matched before for the batch's owner; return the number of rows."""
    memory, row = matching.memory, context.row
    if memory is None or memory.name_of(context.batch) is None:
        return 0
    match, records, key = memory.model, matching.records, getattr(context.row, matching.key)
    current = and_(
        match.owner_id() == memory.find_owner(context.batch).scalar_subquery(), match.revoked_at.is_(None)
    )
    if context.session.scalar(select(func.count()).where(current)) == 0:
        return 0
    found = (
        select(row.sequence, key.label("before"), records.key.label("after"))
        .select_from(row)
        .join(match, and_(match.key_form == folded_key(key), current))
        .join(records.model, records.id == match.record_id())
    )
    taken, operation = 0, None
    for chunk in _unmatched(context, matching).chunks(_TOGETHER):
        keys = {sequence: after for sequence, _, after in context.session.execute(found.where(chunk.where))}
        if not keys:
            continue
        cells = []
        for one in chunk.narrowed(row.sequence.in_(keys)):
            before, after = getattr(one, matching.key), keys[one.sequence]
            cells.append(Cell(one.sequence, matching.key, before, after))
            setattr(one, matching.key, after)
            one.listed_key, one.matched_key = one.listed_key or before, after
        chunk.save()
        operation = _noted(context, operation, cells)
        taken += len(cells)
    if operation is not None:
        operation.summary = (
            f"Matched {counted(taken, 'row')} as in earlier lists of {memory.name_of(context.batch)}."
        )
        _refresh_matched(context, matching)
    return taken


def _noted(context: ActionContext, operation: Operation | None, cells: Sequence[Cell]) -> Operation:
    if operation is None:
        return record(context.handler_context, context.batch, REMEMBERED, "Matched rows.", cells)
    add_cells(context.session, operation, cells)
    return operation


def _refresh_matched(context: ActionContext, matching: Matching) -> None:
    """Refresh the matched rows, and those with the same keys."""
    row: Any = context.row
    key, matched = getattr(row, matching.key), row.matched_key
    keys = select(matched).where(row.batch_id == context.batch.id, matched.is_not(None))
    refresh_in_chunks(context, context.rows().narrowed(key.in_(keys)))


def remembered_by(matching: Matching, session: Session, batch: Any, key: str) -> RememberedMatch | None:
    """Return the current match of ``key`` for the owner of ``batch``; ``None`` if there is none."""
    memory = matching.memory
    if memory is None or memory.name_of(batch) is None:
        return None
    match = memory.model
    return session.scalar(
        select(match).where(
            match.owner_id() == memory.find_owner(batch).scalar_subquery(),
            match.key_form == key_form(key)[:LONGEST_KEY],
            match.revoked_at.is_(None),
        )
    )


def may_change_memory(context: ActionContext, matching: Matching) -> bool:
    """Return whether the actor may add, replace and revoke remembered matches."""
    return matching.memory is not None and context.handler_context.may(matching.memory.permission)


def remember(context: ActionContext, matching: Matching, key: str, record_id: int) -> bool:
    """Remember, for the owner of the batch, that ``key`` means the record; return whether there is an owner.

    A match with another record that was remembered is revoked.
    """
    memory = matching.memory
    if memory is None or memory.name_of(context.batch) is None:
        return False
    # Locked, so that of two people who match the same key at the same time one waits for the other.
    owner_id = context.session.scalar(memory.find_owner(context.batch).with_for_update(key_share=True))
    if owner_id is None:  # The owner was deleted or renamed since the batch was made.
        return False
    known = remembered_by(matching, context.session, context.batch, key)
    if known is not None:
        if getattr(known, memory.model.__record__) == record_id:
            return True
        revoke(known, context.actor, context.now)
        context.session.flush()  # Before the other one is added: an owner has one current match of a form.
    match = memory.model(
        key=key[:LONGEST_KEY],
        key_form=key_form(key)[:LONGEST_KEY],
        matched_at=context.now,
        matched_by=context.actor,
        batch_id=context.batch.id,
    )
    setattr(match, memory.model.__record__, record_id)
    setattr(match, memory.model.__owner__, owner_id)
    context.session.add(match)
    context.session.flush()
    return True


def follow_reversal(context: ActionContext, original: Operation, by: Operation) -> str:
    """Forget, or remember again, the match ``original``, of which the operation ``by`` undid or redid cells; return a sentence.

    A match that another row still has, or that was remembered by another batch, is not forgotten. The sentence is empty if
    nothing was to be done.
    """
    matching = context.handler.matching
    if original.kind != MATCH or matching is None or matching.memory is None:
        return ""
    may, sentence = may_change_memory(context, matching), ""
    for before, after, listed in _reversed_keys(context, matching, by):
        known = remembered_by(matching, context.session, context.batch, listed or after)
        if known is not None and _is_forgotten(context, matching, known, before, listed or after):
            if not may:
                return "The match is still remembered, because your role does not allow revoking it."
            revoke(known, context.actor, context.now)
            sentence = "The match is no longer remembered."
        elif known is None and (record_id := _unless_record(context, matching, before, after)):
            _note_listed(context, by, before)
            if may and remember(context, matching, listed or before, record_id):
                sentence = "The match is remembered again."
    return sentence


def _reversed_keys(
    context: ActionContext, matching: Matching, by: Operation
) -> Sequence[tuple[str, str, str | None]]:
    """Return the different keys of rows before and after the operation ``by``, each with the code in the list."""
    row: Any = context.row
    change = ChangedCell
    keys = select(change.old, change.new, row.listed_key).join(
        row, and_(row.batch_id == change.batch_id, row.sequence == change.sequence)
    )
    of = keys.where(change.batch_id == context.batch.id, change.operation == by.number)
    found = context.session.execute(of.where(change.field == matching.key).distinct())
    return [(old or "", new or "", listed) for old, new, listed in found]


def _is_forgotten(
    context: ActionContext, matching: Matching, known: RememberedMatch, key: str, listed: str
) -> bool:
    """Return whether ``known`` is what this batch taught of ``listed``, the record ``key``, and no row has the match any more."""
    if known.batch_id != context.batch.id or _record_id(context, matching, key) != getattr(
        known, type(known).__record__
    ):
        return False
    row: Any = context.row
    matched = and_(row.listed_key == listed, getattr(row, matching.key) == key)
    return context.rows().narrowed(matched).count() == 0


def _unless_record(context: ActionContext, matching: Matching, before: str, after: str) -> int | None:
    """Return the number of the record with the key ``after``, unless ``before`` is the key of one as well."""
    return None if _record_id(context, matching, before) else _record_id(context, matching, after)


def _record_id(context: ActionContext, matching: Matching, key: str) -> int | None:
    of = matching.records
    found: int | None = context.session.scalar(select(of.id).where(of.key == key))
    return found


def _note_listed(context: ActionContext, by: Operation, listed: str) -> None:
    """Give the rows that ``by`` matched again the code of the list, which they lost when their match was taken back."""
    row: Any = context.row
    cells = select(ChangedCell.sequence).where(
        ChangedCell.batch_id == by.batch_id, ChangedCell.operation == by.number, ChangedCell.old == listed
    )
    without = and_(row.listed_key.is_(None), row.sequence.in_(cells))
    context.rows().narrowed(without).update(listed_key=listed)


def revoke(match: RememberedMatch, actor: str, now: datetime) -> None:
    """Revoke a match: lists that come from now on are not matched by it. Rows that were matched stay as they are."""
    match.revoked_at, match.revoked_by = now, actor
