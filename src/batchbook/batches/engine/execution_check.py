"""The check of an execution: the largest changes of numbers, and the warnings that whoever executes has to confirm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import ColumnElement, func, literal, select

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.handler import CONFIRM, NumberChange
from batchbook.batches.models import CellChange
from batchbook.db import percent_change
from batchbook.errors import Conflict
from batchbook.settings import Setting
from batchbook.words import counted

_WARN, _REFUSE = "batchbook.warn_above.", "batchbook.refuse_above."

SETTINGS = (
    Setting(
        f"{_WARN}<type>",
        "20",
        "The change of a number, in per cent, above which an execution of the batch type with that key must be confirmed.",
    ),
    Setting(
        f"{_REFUSE}<type>",
        "",
        "The change of a number, in per cent, above which an execution of the batch type with that key is refused.",
    ),
)

#: The usual limit of a change, in per cent.
_USUAL = Decimal(20)
#: The confirmation of all warnings of an execution.
ALL = "all"
#: The number of the largest rises and falls that are named.
_NAMED = 3
_LIMIT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


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
    def percent_text(self) -> str:
        """The change in per cent, with its sign and at most one digit behind the point."""
        percent = self.percent
        if percent is None:
            return f"from 0 to {self.after:,}"
        return f"{percent:+,.1f}".removesuffix(".0") + " %"


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
    def largest(self) -> RowChange | None:
        """The largest change of all."""
        found = [rows[0] for rows in (self.rises, self.falls) if rows]
        return max(
            found,
            key=lambda row: abs(row.percent) if row.percent is not None else Decimal("Infinity"),
            default=None,
        )

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
        return f"{words} by more than {limit.normalize():f} %{ending}."


@dataclass(frozen=True)
class ExecutionCheck:
    """The check of executing a batch: the numbers that change, and how many rows were edited by people."""

    numbers: Sequence[NumberCheck] = ()
    edited: int = 0

    @property
    def warnings(self) -> dict[str, str]:
        """The sentences that have to be confirmed, by the names with which they are."""
        return {number.change.name: number.warning for number in self.numbers if number.warning}

    @property
    def refusals(self) -> list[str]:
        """The sentences with which the execution is refused."""
        return [number.refusal for number in self.numbers if number.refusal]


class Unconfirmed(Conflict):
    """The refusal of an execution whose warnings were not confirmed; ``check`` has them."""

    def __init__(self, message: str, check: ExecutionCheck) -> None:
        super().__init__(message)
        self.check = check


def check_execution(context: ActionContext, options: Mapping[str, Any]) -> ExecutionCheck:
    """Return the check of executing the batch with the values ``options``: a few statements for each number."""
    changes = context.handler.number_changes(context.batch, options)
    return ExecutionCheck([_check(context, change) for change in changes], _edited_rows(context))


def confirmed_names(options: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of warnings that the texts of ``options`` confirm."""
    sent = options.get(CONFIRM) or ()
    texts: Iterable[Any] = [sent] if isinstance(sent, str) else sent
    return frozenset(name.strip() for text in texts for name in str(text).split(","))


def demand_confirmation(
    context: ActionContext, values: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, str]:
    """Return the warnings of executing the batch with ``values``, all of which the texts ``options`` confirm.

    Raises :class:`Unconfirmed` if they don't, and ``Conflict`` if a change is above the limit of the type.
    """
    check = check_execution(context, values)
    if check.refusals:
        raise Conflict(f"{context.batch} was not executed. {' '.join(check.refusals)}")
    confirmed = confirmed_names(options)
    missing = {name: text for name, text in check.warnings.items() if not confirmed & {name, ALL}}
    if missing:
        raise Unconfirmed(
            f"{context.batch} was not executed. {' '.join(missing.values())} Look at these rows, then confirm"
            f" {', '.join(missing)} and execute it.",
            check,
        )
    return check.warnings


def check_limits(settings: Mapping[str, Any], types: Iterable[str]) -> None:
    """Raise ``ConfigurationError`` for a limit that is no number, or of a type that is not included."""
    known = {f"{prefix}{key}" for prefix in (_WARN, _REFUSE) for key in types}
    for name in sorted(name for name in settings if name.startswith((_WARN, _REFUSE))):
        if name not in known:
            raise ConfigurationError(f"The setting {name} names no batch type that is included.")
        _limit(settings, name)


def _limit(settings: Mapping[str, Any], name: str) -> Decimal | None:
    text = str(settings.get(name, "")).strip()
    if text and not _LIMIT.fullmatch(text):
        raise ConfigurationError(
            f"The setting {name} must be a number of per cent, such as 20, not {text!r}."
        )
    return Decimal(text) if text else None


def _check(context: ActionContext, change: NumberChange) -> NumberCheck:
    settings, key = context.handler_context.settings, context.batch.type
    warn = next(
        limit for limit in (change.warn_above, _limit(settings, f"{_WARN}{key}"), _USUAL) if limit is not None
    )
    refuse = _limit(settings, f"{_REFUSE}{key}")
    where = (context.rows().where, change.where, change.before != change.after)
    counts = select(
        func.count().filter(_beyond(change, warn)),
        func.count().filter(_beyond(change, refuse if refuse is not None else warn)),
    )
    beyond, refused = context.session.execute(counts.where(*where)).one()
    rises = _largest(context, change, *where, change.after > change.before)
    falls = _largest(context, change, *where, change.after < change.before)
    return NumberCheck(change, rises, falls, beyond, refused if refuse is not None else 0, warn, refuse)


def _beyond(change: NumberChange, limit: Decimal) -> ColumnElement[bool]:
    # Whole numbers on both sides: the change times 10,000 against hundredths of a per cent.
    moved = func.abs(change.after - change.before) * 10_000
    beyond: ColumnElement[bool] = moved > literal(int(limit * 100)) * func.abs(change.before)
    return beyond


def _largest(context: ActionContext, change: NumberChange, *where: ColumnElement[bool]) -> list[RowChange]:
    row = context.row
    keys = [getattr(row, name) for name in context.handler.peer_columns]
    size = func.abs(percent_change(change.before, change.after))
    statement = select(row.sequence, change.before, change.after, *keys).where(*where)
    found = context.session.execute(statement.order_by(size.desc().nulls_first(), row.sequence).limit(_NAMED))
    return [RowChange(one[0], " ".join(map(str, one[3:])), one[1], one[2]) for one in found]


def _edited_rows(context: ActionContext) -> int:
    edited = select(CellChange.sequence).where(
        CellChange.batch_id == context.batch.id, CellChange.sequence > 0
    )
    return context.session.scalar(select(func.count()).select_from(edited.distinct().subquery())) or 0
