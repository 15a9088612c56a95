"""The declaration of a type's policy: ``policy`` of its :class:`~batchbook.batches.ExecutionPolicy`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from batchbook.batches.policies.field_rules import FieldRule
from batchbook.batches.policies.windows import Windows
from batchbook.errors import BadInput

#: The meaning of the signature with which somebody approves a batch, or executes one whose policy demands a signature.
MEANING = "reviewed and approved"
#: The most approvers that a policy can demand, and the most characters of a reason.
MOST_APPROVALS, LONGEST_REASON = 9, 200


#: What limits of an execution measure: rows, the largest change of a number in per cent and as amount, the share of rows that
#: are removed or have problems in per cent, and the sum of all changes of numbers.
PERCENT = "percent"
MEASURES = ("rows", PERCENT, "amount", "share", "sum")


@dataclass(frozen=True)
class Limit:
    """The limits of a measure: above ``warn`` an execution has to be confirmed with a reason, above ``refuse`` it is refused."""

    measure: str
    warn: Decimal | None = None
    refuse: Decimal | None = None

    def __post_init__(self) -> None:
        """Raise :class:`~batchbook.errors.BadInput` for an unknown measure, and for a limit that is none."""
        if self.measure not in MEASURES:
            raise BadInput(f"There is no measure “{self.measure}”. Measures: {', '.join(MEASURES)}.")
        for limit in (self.warn, self.refuse):
            if limit is not None and not (0 <= limit < _BEYOND and round(limit, 4) == limit):
                raise BadInput(
                    "A limit must be a number from 0 with at most 14 digits before the decimal point, and 4 behind it."
                )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The conditions under which batches of a type are edited and executed, and who sees and edits columns. By default there are none.

    Administrators change a policy on its page; what is declared holds until they do.

    Attributes:
        other_than_editor: whoever created, populated or edited a batch may not execute it.
        other_than_completer: whoever marked a batch complete may not execute it.
        approvals: the number of different users who must have approved the content, none of whom edited it.
        approvals_above: approvals are needed only where the changes of numbers amount to more than this; ``None`` is always.
        signature: the password is asked again at execution, as a signature with the meaning “reviewed and approved”.
        reason: an execution needs a reason.
        reasons: the reasons to choose from; none for a text only.
        other_reasons: a text that is not among ``reasons`` may be given as well.
        windows: the times at which executions are allowed, such as ``Mon-Fri 08:00-18:00``; none for any time.
        zone: the time zone of the windows.
        limits: the limits of what an execution changes.
        fields: the roles that may see and edit columns of rows.
        edit_percent: an edit that changes a value by more than this, in per cent, needs a reason; ``None`` for no limit.
        edit_amount: an edit that changes a value by more than this needs a reason; ``None`` for no limit.
        edit_reasons: the reasons for edits to choose from; none for a text only.
        other_edit_reasons: a text that is not among ``edit_reasons`` may be given as well.

    """

    other_than_editor: bool = False
    other_than_completer: bool = False
    approvals: int = 0
    approvals_above: Decimal | None = None
    signature: bool = False
    reason: bool = False
    reasons: tuple[str, ...] = ()
    other_reasons: bool = True
    windows: str = ""
    zone: str = "UTC"
    limits: tuple[Limit, ...] = ()
    fields: tuple[FieldRule, ...] = ()
    edit_percent: Decimal | None = None
    edit_amount: Decimal | None = None
    edit_reasons: tuple[str, ...] = ()
    other_edit_reasons: bool = True

    def __post_init__(self) -> None:
        """Refuse what could not be applied; raise :class:`~batchbook.errors.BadInput`."""
        self.read_windows()
        if not 0 <= self.approvals <= MOST_APPROVALS:
            raise BadInput(f"The number of approvers must be from 0 to {MOST_APPROVALS}.")
        for limit in (self.approvals_above, self.edit_percent, self.edit_amount):
            if limit is not None and not 0 <= limit < _BEYOND:
                raise BadInput(
                    "A limit must be a number from 0 with at most 14 digits before the decimal point."
                )
        if any(
            not text.strip() or len(text) > LONGEST_REASON for text in (*self.reasons, *self.edit_reasons)
        ):
            raise BadInput(f"A reason to choose from must have 1 to {LONGEST_REASON} characters.")
        names = [rule.field for rule in self.fields]
        if len({*names}) < len(names):
            raise BadInput("A column is listed twice. Give all of its roles in one line.")
        _refuse_without(self.reason, self.reasons, self.other_reasons)
        _refuse_without(self.explains_edits, self.edit_reasons, self.other_edit_reasons)

    def read_windows(self) -> Windows:
        """Return the windows of time in which executions are allowed."""
        return Windows.read(self.windows, self.zone)

    @property
    def explains_edits(self) -> bool:
        """Whether edits that change a value by more than a limit need a reason."""
        return self.edit_percent is not None or self.edit_amount is not None

    @property
    def is_signed(self) -> bool:
        """Whether an execution is recorded as a signature of the content."""
        return self.signature or self.approvals > 0

    def to_json(self) -> dict[str, Any]:
        """Return the policy as JSON values, with decimals as texts."""
        return {one.name: _as_json(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Policy:
        """Return the policy of which :meth:`to_json` made ``stored``; what a later version added has its default."""
        known = {one.name: stored[one.name] for one in fields(cls) if one.name in stored}
        for name in _DECIMALS & known.keys():
            known[name] = None if known[name] is None else Decimal(known[name])
        for name in _TEXTS & known.keys():
            known[name] = tuple(known[name])
        if "limits" in known:
            known["limits"] = tuple(
                Limit(measure, *map(_as_decimal, both)) for measure, *both in known["limits"]
            )
        if "fields" in known:
            known["fields"] = tuple(map(FieldRule.from_json, known["fields"]))
        return cls(**known)

    def changes_from(self, before: Policy) -> list[str]:
        """Return a phrase for each condition that differs from ``before``, for the audit log."""
        old, new = before.to_json(), self.to_json()
        return [f"{name}: {old[name]} → {new[name]}" for name in new if new[name] != old[name]]


_BEYOND = Decimal(10) ** 14
_DECIMALS = frozenset({"approvals_above", "edit_percent", "edit_amount"})
_TEXTS = frozenset({"reasons", "edit_reasons"})


def _refuse_without(is_needed: bool, reasons: Sequence[str], are_others_allowed: bool) -> None:
    """Raise ``BadInput`` if a reason is needed and none could be given."""
    if is_needed and not reasons and not are_others_allowed:
        raise BadInput("A reason is needed, but none could be given: list some, or allow other ones.")


def _as_decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _as_json(value: Any) -> Any:
    if isinstance(value, FieldRule):
        return value.to_json()
    if isinstance(value, Limit):
        return [value.measure, _as_json(value.warn), _as_json(value.refuse)]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return [_as_json(one) for one in value] if isinstance(value, tuple) else value
