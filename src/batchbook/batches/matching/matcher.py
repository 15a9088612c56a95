"""The editor that matches rows: it gives rows with an unknown key the record that a person chose, or takes that back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from batchbook.batches.changed_cells import cells_at
from batchbook.batches.concurrency import Token, refuse_changed
from batchbook.batches.editing import BulkEditor, Selection
from batchbook.batches.editing.bulk import Texts
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.matching.code_variants import comparable
from batchbook.batches.matching.declaration import Matching
from batchbook.batches.matching.memory import MATCH, may_change_memory, remember, remembered_by, revoke
from batchbook.batches.matching.record_index import IndexedRecord
from batchbook.batches.matching.unknown_keys import matching_of, unknown_rows
from batchbook.batches.models import Operation
from batchbook.errors import Conflict, Missing
from batchbook.words import counted


@dataclass(frozen=True)
class MatchResult:
    """The number of rows that were changed, and a sentence for the person who did it."""

    rows: int
    message: str


class Matcher:
    """Matches rows of the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def match(
        self, batch_id: int, key: str, record: str, sequence: int | None = None, seen: Token | None = None
    ) -> MatchResult:
        """Give all rows with the unknown ``key``, or the one with the number ``sequence``, the key of the record ``record``.

        The match is remembered for the batch's owner, if the actor may do so. Raises ``Missing`` where there is no such record, and ``Conflict``
        where no row has the key, unknown, any more, or where these rows differ from those that were ``seen``, if given;
        other errors are raised as by :meth:`BulkEditor.edit`. Nothing is stored then.
        """
        with self.engine.editing(batch_id) as context:
            matching = matching_of(context)
            found = _record_called(context, matching, record)
            row: Any = context.row
            unknown = and_(unknown_rows(context), getattr(row, matching.key) == key)
            rows = _rows_with(context, unknown, sequence)
            if not rows or key == found.key:
                raise Conflict(
                    f"No row has the unknown {matching.key_title} “{key[:60]}” any more, so nothing was changed."
                )
            now = Selection.of(context, unknown).token
            refuse_changed(
                seen,
                now,
                f"The rows with the {matching.key_title} “{key[:60]}” were changed since you opened the page,"
                " so nothing was matched. Look at them again, then decide.",
            )
            # A row that was matched before, with a record that is gone, keeps the code of the list.
            listed = {before or key for before in rows.values()}
            values = {"listed_key": func.coalesce(row.listed_key, key), "matched_key": None}
            context.rows().narrowed(row.sequence.in_(rows)).update(**values)
            what = f"{counted(len(rows), 'row')} with the {matching.key_title} “{key}”"
            texts = {sequence: {matching.key: found.key} for sequence in rows}
            self._edit(batch_id, texts, f"Matched {what}: it is {found.key}.")
            kept = may_change_memory(context, matching) and all(
                remember(context, matching, one, found.id) for one in sorted(listed)
            )
            words = f"Matched {what} with {matching.records.title} {found.key}."
            return MatchResult(
                len(rows), f"{words} {_memory_words(context, matching, key, kept=kept)}".strip()
            )

    def undo(self, batch_id: int, listed: str) -> MatchResult:
        """Give all rows that were matched from the key ``listed`` that key back, and forget what was remembered of it.

        Rows whose key was changed since by hand stay as they are. Raises as :meth:`match` does.
        """
        with self.engine.editing(batch_id) as context:
            matching = matching_of(context)
            row: Any = context.row
            rows = _rows_with(context, and_(row.listed_key == listed, is_as_matched(context)), None)
            if not rows:
                raise Conflict(f"No row was matched from “{listed[:60]}” any more, so nothing was changed.")
            what = f"{counted(len(rows), 'row')} with “{listed}” in the list"
            summary = f"Took back the match of {what}."
            context.rows().narrowed(row.sequence.in_(rows)).update(listed_key=None, matched_key=None)
            self._edit(batch_id, {sequence: {matching.key: listed} for sequence in rows}, summary)
            known = remembered_by(matching, context.session, context.batch, listed)
            if known is None:
                return MatchResult(len(rows), summary)
            if not may_change_memory(context, matching):
                still = "It is still remembered, because your role does not allow revoking it."
                return MatchResult(len(rows), f"{summary} {still}")
            revoke(known, context.actor, context.now)
            return MatchResult(len(rows), f"{summary} It is no longer remembered.")

    def _edit(self, batch_id: int, texts: Texts, summary: str) -> None:
        BulkEditor(self.engine).edit(batch_id, texts, MATCH, summary)


def is_as_matched(context: ActionContext) -> ColumnElement[bool]:
    """Return the condition for rows whose key is still that of the record that they were matched with."""
    row: Any = context.row
    name = matching_of(context).key
    matches = select(Operation.number).where(Operation.batch_id == context.batch.id, Operation.kind == MATCH)
    cell = cells_at(row, context.batch.id, row.sequence, name, matches)
    last = select(cell.new).order_by(cell.operation.desc(), cell.position.desc()).limit(1).scalar_subquery()
    # A copy of a batch has no history, but the keys that its rows got by themselves.
    key = getattr(row, name)
    return or_(row.matched_key == key, last == key)


def _record_called(context: ActionContext, matching: Matching, text: str) -> Any:
    """Return ``id`` and ``key`` of the record that ``text`` names, however it is written; raise ``Missing`` if none is."""
    of, indexed = matching.records, IndexedRecord
    named = select(of.id.label("id"), of.key.label("key"))
    found = context.session.execute(named.where(of.key == text)).all()
    if not found:
        similar = select(indexed.record_id).where(
            indexed.records == of.name, indexed.form == comparable(text)
        )
        found = context.session.execute(named.where(of.id.in_(similar)).limit(2)).all()
    if len(found) != 1:
        what = f"{of.title} with the {matching.key_title} “{text[:60]}”"
        raise Missing(f"There is {'more than one' if found else 'no'} {what}. Nothing was changed.")
    return found[0]


def _rows_with(
    context: ActionContext, condition: ColumnElement[bool], sequence: int | None
) -> dict[int, str | None]:
    """Return the numbers of the rows that are not removed and satisfy ``condition``, with their codes in the list.

    Only ``sequence``, if it is given and one of them.
    """
    row: Any = context.row
    wanted = select(row.sequence, row.listed_key).where(context.rows().where, condition)
    if sequence is not None:
        wanted = wanted.where(row.sequence == sequence)
    return {found.sequence: found.listed_key for found in context.session.execute(wanted)}


def _memory_words(context: ActionContext, matching: Matching, key: str, *, kept: bool) -> str:
    memory = matching.memory
    if memory is None:
        return ""
    if kept:
        return f"The next list of {memory.title} {memory.name_of(context.batch)} with “{key}” is matched by itself."
    if not may_change_memory(context, matching):
        return "It is not remembered, because your role does not allow that."
    return f"It is not remembered, because the batch names no {memory.title}."
