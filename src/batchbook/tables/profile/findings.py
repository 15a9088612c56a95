"""Conclusions about columns: how each is read, and notes on what in it may surprise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from batchbook.grid.parsers import quoted
from batchbook.statuses import Severity
from batchbook.tables.normalise import decide_marks, mark_remover
from batchbook.tables.profile.column import ColumnProfile, Evidence, merge_evidence
from batchbook.tables.profile.conventions import (
    ColumnSummary,
    DateOrderEvidence,
    DecimalSignEvidence,
    Hint,
    decide_date_order,
    decide_decimal_sign,
    open_question_notes,
    percent_notes,
)
from batchbook.tables.profile.shapes import SURE_DIGITS, ShapeClass
from batchbook.tables.report import ColumnReading, ColumnReport, Note, OtherDigits, Reading, TextMarks
from batchbook.words import counted

# The length of shorter codes is no evidence that zeros were lost.
_SHORTEST_CODE = 5
# Texts of at least so many digits are hardly amounts, whose lengths differ as well.
_SURE_CODE = 8
# The share of the codes that must have the usual length.
_MOST = 0.75

#: The codes of the notes about spreadsheet markers that are removed, and about those that are kept.
TEXT_MARKS, APOSTROPHES = "text-marks", "apostrophes"

_Finder = Callable[[ColumnSummary], tuple[Evidence, str, Severity]]


def column_notes(position: int, column: ColumnSummary) -> Iterator[Note]:
    """Yield the notes about the column at ``position``, counted from 0."""
    numeric = column.kind == "number"
    for code, (finder, only_numbers) in _FINDERS.items():
        seen, message, severity = finder(column) if numeric or not only_numbers else _NO_FINDING
        if seen:
            yield Note(code, message.format(example=seen.example), severity, position, seen.rows)


def text_mark_notes(position: int, column: ColumnSummary, marks: TextMarks) -> Iterator[Note]:
    """Yield the notes about spreadsheet markers in front of texts, of which ``marks`` are removed."""
    plain, marked = mark_remover(marks), column.profile.marked
    changed = [
        seen
        for seen in marked.values()
        if plain and plain(seen.first[0][1].strip()) != seen.first[0][1].strip()
    ]
    kept = [seen for seen in marked.values() if seen not in changed]
    if plain and changed:
        seen = merge_evidence(changed)
        understood = plain(seen.first[0][1].strip())
        message = (
            f"{counted(seen.count, 'text begins', 'texts begin')} with a spreadsheet's text marker, such as"
            f" {seen.example}: read as {quoted(understood)}."
        )
        yield Note(TEXT_MARKS, message, Severity.INFO, position, seen.rows)
    if kept:
        seen = merge_evidence(kept)
        message = f"{counted(seen.count, 'text begins', 'texts begin')} with an apostrophe or a formula, such as {seen.example}: kept."
        yield Note(APOSTROPHES, message, Severity.INFO, position, seen.rows)


_NO_FINDING = Evidence(), "", Severity.INFO


def _empty_words(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
    seen = column.seen(lambda look: look.what == "nothing")
    taken = "kept as text" if column.kind == "text" else "treated as empty"
    message = f"{counted(seen.count, 'cell has', 'cells have')} a word for an empty cell, such as {{example}}: {taken}."
    return seen, message, Severity.INFO


def _stripped_zeros(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
    lengths = column.lengths
    usual = max(lengths, default=0)
    if usual < _SHORTEST_CODE or len(lengths) == 1 or lengths[usual] < _MOST * sum(lengths.values()):
        return _NO_FINDING
    seen = column.seen(lambda look: 0 < look.digits < usual)
    message = (
        f"{counted(seen.count, 'code is', 'codes are')} shorter than the usual {usual} digits"
        f" ({lengths[usual]:,} have them), such as {{example}}: a spreadsheet may have removed leading zeros."
    )
    return seen, message, Severity.WARNING if usual >= _SURE_CODE else Severity.INFO


def _long_numbers(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
    seen, lost = column.seen(lambda look: look.long), column.noted("lost-digits")
    have = f"{counted(seen.count, 'number has', 'numbers have')} more than {SURE_DIGITS} digits, such as {{example}}"
    if lost.count * 2 > seen.count:
        return seen, f"{have}, and end in zeros: a spreadsheet has lost their last digits.", Severity.WARNING
    return seen, f"{have}: read exactly here, but a spreadsheet would lose the last ones.", Severity.INFO


def _exponents(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
    seen = column.seen(lambda look: look.exponent)
    message = (
        f"{counted(seen.count, 'number was', 'numbers were')} shortened by a spreadsheet, such as {{example}}: the last"
        " digits are lost, so they are reported row by row."
    )
    return seen, message, Severity.WARNING


def _currencies(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
    counts = column.counted(lambda look: look.currency)
    return _currencies_or_units(column.seen(lambda look: look.currency), "currency", "currencies", counts)


def _units(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
    if column.kind != "number" and not column.has_sizes:
        return _NO_FINDING
    counts = column.counted(lambda look: look.unit.replace("%", ""))
    seen, message, severity = _currencies_or_units(
        column.seen(lambda look: look.unit not in ("", "%")), "unit", "units", counts
    )
    return seen, message, severity if column.kind == "number" else Severity.INFO


def _currencies_or_units(
    seen: Evidence, one: str, many: str, counts: Mapping[str, int]
) -> tuple[Evidence, str, Severity]:
    listed = ", ".join(f"{mark} ({count:,})" for mark, count in list(counts.items())[:10])
    have = f"{counted(seen.count, 'number has', 'numbers have')}"
    if len(counts) == 1:
        return seen, f"{have} a {one}, {listed}, such as {{example}}: it is ignored.", Severity.INFO
    message = (
        f"{have} {many} that differ: {listed}. Read as numbers they lose these, and may not be comparable."
    )
    return seen, message, Severity.WARNING


def _not_dates(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
    if column.kind != "date":
        return _NO_FINDING
    others = column.seen(lambda look: look.what not in ("day", "nothing", "error"))
    seen = merge_evidence((others, column.impossible_days))
    message = f"{counted(seen.count, 'cell is not a date', 'cells are not dates')} in a column of dates, such as {{example}}."
    return seen, message, Severity.WARNING


def _short_years(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
    seen = column.noted("short-years") if column.kind == "date" else Evidence()
    message = (
        f"{counted(seen.count, 'date has', 'dates have')} two digits for the year, such as {{example}}: the year comes last,"
        " and 69 to 68 are 1969 to 2068."
    )
    return seen, message, Severity.WARNING


def _by_class(
    wanted: Callable[[ShapeClass], object], one: str, many: str, rest: str, severity: Severity = Severity.INFO
) -> _Finder:
    """Return a finder of the texts whose class is ``wanted``; ``one`` or ``many`` begins its message."""

    def find(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
        seen = column.seen(wanted)
        return seen, f"{counted(seen.count, one, many)} {rest}", severity

    return find


def _by_code(code: str, one: str, many: str, rest: str) -> _Finder:
    """Return a finder of what the profile collected under ``code``."""

    def find(column: ColumnSummary) -> tuple[Evidence, str, Severity]:
        seen = column.noted(code)
        return seen, f"{counted(seen.count, one, many)} {rest}", Severity.INFO

    return find


#: The finder of each note, and whether it applies to columns of numbers only.
_FINDERS: dict[str, tuple[_Finder, bool]] = {
    "error-values": (
        _by_class(
            lambda found: found.what == "error",
            "cell shows",
            "cells show",
            "an error of a formula, such as {example}.",
            Severity.WARNING,
        ),
        False,
    ),
    "empty-words": (_empty_words, False),
    "total-words": (
        _by_class(
            lambda found: found.what == "total",
            "cell says",
            "cells say",
            "that a row is a total, such as {example}: it is read as a record unless you skip it.",
            Severity.WARNING,
        ),
        False,
    ),
    "leading-zeros": (
        _by_code(
            "leading-zeros",
            "text of digits begins",
            "texts of digits begin",
            "with a zero, such as {example}: kept.",
        ),
        False,
    ),
    "stripped-zeros": (_stripped_zeros, False),
    "long-numbers": (_long_numbers, False),
    "shortened-numbers": (_exponents, False),
    "no-break-blanks": (
        _by_code("no-break", "cell has", "cells have", "a non-breaking space, such as {example}."),
        False,
    ),
    "currencies": (_currencies, True),
    "units": (_units, False),
    "other-digits": (
        _by_code(
            "other-digits",
            "cell has",
            "cells have",
            "digits of another script, such as {example}: read as 0 to 9.",
        ),
        False,
    ),
    "marked-negatives": (
        _by_class(
            lambda found: found.style in ("()", "trailing"),
            "number is",
            "numbers are",
            "negative by parentheses or a minus behind, such as {example}.",
        ),
        True,
    ),
    "not-numbers": (
        _by_class(
            lambda found: found.what not in ("number", "nothing", "error"),
            "cell is not a number",
            "cells are not numbers",
            "in a column of numbers, such as {example}.",
            Severity.WARNING,
        ),
        True,
    ),
    "not-days": (_not_dates, False),
    "short-years": (_short_years, False),
}


class ConcludedColumn(NamedTuple):
    """The options, report and notes of one column."""

    reading: ColumnReading
    report: ColumnReport
    notes: tuple[Note, ...]


class _ColumnEvidence(NamedTuple):
    """The summary of a column, with the evidence of its numbers and dates."""

    summary: ColumnSummary
    signs: DecimalSignEvidence
    orders: DateOrderEvidence


def conclude_columns(
    headings: Sequence[str], profiles: Sequence[ColumnProfile], reading: Reading
) -> tuple[ConcludedColumn, ...]:
    """Return the conclusions about each column; options in ``reading`` win over evidence.

    A column without evidence is taken to be written as the other columns of the file are.
    """
    seen = [
        _ColumnEvidence(summary, DecimalSignEvidence.of(summary), DateOrderEvidence.of(summary))
        for summary in map(ColumnSummary, profiles)
    ]
    sign = _sign_hint(seen, reading)
    order = _order_hint(seen, sign)
    return tuple(
        _conclude_column(position, heading, column, reading.column(position), sign, order)
        for position, (heading, column) in enumerate(zip(headings, seen, strict=True))
    )


def _sign_hint(columns: Iterable[_ColumnEvidence], reading: Reading) -> Hint:
    signs = Counter(
        column.signs.sign for column in columns if column.signs.sign and column.summary.kind == "number"
    )
    if signs:
        return Hint(signs.most_common(1)[0][0], "as in other columns of this file", sure=True)
    if reading.format in ("xlsx", "xlsb", "xls", "ods", "dbf", "parquet"):
        return Hint(".", "as the numbers of a workbook have it", sure=True)
    if reading.delimiter == ";":
        return Hint(",", "as files separated by semicolons usually have it")
    return Hint(".")


def _order_hint(columns: Iterable[_ColumnEvidence], sign: Hint) -> Hint:
    orders = Counter(
        column.orders.order for column in columns if column.orders.order and column.summary.kind == "date"
    )
    if orders:
        return Hint(orders.most_common(1)[0][0], "as in other columns of this file", sure=True)
    if sign.value == ",":
        return Hint("dmy", "as files with decimal commas usually have it")
    return Hint("ymd")


def _conclude_column(
    position: int,
    heading: str,
    column: _ColumnEvidence,
    requested: ColumnReading,
    sign_hint: Hint,
    order_hint: Hint,
) -> ConcludedColumn:
    summary, kind = column.summary, column.summary.kind
    sign = decide_decimal_sign(position, column.signs, requested.decimal_sign, sign_hint)
    order = decide_date_order(position, column.orders, requested.date_order, order_hint)
    decision = sign if kind == "number" else order if kind == "date" else None
    marks = decide_marks(summary.profile.marks, summary.profile.filled, requested.text_marks)
    digits: OtherDigits = requested.other_digits or ("plain" if summary.noted("other-digits") else "")
    reading = ColumnReading(
        sign.value, order.value, requested.nothing or summary.empty_words, marks, requested.percent, digits
    )
    report = ColumnReport(
        heading,
        kind,
        summary.profile.filled,
        summary.profile.blank,
        tuple(summary.profile.examples),
        summary.lengths,
        decision.evidence if decision else "",
    )
    return ConcludedColumn(
        reading,
        report,
        (
            *(decision.notes if decision else open_question_notes(summary, sign, order)),
            *column_notes(position, summary),
            *percent_notes(position, summary, requested.percent),
            *text_mark_notes(position, summary, marks),
        ),
    )
