"""The refresh of rows by the handler, and the counts of a batch's rows in its header.

After an action on all rows, all of them are counted. After an edit, only the rows that it touched are refreshed and
counted, so that an edit costs the same in a batch of a hundred rows and of a million.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from batchbook.batches.engine.context import ActionContext, around
from batchbook.batches.handler import BatchHandler
from batchbook.batches.lifecycle import Action
from batchbook.batches.lookups import spell_keys
from batchbook.batches.models import Batch
from batchbook.batches.rows.scope import Rows
from batchbook.db.bulk_writing import chunked
from batchbook.db.transactions import is_transient
from batchbook.errors import BatchbookError, Conflict, reason_of

log = logging.getLogger(__name__)

#: The key in a header's ``params`` under which the number of its rows with problems is stored.
_PROBLEMS = "problem_rows"


@dataclass(frozen=True)
class Tally:
    """Counts of some rows: those removed and, among the others, those of each status ("" for none) and with issues."""

    removed: int
    statuses: Counter[str]
    problems: int

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.removed + self.statuses.total()

    @classmethod
    def of(cls, context: ActionContext, where: ColumnElement[bool]) -> Self:
        """Count the rows that satisfy ``where``."""
        row = context.row
        groups = select(row.removed, row.status, func.count(), func.count(row.issues)).where(where)
        counted = context.session.execute(groups.group_by(row.removed, row.status)).all()
        kept = [found for found in counted if not found.removed]
        statuses = Counter({status or "": count for _, status, count, _ in kept})
        return cls(sum(found[2] for found in counted if found.removed), statuses, sum(n for *_, n in kept))

    @classmethod
    def of_rows(cls, rows: Iterable[Any]) -> Self:
        """Count ``rows``, which have ``removed``, ``status`` and ``has_issues``."""
        kept = [row for row in rows if not row.removed]
        statuses = Counter(row.status or "" for row in kept)
        return cls(sum(row.removed for row in rows), statuses, sum(row.has_issues for row in kept))

    @classmethod
    def of_all(cls, context: ActionContext) -> Self:
        """Count all rows of the batch."""
        return cls.of(context, context.row.batch_id == context.batch.id)

    @classmethod
    def stored(cls, context: ActionContext) -> Self:
        """Return the counts in the batch's header; count all rows if the header lacks one of the counts."""
        batch = context.batch
        if _PROBLEMS not in batch.params:
            return cls.of_all(context)
        return cls(batch.removed_count, Counter(batch.status_counts), batch.params[_PROBLEMS])

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of these rows and the ``other`` ones together."""
        return Tally(
            self.removed + other.removed, self.statuses + other.statuses, self.problems + other.problems
        )

    def __sub__(self, part: Tally) -> Tally:
        """Return the tally of these rows without those of ``part``."""
        return Tally(
            self.removed - part.removed, self.statuses - part.statuses, self.problems - part.problems
        )


def problem_rows(context: ActionContext) -> int:
    """Return how many rows of the batch that are not removed have problems."""
    return Tally.stored(context).problems


def kept_problem_rows(batch: Batch) -> int | None:
    """Return how many rows of ``batch`` that are not removed have problems, as its header has it; ``None`` if it does not."""
    found: int | None = batch.params.get(_PROBLEMS)
    return found


def recount(context: ActionContext) -> None:
    """Count all rows of the batch, and store the counts and the status in its header."""
    store_tally(context, Tally.of_all(context))


def recount_refreshed(context: ActionContext) -> None:
    """Count all rows, which the handler has just refreshed; raise ``ValueError`` for a status that it does not declare."""
    tally = Tally.of_all(context)
    if (fault := _undeclared(context, tally)) is not None:
        raise ValueError(fault)
    store_tally(context, tally)


def store_tally(context: ActionContext, tally: Tally) -> None:
    """Store the ``tally`` of all rows in the batch's header, with the status that follows from it."""
    batch = context.batch
    batch.row_count = tally.rows
    batch.removed_count = tally.removed
    batch.status_counts = dict(tally.statuses)
    batch.params = batch.params | {_PROBLEMS: tally.problems}
    batch.status = context.handler.header_status(batch)


def _undeclared(context: ActionContext, tally: Tally) -> str | None:
    """Return what is wrong if rows have a status that the type does not declare, set by a statement of the handler's own."""
    handler = context.handler
    found = sorted(set(tally.statuses) - {"", *(status.value for status in handler.statuses or ())})
    return (
        f"rows have the status “{found[0][:40]}”, which {type(handler).__name__}.statuses does not declare"
        if found
        else None
    )


def refuse_undeclared(context: ActionContext, refreshed: Iterable[Tally]) -> None:
    """Raise ``Conflict`` if rows that the handler has ``refreshed`` have a status that it does not declare."""
    for tally in refreshed:
        if (fault := _undeclared(context, tally)) is not None:
            raise Conflict(_not_refreshed(fault))


