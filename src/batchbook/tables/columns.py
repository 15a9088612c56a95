"""From the profiles of all columns of a table to how each is read, what is told about it, and what is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from batchbook.tables.choices import ColumnReading, Reading
from batchbook.tables.decision import Hint
from batchbook.tables.findings import marks_notes, notes_of
from batchbook.tables.orders import OrderEvidence, decide_order
from batchbook.tables.profile import ColumnProfile
from batchbook.tables.report import ColumnReport, Note
from batchbook.tables.signs import SignEvidence, decide_sign
from batchbook.tables.summary import Summary
from batchbook.tables.textmarks import decide_marks


class Column(NamedTuple):
    """What was concluded about one column."""

    reading: ColumnReading
    report: ColumnReport
    notes: tuple[Note, ...]


class _Seen(NamedTuple):
    """A column summed up, with what its numbers and days show."""

    summary: Summary
    signs: SignEvidence
    orders: OrderEvidence


def conclude(
    headings: Sequence[str], profiles: Sequence[ColumnProfile], reading: Reading
) -> tuple[Column, ...]:
    """Return what is concluded about each column; what is said of them in ``reading`` wins over what they show.

    A column that shows nothing is taken to be written as the others of the file are.
    """
    seen = [_seen(profile) for profile in profiles]
    sign = _sign_hint(seen, reading)
    order = _order_hint(seen, sign)
    return tuple(
        _concluded(position, heading, column, reading.column(position), sign, order)
        for position, (heading, column) in enumerate(zip(headings, seen, strict=True))
    )


def _seen(profile: ColumnProfile) -> _Seen:
    summary = Summary(profile)
    return _Seen(summary, SignEvidence.of(summary), OrderEvidence.of(summary))


def _sign_hint(columns: Iterable[_Seen], reading: Reading) -> Hint:
    shown = Counter(
        column.signs.sign for column in columns if column.signs.sign and column.summary.kind == "number"
    )
    if shown:
        return Hint(shown.most_common(1)[0][0], "as in other columns of this file", sure=True)
    if reading.format in ("xlsx", "xls", "ods"):
        return Hint(".", "as the numbers of a workbook have it", sure=True)
    if reading.delimiter == ";":
        return Hint(",", "as files separated by semicolons usually have it")
    return Hint(".")


def _order_hint(columns: Iterable[_Seen], sign: Hint) -> Hint:
    shown = Counter(
        column.orders.order for column in columns if column.orders.order and column.summary.kind == "date"
    )
    if shown:
        return Hint(shown.most_common(1)[0][0], "as in other columns of this file", sure=True)
    if sign.value == ",":
        return Hint("dmy", "as files with decimal commas usually have it")
    return Hint("ymd")


def _concluded(
    position: int, heading: str, column: _Seen, said: ColumnReading, sign_hint: Hint, order_hint: Hint
) -> Column:
    summary, kind = column.summary, column.summary.kind
    sign = decide_sign(position, column.signs, said.decimal_sign, sign_hint)
    order = decide_order(position, column.orders, said.date_order, order_hint)
    told = sign if kind == "number" else order if kind == "date" else None
    marks = decide_marks(summary.profile.marks, summary.profile.filled, said.text_marks)
    reading = ColumnReading(sign.value, order.value, said.nothing or _nothing(summary), marks)
    report = ColumnReport(
        heading,
        kind,
        summary.profile.filled,
        summary.profile.blank,
        tuple(summary.profile.examples),
        summary.lengths,
        told.evidence if told else "",
    )
    return Column(
        reading,
        report,
        (*(told.notes if told else ()), *notes_of(position, summary), *marks_notes(position, summary, marks)),
    )


def _nothing(summary: Summary) -> tuple[str, ...]:
    """Return the words that stand for nothing in a column where they can be no value."""
    if summary.kind in ("text", "empty"):
        return ()
    return tuple(summary.counted(lambda look: look.word if look.what == "nothing" else ""))


def completed(reading: Reading, columns: Iterable[Column], left_out: tuple[int, ...]) -> Reading:
    """Return ``reading`` with what was concluded about the columns, and the rows that are no records."""
    return replace(reading, columns=tuple(column.reading for column in columns), left_out=left_out)
