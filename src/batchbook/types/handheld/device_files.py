"""The files of mobile scanners: columns without headings, times by the clock of the device, and the products that codes mean.

Devices write what their program was set up for: a code in each line, or a code with a quantity, a time and a place in any order,
between semicolons, tabs, bars or blanks. A column is recognised by what all of its texts have in common; where two columns could
be the same thing, neither is, and a person matches them once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from batchbook.batches import ColumnReport, QuickEntry, Scan, iso_day, iso_moment, read_scan
from batchbook.errors import BadInput

#: Days and times without separators, as devices write them: 20261130, 20261130081500; and times: 0815, 081500.
_PACKED = re.compile(
    r"(20[0-9]{2})(0[1-9]|1[0-2])([0-2][0-9]|3[01])(?:[T ]?([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])?)?"
)
_PACKED_CLOCK = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])?")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[AaPp]\.?[Mm]\.?)?")
#: What codes begin with whose kind the scanner tells, and those with elements of GS1 as they are printed.
_MARKED = re.compile(r"\][A-Za-z][0-9A-Za-z].+|\(0[12]\)[0-9]{14}.*")
#: The fewest digits of a code of the shop, of what is rather a bar code than a number, and of an EAN-8.
_SHORTEST, _BAR_CODE, _SHORT_BAR_CODE = 4, 6, 8
#: The most digits of a quantity, which may be padded with zeros.
_LONGEST_QUANTITY = 7
#: The days and times that are kept by their texts: devices scan several times in a second.
_MOST_KNOWN = 100_000


# --- Columns without headings ----------------------------------------------------------------------------------------


def recognise(columns: Sequence[ColumnReport]) -> Mapping[str, int]:
    """Return the places of the columns of a table without headings, by the row's columns that they fill.

    Without a code, nothing is recognised. ``scanned`` has a day or a day and time, ``clock`` a time of day alone.
    """
    left = {place: column for place, column in enumerate(columns) if column.filled}
    if len(left) == 1:
        return {"code": next(iter(left))}
    found: dict[str, int] = {}

    def give(name: str, fits: Callable[[int], bool]) -> None:
        fitting = [place for place in left if fits(place)]
        if len(fitting) == 1:
            found[name] = fitting[0]
            del left[fitting[0]]

    give("scanned", lambda place: _is_moment(left[place]))
    day = found.get("scanned")
    give("clock", lambda place: _is_clock(left[place], behind_day=place - 1 == day))
    ranks = {place: _code_length(column) for place, column in left.items()}
    give("code", lambda place: ranks[place] > 0 and ranks[place] == max(ranks.values()))
    if "code" not in found:
        return {}
    give("quantity", lambda place: _is_quantity(left[place]))
    give("location", lambda place: left[place].kind == "text" and not _code_length(left[place]))
    return found


def _all_match(pattern: re.Pattern[str], column: ColumnReport) -> bool:
    return bool(column.examples) and all(pattern.fullmatch(text.strip()) for text in column.examples)


def _is_moment(column: ColumnReport) -> bool:
    return column.kind == "date" or _all_match(_PACKED, column)


def _is_clock(column: ColumnReport, *, behind_day: bool) -> bool:
    """Return whether a column has times of day; those without colons are known only behind a day."""
    return _all_match(_CLOCK, column) or (behind_day and _all_match(_PACKED_CLOCK, column))


def _code_length(column: ColumnReport) -> int:
    """Return the number of digits of the longest code of a column, at most those of a short bar code; 0 if it has none."""
    if _all_match(_MARKED, column):
        return _SHORT_BAR_CODE
    digits, longest = sum(column.lengths.values()), max(column.lengths, default=0)
    bar_codes = sum(count for length, count in column.lengths.items() if length >= _BAR_CODE)
    has_codes = digits == column.filled or 2 * bar_codes > column.filled
    return min(longest, _SHORT_BAR_CODE) if has_codes and longest >= _SHORTEST else 0


def _is_quantity(column: ColumnReport) -> bool:
    digits = sum(column.lengths.values()) == column.filled
    return (column.kind == "number" or digits) and max(column.lengths, default=0) <= _LONGEST_QUANTITY


# --- Times -----------------------------------------------------------------------------------------------------------


def moments(
    scanned: Sequence[str | None], clocks: Sequence[str | None], order: str | None, zone: tzinfo
) -> Iterator[datetime | None]:
    """Yield the times (UTC) that the texts of two columns mean, ``None`` for those that mean none.

    ``order`` is that of day, month and year in the file; where that is open, only texts that show it themselves are read. A
    time without an offset is one in ``zone``; a day without a time is its first moment there.
    """
    known: dict[tuple[str | None, str | None], datetime | None] = {}
    for texts in zip(scanned, clocks, strict=True):
        if texts not in known:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            known[texts] = _moment(*texts, order, zone)
        yield known[texts]


def _moment(scanned: str | None, clock: str | None, order: Any, zone: tzinfo) -> datetime | None:
    if not scanned:
        return None
    day = _PACKED.sub(_day_with_separators, scanned.strip(), count=1)
    time = _PACKED_CLOCK.sub(_with_colons, clock.strip()) if clock and ":" not in clock else clock or ""
    text = " ".join(f"{day} {time}".split())
    iso = iso_moment(text, order or "ymd") or iso_day(text, order or "ymd")
    with suppress(ValueError, OverflowError):  # Such as the 31st of June.
        moment = datetime.fromisoformat(iso or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return None


def _day_with_separators(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second = found.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}:{second or '00'}" if hour else "")


def _with_colons(found: re.Match[str]) -> str:
    return ":".join(filter(None, found.groups()))


# --- Codes -----------------------------------------------------------------------------------------------------------


class CodeReader:
    """The meaning of scanned codes, as quick entry understands them; each is looked up once.

    ``settings`` are those of the application, with what scanners put around a code and the layouts of embedded prices.
    """

    def __init__(self, session: Session, settings: Mapping[str, Any], entry: QuickEntry) -> None:
        self._session, self._settings, self._entry = session, settings, entry
        self._known: dict[str, tuple[Scan | None, Sequence[str]]] = {}

    def read(self, texts: Sequence[str]) -> list[tuple[Scan | None, Sequence[str]]]:
        """Return, for each of ``texts``, the scan and the item codes of the products that it may mean.

        ``None`` for a text without a code. A code whose wrong check digit is certain means no product.
        """
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        scans = [*map(self._scan, new)]
        found = self._entry.record_values(self._session, [one for one in scans if one is not None])
        values = iter(found)
        for text, scan in zip(new, scans, strict=True):
            means = () if scan is None else next(values)
            self._known[text] = scan, () if scan is not None and scan.problem and scan.is_certain else means
        return [self._known[text] for text in texts]

    def _scan(self, text: str) -> Scan | None:
        try:
            return read_scan(text, self._settings)
        except BadInput:
            return None