# --- Refresh ---------------------------------------------------------------------------------------------------------


def refresh_in_chunks(
    context: ActionContext, rows: Rows, *, total: int | None = None, edited: bool = False, known: int = 0
) -> None:
    """Have the handler refresh ``rows`` chunk by chunk; if people ``edited`` them, by its ``after_edit`` callback.

    ``total`` is the number of rows, if known. Progress is reported after each chunk. ``known``, unless it is 0, is a number
    that they do not exceed, of rows of which one is there at least: then nobody asks how many there are.
    """
    handler = context.handler
    after_edit = handler.callbacks.after_edit if edited else None
    size = _rows_at_once(handler)
    spell_keys(handler.lookups, rows)
    chunks = [rows] if 0 < known <= size else rows.chunks(size)
    for number, chunk in enumerate(chunks, start=1):
        if after_edit is None:
            handler.refresh(context.batch, chunk)
        else:
            after_edit(handler, context.batch, chunk)
        chunk.save()
        done = number * size
        context.progress.report("refresh", done if total is None else min(done, total), total)


#: The rows of a chunk whose refresh is nothing but lookups, by statements for all of them.
_SET_BASED = 50_000


def _rows_at_once(handler: BatchHandler[Any, Any]) -> int:
    """Return the number of rows in a chunk of a refresh."""
    is_set_based = bool(handler.lookups) and type(handler).refresh is BatchHandler.refresh
    return handler.refresh_chunk_size or (_SET_BASED if is_set_based else handler.chunk_size)


@contextmanager
def refreshing(
    context: ActionContext,
    touched: ColumnElement[bool],
    *,
    refresh: bool = True,
    whole: bool = False,
    added: int = 0,
    covered: Sequence[Sequence[Any]] | None = None,
) -> Iterator[Mapping[int, int]]:
    """Run the block, which changes rows within ``touched``; then refresh these rows and adjust the header's counts.

    ``touched`` must select the same rows before and after the block, which adds ``added`` of them; they may be the
    ``whole`` batch. Without ``refresh`` the rows are only counted. Where the handler itself changes peer columns, such as
    a code that it spells as the catalogue does, the rows that become peers by that are refreshed as well, and all rows are
    counted, because ``touched`` may not select the same ones any more. An edit that leaves at least one row touches all
    rows that have the values ``covered`` in the columns of :func:`peer_names`, if given.

    Yields the earlier versions, by number, of rows that were not removed: of all that are touched unless these are very many.
    """
    rows = [] if whole else _some_rows(context, touched)
    few = None if whole else _unless_many(rows)
    before = Tally.of(context, touched) if few is None else Tally.of_rows(few)
    others = Tally.stored(context) - before
    if few is not None:
        # By number: a peer whose code the handler spells anew has to be brought up to date, too. Added rows have none yet.
        known = rows_and_peers(context, [row.sequence for row in few], ())
        touched = or_(touched, known) if added else known
    yield {row.sequence: row.version for row in rows if not row.removed}
    new: list[ColumnElement[bool]] = []
    after = None
    if refresh:
        refresh_touched(context, [touched], 0 if few is None or covered is None else len(few) + added)
        after = None if few is None else _unless_many(_some_rows(context, touched))
        new = [] if whole or _are_within(context, after, covered) else new_peers(context, touched)
        refresh_touched(context, new)
    tally = Tally.of(context, touched) if after is None else Tally.of_rows(after)
    # Other rows may have statuses of an earlier version of the type.
    if refresh:
        refuse_undeclared(context, [tally, *(Tally.of(context, peers) for peers in new)])
    is_recounted = bool(new) or tally.rows != before.rows + added
    store_tally(context, Tally.of_all(context) if is_recounted else others + tally)


#: The most rows that are read, rather than counted by the database, and that are touched whatever their peer columns
#: become. An edit touches fewer, but for that of many rows.
_MOST_READ = 1_000


def _some_rows(context: ActionContext, touched: ColumnElement[bool]) -> list[Any]:
    """Return the rows that are ``touched``, by number, with what counts and peers need; if there are many, just too many."""
    row = context.row
    peers = [getattr(row, name) for name in peer_names(context)]
    counts = (row.sequence, row.version, row.removed, row.status, row.issues.is_not(None).label("has_issues"))
    found = context.session.execute(select(*counts, *peers).where(touched).limit(_MOST_READ + 1))
    return sorted(found, key=lambda one: one.sequence)


def _unless_many(rows: list[Any]) -> list[Any] | None:
    return rows if len(rows) <= _MOST_READ else None


