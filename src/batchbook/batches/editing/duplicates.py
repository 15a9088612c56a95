"""Duplicates: rows of a batch with the same key, of which one is kept and the others are removed, as one operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, select

from batchbook.batches.concurrency import Token, refuse_changed
from batchbook.batches.editing.editors import find_row
from batchbook.batches.editing.removal import RowRemover, Selection
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.handler_declarations import Duplicates
from batchbook.errors import BadInput, Conflict
from batchbook.words import counted


class Keep(StrEnum):
    """The rule by which one row of a group of duplicates is kept."""

    FIRST = "first"
    LAST = "last"
    CHEAPEST = "cheapest"


@dataclass(frozen=True)
class DuplicateGroup:
    """Rows with the same key: the ``sequences`` of the first of them, and the ``count`` of all.

    ``first`` is the sequence of the first row, which identifies the group.
    """

    first: int
    count: int
    sequences: Sequence[int]


class DuplicateRows:
    """The duplicates in the batch of ``context``; its type declares them, see :class:`~batchbook.batches.Duplicates`.

    Raises ``Conflict`` if the type declares none. All is found by SQL, a group by window functions over its key.
    """

    def __init__(self, context: ActionContext) -> None:
        declared = context.handler.duplicates
        if declared is None:
            raise Conflict(f"{context.batch} has no duplicates: its type does not declare any.")
        self._context = context
        self._declared: Duplicates = declared
        self._key = [getattr(context.row, name) for name in declared.key_of(context.handler, context.batch)]

    @cached_property
    def number(self) -> str | None:
        """The name of the column by which a row is the cheapest; ``None`` if the batch has none, or it is hidden from the person."""
        name = self._declared.number_of(self._context.handler, self._context.batch)
        return name if name is not None and self._context.access.sees(name) else None

    @property
    def rules(self) -> tuple[Keep, ...]:
        """The rules that the batch's rows allow."""
        return tuple(rule for rule in Keep if rule is not Keep.CHEAPEST or self.number)

    def count_groups(self, sequence: int | None = None) -> int:
        """Return the number of groups; of the row ``sequence`` only, if given."""
        ranked = self._ranked(None, sequence)
        firsts = select(func.count()).where(ranked.c.place == 1, *_is_group(ranked))
        return int(self._context.session.scalar(firsts) or 0)

    def groups(
        self, start: int, count: int, most_rows: int, sequence: int | None = None
    ) -> list[DuplicateGroup]:
        """Return ``count`` groups in the order of their first rows from the one at ``start``, each with ``most_rows`` at most.

        ``sequence`` restricts this to the group of that row.
        """
        session, ranked = self._context.session, self._ranked(None, sequence)
        page = (
            select(ranked.c.first, ranked.c.size)
            .where(ranked.c.place == 1, *_is_group(ranked))
            .order_by(ranked.c.first)
            .offset(start)
            .limit(count)
        )
        sizes = {first: size for first, size in session.execute(page)}  # noqa: C416 - Rows are no tuples.
        rows: dict[int, list[int]] = {first: [] for first in sizes}
        wanted = select(ranked.c.first, ranked.c.sequence).where(
            ranked.c.first.in_([*sizes]), ranked.c.place <= most_rows
        )
        for first, sequence in session.execute(wanted.order_by(ranked.c.sequence)):
            rows[first].append(sequence)
        return [DuplicateGroup(first, size, rows[first]) for first, size in sizes.items()]

    def tokens(self, firsts: Sequence[int]) -> dict[int, Selection]:
        """Return the rows of each group as a selection, by the sequence of the group's first row."""
        ranked, row = self._ranked(None), self._context.row
        statement = (
            select(ranked.c.first, func.count(), func.sum(row.sequence), func.sum(row.version))
            .join(ranked, ranked.c.sequence == row.sequence)
            .where(self._context.rows().where, ranked.c.first.in_(firsts))
            .group_by(ranked.c.first)
        )
        found = self._context.session.execute(statement).all() if firsts else ()
        return {first: Selection(*map(int, numbers)) for first, *numbers in found}

    def members(self, sequence: int | None = None) -> ColumnElement[bool]:
        """Return the condition for the rows of all groups, or of the one of the row ``sequence``."""
        ranked = self._ranked(None, sequence)
        return self._context.row.sequence.in_(select(ranked.c.sequence).where(*_is_group(ranked)))

    def surplus(self, keep: Keep | int, sequence: int | None = None) -> ColumnElement[bool]:
        """Return the condition for the rows that are removed if one row of each group is kept by the rule ``keep``.

        ``keep`` may be the sequence of the row to keep instead. ``sequence`` restricts this to the group of that row.
        """
        ranked = self._ranked(keep, sequence)
        wanted = select(ranked.c.sequence).where(ranked.c.place > 1, *_is_group(ranked))
        return self._context.row.sequence.in_(wanted)

    def same_key(self, sequence: int) -> ColumnElement[bool]:
        """Return the condition for the rows with the key of the row ``sequence``; raises ``Missing`` if there is none."""
        row = find_row(self._context, sequence)
        return and_(*(column == getattr(row, column.key) for column in self._key))

    def _ranked(self, keep: Keep | int | None, sequence: int | None = None) -> Subquery:
        """Return the rows that may be duplicates with their ``place`` in their group, the row to keep first.

        Without a rule, ``keep``, the places are in the order of the rows.
        """
        context, row, declared = self._context, self._context.row, self._declared
        statuses = [str(status) for status in (declared.status, *declared.also)]
        rows = context.rows().narrowed(row.status.in_(statuses), *(key.is_not(None) for key in self._key))
        if sequence is not None:
            rows = rows.narrowed(self.same_key(sequence))
        usable = case((row.status == str(declared.status), 0), else_=1)
        order = [row.sequence] if keep is None else self._order(keep, usable)
        return (
            select(
                row.sequence,
                func.row_number().over(partition_by=self._key, order_by=order).label("place"),
                func.count().over(partition_by=self._key).label("size"),
                func.min(usable).over(partition_by=self._key).label("unusable"),
                func.min(row.sequence).over(partition_by=self._key).label("first"),
            )
            .where(rows.where)
            .subquery("ranked")
        )

    def _order(self, keep: Keep | int, usable: ColumnElement[int]) -> list[Any]:
        """Return the order of a group's rows, the one to keep first; one that cannot be used is kept only if it is chosen."""
        row = self._context.row
        if not isinstance(keep, Keep):
            return [case((row.sequence == keep, 0), else_=1), row.sequence]
        if keep is Keep.LAST:
            return [usable, row.sequence.desc()]
        if keep is Keep.FIRST:
            return [usable, row.sequence]
        if self.number is None:
            raise BadInput("These rows have no number by which one is the cheapest, so nothing was removed.")
        number = getattr(row, self.number)
        return [usable, case((number.is_(None), 1), else_=0), number, row.sequence]


