"""Learning from corrections: what a text in a sender's files means, once somebody said it in a batch that was executed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from batchbook.batches.intake.fields import IntakeField
from batchbook.batches.intake.kept import Intake
from batchbook.batches.intake.mapping import merged
from batchbook.batches.intake.memory import last_of, remember
from batchbook.batches.intake.taking import place_of
from batchbook.batches.models import CellChange
from batchbook.batches.work import Work
from batchbook.grid import to_text

#: How many corrections of a batch are learned from.
_MOST = 5_000


def learn(work: Work) -> None:
    """Remember, for who sent the batch's file, by which texts people replaced those in the fields that are learned.

    A text that was replaced by different ones means none of them for sure, so it is not remembered.
    """
    intake, names = Intake.kept_in(work.batch), work.handler.learned_fields(work.batch)
    place = place_of(work.handler, work.batch)
    if intake is None or not names or not place.sender:
        return
    learned = {
        field.name: texts
        for field in work.handler.intake_fields(work.batch)
        if field.name in names and (texts := _corrections(work, field))
    }
    if not learned:
        return
    known = last_of(work.session, place)
    mapping = known.mapping if known else intake.mapping
    wiser = replace(mapping, values=merged(mapping.values, learned))
    remember(work.session, place, wiser, intake.said, by=work.actor, at=work.now)


def _corrections(work: Work, field: IntakeField) -> dict[str, str]:
    """Return the texts that were replaced in ``field``, each with the one text that stands in all of its cells now.

    One that means something as it stands was no mistake: that one row was corrected says nothing of others.
    """
    found: dict[str, set[str]] = {}
    for before, value in work.session.execute(_replaced(work, field.column.name)):
        found.setdefault(before, set()).add(to_text(field.column, value))
    sure = {before: meanings.pop() for before, meanings in found.items() if len(meanings) == 1}
    known = work.handler.known_texts(work.batch, field.name, list(sure))
    return {before: now for before, now in sure.items() if now != before and before not in known}


def _replaced(work: Work, column: str) -> Select[tuple[str, Any]]:
    """Return the SELECT of what cells held before anybody changed them, with what they hold now."""
    row, change, earlier = work.row, CellChange, aliased(CellChange)
    now = getattr(row, column)
    is_earlier = or_(
        earlier.operation < change.operation,
        and_(earlier.operation == change.operation, earlier.position < change.position),
    )
    same_cell = [
        getattr(earlier, name) == getattr(change, name) for name in ("batch_id", "sequence", "field")
    ]
    return (
        select(change.old, now)
        .join(row, and_(row.batch_id == change.batch_id, row.sequence == change.sequence))
        .where(change.batch_id == work.batch.id, change.field == column, change.old.is_not(None))
        .where(now.is_not(None), ~row.removed, ~exists().where(*same_cell, is_earlier))
        .distinct()
        .order_by(change.old)
        .limit(_MOST)
    )
