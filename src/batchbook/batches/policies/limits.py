"""Limits of an execution: how much a batch may change before it has to be confirmed with a reason, or is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import func, inspect, select, type_coerce
from sqlalchemy.types import TypeEngine

from batchbook.batches.concurrency import token_of
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.refresh import problem_rows
from batchbook.batches.handler_declarations import NumberChange
from batchbook.batches.policies.declaration import MEASURES, PERCENT, Limit
from batchbook.batches.policies.demands import amount_of, changes_of_its_own
from batchbook.settings import Setting

#: The beginnings of the settings for the two limits of a measure.
WARN, REFUSE = "batchbook.warn_above.", "batchbook.refuse_above."

SETTINGS = (
    Setting(
        f"{WARN}<type>",
        "20",
        "The change of a number, in per cent, above which an execution of the batch type with that key must be confirmed.",
    ),
    Setting(
        f"{REFUSE}<type>",
        "",
        "The change of a number, in per cent, above which an execution of the batch type with that key is refused.",
    ),
    Setting(
        f"{WARN}<type>.<measure>",
        "",
        "The limit above which an execution of the batch type with that key must be confirmed with a reason; the measure is rows,"
        " amount, share or sum.",
    ),
    Setting(
        f"{REFUSE}<type>.<measure>",
        "",
        "The limit above which an execution of the batch type with that key is refused; the measure is rows, amount, share or"
        " sum.",
    ),
)

#: The usual limit of a change, in per cent.
_USUAL = Decimal(20)
_PERCENT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_LIMIT = re.compile(r"[0-9]{1,14}(\.[0-9]{1,4})?")
#: The measures of these settings. The setting for per cent has the name of the type alone.
_OWN = tuple(measure for measure in MEASURES if measure != PERCENT)
_MEASURED = tuple(f".{measure}" for measure in _OWN)
_SENTENCES = {
    "rows": "It has {value} rows, more than {limit}.",
    "amount": "The largest change of a number is {value}, more than {limit}.",
    "share": "{value} % of its rows are removed or have problems, more than {limit} %.",
    "sum": "The changes of numbers amount to {value}, more than {limit}.",
}


#: The measures of what numbers change, and the words in place of a value that the person may not see.
_OF_NUMBERS, _HIDDEN = ("amount", "sum"), "not shown to you"


@dataclass(frozen=True)
class LimitCheck:
    """A measure of a batch, ``value``, held against its two limits; see :class:`~batchbook.batches.policies.declaration.Limit`.

    A value that ``is_hidden`` is computed from columns that the person may not see.
    """

    limit: Limit
    value: Decimal
    is_hidden: bool = False

    @property
    def name(self) -> str:
        """The name under which a command confirms the warning."""
        return self.limit.measure

    @property
    def token(self) -> str:
        """The text that confirms the warning as it was shown."""
        return f"{self.name}:{token_of(self.warning)}"

    @property
    def shown(self) -> str:
        """The warning, to be compared with that of another batch."""
        return self.warning

    @property
    def warning(self) -> str:
        """The sentence that has to be confirmed with a reason; empty if the first limit is not exceeded."""
        warn = self.limit.warn
        return self._sentence(warn) if warn is not None and self.value > warn else ""

    @property
    def refusal(self) -> str:
        """The sentence with which the execution is refused; empty if the second limit is not exceeded."""
        refuse = self.limit.refuse
        if refuse is None or self.value <= refuse:
            return ""
        return (
            f"{self._sentence(refuse)} That is not allowed here: correct or remove rows, or split the batch."
        )

    def _sentence(self, limit: Decimal) -> str:
        texts = {
            name: f"{number.normalize():,f}" for name, number in (("value", self.value), ("limit", limit))
        }
        return _SENTENCES[self.name].format(**texts | ({"value": _HIDDEN} if self.is_hidden else {}))


def limit_of(context: ActionContext, measure: str) -> Limit:
    """Return the limits of ``measure`` for the batch's type: the lower ones of the settings and of the policy."""
    settings, key = context.handler_context.settings, context.batch.type
    policy = next((one for one in context.policy.limits if one.measure == measure), Limit(measure))
    if measure == PERCENT:
        return policy
    return Limit(
        measure,
        _lower(policy.warn, _setting(settings, f"{WARN}{key}.{measure}")),
        _lower(policy.refuse, _setting(settings, f"{REFUSE}{key}.{measure}")),
    )


