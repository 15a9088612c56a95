"""Changing the cells of a worksheet's XML on its way to the fast reader, where that would lose what people see.

The reader gives nothing for an error value, and the bare number for one whose format shows zeros in front of it. Both
become texts. What else people want to know of a sheet is counted on the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from batchbook.tables.reach import Reach
from batchbook.tables.report import Note
from batchbook.tables.rows import MAX_CELL
from batchbook.tables.sheetnotes import errors_note, formulas_note, merged_note, zeros_note

_ERROR = re.compile(rb"""(<c\s(?:[^<>]*?\s)?t\s*=\s*["'])e(["'])""")
_ERROR_AT = re.compile(
    rb"""<c\s(?:[^<>]*?\s)?r\s*=\s*["'][A-Za-z]+([0-9]{1,7})["'](?:[^<>]*?\s)?t\s*=\s*["']e["']"""
)

_NO_VALUE = (b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />")

# How much is held back at most to find the end of a cell.
_LONGEST = 8 * MAX_CELL


class Rewriter:
    """Rewrites the pieces of a sheet. ``padded`` has the widths of numbers by the number of their style."""

    def __init__(self, padded: Mapping[int, int]) -> None:
        #: How far the sheet reaches.
        self.reach = Reach()
        self._errors, self._error_rows = 0, set[int]()
        self._formulas, self._without_value, self._zeros = 0, 0, 0
        #: The ranges of merged cells, which are listed behind the rows.
        self.merged: Sequence[str] = ()
        self._padded = padded
        styles = b"|".join(b"%d" % style for style in padded)
        self._padding = re.compile(
            rb'<c( r="[A-Z]{1,3}[0-9]{1,7}")? s="(' + styles + rb')"(?: t="n")?>(?:<f[^<>]*>[^<>]*(?:</f>)?)?'
            rb"<v>([0-9]{1,15})</v></c>"
        )

    def rewritten(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces, cut where no cell is cut."""
        rest = b""
        for piece in pieces:
            data = rest + piece
            end = _end_of_cells(data)
            rest = data[end:]
            if len(rest) > _LONGEST:  # No cell is that long; what it is, a later reader finds out.
                end, rest = len(data), b""
            if end:
                yield self._cells(data[:end])
        if rest:
            yield self._cells(rest)

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed."""
        notes = []
        if self.merged:
            notes.append(merged_note(self.merged))
        if self._formulas:
            notes.append(formulas_note(self._formulas, self._without_value))
        if self._errors:
            notes.append(errors_note(self._errors, self._error_rows))
        if self._zeros:
            notes.append(zeros_note(self._zeros))
        return tuple(notes)

    def _cells(self, data: bytes) -> bytes:
        if self._padded:
            data = self._padding.sub(self._with_zeros, data)
        if not self.reach.feed(data):
            self._count_formulas(data)
            data = self._with_errors(data)
        return data

    def _count_formulas(self, data: bytes) -> None:
        count = data.count(b"<f>") + data.count(b"<f ")
        if count:
            self._formulas += count
            self._without_value += sum(map(data.count, _NO_VALUE))

    def _with_errors(self, data: bytes) -> bytes:
        self._error_rows.update(map(int, _ERROR_AT.findall(data)))
        data, count = _ERROR.subn(rb"\1str\2", data)
        self._errors += count
        return data

    def _with_zeros(self, match: re.Match[bytes]) -> bytes:
        width = self._padded[int(match[2])]
        self._zeros += len(match[3]) < width
        return b'<c%s t="str"><v>%s</v></c>' % (match[1] or b"", match[3].rjust(width, b"0"))


def _end_of_cells(data: bytes) -> int:
    """Return up to where ``data`` cuts no cell."""
    start = data.rfind(b"<c")
    start = max(start, data.rfind(b":c", max(0, start)))
    closed = data.rfind(b"c>")
    if closed > start:
        return closed + 2
    if start >= 0:
        return data.rfind(b"<", 0, start + 1)
    return data.rfind(b"<") if b"<" in data[-64:] else len(data)
