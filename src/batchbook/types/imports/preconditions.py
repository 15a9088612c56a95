"""Preconditions of an import: permission, mode, references, records that have not changed; and the sentences on its effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from batchbook.batches import HandlerContext
from batchbook.errors import BadInput, Conflict, Refused
from batchbook.types.imports.comparison import Comparison, refuse_scope
from batchbook.types.imports.import_plan import ImportPlan
from batchbook.types.imports.models import APPLICABLE, PROBLEMATIC, Import, ImportStatus, Mode, has_status
from batchbook.types.imports.record_writing import RecordWriter
from batchbook.types.imports.targets import Application, ImportTargets, TargetField, new, old
from batchbook.words import counted

#: The number of the last changed records that are checked for the warning.
_RECENT = 1_000
#: A change has the time at which its transaction began; it may have ended so much later.
_LONGEST = timedelta(hours=1)


@dataclass(frozen=True)
class StaleCell:
    """A field of a record that has changed: its value at the refresh, the planned one, and the present one.

    ``field`` is ``None`` where the record itself was created or deleted.
    """

    sequence: int
    key: str
    field: TargetField | None
    before: Any
    planned: Any
    now: Any


class Staleness:
    """Finds rows of a batch whose records have changed since they were compared."""

    def __init__(self, plan: ImportPlan, comparison: Comparison, row: Any) -> None:
        self._plan = plan
        self._comparison = comparison
        self._row = row

    def count(self, session: Session, where: ColumnElement[bool], *, moved: bool = False) -> int:
        """Return how many rows among those that satisfy ``where`` are stale.

        With ``moved`` only those whose record was created, was deleted, or left the scope: their plan cannot be executed.
        """
        return session.scalar(select(func.count()).select_from(self._stale(where, moved).subquery())) or 0

    def named(
        self, session: Session, where: ColumnElement[bool], most: int, *, moved: bool = False
    ) -> list[str]:
        """Return the keys of some stale rows."""
        rows = session.execute(self._stale(where, moved).order_by(self._row.sequence).limit(most))
        return [self._key_of(row) for row in rows]

    def cells(self, session: Session, where: ColumnElement[bool], most: int) -> Iterator[StaleCell]:
        """Yield the fields that changed meanwhile of at most ``most`` stale rows, in the rows' order."""
        for row in session.execute(self._stale(where).order_by(self._row.sequence).limit(most)):
            key, values = self._key_of(row), row._mapping
            if (row.record_id is None) != (row.now_id is None):
                there = ["is there" if known else "is not there" for known in (row.record_id, row.now_id)]
                yield StaleCell(row.sequence, key, None, there[0], ImportStatus(row.status).label, there[1])
            if row.left:
                yield StaleCell(
                    row.sequence, key, None, "could be missing", "Delete", "need not be in the file"
                )
            for field in self._plan.written:
                before, now = values[f"was_{field.name}"], values[f"now_{field.name}"]
                if before != now:
                    yield StaleCell(row.sequence, key, field, before, values[f"planned_{field.name}"], now)

    def is_likely(self, session: Session) -> bool:
        """Return whether there may be stale rows, by the records that changed last.

        A warning for people: it costs the same whatever the number of rows. Executing checks every row.
        """
        target, since = self._plan.target, self._plan.batch.refreshed_at
        if target.modified is None or since is None:
            return False
        recent = (
            select(target.id.label("id"))
            .where(target.modified > since - _LONGEST)
            .order_by(target.modified.desc())
            .limit(_RECENT)
        )
        ids = session.scalars(recent).all()
        row = self._row
        where = and_(row.batch_id == self._plan.batch.id, ~row.removed, row.record_id.in_(ids))
        return bool(ids) and session.scalar(select(self._stale(where).exists())) is True

    def _stale(self, where: ColumnElement[bool], moved: bool = False) -> Any:
        row = self._row
        # An unchanged row would change something now, or its record is gone.
        looked_at = (*APPLICABLE, *(() if moved else (ImportStatus.UNCHANGED,)))
        found = self._comparison.current(and_(where, has_status(row, *looked_at)))
        columns = [getattr(row, new(field.name)) for field in self._plan.key]
        for field in self._plan.written:
            columns += [
                self._plan.before(row, field).label(f"was_{field.name}"),
                self._plan.column(row, field).label(f"planned_{field.name}"),
                found.c[old(field.name)].label(f"now_{field.name}"),
            ]
        left = and_(
            row.status == ImportStatus.DELETE.value, found.c.record_id.is_not(None), ~found.c.in_scope
        )
        # Where somebody else has set what is planned already, nothing is left to do.
        differs = [left] + [
            and_(
                self._plan.before(row, field).is_distinct_from(found.c[old(field.name)]),
                self._plan.column(row, field).is_distinct_from(found.c[old(field.name)]),
            )
            for field in (() if moved else self._plan.written)
        ]
        now = found.c.record_id.label("now_id")
        return (
            select(row.sequence, row.status, row.record_id, now, left.label("left"), *columns)
            .join(found, and_(row.batch_id == found.c.of_batch, row.sequence == found.c.of_row))
            .where(or_(row.record_id.is_distinct_from(found.c.record_id), *differs))
        )

    def _key_of(self, row: Any) -> str:
        return " ".join(str(row._mapping[new(field.name)]) for field in self._plan.key)