def _lower(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return min((limit for limit in (first, second) if limit is not None), default=None)


def check_limits_of(context: ActionContext, values: Mapping[str, Any]) -> Sequence[LimitCheck]:
    """Return the measures of executing the batch with ``values`` for which there is a limit; the others are not computed."""
    limits = [limit_of(context, measure) for measure in _OWN]
    return [
        LimitCheck(
            limit, _measured(context, limit.measure, values), _is_hidden(context, limit.measure, values)
        )
        for limit in limits
        if limit.warn is not None or limit.refuse is not None
    ]


def _is_hidden(context: ActionContext, measure: str, values: Mapping[str, Any]) -> bool:
    """Return whether ``measure`` is computed from columns that the person may not see."""
    if not context.access.is_limited or measure not in _OF_NUMBERS:
        return False
    changes = changes_of_its_own(context, values)
    return not all(context.access.shows(one) for change in changes for one in (change.before, change.after))


def _measured(context: ActionContext, measure: str, values: Mapping[str, Any]) -> Decimal:
    batch = context.batch
    match measure:
        case "rows":
            return Decimal(batch.kept_count)
        case "share":
            left_out = batch.removed_count + problem_rows(context)
            return (Decimal(left_out) * 100 / max(batch.row_count, 1)).quantize(Decimal("0.01"))
        case "amount":
            return _largest_amount(context, values)
        case _:
            return amount_of(context, values)


def _largest_amount(context: ActionContext, values: Mapping[str, Any]) -> Decimal:
    largest = Decimal(0)
    for change in changes_of_its_own(context, values):
        kind: TypeEngine[Any] = inspect(change.after).type
        before = func.coalesce(change.before, type_coerce(0, kind))
        moved = type_coerce(func.max(func.abs(change.after - before)), kind)
        found = context.session.scalar(select(moved).where(context.rows().where, change.where))
        largest = max(largest, Decimal(found or 0))
    return largest


def percent_limits(
    context: ActionContext, changes: Sequence[NumberChange]
) -> tuple[list[Decimal], Decimal | None]:
    """Return the limits, in per cent, above which each of ``changes`` must be confirmed, and above which any is refused.

    They are the lowest ones of the settings, of the policy and of the batch, so that none gets round another.
    """
    settings, key = context.handler_context.settings, context.batch.type
    policy = limit_of(context, PERCENT)
    warn = _lower(_setting(settings, f"{WARN}{key}"), policy.warn)
    usual = _USUAL if warn is None else warn
    own = [change.warn_above if _is_number(change.warn_above) else None for change in changes]
    refuse = _lower(_setting(settings, f"{REFUSE}{key}"), policy.refuse)
    return [usual if one is None else min(usual, one) for one in own], refuse


def _is_number(value: Any) -> bool:
    """Return whether ``value``, as a database may hold it, is a finite number."""
    return isinstance(value, (int, Decimal)) and Decimal(value).is_finite()


def check_limits(settings: Mapping[str, Any], types: Iterable[str]) -> None:
    """Raise ``ConfigurationError`` for a limit that is no number, or of a type or measure that does not exist."""
    ends = [end for key in types for end in (key, *(f"{key}.{measure}" for measure in _OWN))]
    known = {f"{prefix}{end}" for prefix in (WARN, REFUSE) for end in ends}
    for name in sorted(name for name in settings if name.startswith((WARN, REFUSE))):
        if name not in known:
            raise ConfigurationError(f"The setting {name} names no batch type that is included.")
        _setting(settings, name)


def _setting(settings: Mapping[str, Any], name: str) -> Decimal | None:
    text = str(settings.get(name, "")).strip()
    if not text:
        return None
    if name.endswith(_MEASURED):
        pattern, what = _LIMIT, "a number, such as 1000"
    else:
        pattern, what = _PERCENT, "a number of per cent, such as 20"
    if not pattern.fullmatch(text):
        raise ConfigurationError(f"The setting {name} must be {what}, not {text!r}.")
    return Decimal(text)
