"""Dialects of delimited text: what separates cells, and what quotation marks mean, guessed with evidence."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from batchbook.statuses import Severity
from batchbook.tables.normalise import GUARD
from batchbook.tables.report import Note, Quoting
from batchbook.words import counted

#: Delimiters of programs, which are taken only where every row agrees.
UNUSUAL_DELIMITERS = (
    "^",
    "~",
    "\x01",
    "\x02",
    "\x1f",
    "\x1e",
    "\x1d",
    "\x1c",
    "\xa6",
    "\xac",
    "\xa7",
    "\xfe",
)
#: The beginning of a “delimiter” that lists where columns of a fixed width begin, as in ``fixed:0,10,25``.
FIXED = "fixed:"

_POSITIONS = re.compile(r"fixed:0(?:,[0-9]{1,5}){1,200}")
# A character that stands for a delimiter of several, because the reader takes one.
_STAND_IN = "\ue000"
_SAMPLE = 200
# The share of rows that must have the same number of cells without quoting, and the least width of columns of fixed width.
_AGREEMENT, _FEWEST_LINES, _MOST_WIDTHS = 0.95, 3, 50
_OPTIONS: dict[Quoting, dict[str, object]] = {
    "": {"strict": True},
    "doubled": {"strict": True},
    "lines": {"strict": True},
    "backslash": {"strict": True, "doublequote": False, "escapechar": "\\"},
    "apostrophe": {"strict": True, "quotechar": "'"},
    "spaced": {"strict": True, "skipinitialspace": True},
    "none": {"quoting": csv.QUOTE_NONE},
}


def is_delimiter(text: str) -> bool:
    """Return whether ``text`` can separate cells: up to three characters, or a list of positions."""
    return bool(_POSITIONS.fullmatch(text)) or (
        0 < len(text) <= 3 and not any(mark in text for mark in '"\r\n\x00' + _STAND_IN)
    )


class DialectReader:
    """A reader of rows like those of the csv module, for any delimiter and quoting."""

    def __init__(self, lines: Iterable[str], delimiter: str, quoting: Quoting) -> None:
        self._count = 0
        self._inner: csv.Reader | None = None  # type: ignore[name-defined]
        self._rows = self._read(lines, delimiter, quoting)

    @property
    def line_num(self) -> int:
        """The number of lines read."""
        return self._count if self._inner is None else self._inner.line_num

    def __iter__(self) -> Iterator[list[str]]:
        """Return the rows."""
        return self._rows

    def __next__(self) -> list[str]:
        """Return the next row."""
        return next(self._rows)

    def _read(self, lines: Iterable[str], delimiter: str, quoting: Quoting) -> Iterator[list[str]]:
        if delimiter.startswith(FIXED):
            return self._cut(lines, [*map(int, delimiter.removeprefix(FIXED).split(","))])
        if quoting == "lines":
            outer = csv.reader(lines, delimiter=_STAND_IN, strict=True)
            lines = (row[0] if row else "" for row in outer)
        mark = delimiter
        if len(delimiter) > 1:
            mark, lines = _STAND_IN, (line.replace(delimiter, _STAND_IN) for line in lines)
        reader = self._inner = csv.reader(lines, delimiter=mark, **_OPTIONS[quoting])  # type: ignore[arg-type]
        if len(delimiter) == 1:
            return reader
        return ([cell.replace(_STAND_IN, delimiter) for cell in row] for row in reader)

    def _cut(self, lines: Iterable[str], starts: Sequence[int]) -> Iterator[list[str]]:
        ends = [*starts[1:], None]
        for line in lines:
            self._count += 1
            text = line.rstrip("\r\n")
            yield [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def guess_quoting(
    text: str, delimiter: str, guess: Callable[[str], str]
) -> tuple[str, Quoting, tuple[Note, ...]]:
    """Return the delimiter, what quotation marks mean in a text, and a note with the evidence.

    ``text`` is the beginning, ``delimiter`` the one that was guessed by ``guess``, which is asked again where whole lines are quoted.
    """
    lines = [line for line in text.splitlines() if line.strip()][:_SAMPLE]
    if _all_quoted(lines) and _width(text, delimiter, "doubled") == 1:
        inner = "\n".join(row[0] for row in islice(csv.reader(io.StringIO(text, newline="")), _SAMPLE) if row)
        within = guess(inner)
        if _width(inner, within, "doubled") not in (None, 1):
            return within, "lines", (_note("Each line as a whole is in quotation marks", lines[0]),)
    quoting, note = _quoting(text, lines, delimiter)
    return delimiter, quoting, note


def _quoting(text: str, lines: Sequence[str], delimiter: str) -> tuple[Quoting, tuple[Note, ...]]:
    if '"' not in text:
        if _width(text, delimiter, "apostrophe") and _in_apostrophes(lines, delimiter):
            return "apostrophe", (_note("Cells are in apostrophes", lines[0]),)
        return "doubled", ()
    if '\\"' in text and _width(text, delimiter, "backslash") and not _width(text, delimiter, "doubled"):
        example = next(line for line in lines if '\\"' in line)
        return "backslash", (_note("Quotation marks within cells are written behind a backslash", example),)
    if f'{delimiter} "' in text and _width(text, delimiter, "spaced") and _behind_blanks(lines, delimiter):
        example = next(line for line in lines if f'{delimiter} "' in line)
        return "spaced", (_note("Quotation marks quote cells behind a blank", example),)
    none = _width(text, delimiter, "none")
    if none and none > 1 and _quotes_nothing(text, lines, delimiter):
        example = next(line for line in lines if '"' in line)
        return "none", (
            _note("Quotation marks are part of the texts and quote nothing", example, Severity.WARNING),
        )
    return "doubled", ()


def _behind_blanks(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether every quotation mark behind a delimiter and a blank opens a cell, which another one closes."""
    mark = re.escape(delimiter)
    opened, closed = re.compile(rf'{mark} +"'), re.compile(rf'{mark} +"(?:[^"]|"")*" *(?={mark}|$)')
    return all(len(opened.findall(line)) == len(closed.findall(line)) for line in lines)