def _is_group(ranked: Subquery) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for rows of groups: of several rows, one of which was found to be a duplicate."""
    return ranked.c.size > 1, ranked.c.unusable == 0


class DuplicateRemover:
    """The remover of duplicates from the batches that ``engine`` works on; each row can be restored."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def keep(
        self, batch_id: int, keep: Keep | int, sequence: int | None = None, seen: Token | None = None
    ) -> str:
        """Remove the duplicates except those that ``keep`` selects, as one operation; return a sentence with their number.

        ``keep`` is a rule, or the sequence of the row to keep. ``sequence`` restricts a rule to the group of that row.
        Raises ``Conflict`` if there are no such duplicates, or if they differ from those that were ``seen``, if given.
        """
        with self.engine.editing(batch_id) as context:
            of = sequence if isinstance(keep, Keep) else keep
            self.demand_seen(context, of, seen)
            found = DuplicateRows(context)
            surplus = found.surplus(keep, of)
            count, sentence = Selection.of(context, surplus).count, _sentence(keep, of)
            within = None if of is None else found.same_key(of)
            summary = sentence.format(rows=counted(count, "duplicate"))
            RowRemover(self.engine).remove_where(batch_id, surplus, summary=summary, within=within)
            return f"{summary} Removed rows can be restored."

    def demand_seen(self, context: ActionContext, sequence: int | None, seen: Token | None) -> None:
        """Raise ``Conflict`` as :meth:`keep` does, for all duplicates or those of the row ``sequence``."""
        members, row = DuplicateRows(context).members(sequence), context.row
        now = Selection.of(context, members)
        if not now.count or (
            sequence is not None and not Selection.of(context, and_(members, row.sequence == sequence)).count
        ):
            whose = "The batch" if sequence is None else f"Row {sequence}"
            raise Conflict(f"{whose} has no duplicates, so nothing was removed.")
        refuse_changed(
            seen,
            now.token,
            "Nothing was removed, because the duplicates are not those that you were shown: rows were changed since."
            " Go back, check them, then decide.",
        )


def _sentence(keep: Keep | int, sequence: int | None) -> str:
    """Return the sentence on what was removed, with a place for the number of ``rows``."""
    if not isinstance(keep, Keep):
        return f"Kept row {keep}, and removed {{rows}} of it."
    if sequence is None:
        return f"Kept the {keep} row of each group of duplicates, and removed {{rows}}."
    return f"Kept the {keep} of the duplicates of row {sequence}, and removed {{rows}}."
