"""The check of an execution: the largest changes of numbers, and the warnings that whoever executes has to confirm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, union_all

from batchbook.batches.changed_rows import edited_cells, edited_sequences, is_among
from batchbook.batches.concurrency import token_of
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.number_changes import RowChange, largest_first, read_changes, shows_change
from batchbook.batches.handler import ALL, CONFIRM
from batchbook.batches.handler_declarations import NumberChange
from batchbook.batches.policies.declaration import PERCENT
from batchbook.batches.policies.demands import sum_of_changes, total_amount
from batchbook.batches.policies.limits import LimitCheck, check_limits_of, limit_of, percent_limits
from batchbook.db import changes_beyond, lock_records
from batchbook.errors import Conflict
from batchbook.words import counted

#: The number of the largest rises and falls that are named.
_NAMED = 3


@dataclass(frozen=True)
class NumberCheck:
    """The largest rises and falls of a number, and the numbers of rows that change it beyond the limits."""

    change: NumberChange
    rises: Sequence[RowChange]
    falls: Sequence[RowChange]
    beyond: int
    refused: int
    warn_above: Decimal
    refuse_above: Decimal | None

    @property
    def name(self) -> str:
        """The name under which a command confirms the warning."""
        return self.change.name

    @property
    def token(self) -> str:
        """The text that confirms the warning: its name, and a digest of the sentence and the changes that were shown."""
        shown = [[row.sequence, str(row.before), str(row.after)] for row in (*self.rises, *self.falls)]
        return f"{self.change.name}:{token_of(self.warning, shown)}"

    @property
    def shown(self) -> Any:
        """The changes behind the warning, by which people know them whatever the batch: compared with those of another one."""
        changes = [(row.key, row.before, row.after) for row in (*self.rises, *self.falls)]
        return self.beyond, self.warn_above, changes

    @property
    def largest(self) -> RowChange | None:
        """The largest change of all."""
        found = [rows[0] for rows in (self.rises, self.falls) if rows]
        return max(found, key=lambda row: row.size, default=None)

    @property
    def warning(self) -> str:
        """The sentence that has to be confirmed; empty if no row changes beyond the limit."""
        return self._sentence(self.beyond, self.warn_above) if self.beyond else ""

    @property
    def refusal(self) -> str:
        """The sentence with which the execution is refused; empty if it is not."""
        if not self.refused or self.refuse_above is None:
            return ""
        return f"{self._sentence(self.refused, self.refuse_above)} That is not allowed here: correct or remove them."

    def _sentence(self, rows: int, limit: Decimal) -> str:
        words = counted(rows, f"row changes {self.change.label}", f"rows change {self.change.label}")
        largest = self.largest
        ending = f": the largest {largest.percent_text}" if largest else ""
        if largest and largest.percent is None:
            ending += f" to {largest.after:,}"
        return f"{words} by more than {limit.normalize():f} %{ending}."


#: A check whose warning may have to be confirmed.
Warned = NumberCheck | LimitCheck


@dataclass(frozen=True)
class ExecutionCheck:
    """The check of executing a batch: numbers that change, rows and cells that people edited, and other limits."""

    numbers: Sequence[NumberCheck] = ()
    edited: int = 0
    edited_cells: int = 0
    limits: Sequence[LimitCheck] = ()
    #: Whether a confirmation needs a reason: administrators or settings have set a limit that is exceeded.
    needs_reason: bool = False
    #: The sum of all changes of numbers; ``None`` for a type that declares none.
    amount: Decimal | None = None

    @property
    def refusals(self) -> list[str]:
        """The sentences with which the execution is refused."""
        return [one.refusal for one in self._all if one.refusal]

    @property
    def warned(self) -> list[Warned]:
        """The checks whose warnings have to be confirmed."""
        return [one for one in self._all if one.warning]

    @property
    def _all(self) -> list[Warned]:
        return [*self.numbers, *self.limits]


class Unconfirmed(Conflict):
    """The refusal of an execution whose warnings were not confirmed; ``check`` has them."""

    def __init__(self, message: str, check: ExecutionCheck) -> None:
        super().__init__(message)
        self.check = check


def check_execution(context: ActionContext, options: Mapping[str, Any]) -> ExecutionCheck:
    """Return the check of executing the batch with the values ``options``, by a few statements."""
    changes = context.handler.number_changes(context.batch, options)
    numbers, amount = _check_all(context, changes) if changes else ((), None)
    limits = check_limits_of(context, options)
    is_set = limit_of(context, PERCENT).warn is not None and any(number.warning for number in numbers)
    return ExecutionCheck(
        numbers,
        *count_edited(context),
        limits,
        is_set or any(limit.warning for limit in limits),
        amount,
    )


def confirmations_in(options: Mapping[str, Any]) -> frozenset[str]:
    """Return what the texts of ``options`` confirm: tokens of warnings, or names, as a command gives them."""
    sent = options.get(CONFIRM) or ()
    texts: Iterable[Any] = [sent] if isinstance(sent, str) else sent
    return frozenset(name.strip() for text in texts for name in str(text).split(","))


def lock_changing(context: ActionContext, values: Mapping[str, Any]) -> None:
    """Keep the records from which numbers change from being changed by others, so that what is checked is executed."""
    changes = context.handler.number_changes(context.batch, values)
    for key, joined in dict(change.records for change in changes if change.records).items():
        lock_records(context.session, key, context.rows().where, joined)


def demand_confirmation(
    context: ActionContext, values: Mapping[str, Any], options: Mapping[str, Any]
) -> ExecutionCheck:
    """Return the check of executing the batch with ``values``; the texts ``options`` confirm all its warnings.

    A token confirms the changes that were shown with it, and a name those of now. Raises :class:`Unconfirmed` for a
    warning that is not confirmed, or needs a reason that was not given, and ``Conflict`` if something is above the limit of
    the type.
    """
    check = check_execution(context, values)
    if check.refusals:
        raise Conflict(f"{context.batch} was not executed. {' '.join(check.refusals)}")
    confirmed = confirmations_in(options)
    warned = check.warned
    missing = [one for one in warned if not confirmed & {one.name, one.token, ALL}]
    if missing:
        names = ", ".join(one.name for one in missing)
        has_tokens = any(":" in one for one in confirmed)
        was = "The changes are not those that were confirmed. " if has_tokens else ""
        sentences = " ".join(one.warning for one in missing)
        raise Unconfirmed(
            f"{context.batch} was not executed. {was}{sentences} Look at these rows, then confirm {names} and execute it.",
            check,
        )
    if check.needs_reason and not context.handler_context.reason:
        sentences = " ".join(one.warning for one in warned)
        raise Unconfirmed(
            f"{context.batch} was not executed. {sentences} Give a reason why that is right, and execute it.",
            check,
        )
    return check


@dataclass(frozen=True)
class _Counts:
    """The numbers of rows beyond the limits of a number, and of those in which it rises and falls; and the sum of its changes."""

    beyond: int
    refused: int
    moves: tuple[int, int]
    amount: Any


def _check_all(context: ActionContext, changes: Sequence[NumberChange]) -> tuple[list[NumberCheck], Decimal]:
    """Return the checks of ``changes``, and what they amount to, by three statements for all of them."""
    warn, refuse = percent_limits(context, changes)
    counts = _counts(context, changes, warn, refuse)
    largest = _largest(context, changes, counts)
    # Whoever may not see the columns behind a number is told how many rows are beyond the limits, and no values.
    checks = [
        NumberCheck(
            change,
            *(largest[at] if shows_change(context, change) else ([], [])),
            counts[at].beyond,
            counts[at].refused,
            warn[at],
            refuse,
        )
        for at, change in enumerate(changes)
    ]
    amounts = (counts[at].amount for at, change in enumerate(changes) if not change.later)
    return checks, total_amount(amounts)


def _counts(
    context: ActionContext, changes: Sequence[NumberChange], warn: Sequence[Decimal], refuse: Decimal | None
) -> list[_Counts]:
    """Return the counts of each of ``changes``, whose rows are read once for all."""
    columns: list[ColumnElement[Any]] = []
    for change, limit in zip(changes, warn, strict=True):
        refused = (
            literal(value=False) if refuse is None else changes_beyond(change.before, change.after, refuse)
        )
        conditions = (changes_beyond(change.before, change.after, limit), refused, *_moves(change))
        columns += [func.count().filter(change.where, condition) for condition in conditions]
        columns.append(sum_of_changes(change))
    found = context.session.execute(select(*columns).where(context.rows().where)).one()
    each = [found[at : at + 5] for at in range(0, len(found), 5)]
    return [
        _Counts(beyond, refused, (rises, falls), amount) for beyond, refused, rises, falls, amount in each
    ]


def _moves(change: NumberChange) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions for the rows in which the number rises, and for those in which it falls."""
    return change.after > change.before, change.after < change.before