def _quotes_nothing(text: str, lines: Sequence[str], delimiter: str) -> bool:
    """Return whether quotation marks cannot quote cells: text stands behind one that would close a cell, or it joins lines.

    One that is never closed proves nothing.
    """
    try:
        rows = [row for row in islice(_rows(text, delimiter, "doubled"), _SAMPLE) if any(row)]
    except csv.Error as error:
        return "expected after" in str(error)
    closed = any(f'{delimiter}"' in line and f'"{delimiter}' in line for line in lines)
    return (
        0 < len(rows) < len(lines)
        and any(line.count('"') % 2 for line in lines)
        and not closed
        and _one_by_one(rows)
    )


def _one_by_one(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether texts of several lines hold delimiters of rows rather than sentences."""
    return any("\n" in cell and '"' in cell for row in rows for cell in row)


def _rows(text: str, delimiter: str, quoting: Quoting) -> Iterator[list[str]]:
    return iter(DialectReader(io.StringIO(text, newline=""), delimiter, quoting))


def _width(text: str, delimiter: str, quoting: Quoting) -> int | None:
    """Return the number of cells that nearly all rows have in a dialect; ``None`` where it cannot be read, or they differ."""
    try:
        widths = Counter(len(row) for row in islice(_rows(text, delimiter, quoting), _SAMPLE) if any(row))
    except csv.Error as error:
        # The beginning of a long text may cut a cell in quotation marks.
        if "unexpected end" in str(error) and len(text) > 100_000:
            return 1
        return None
    width, count = max(widths.items(), key=lambda item: item[1], default=(0, 0))
    enough = _AGREEMENT if quoting != "doubled" else 0
    return width if count and count >= enough * widths.total() else None


def _all_quoted(lines: Sequence[str]) -> bool:
    return len(lines) > 1 and all(line.startswith('"') and line.rstrip().endswith('"') for line in lines)


def _in_apostrophes(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether cells are in apostrophes. One in front of a formula, a blank or another apostrophe may be a guard and is no evidence."""
    opened = re.compile(rf"(?:^|{re.escape(delimiter)})(?!{GUARD.pattern})'.")
    if not any(opened.search(line) for line in lines):
        return False
    both = sum(
        f"'{delimiter}'" in line or (line.startswith("'") and line.rstrip().endswith("'")) for line in lines
    )
    return (
        delimiter != ""
        and both >= _AGREEMENT * (len(lines) - 1)  # Headings are often bare.
        and len(lines) > 1
        and f"'{delimiter}'" in "".join(lines)
    )


def _note(what: str, line: str, severity: Severity = Severity.INFO) -> Note:
    return Note("quoting", f"{what}, as in: {line.strip()[:80]}", severity)


def fixed_widths(text: str) -> str:
    """Return where the columns of a text with a fixed width begin, as a delimiter; empty for a text that has none.

    A column begins behind blanks that nearly all lines have at the same place.
    """
    lines = [line for line in text.splitlines() if line.strip() and set(line.strip()) - set("-=+ ")][:_SAMPLE]
    if len(lines) < _FEWEST_LINES or "\t" in text:
        return ""
    width = max(map(len, lines))
    blank = [all(place >= len(line) or line[place] == " " for line in lines) for place in range(width)]
    starts = [place for place in range(1, width) if blank[place - 1] and not blank[place]]
    filled = [
        sum(bool(line[a:b].strip()) for line in lines)
        for a, b in zip([0, *starts], [*starts, width], strict=True)
    ]
    wide_gaps = any(place > 1 and blank[place - 2] for place in starts)
    if not starts or len(starts) > _MOST_WIDTHS or not wide_gaps or min(filled) * 2 < len(lines):
        return ""
    return FIXED + ",".join(map(str, [0, *starts]))


def delimiter_note(delimiter: str, records: Sequence[Sequence[str]]) -> tuple[Note, ...]:
    """Return the evidence for a delimiter that is not a usual one."""
    if delimiter.startswith(FIXED):
        count = delimiter.count(",") + 1
        return (
            Note(
                "delimiter",
                f"Columns have a fixed width: {count} of them begin at the same place in all lines.",
            ),
        )
    name = delimiter if delimiter.isprintable() else f"the character {ord(delimiter[0])}"
    have = counted(len(records), "row has", "rows have")
    return (Note("delimiter", f"Cells are separated by {name}: {have} {len(records[0])} cells."),)
