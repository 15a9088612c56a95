"""Removal and restoring of rows, by a mark on each row, so that nothing is lost before the execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, and_, func, select

from batchbook.batches.concurrency import (
    StaleEdit,
    Token,
    is_stale,
    read_token,
    refuse_changed,
    token_of,
)
from batchbook.batches.editing.editors import WHOLE_ROW, find_row, naming_author
from batchbook.batches.editing.row_marks import mark_rows, note_marks
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.refresh import peer_groups, peer_values, refreshing, rows_and_peers
from batchbook.batches.history import record
from batchbook.errors import BadInput, Conflict
from batchbook.words import counted


@dataclass(frozen=True)
class Selection:
    """Rows that a condition selects, as three numbers that change if other rows match or one of the rows is edited."""

    count: int
    sequences: int
    versions: int

    @classmethod
    def of(cls, context: ActionContext, condition: ColumnElement[bool], *, removed: bool = False) -> Self:
        """Return the selection of the rows that satisfy ``condition`` and are ``removed`` or not, by one statement."""
        row = context.row
        where = (row.batch_id == context.batch.id, row.removed.is_(removed), condition)
        sums = (func.coalesce(func.sum(column), 0) for column in (row.sequence, row.version))
        found = context.session.execute(select(func.count(), *sums).where(*where)).one()
        return cls(*map(int, found))

    @classmethod
    def read(cls, params: Mapping[str, Any], refusal: str) -> Self:
        """Return the selection whose token is in a submitted form; raise ``BadInput`` with ``refusal`` if there is none."""
        try:
            return cls(*map(int, read_token(params, refusal).split("-")))
        except (TypeError, ValueError):
            raise BadInput(refusal) from None

    @property
    def token(self) -> Token:
        """The concurrency token of these rows."""
        return token_of(self.count, self.sequences, self.versions)


class RowRemover:
    """The remover and restorer of rows of the batches that ``engine`` works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.session = engine.session

    def set_removed(self, batch_id: int, sequence: int, *, removed: bool, version: int | None = None) -> None:
        """Remove a row, or restore it; raise :class:`StaleEdit` if it no longer has the ``version``, if given."""
        with self.engine.editing(batch_id) as context:
            row = find_row(context, sequence)
            if row.removed == removed:
                raise Conflict(
                    f"Row {sequence} is {'removed already' if removed else 'not removed'}; nothing was changed."
                )
            if is_stale(version, row.version):
                wanted = "removed" if removed else "restored"
                with naming_author(context, sequence):
                    mine, theirs = {WHOLE_ROW: wanted}, {WHOLE_ROW: "changed"}
                    raise StaleEdit(f"Row {sequence}", mine, theirs, row.version)
            model = context.row
            touched = rows_and_peers(context, [sequence], [peer_values(context, row)])
            with refreshing(context, touched):
                mark_rows(context, model.sequence == sequence, removed=removed)
                self._record(
                    context, f"{'Removed' if removed else 'Restored'} row {sequence}.", removed=removed
                )

    def remove_where(
        self,
        batch_id: int,
        condition: ColumnElement[bool],
        seen: Token | None = None,
        *,
        summary: str = "",
        within: ColumnElement[bool] | None = None,
    ) -> int:
        """Remove all rows that satisfy ``condition`` and are not removed yet, as one operation; return their number.

        ``summary`` is the sentence for the history; by default it gives the number. ``within`` is a condition for these
        rows and all their peers, if it is known: then other rows are not refreshed. Raises ``Conflict`` if no row satisfies
        ``condition``, or if the rows differ from those that were ``seen``, if given.
        """
        with self.engine.editing(batch_id) as context:
            model = context.row
            count = self.demand_seen(context, condition, seen)
            context.progress.report("remove rows", 0, count)
            # All rows are counted, because the removal may change which rows satisfy the condition.
            whole = model.batch_id == context.batch.id
            touched = whole if within is None else and_(whole, within)
            handler = context.handler
            depends = bool(peer_groups(context)) or handler.duplicates is not None
            with refreshing(context, touched, refresh=depends, whole=within is None):
                mark_rows(context, condition, removed=True)
                self._record(context, summary or f"Removed {counted(count, 'row')}.", removed=True)
            return count

    def restore_where(self, batch_id: int, condition: ColumnElement[bool], seen: Token | None = None) -> int:
        """Restore all removed rows that satisfy ``condition``, as one operation; return their number.

        Raises ``Conflict`` if no removed row does, or if the rows differ from those that were ``seen``, if given.
        """
        with self.engine.editing(batch_id) as context:
            model = context.row
            whole = model.batch_id == context.batch.id
            count = self.demand_seen(context, condition, seen, removed=False)
            context.progress.report("restore rows", 0, count)
            with refreshing(context, whole, whole=True):
                mark_rows(context, condition, removed=False)
                self._record(context, f"Restored {counted(count, 'row')}.", removed=False)
            return count

    def demand_seen(
        self,
        context: ActionContext,
        condition: ColumnElement[bool],
        seen: Token | None,
        *,
        removed: bool = True,
    ) -> int:
        """Return the number of rows that satisfy ``condition`` and are to be ``removed``, or else restored.

        Raises ``Conflict`` as :meth:`remove_where` and :meth:`restore_where` do.
        """
        now = Selection.of(context, condition, removed=not removed)
        done = "removed" if removed else "restored"
        if not now.count:
            rows = "rows match any more" if removed else "removed rows match"
            raise Conflict(f"No {rows}, so none was {done}.")
        refuse_changed(
            seen,
            now.token,
            f"Nothing was {done}: {counted(now.count, 'row matches', 'rows match')} now, and they are not the"
            " rows that you were shown. Go back, check them, then decide.",
        )
        return now.count

    def _record(self, context: ActionContext, summary: str, *, removed: bool) -> None:
        operation = record(
            context.handler_context, context.batch, "remove" if removed else "restore", summary
        )
        note_marks(context, operation, removed=removed)