def _largest(
    context: ActionContext, changes: Sequence[NumberChange], counts: Sequence[_Counts]
) -> list[tuple[list[RowChange], list[RowChange]]]:
    """Return the largest rises and falls of each of ``changes``; where ``counts`` has none, rows are not read for them."""
    parts = []
    for at, change in enumerate(changes):
        for place, direction in enumerate(_moves(change)):
            if counts[at].moves[place]:
                part = literal(2 * at + place).label("part")
                sequences = select(part, context.row.sequence.label("sequence"))
                sequences = sequences.where(context.rows().where, change.where, direction)
                largest = sequences.order_by(*largest_first(context, change)).limit(_NAMED)
                parts.append(select(largest.subquery()))
    found = context.session.execute(union_all(*parts)).all() if parts else ()
    rows = read_changes(context, changes, {row.sequence for row in found})
    lists: list[tuple[list[RowChange], list[RowChange]]] = [([], []) for _ in changes]
    for row in found:
        if changed := rows[row.sequence][row.part // 2]:
            lists[row.part // 2][row.part % 2].append(changed)
    for one in (one for each in lists for one in each):
        one.sort(key=lambda row: (-row.size, row.sequence))
    return lists


def rows_beyond(context: ActionContext, number: NumberCheck, most: int) -> list[RowChange]:
    """Return at most ``most`` visible rows that change ``number`` by more than its limit, the largest first."""
    change = number.change
    if not shows_change(context, change):
        return []
    beyond = changes_beyond(change.before, change.after, number.warn_above)
    wanted = select(context.row.sequence).where(context.rows().where, change.where, beyond)
    wanted = wanted.order_by(*largest_first(context, change)).limit(most)
    found = read_changes(context, [change], context.session.scalars(wanted).all())
    return sorted((row for (row,) in found.values() if row), key=lambda row: (-row.size, row.sequence))


def edited_rows(context: ActionContext, most: int) -> Sequence[int]:
    """Return the numbers of at most ``most`` of the rows that people have edited, less removed ones."""
    row = context.row
    edited = is_among(row, edited_sequences(context.batch.id, context.access))
    wanted = select(row.sequence).where(context.rows().where, edited)
    return context.session.scalars(wanted.order_by(row.sequence).limit(most)).all()


def count_edited(context: ActionContext) -> tuple[int, int]:
    """Return the numbers of rows that people have edited, less removed ones, and of their cells."""
    row, cells = context.row, edited_cells(context.batch.id, context.access).distinct().subquery()
    counted_rows = select(func.count(cells.c.sequence.distinct()), func.count())
    kept = counted_rows.select_from(cells).join(row, row.sequence == cells.c.sequence)
    rows, of_them = context.session.execute(kept.where(context.rows().where)).one()
    return rows, of_them
