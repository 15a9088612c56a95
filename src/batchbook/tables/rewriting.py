"""Changing the cells of a worksheet's XML on its way to the fast reader, where that would lose what people see.

The reader gives nothing for an error value, and the bare number for one whose format shows zeros in front of it. Both
become texts. What else people want to know of a sheet is counted on the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from batchbook.statuses import Severity
from batchbook.tables.archive import TooMuch
from batchbook.tables.report import Note
from batchbook.tables.rows import MAX_CELL
from batchbook.tables.texts import marks_of_texts

_ERROR = re.compile(rb"""(<(?:\w+:)?c\s[^<>]*?\bt\s*=\s*["'])e(["'])""")
_ERROR_AT = re.compile(
    rb"""<(?:\w+:)?c\s[^<>]*?\br\s*=\s*["']([A-Za-z]+)([0-9]{1,7})["'][^<>]*?\bt\s*=\s*["']e["']"""
)
_MERGED = re.compile(rb"""mergeCell\s+ref\s*=\s*["']([A-Za-z0-9:$]{1,30})["']""")
_OPEN = re.compile(rb"<(?:\w+:)?c(?:\s[^<>]*)?(?<!/)>")

# How much of a cell is held back at most; its text may be written in escapes.
_LONGEST = 8 * MAX_CELL
_SHOWN = 10


class Rewriter:
    """Rewrites the pieces of a sheet. ``padded`` has the widths of numbers by the number of their style."""

    def __init__(self, padded: Mapping[int, int]) -> None:
        #: How many cells may refer to a text that is stored once, at most.
        self.references = 0
        self._errors, self._error_rows = 0, set[int]()
        self._formulas, self._without_value, self._zeros = 0, 0, 0
        self._merged: list[str] = []
        self._padded = padded
        styles = b"|".join(b"%d" % style for style in padded)
        self._padding = re.compile(
            rb'<c( r="[A-Z]{1,3}[0-9]{1,7}")? s="(' + styles + rb')"(?: t="n")?>(?:<f[^<>]*>[^<>]*(?:</f>)?)?'
            rb"<v>([0-9]{1,15})</v></c>"
        )

    def rewritten(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces, cut where no cell is cut; raise :class:`TooMuch` for a cell that is far too long."""
        rest = b""
        for piece in pieces:
            data = rest + piece
            end = _end_of_cells(data)
            rest = data[end:]
            if len(rest) > _LONGEST and _OPEN.match(rest):
                raise TooMuch(f"has a cell with more than {MAX_CELL:,} characters; no cell may be that long")
            if len(rest) > _LONGEST:
                end, rest = len(data), b""
            if end:
                yield self._cells(data[:end])
        if rest:
            yield self._cells(rest)

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed."""
        notes = []
        if self._merged:
            notes.append(merged_note(self._merged))
        if self._formulas:
            notes.append(formulas_note(self._formulas, self._without_value))
        if self._errors:
            notes.append(errors_note(self._errors, self._error_rows))
        if self._zeros:
            notes.append(zeros_note(self._zeros))
        return tuple(notes)

    def _cells(self, data: bytes) -> bytes:
        self.references += marks_of_texts(data)
        formulas = data.count(b"<f>") + data.count(b"<f ")
        if formulas:
            self._formulas += formulas
            self._without_value += sum(
                map(data.count, (b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />"))
            )
        if b"mergeCell" in data:
            self._merged += (match.decode() for match in _MERGED.findall(data))
        if b"e" in data and _may_hold_errors(data):
            self._error_rows.update(int(row) for _, row in _ERROR_AT.findall(data))
            data, count = _ERROR.subn(rb"\1str\2", data)
            self._errors += count
        if self._padded:
            data, count = self._padding.subn(self._with_zeros, data)
        return data

    def _with_zeros(self, match: re.Match[bytes]) -> bytes:
        width = self._padded[int(match[2])]
        self._zeros += len(match[3]) < width
        return b'<c%s t="str"><v>%s</v></c>' % (match[1] or b"", match[3].rjust(width, b"0"))


def _may_hold_errors(data: bytes) -> bool:
    return b't="e"' in data or b"t='e'" in data or b't = "e"' in data


def _end_of_cells(data: bytes) -> int:
    """Return up to where ``data`` cuts no cell."""
    start = max(data.rfind(b"<c"), data.rfind(b":c"))
    closed = data.rfind(b"c>")
    if closed > start:
        return closed + 2
    if start >= 0:
        return data.rfind(b"<", 0, start + 1)
    return data.rfind(b"<") if b"<" in data[-64:] else len(data)


def merged_note(ranges: list[str]) -> Note:
    """Return what is told of merged cells, given as ranges such as A1:C1."""
    shown = ", ".join(ranges[:_SHOWN]) + (" and others" if len(ranges) > _SHOWN else "")
    return Note(
        "merged-cells",
        f"{len(ranges):,} ranges of cells are merged ({shown}): the value of each stands in its first cell, the others"
        " are empty.",
        Severity.WARNING,
    )


def formulas_note(count: int, without_value: int = 0) -> Note:
    """Return what is told of formulas, of which some may come without the value that they had."""
    said = f"{count:,} cells hold formulas: the values that they had when the file was saved are taken."
    if not without_value:
        return Note("formulas", said)
    return Note(
        "formulas",
        f"{said} {without_value:,} of them have no value: open the file in your spreadsheet program and save it, so that"
        " they are computed.",
        Severity.WARNING,
    )


def errors_note(count: int, rows: set[int]) -> Note:
    """Return what is told of error values."""
    return Note(
        "error-values",
        f"{count:,} cells hold error values such as #N/A instead of what was meant. They are kept as texts.",
        Severity.WARNING,
        rows=tuple(sorted(rows)[:_SHOWN]),
    )


def zeros_note(count: int) -> Note:
    """Return what is told of numbers whose format shows zeros."""
    return Note(
        "zero-format",
        f"{count:,} numbers are shown with zeros in front of them by the format of their cells, and are taken as shown.",
    )
