"""Summary of a column, and how its numbers and dates are written: decisions made once, from all of its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

from batchbook.grid.parsers import DateOrder
from batchbook.statuses import Severity
from batchbook.tables.normalise import hundredth
from batchbook.tables.normalise.number_marks import parse_marked_number, plain_digits
from batchbook.tables.profile.column import ColumnProfile, Evidence, merge_evidence
from batchbook.tables.profile.shapes import ShapeClass
from batchbook.tables.report import Note, Percent
from batchbook.words import counted

#: The codes of the notes about percent signs, open decimal signs and open orders of dates.
PERCENT_SIGNS, OPEN_SIGN, OPEN_ORDER = "percent-signs", "open-decimal-sign", "open-date-order"

ColumnKind = Literal["text", "number", "date", "yes-no", "empty"]

# The share of the cells with a value that must be of one kind to make it the kind of the column.
_SHARE_OF_KIND = 0.75

# The share of the cells from which on an open question matters to whoever fills a field from a column of another kind.
_SHARE_THAT_MATTERS = 0.25

_KINDS: tuple[tuple[str, ColumnKind], ...] = (("number", "number"), ("day", "date"), ("yes-no", "yes-no"))


class ColumnSummary:
    """Answers to questions about the profile of one column."""

    def __init__(self, profile: ColumnProfile) -> None:
        self.profile = profile
        self.orders = profile.orders
        self.kind = self._kind()

    def seen(self, wanted: Callable[[ShapeClass], object]) -> Evidence:
        """Return the evidence of texts whose class is ``wanted``."""
        return merge_evidence(seen for look, seen in self.profile.looks.items() if wanted(look))

    def noted(self, code: str) -> Evidence:
        """Return the evidence that the profile collected under ``code``."""
        return self.profile.seen.get(code, Evidence())

    def counted(self, part: Callable[[ShapeClass], str]) -> dict[str, int]:
        """Return the number of cells by a part of their class, such as a currency; the most frequent first."""
        counts: Counter[str] = Counter()
        for look, seen in self.profile.looks.items():
            if part(look):
                counts[part(look)] += seen.count
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def impossible_days(self) -> Evidence:
        """The evidence of texts that are written like dates, but are none in any order."""
        return self.orders.get("none", Evidence())

    @property
    def has_sizes(self) -> bool:
        """Whether most numbers have a unit, and the units differ, so that the numbers mean nothing without them."""
        units = self.counted(lambda look: look.unit)
        return (
            len(units) > 1 and sum(units.values()) > self.seen(lambda look: look.what == "number").count / 2
        )

    @property
    def lengths(self) -> dict[int, int]:
        """The number of texts of digits, by their length."""
        counts: Counter[int] = Counter()
        for look, seen in self.profile.looks.items():
            if look.digits:
                counts[look.digits] += seen.count
        return dict(sorted(counts.items()))

    @property
    def empty_words(self) -> tuple[str, ...]:
        """The words for empty cells, in a column where they can be no value."""
        if self.kind in ("text", "empty"):
            return ()
        return tuple(self.counted(lambda look: look.word if look.what == "nothing" else ""))

    def has_many(self, count: int) -> bool:
        """Return whether so many cells of this ``count`` may matter in a column of whatever kind."""
        return count > 0 and count >= _SHARE_THAT_MATTERS * self.profile.filled

    def _kind(self) -> ColumnKind:
        with_value = self.profile.filled - self.seen(lambda look: look.what in ("nothing", "error")).count
        if not self.profile.filled:
            return "empty"
        counts = self.counted(lambda look: look.what)
        counts["day"] = counts.get("day", 0) - self.impossible_days.count
        kind = next(
            (kind for what, kind in _KINDS if counts.get(what, 0) >= max(1, _SHARE_OF_KIND * with_value)),
            None,
        )
        if kind != "number":
            return kind or "text"
        # Digits that begin with zeros, or that are too many for a number, are codes.
        codes = self.noted("leading-zeros") or self.seen(lambda look: look.long and look.digits)
        return "text" if codes or self.has_sizes else kind


Value = TypeVar("Value")


@dataclass(frozen=True)
class Decision(Generic[Value]):
    """A decision about a column, the sentence that gives the reason, and notes about it."""

    value: Value
    evidence: str = ""
    notes: tuple[Note, ...] = ()


class Hint(NamedTuple):
    """A value that the rest of the file suggests for a column without evidence, the reason, and whether it is sure."""

    value: str
    why: str = ""
    sure: bool = False


def _evidence_sentence(decision: str, clear: Evidence, both: Evidence) -> str:
    """Return the sentence about the evidence in a column's own cells, and about those that fit both ways."""
    fits = f"; {counted(both.count, 'value fits', 'values fit')} both" if both else ""
    return f"{decision}: {clear.example} can only be read that way{fits}."


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
    notes = _mixed_orders_note(position, order, evidence)
    if requested:
        return Decision(order, f"{_ORDERS[order].capitalize()}, as chosen.", notes)
    if evidence.order:
        clear = evidence.dmy if order == "dmy" else evidence.mdy
        return Decision(order, _evidence_sentence(_ORDERS[order].capitalize(), clear, evidence.both), notes)
    if evidence.both:
        sentence = f"{_ORDERS[order].capitalize()}, {assumed.why}: {evidence.both.example} fits both."
        return Decision(
            order, sentence, (*notes, *_ambiguous_order_note(position, order, evidence.both, assumed))
        )
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