_NAMED = 5
#: The parameter of a batch that records whether missing records were searched.
LOOKED_FOR_MISSING = "looked_for_missing"


def refuse_not_allowed(context: HandlerContext, plan: ImportPlan, targets: ImportTargets) -> None:
    """Raise ``Refused`` unless the actor may change the target, and the targets of references that are created."""
    added = [field.lookup.model for field in plan.added if field.lookup]
    # A model that is no target has no permission of its own.
    others = [target for target in targets if target.model in added]
    allowed = {target.model for target in others if context.may(target.permission)}
    for target in (plan.target, *(target for target in others if target.model not in allowed)):
        if not context.may(target.permission):
            raise Refused(
                f"The role of {context.actor} does not include changing {target.title.lower()}, so nothing can"
                " be imported there. Nothing was changed."
            )


def refuse_mode(plan: ImportPlan) -> None:
    """Raise ``BadInput`` for a mode that the target does not allow, or that lacks the scope it needs."""
    title = plan.target.title.lower()
    if plan.mode.creates and not plan.target.creates:
        raise BadInput(f"An import into {title} can only update: choose that import mode.")
    if plan.mode is not Mode.REPLACE:
        return
    if not plan.target.deletes:
        raise BadInput(f"An import cannot delete {title}: choose another import mode.")
    refuse_scope(plan)


def refuse_late_replacing(batch: Import) -> None:
    """Raise ``BadInput`` if missing records are to be deleted, but were not searched when the rows were read."""
    if Mode(batch.mode) is Mode.REPLACE and not batch.params.get(LOOKED_FOR_MISSING):
        raise BadInput(
            "Missing records are searched when a file is read, and this one was read without that."
            " Create a new import of it to delete missing records."
        )


def refuse_problems(batch: Import) -> None:
    """Raise ``Conflict`` if rows have problems."""
    count = batch.count_of(*PROBLEMATIC)
    if count:
        raise Conflict(
            f"Nothing was executed, because {counted(count, 'row has', 'rows have')} problems."
            " Reopen the batch and correct or remove them, or choose to apply only the valid rows."
        )


def refuse_stale(application: Application, staleness: Staleness, *, overwrite: bool) -> None:
    """Raise ``Conflict`` if records changed since the rows were compared with them.

    With ``overwrite`` they may have; but one that was created or deleted cannot be overwritten.
    """
    session, where = application.session, application.where
    count = staleness.count(session, where, moved=overwrite)
    if not count:
        return
    named = ", ".join(staleness.named(session, where, _NAMED, moved=overwrite))
    named += " and others" if count > _NAMED else ""
    if overwrite:
        raise Conflict(
            f"Nothing was executed, because {counted(count, 'record')} appeared or vanished since the last refresh, which cannot"
            f" be overwritten: {named}. Reopen the batch and refresh it."
        )
    raise Conflict(
        f"Nothing was executed, because {counted(count, 'record')} changed since the last refresh: {named}."
        " Reopen the batch and refresh it to see them, or choose to overwrite them."
    )


