"""Changes of numbers in rows: how large they are, which come first, and whether somebody may see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.handler_declarations import NumberChange
from batchbook.db import percent_change


@dataclass(frozen=True)
class RowChange:
    """The change of a number in the row ``sequence``, whose key is ``key``; ``percent`` is ``None`` for a change from 0."""

    sequence: int
    key: str
    before: Any
    after: Any

    @property
    def percent(self) -> Decimal | None:
        """The change in per cent."""
        before, after = Decimal(self.before), Decimal(self.after)
        return (after - before) * 100 / abs(before) if before else None

    @property
    def size(self) -> Decimal:
        """The change in per cent without its sign; infinite for a change from 0."""
        return Decimal("Infinity") if self.percent is None else abs(self.percent)

    @property
    def percent_text(self) -> str:
        """The change in per cent, with its sign and at most one digit behind the point; “from 0” for one from 0."""
        percent = self.percent
        if percent is None:
            return "from 0"
        return f"{percent:+,.1f}".removesuffix(".0") + " %"


def shows_change(context: ActionContext, change: NumberChange) -> bool:
    """Return whether the person may see the columns from which ``change`` is computed."""
    return all(map(context.access.shows, (change.before, change.after)))


def largest_first(context: ActionContext, change: NumberChange) -> tuple[ColumnElement[Any], ...]:
    """Return the order in which the rows with the largest changes come first."""
    size = func.abs(percent_change(change.before, change.after))
    return size.desc().nulls_first(), context.row.sequence.asc()


def read_changes(
    context: ActionContext, changes: Sequence[NumberChange], sequences: Collection[int]
) -> dict[int, list[RowChange | None]]:
    """Return ``changes`` in the rows with these ``sequences``, by sequence; ``None`` for values that are no numbers."""
    if not sequences:
        return {}
    row = context.row
    named = changes[0].named_by or context.handler.peer_columns
    keys = [getattr(row, name) for name in named if context.access.sees(name)]
    numbers = [column for change in changes for column in (change.before, change.after)]
    statement = select(row.sequence, *keys, *numbers).where(
        row.batch_id == context.batch.id, row.sequence.in_(sequences)
    )
    found = {}
    for sequence, *values in context.session.execute(statement):
        key, pairs = " · ".join(map(str, values[: len(keys)])), values[len(keys) :]
        found[sequence] = [
            RowChange(sequence, key, before, after) if _is_number(before) and _is_number(after) else None
            for before, after in zip(pairs[::2], pairs[1::2], strict=True)
        ]
    return found


def _is_number(value: Any) -> bool:
    """Return whether ``value``, as a database may hold it, is a finite number."""
    return isinstance(value, (int, Decimal)) and Decimal(value).is_finite()
