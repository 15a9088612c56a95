"""Decision on the decimal sign of a column, made once from all of its numbers."""

from __future__ import annotations

from typing import Literal, NamedTuple

from batchbook.statuses import Severity
from batchbook.tables.normalise.number_marks import parse_marked_number
from batchbook.tables.profile.column import ColumnSummary
from batchbook.tables.profile.evidence import Decision, Evidence, Hint, evidence_sentence, merge_evidence
from batchbook.tables.report import Note
from batchbook.words import counted

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
    notes = (_mixed_note(position, sign, against),) if against else ()
    if requested:
        return Decision(sign, f"{_SIGNS[sign].capitalize()}, as chosen.", notes)
    if evidence.sign:
        shown = evidence.comma if sign == "," else evidence.point
        return Decision(sign, evidence_sentence(_SIGNS[sign].capitalize(), shown, evidence.both), notes)
    if not evidence.both:
        return Decision(sign)
    why = f"{_SIGNS[sign].capitalize()}, {hint.why or 'as nothing shows another'}"
    sentence = f"{why}: {evidence.both.example} fits both."
    return Decision(sign, sentence, () if hint.sure else (_ambiguous_note(position, sign, evidence.both),))


def _mixed_note(position: int, sign: DecimalSign, against: Evidence) -> Note:
    other = _SIGNS["." if sign == "," else ","]
    message = (
        f"{counted(against.count, 'value has', 'values have')} a {other}, such as {against.example}, in a column with a"
        f" {_SIGNS[sign]}: what does not fit is reported row by row, and never read as another number."
    )
    return Note("mixed-decimal-signs", message, Severity.WARNING, position, against.rows)


def _ambiguous_note(position: int, sign: DecimalSign, both: Evidence) -> Note:
    message = (
        f"{counted(both.count, 'value fits', 'values fit')} a decimal point as well as a decimal comma, and nothing in"
        f" this column tells which. A {_SIGNS[sign]} is assumed, by which {both.example} is"
        f" {_value_if(both.first[0][1], sign)}; change it if that is wrong."
    )
    return Note("open-decimal-sign", message, Severity.WARNING, position, both.rows)


def _value_if(text: str, sign: DecimalSign) -> str:
    number = parse_marked_number(text)
    core = number.core if number else text
    return core.replace("," if sign == "." else ".", "").replace(sign, ".")