def refuse_lost_references(writer: RecordWriter) -> None:
    """Raise ``Conflict`` if rows refer to records that were renamed or deleted: the references would be lost."""
    lost = writer.lost_reference()
    if lost is not None:
        field, text, count = lost
        raise Conflict(
            f"Nothing was executed, because {counted(count, 'row refers', 'rows refer')} to a {field.label.lower()} that no"
            f" longer exists, such as “{text[:60]}”. Reopen the batch and refresh it to see them."
        )


def refuse_repeated_records(application: Application) -> None:
    """Raise ``Conflict`` if two rows change the same record: which of them comes last would be left to chance."""
    row = application.row
    changes = has_status(row, ImportStatus.UPDATE, ImportStatus.DELETE)
    twice = select(func.min(row.sequence), func.max(row.sequence)).where(
        application.where, changes, row.record_id.is_not(None)
    )
    twice = twice.group_by(row.record_id).having(func.count() > 1).limit(1)
    found = application.session.execute(twice).one_or_none()
    if found is not None:
        raise Conflict(
            f"Nothing was executed, because rows {' and '.join(map(str, found))} change the same record. Reopen the batch and"
            " refresh it: they are duplicates, of which one can be kept."
        )


def refuse_unsure_deletion(plan: ImportPlan, application: Application, comparison: Comparison) -> None:
    """Raise ``Conflict`` if records are to be deleted while rows have incomplete keys, or keys that are similar to others.

    Such a row may belong to a record that seems to be missing.
    """
    if plan.mode is not Mode.REPLACE or not plan.batch.count_of(ImportStatus.DELETE):
        return
    unsure = or_(comparison.keyless(), has_status(application.row, ImportStatus.SIMILAR))
    keyless = application.count_of_rows(unsure, ~application.row.missing)
    if keyless:
        raise Conflict(
            f"Nothing was executed, because {counted(keyless, 'row does', 'rows do')} not identify a record, which"
            " may be one of those to be deleted. Reopen the batch and correct or remove them, or choose another import mode."
        )


# --- The effects -----------------------------------------------------------------------------------------------------

#: The choices where rows have problems: apply nothing, or the valid rows.
ALL, GOOD = "all", "good"
APPLY = ((ALL, "All rows or none"), (GOOD, "Only the valid rows; the others go into a new batch"))

_NOT_APPLIED = (
    ImportStatus.UNCHANGED,
    ImportStatus.SKIPPED,
    ImportStatus.CHANGED_SINCE,
    ImportStatus.GONE,
)
_STALE_RECORDS = "Some records have changed since the last refresh: see “Changes since refresh”."


def execution_preview(batch: Import, title: str, *, stale: bool, only_valid: bool = False) -> list[str]:
    """Return sentences with counts about executing ``batch``; ``title`` is its target's, ``stale`` warns of changed records.

    With ``only_valid`` rows, those with problems are left out; else they have the execution refused.
    """
    done = ", ".join(f"{batch.count_of(s):,} {s.value}d" for s in APPLICABLE if batch.count_of(s))
    left = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in _NOT_APPLIED if batch.count_of(s))
    sentences = [f"{title}: {done}."]
    if left:
        sentences.append(f"Not applied: {left}.")
    problematic = batch.count_of(*PROBLEMATIC)
    if problematic:
        rows = counted(problematic, "row has", "rows have")
        sentences.append(
            f"{rows} problems and will go into a new batch."
            if only_valid
            else f"{rows} problems, so executing all rows will be refused. Fix or remove them, or choose “{APPLY[1][1]}”."
        )
    return [*sentences, _STALE_RECORDS] if stale else sentences