def _are_within(
    context: ActionContext, rows: list[Any] | None, covered: Sequence[Sequence[Any]] | None
) -> bool:
    """Return whether all ``rows`` have, in the columns that make peers, values that are ``covered``; if both are known."""
    if rows is None or covered is None:
        return False
    known = [dict(zip(peer_names(context), values, strict=True)) for values in covered]
    for group in peer_groups(context):
        within = {tuple(values[name] for name in group) for values in known}
        groups = {tuple(getattr(row, name) for name in group) for row in rows if not row.removed}
        if any(None not in values for values in groups - within):
            return False
    return True


#: The number of new peers that are refreshed together.
_PEERS_AT_ONCE = 500


def new_peers(context: ActionContext, touched: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Return conditions for the rows that are peers of the ``touched`` ones, as these are now, and not touched themselves."""
    row = context.row
    found: set[int] = set()
    for statement in select_peers(context, touched):
        new = statement.where(statement.selected_columns[0].not_in(select(row.sequence).where(touched)))
        found.update(context.session.scalars(new))
    return [rows_and_peers(context, part, ()) for part in chunked(sorted(found), _PEERS_AT_ONCE)]


def refresh_touched(context: ActionContext, touched: Iterable[ColumnElement[bool]], known: int = 0) -> None:
    """Refresh the rows that satisfy each of the conditions ``touched``, one condition after the other.

    Removed rows are left alone. ``known`` is as in :func:`refresh_in_chunks`. Raises ``Conflict`` if the handler fails.
    """
    try:
        with around(Action.REFRESH, context):
            for condition in touched:
                where = and_(condition, ~context.row.removed)
                rows = Rows(
                    context.session, context.batch, context.row, where, context.now, context.handler.statuses
                )
                refresh_in_chunks(context, rows, edited=True, known=known)
    except BatchbookError:
        raise
    except Exception as error:  # A handler is the code of a batch type's author, and may raise anything.
        if is_transient(error):
            raise  # Not the handler's failure: the same edit may succeed when it is tried again.
        log.exception("Refreshing rows of %s after an edit failed", context.batch)
        raise Conflict(_not_refreshed(reason_of(error))) from error


def _not_refreshed(reason: str) -> str:
    return (
        f"Nothing was changed, because the handler failed to bring the rows up to date ({reason})."
        " Try again, or ask for help with this message."
    )


def peer_groups(context: ActionContext) -> list[tuple[str, ...]]:
    """Return the groups of columns that make peers: rows with the same values in all columns of one group are peers."""
    handler = context.handler
    return [tuple(names) for names in (handler.peer_columns, *handler.also_peers) if names]


def peer_names(context: ActionContext) -> list[str]:
    """Return the names of the columns of all groups, each once."""
    return [*dict.fromkeys(name for names in peer_groups(context) for name in names)]


def select_peers(context: ActionContext, where: ColumnElement[bool]) -> list[Select[int]]:
    """Return for each group of columns the SELECT of the numbers of the rows that are peers of those with ``where``.

    Rows that are removed neither have nor are peers; the rows themselves are among theirs.
    """
    row, other = context.row, aliased(context.row)
    found = []
    for names in peer_groups(context):
        columns = [getattr(row, name) for name in names]
        groups = select(*columns).where(where, ~row.removed, *(column.is_not(None) for column in columns))
        same = tuple_(*(getattr(other, name) for name in names)).in_(groups)
        found.append(select(other.sequence).where(other.batch_id == context.batch.id, ~other.removed, same))
    return found


def peer_values(context: ActionContext, row: Any) -> tuple[Any, ...]:
    """Return the values that ``row`` (any object with columns as attributes) has in the columns that make peers."""
    return tuple(getattr(row, name) for name in peer_names(context))


def rows_and_peers(
    context: ActionContext, sequences: Sequence[int], peers: Iterable[Sequence[Any]]
) -> ColumnElement[bool]:
    """Return the condition for the rows with the numbers ``sequences`` and their peers.

    ``peers`` are values of the columns of :func:`peer_names`; rows that have the same values in a group of them are peers.
    """
    row, places = context.row, {name: place for place, name in enumerate(peer_names(context))}
    known = list(peers)
    # Each side names the batch: only then does SQLite use an index for both instead of scanning all rows.
    whole = row.batch_id == context.batch.id
    sides: list[ColumnElement[bool]] = [row.sequence.in_(sequences)]
    for names in peer_groups(context):
        of_group = (tuple(values[places[name]] for name in names) for values in known)
        groups = list(dict.fromkeys(values for values in of_group if None not in values))
        columns = [getattr(row, name) for name in names]
        if groups and len(columns) == 1:
            sides.append(columns[0].in_([values[0] for values in groups]))
        elif groups:
            sides.append(tuple_(*columns).in_(groups))
    return or_(*(and_(whole, side) for side in sides))
