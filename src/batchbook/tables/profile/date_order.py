"""Decision on the order of day, month and year in a column, made once from all of its dates."""

from __future__ import annotations

from typing import NamedTuple

from batchbook.grid.parsers import DateOrder
from batchbook.statuses import Severity
from batchbook.tables.profile.column import ColumnSummary
from batchbook.tables.profile.evidence import Decision, Evidence, Hint, evidence_sentence, merge_evidence
from batchbook.tables.report import Note
from batchbook.words import counted

_ORDERS: dict[DateOrder, str] = {
    "dmy": "day, month, year",
    "mdy": "month, day, year",
    "ymd": "year, month, day",
}


class DateOrderEvidence(NamedTuple):
    """Evidence of dates that show their order, that fit both orders, and that are unambiguous."""

    dmy: Evidence
    mdy: Evidence
    both: Evidence
    sure: Evidence

    @classmethod
    def of(cls, column: ColumnSummary) -> DateOrderEvidence:
        """Return the evidence of the dates in ``column``."""
        dmy, mdy, both = (column.orders.get(order, Evidence()) for order in ("dmy", "mdy", "either"))
        return cls(dmy, mdy, both, column.seen(lambda look: look.what == "day" and not look.open))

    @property
    def order(self) -> DateOrder | None:
        """The order that most of those show that can be read in one way only; None if there are none."""
        if not (self.dmy or self.mdy):
            return None
        return "mdy" if self.mdy.count > self.dmy.count else "dmy"


def decide_date_order(
    position: int, evidence: DateOrderEvidence, requested: str, hint: Hint
) -> Decision[DateOrder]:
    """Return the decision on the date order of the column at ``position``, counted from 0."""
    assumed = hint if hint.sure or not evidence.both else _usual_order(evidence.both, hint)
    order = _order_of(requested) or evidence.order or _order_of(assumed.value) or "ymd"
    notes = _mixed_note(position, order, evidence)
    if requested:
        return Decision(order, f"{_ORDERS[order].capitalize()}, as chosen.", notes)
    if evidence.order:
        shown = evidence.dmy if order == "dmy" else evidence.mdy
        return Decision(order, evidence_sentence(_ORDERS[order].capitalize(), shown, evidence.both), notes)
    if evidence.both:
        sentence = f"{_ORDERS[order].capitalize()}, {assumed.why}: {evidence.both.example} fits both."
        return Decision(order, sentence, (*notes, *_ambiguous_note(position, order, evidence.both, assumed)))
    sure = f"Every date shows its order, such as {evidence.sure.example}." if evidence.sure else ""
    return Decision(order, sure, notes)


def _order_of(text: str) -> DateOrder | None:
    return next((order for order in _ORDERS if order == text), None)


def _usual_order(both: Evidence, hint: Hint) -> Hint:
    _, text = both.first[0]
    if "." in text:
        return Hint("dmy", "as dates with points usually are", sure=True)
    if hint.value != "ymd":
        return hint
    if "/" in text:
        return Hint("mdy", "as dates with slashes often are")
    return Hint("dmy", "as dates with hyphens often are")


def _ambiguous_note(position: int, order: DateOrder, both: Evidence, assumed: Hint) -> tuple[Note, ...]:
    if assumed.sure:
        return ()
    message = (
        f"{counted(both.count, 'date fits', 'dates fit')} both {_ORDERS['dmy']} and {_ORDERS['mdy']}, such as"
        f" {both.example}, and nothing in this column tells which. {_ORDERS[order].capitalize()} is assumed;"
        " change it if that is wrong."
    )
    return (Note("open-date-order", message, Severity.WARNING, position, both.rows),)


def _mixed_note(position: int, order: DateOrder, evidence: DateOrderEvidence) -> tuple[Note, ...]:
    ways: dict[DateOrder, Evidence] = {"dmy": evidence.dmy, "mdy": evidence.mdy, "ymd": evidence.sure}
    against = sum(seen.count for way, seen in ways.items() if way not in (order, "ymd"))
    if not against:
        return ()
    listed = "; ".join(f"{_ORDERS[way]}, as {seen.example}" for way, seen in ways.items() if seen)
    message = (
        f"Dates are written in more than one order: {listed}. {_ORDERS[order].capitalize()} is used;"
        f" {counted(against, 'date does not fit and is', 'dates do not fit and are')} reported row by row. Dates with the year"
        " first are always understood."
    )
    rows = merge_evidence(seen for way, seen in ways.items() if way != order).rows
    return (Note("mixed-date-orders", message, Severity.WARNING, position, rows),)
