"""What is to be noted about a column: what was seen in it that may surprise, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from batchbook.grid.conventions import quoted
from batchbook.statuses import Severity
from batchbook.tables.report import Note
from batchbook.tables.shapes import SURE_DIGITS
from batchbook.tables.sightings import Sightings, together
from batchbook.tables.summary import Summary
from batchbook.tables.textmarks import TextMarks, unmarker
from batchbook.words import counted

# Codes shorter than this are too few digits to tell by their length that zeros were lost.
_SHORTEST_CODE = 5
# Codes of so many digits are hardly amounts, whose lengths differ too.
_SURE_CODE = 8
# So many of the codes must have the usual length.
_MOST = 0.75

#: The notes about marks of a spreadsheet: those that are left out, and what is kept.
TEXT_MARKS, APOSTROPHES = "text-marks", "apostrophes"

_Finder = Callable[[Summary], tuple[Sightings, str, Severity]]


def notes_of(position: int, column: Summary) -> Iterator[Note]:
    """Yield what is to be noted about the column at ``position``, counted from 0."""
    numeric = column.kind == "number"
    for code, (finder, only_numbers) in _FINDERS.items():
        seen, message, severity = finder(column) if numeric or not only_numbers else _NOTHING
        if seen:
            yield Note(code, message.format(example=seen.example), severity, position, seen.rows)


def marks_notes(position: int, column: Summary, marks: TextMarks) -> Iterator[Note]:
    """Yield what is to be noted about marks of a spreadsheet in front of texts, of which ``marks`` are left out."""
    plain, marked = unmarker(marks), column.profile.marked
    changed = [
        seen
        for seen in marked.values()
        if plain and plain(seen.first[0][1].strip()) != seen.first[0][1].strip()
    ]
    kept = [seen for seen in marked.values() if seen not in changed]
    if plain and changed:
        seen = together(changed)
        understood = plain(seen.first[0][1].strip())
        message = (
            f"{counted(seen.count, 'text begins', 'texts begin')} with a spreadsheet's mark for texts, such as"
            f" {seen.example}: understood as {quoted(understood)}."
        )
        yield Note(TEXT_MARKS, message, Severity.INFO, position, seen.rows)
    if kept:
        seen = together(kept)
        message = f"{counted(seen.count, 'text begins', 'texts begin')} with an apostrophe or a formula, such as {seen.example}: kept."
        yield Note(APOSTROPHES, message, Severity.INFO, position, seen.rows)


def _usual(lengths: Mapping[int, int]) -> int | None:
    longest = max(lengths, default=0)
    enough = longest >= _SHORTEST_CODE and lengths[longest] >= _MOST * sum(lengths.values())
    return longest if enough else None


_NOTHING = Sightings(), "", Severity.INFO


def _errors(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.seen(lambda look: look.what == "error")
    message = f"{counted(seen.count, 'cell shows', 'cells show')} an error of a formula, such as {{example}}."
    return seen, message, Severity.WARNING


def _empty_words(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.seen(lambda look: look.what == "nothing")
    taken = "kept as text" if column.kind == "text" else "taken for empty"
    message = (
        f"{counted(seen.count, 'cell has', 'cells have')} a word for nothing, such as {{example}}: {taken}."
    )
    return seen, message, Severity.INFO


def _total_words(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.seen(lambda look: look.what == "total")
    message = (
        f"{counted(seen.count, 'cell says', 'cells say')} that a row is a total, such as {{example}}: it is taken for a"
        " record unless it is left out."
    )
    return seen, message, Severity.WARNING


def _leading_zeros(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.noted("leading-zeros")
    message = f"{counted(seen.count, 'text of digits begins', 'texts of digits begin')} with a zero, such as {{example}}: kept."
    return seen, message, Severity.INFO


def _stripped_zeros(column: Summary) -> tuple[Sightings, str, Severity]:
    usual, lengths = _usual(column.lengths), column.lengths
    if usual is None or len(lengths) == 1:
        return _NOTHING
    seen = column.seen(lambda look: 0 < look.digits < usual)
    message = (
        f"{counted(seen.count, 'code is', 'codes are')} shorter than the usual {usual} digits"
        f" ({lengths[usual]:,} have them), such as {{example}}: a spreadsheet may have taken zeros from the front."
    )
    return seen, message, Severity.WARNING if usual >= _SURE_CODE else Severity.INFO


def _long_numbers(column: Summary) -> tuple[Sightings, str, Severity]:
    seen, lost = column.seen(lambda look: look.long), column.noted("lost-digits")
    have = f"{counted(seen.count, 'number has', 'numbers have')} more than {SURE_DIGITS} digits, such as {{example}}"
    if lost.count * 2 > seen.count:
        return seen, f"{have}, and end in zeros: a spreadsheet has lost their last digits.", Severity.WARNING
    return seen, f"{have}: read exactly here, but a spreadsheet would lose the last ones.", Severity.INFO


def _exponents(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.seen(lambda look: look.exponent)
    message = (
        f"{counted(seen.count, 'number was', 'numbers were')} shortened by a spreadsheet, such as {{example}}: the last"
        " digits are lost, so they are refused row by row."
    )
    return seen, message, Severity.WARNING


def _no_break(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.noted("no-break")
    message = (
        f"{counted(seen.count, 'cell has', 'cells have')} a blank that does not break, such as {{example}}."
    )
    return seen, message, Severity.INFO


def _currencies(column: Summary) -> tuple[Sightings, str, Severity]:
    counts = column.counted(lambda look: look.currency)
    return _marks(column.seen(lambda look: look.currency), "currency", "currencies", counts)


def _units(column: Summary) -> tuple[Sightings, str, Severity]:
    if column.kind != "number" and not column.has_sizes:
        return _NOTHING
    counts = column.counted(lambda look: look.unit.replace("%", ""))
    seen, message, severity = _marks(
        column.seen(lambda look: look.unit not in ("", "%")), "unit", "units", counts
    )
    return seen, message, severity if column.kind == "number" else Severity.INFO


def _marks(
    seen: Sightings, one: str, many: str, counts: Mapping[str, int]
) -> tuple[Sightings, str, Severity]:
    listed = ", ".join(f"{mark} ({count:,})" for mark, count in list(counts.items())[:10])
    have = f"{counted(seen.count, 'number has', 'numbers have')}"
    if len(counts) == 1:
        return seen, f"{have} a {one}, {listed}, such as {{example}}: it is left out.", Severity.INFO
    message = f"{have} {many} that differ: {listed}. Read as numbers they lose them, and may not compare."
    return seen, message, Severity.WARNING


def _percent(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.seen(lambda look: look.unit == "%")
    message = f"{counted(seen.count, 'number has', 'numbers have')} a percent sign, such as {{example}}: it is left out."
    return seen, message, Severity.INFO


def _negatives(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.seen(lambda look: look.style in ("()", "trailing"))
    message = f"{counted(seen.count, 'number is', 'numbers are')} negative by parentheses or a minus behind, such as {{example}}."
    return seen, message, Severity.INFO


def _texts(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.seen(lambda look: look.what not in ("number", "nothing", "error"))
    message = f"{counted(seen.count, 'cell is', 'cells are')} no number among numbers, such as {{example}}."
    return seen, message, Severity.WARNING


def _no_days(column: Summary) -> tuple[Sightings, str, Severity]:
    if column.kind != "date":
        return _NOTHING
    others = column.seen(lambda look: look.what not in ("day", "nothing", "error"))
    seen = together((others, column.impossible_days))
    message = f"{counted(seen.count, 'cell is', 'cells are')} no day among days, such as {{example}}."
    return seen, message, Severity.WARNING


def _short_years(column: Summary) -> tuple[Sightings, str, Severity]:
    seen = column.noted("short-years") if column.kind == "date" else Sightings()
    message = (
        f"{counted(seen.count, 'day has', 'days have')} two digits for the year, such as {{example}}: the year comes last,"
        " and 69 to 68 are 1969 to 2068."
    )
    return seen, message, Severity.WARNING


#: What finds each note, and whether it looks at columns of numbers only.
_FINDERS: dict[str, tuple[_Finder, bool]] = {
    "error-values": (_errors, False),
    "empty-words": (_empty_words, False),
    "total-words": (_total_words, False),
    "leading-zeros": (_leading_zeros, False),
    "stripped-zeros": (_stripped_zeros, False),
    "long-numbers": (_long_numbers, False),
    "shortened-numbers": (_exponents, False),
    "no-break-blanks": (_no_break, False),
    "currencies": (_currencies, True),
    "units": (_units, False),
    "percent-signs": (_percent, True),
    "marked-negatives": (_negatives, True),
    "not-numbers": (_texts, True),
    "not-days": (_no_days, False),
    "short-years": (_short_years, False),
}