def _ambiguous_order_note(position: int, order: DateOrder, both: Evidence, assumed: Hint) -> tuple[Note, ...]:
    if assumed.sure:
        return ()
    message = (
        f"{counted(both.count, 'date fits', 'dates fit')} both {_ORDERS['dmy']} and {_ORDERS['mdy']}, such as"
        f" {both.example}, and nothing in this column tells which. {_ORDERS[order].capitalize()} is assumed;"
        " change it if that is wrong."
    )
    return (Note(OPEN_ORDER, message, Severity.WARNING, position, both.rows),)


def _mixed_orders_note(position: int, order: DateOrder, evidence: DateOrderEvidence) -> tuple[Note, ...]:
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


DecimalSign = Literal[".", ","]

_SIGNS: dict[DecimalSign, str] = {".": "decimal point", ",": "decimal comma"}


class DecimalSignEvidence(NamedTuple):
    """Evidence of numbers that show a decimal point, that show a comma, and that fit both."""

    point: Evidence
    comma: Evidence
    both: Evidence

    @classmethod
    def of(cls, column: ColumnSummary) -> DecimalSignEvidence:
        """Return the evidence of the numbers in ``column``."""
        both = column.seen(lambda look: look.sign.endswith("?"))
        clear = {sign: column.noted(f"zero-first{sign}") for sign in _SIGNS}
        point = merge_evidence((column.seen(lambda look: look.sign == "."), clear["."]))
        comma = merge_evidence((column.seen(lambda look: look.sign == ","), clear[","]))
        both.count -= sum(seen.count for seen in clear.values())
        both.first = [
            place for place in both.first if not any(place in seen.first for seen in clear.values())
        ]
        return cls(point, comma, both)

    @property
    def sign(self) -> DecimalSign | None:
        """The sign that most of those show that can be read in one way only; None if there are none."""
        if not (self.point or self.comma):
            return None
        return "," if self.comma.count > self.point.count else "."


def decide_decimal_sign(
    position: int, evidence: DecimalSignEvidence, requested: str, hint: Hint
) -> Decision[DecimalSign]:
    """Return the decision on the decimal sign of the column at ``position``, counted from 0."""
    sign: DecimalSign = "," if (requested or evidence.sign or hint.value) == "," else "."
    against = evidence.point if sign == "," else evidence.comma
    notes = (_mixed_signs_note(position, sign, against),) if against else ()
    if requested:
        return Decision(sign, f"{_SIGNS[sign].capitalize()}, as chosen.", notes)
    if evidence.sign:
        clear = evidence.comma if sign == "," else evidence.point
        return Decision(sign, _evidence_sentence(_SIGNS[sign].capitalize(), clear, evidence.both), notes)
    if not evidence.both:
        return Decision(sign)
    why = f"{_SIGNS[sign].capitalize()}, {hint.why or 'as nothing shows another'}"
    sentence = f"{why}: {evidence.both.example} fits both."
    return Decision(
        sign, sentence, () if hint.sure else (_ambiguous_sign_note(position, sign, evidence.both),)
    )


def _mixed_signs_note(position: int, sign: DecimalSign, against: Evidence) -> Note:
    other = _SIGNS["." if sign == "," else ","]
    message = (
        f"{counted(against.count, 'value has', 'values have')} a {other}, such as {against.example}, in a column with a"
        f" {_SIGNS[sign]}: what does not fit is reported row by row, and never read as another number."
    )
    return Note("mixed-decimal-signs", message, Severity.WARNING, position, against.rows)


def open_question_notes(
    column: ColumnSummary, sign: Decision[DecimalSign], order: Decision[DateOrder]
) -> tuple[Note, ...]:
    """Return the notes about what is open in a column of another kind, whose numbers or dates may fill a field all the same."""
    both, days = DecimalSignEvidence.of(column).both, DateOrderEvidence.of(column).both
    asked = [note for note in sign.notes if note.code == OPEN_SIGN and column.has_many(both.count)]
    return (
        *asked,
        *(note for note in order.notes if note.code == OPEN_ORDER and column.has_many(days.count)),
    )


def percent_notes(position: int, column: ColumnSummary, percent: Percent) -> tuple[Note, ...]:
    """Return the note about percent signs in the column at ``position``, which are read as ``percent`` says."""
    signs = column.seen(lambda look: look.unit == "%")
    if not column.has_many(signs.count):
        return ()
    text = signs.first[0][1].strip()
    number = parse_marked_number(plain_digits(text))
    sign = "," if number and "," in number.core and "." not in number.core else "."
    core = number.core if number else text
    meant = {"points": core, "fraction": hundredth(core, sign) if number else text}
    have = f"{counted(signs.count, 'number has', 'numbers have')} a percent sign"
    others = column.seen(lambda look: look.what == "number").count - signs.count
    have += f", and {counted(others, 'has', 'have')} none" if others else ""
    if percent:
        message = f"{have}: {signs.example} is read as {meant[percent]}."
        return (Note(PERCENT_SIGNS, message, Severity.INFO, position, signs.rows),)
    message = (
        f"{have}, and nothing tells whether {signs.example} is {meant['points']} or {meant['fraction']}."
    )
    return (Note(PERCENT_SIGNS, message, Severity.WARNING, position, signs.rows),)


def _ambiguous_sign_note(position: int, sign: DecimalSign, both: Evidence) -> Note:
    _, text = both.first[0]
    number = parse_marked_number(text)
    core = number.core if number else text
    point, comma = core.replace(",", ""), core.replace(".", "").replace(",", ".")
    message = (
        f"{counted(both.count, 'value fits', 'values fit')} a decimal point as well as a decimal comma, and nothing in"
        f" this column tells which: {both.example} is {point} with a point, and {comma} with a comma."
        f" A {_SIGNS[sign]} is assumed; change it if that is wrong."
    )
    return Note(OPEN_SIGN, message, Severity.WARNING, position, both.rows)
