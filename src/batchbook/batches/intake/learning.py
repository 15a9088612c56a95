"""Learning from corrections: what a text in a sender's files means, once somebody said it in a batch that was executed."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from batchbook.batches.intake.kept import Intake
from batchbook.batches.intake.memory import last_of, remember
from batchbook.batches.intake.taking import place_of
from batchbook.batches.models import CellChange
from batchbook.batches.work import Work

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
    learned = _corrections(
        work,
        {
            field.column.name: field.name
            for field in work.handler.intake_fields(work.batch)
            if field.name in names
        },
    )
    if not learned:
        return
    known = last_of(work.session, place)
    mapping = known.mapping if known else intake.mapping
    values = {
        name: {**mapping.values.get(name, {}), **learned.get(name, {})}
        for name in {*mapping.values, *learned}
    }
    remember(work.session, place, replace(mapping, values=values), intake.said, by=work.actor, at=work.now)


def _corrections(work: Work, fields: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return, by field, the texts that were replaced, each with the one text that replaced it everywhere."""
    wanted = (
        select(CellChange.field, CellChange.old, CellChange.new)
        .where(
            CellChange.batch_id == work.batch.id,
            CellChange.field.in_(fields),
            CellChange.old.is_not(None),
            CellChange.new.is_not(None),
        )
        .distinct()
        .limit(_MOST)
    )
    found: dict[tuple[str, str], set[str]] = {}
    for column, before, after in work.session.execute(wanted):
        found.setdefault((fields[column], str(before)), set()).add(str(after))
    learned: dict[str, dict[str, str]] = {}
    for (name, text), meanings in found.items():
        if len(meanings) == 1:
            learned.setdefault(name, {})[text] = meanings.pop()
    return learned
