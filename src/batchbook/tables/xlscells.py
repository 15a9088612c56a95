"""The cells of a sheet of an old Excel workbook as texts."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta

from batchbook.tables import biff
from batchbook.tables.report import Note
from batchbook.tables.sheetnotes import errors_note, formulas_note, merged_note, zeros_note
from batchbook.tables.values import LongNumbers, number_text
from batchbook.tables.xlsglobals import Globals

_Cell = tuple[int, int, str]

# Excel takes 1900 for a leap year, as a program before it did: days before its March come one too late.
_LEAP_DAY = 60
_LAST_DAY = 2_958_465  # The end of the year 9999.
_MILLISECONDS = 86_400_000


class Cells:
    """Finds the cells of a sheet, and counts what is to be told of them."""

    def __init__(self, book: Globals) -> None:
        self._book = book
        self._formulas, self._errors, self._zeros = 0, 0, 0
        self._error_rows: set[int] = set()
        self._merged: list[str] = []
        self._long = LongNumbers()

    def found(self, stream: memoryview, start: int) -> Iterator[_Cell]:
        """Yield the row and column, counted from 0, and the text of each cell of the sheet at ``start``."""
        waiting: tuple[int, int] | None = None
        for record in biff.records(stream, start):
            kind, data = record.kind, record.data
            if kind == biff.MULRK:
                yield from self._numbers(data)
            elif kind == biff.STRING and waiting:
                yield (*waiting, biff.Texts(biff.continued(stream, record)).text())
                waiting = None
            elif kind == biff.FORMULA:
                self._formulas += 1
                waiting = struct.unpack_from("<HH", data)
                text = self._result(data)
                if text is not None:
                    yield (*waiting, text)
                    waiting = None
            elif kind == biff.MERGEDCELLS:
                self._merge(data)
            else:
                yield from self._simple(kind, data)

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed."""
        notes = [merged_note(self._merged)] if self._merged else []
        notes += [formulas_note(self._formulas)] if self._formulas else []
        notes += [errors_note(self._errors, self._error_rows)] if self._errors else []
        notes += [zeros_note(self._zeros)] if self._zeros else []
        return (*notes, *self._long.notes())

    def _simple(self, kind: int, data: memoryview) -> Iterator[_Cell]:
        if kind not in (biff.NUMBER, biff.RK, biff.LABELSST, biff.LABEL, biff.RSTRING, biff.BOOLERR):
            return
        row, column, style = struct.unpack_from("<HHH", data)
        if kind == biff.NUMBER:
            yield row, column, self._number(row, style, struct.unpack_from("<d", data, 6)[0])
        elif kind == biff.RK:
            yield row, column, self._number(row, style, biff.rk_number(struct.unpack_from("<I", data, 6)[0]))
        elif kind == biff.LABELSST:
            yield row, column, self._book.texts[struct.unpack_from("<I", data, 6)[0]]
        elif kind == biff.BOOLERR:
            yield row, column, self._error(row, data[6]) if data[7] else _yes_or_no(data[6])
        else:
            yield row, column, biff.Texts([data[6:]]).text()

    def _numbers(self, data: memoryview) -> Iterator[_Cell]:
        row, column = struct.unpack_from("<HH", data)
        for place in range(4, len(data) - 2, 6):
            style, value = struct.unpack_from("<HI", data, place)
            yield row, column + (place - 4) // 6, self._number(row, style, biff.rk_number(value))

    def _result(self, data: memoryview) -> str | None:
        """Return the value that a formula had; nothing where it is a text, which comes in a record of its own."""
        row, _, style = struct.unpack_from("<HHH", data)
        if bytes(data[12:14]) != b"\xff\xff":
            return self._number(row, style, struct.unpack_from("<d", data, 6)[0])
        kind, value = data[6], data[8]
        if kind == 0:
            return None
        return _yes_or_no(value) if kind == 1 else self._error(row, value) if kind == 2 else ""

    def _number(self, row: int, style: int, value: float) -> str:
        if style in self._book.days:
            day = _day(value, from_1904=self._book.from_1904)
            if day:
                return day
        self._long.look(row + 1, [value])
        text = (
            number_text(value) if abs(value) < float("inf") else ""
        )  # Also what is no number at all has no text.
        width = self._book.zeros.get(style, 0)
        if text.isdigit() and len(text) < width:
            self._zeros += 1
            return text.rjust(width, "0")
        return text

    def _error(self, row: int, code: int) -> str:
        self._errors += 1
        self._error_rows.add(row + 1)
        return biff.ERRORS.get(code, "#N/A")

    def _merge(self, data: memoryview) -> None:
        (count,) = struct.unpack_from("<H", data)
        for place in range(count):
            top, bottom, left, right = struct.unpack_from("<HHHH", data, 2 + place * 8)
            self._merged.append(f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}")


def _yes_or_no(value: int) -> str:
    return "true" if value else "false"


def _letters(column: int) -> str:
    first = _letters(column // 26 - 1) if column >= 26 else ""
    return first + chr(ord("A") + column % 26)


def _day(value: float, *, from_1904: bool) -> str:
    """Return a day, a moment or a time; nothing where there is none with that number."""
    if not 0 <= value <= _LAST_DAY:
        return ""
    days, part = divmod(value, 1)
    milliseconds = round(part * _MILLISECONDS)
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - A day has no zone.
    if not from_1904 and 0 < days < _LEAP_DAY:
        days += 1
    moment = start + timedelta(days=days, milliseconds=milliseconds)
    if not days and not from_1904:
        return moment.time().isoformat()
    return moment.date().isoformat() if not milliseconds else moment.isoformat()
