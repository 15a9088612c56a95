"""Extent of a worksheet and the amount of text in it, measured before anything makes room for its cells."""

from __future__ import annotations

import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from string import ascii_letters, digits
from zipfile import BadZipFile

from batchbook.tables.errors import (
    MAX_CELL,
    MAX_CELLS,
    MAX_ROWS,
    MAX_TEXT,
    MOST_MARKS,
    TEXT_TOO_LONG,
    InvalidWorkbook,
    LimitExceeded,
    sheet_too_large_message,
)
from batchbook.tables.formats.archive import MAX_UNPACKED, SPREADSHEET, feed_xml

_LETTERS, _DIGITS = ascii_letters.encode(), digits.encode()

# The start of a cell as nearly every program writes it, with its reference first; any other start gives nothing.
_CELL = re.compile(rb'<c(?: r="([A-Z]{1,3}[0-9]{1,7})"|(?=[\s/>]))')
_REFERENCE = re.compile("([A-Za-z]{1,3})([0-9]{1,7})")

# More bytes than the longest match of _CELL has.
_HELD_BACK = 32


@dataclass(frozen=True)
class Extent:
    """The lowest row and the rightmost column of a sheet that are in use, counted from 1, and how many cells are."""

    rows: int = 0
    columns: int = 0
    cells: int = 0


class QuickScan:
    """Search for the extent in the sheet's bytes, fed piece by piece, without parsing XML.

    The extent is right, or too large where cells without a value lie outside. Where the scan is ``unsure``, use
    :func:`exact_extent`.
    """

    def __init__(self) -> None:
        self.unsure = False
        self._rows, self._columns, self._cells = 0, 0, 0
        self._rest = b""

    @property
    def extent(self) -> Extent:
        """The extent so far."""
        return Extent(self._rows, self._columns, self._cells)

    def feed(self, piece: bytes) -> None:
        """Scan the next piece."""
        data = self._rest + piece
        # A cell's start that the piece cuts is looked at together with the next one.
        cut = data.rfind(b"<", max(0, len(data) - _HELD_BACK))
        data, self._rest = (data, b"") if cut < 0 else (data[:cut], data[cut:])
        found = _CELL.findall(data)
        # A colon: the cells' tags may have a namespace's prefix.
        self.unsure = self.unsure or b"" in found or b":c" in data
        if found and not self.unsure:
            self._cells += len(found)
            joined = b" ".join(found)
            self._rows = max(self._rows, *map(int, set(joined.translate(None, _LETTERS).split())))
            self._columns = max(self._columns, *map(_column, set(joined.translate(None, _DIGITS).split())))


def exact_extent(pieces: Iterable[bytes]) -> Extent:
    """Return the extent of a sheet's cells that hold something; a cell without a reference follows its neighbour.

    Raises :class:`InvalidWorkbook` for anything but XML in UTF-8, for entities, and for invalid references.
    """
    cells = _Cells()
    feed_xml(pieces, SPREADSHEET, cells.start, cells.end)
    return Extent(cells.rows, cells.columns, cells.count)


class CellPlaces:
    """A follower of a sheet's elements, as a reader of its cells does it: the row and the column of the cell at hand."""

    def __init__(self) -> None:
        self.row, self.column = 1, 1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if tag == "row":
            self.row = _number(attributes["r"]) if "r" in attributes else self.row
        elif tag == "c" and "r" in attributes:
            self.row, self.column = _position(attributes["r"])

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        if tag == "c":
            self.column += 1
        elif tag == "row":
            self.row, self.column = self.row + 1, 1


class _Cells(CellPlaces):
    """A follower that measures the extent of the cells that hold something."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.columns, self.count = 0, 0, 0
        self._waiting = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        if tag in ("row", "c"):
            self._waiting = tag == "c"
        elif self._waiting:  # Only a cell with content counts; others have a format at most.
            self._waiting = False
            self.count += 1
            self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)

    def end(self, tag: str) -> None:
        super().end(tag)
        if tag == "c":
            self._waiting = False


def _position(reference: str) -> tuple[int, int]:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise InvalidWorkbook(f"a cell is called {reference[:40]!r}")
    return int(match[2]), _column(match[1].upper().encode())


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise InvalidWorkbook(f"a row is called {text[:40]!r}")
    return int(text)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# The extent that a sheet states at its start, and a cell with content in a row of seven digits that no table may have.
_STATED = re.compile(rb"<dimension ref=\"(?:[A-Z]{1,3}[0-9]{1,7}:)?[A-Z]{1,3}([0-9]{1,7})\"")
_FAR_CELL = re.compile(rb'<c r="([A-Z]{1,3})((?!1000000")[1-9][0-9]{6})"[^>/]*>\s*<(?:v|is|f)[\s>]')
_LONGEST_START = 256


def refuse_far_rows(pieces: Iterable[bytes]) -> None:
    """Raise :class:`LimitExceeded` at the first cells in rows too many, unless the sheet states that it has fewer rows.

    A few cells in such rows are marks, which ``far_cells`` tells from the table. Nothing is parsed, and no room is made:
    most sheets state their extent, and are not even looked through. Whatever this misses, or cannot read, the reading of
    the sheet tells in the end.
    """
    rest, far, size = b"", set[bytes](), 0
    for number, piece in enumerate(_readable(pieces)):
        data = rest + piece
        if number == 0 and (stated := _STATED.search(data)) and int(stated[1]) <= MAX_ROWS:
            return
        for found in _FAR_CELL.finditer(data):
            far.add(found[0])
            if len(far) > MOST_MARKS:
                raise LimitExceeded(sheet_too_large_message(int(found[2]), _column(found[1])))
        size += len(piece)
        if size > MAX_UNPACKED:
            return
        rest = data[-_LONGEST_START:]


def _readable(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces up to one that cannot be read."""
    with suppress(LimitExceeded, InvalidWorkbook, BadZipFile, zlib.error, OSError, EOFError):
        yield from pieces


# The fewest bytes that a cell takes.
_SHORTEST_CELL = len("<c><v/></c>")

# A cell that is not plain: one that lies further out than the bounds, has an error value or a formula, or is written in
# a way that no program has. The rectangle of each bounds is as large as a sheet may be.
_NOT_PLAIN = rb"""<c(?=[\s>/])(?! r="%s"(?: s="[0-9]+")?(?: t="(?:s|str|n|b|inlineStr)")?(?:/>|>(?!<f)))"""
_BOUNDS = (
    (re.compile(_NOT_PLAIN % rb"[A-E][1-9][0-9]{0,5}"), 999_999, 5),
    (re.compile(_NOT_PLAIN % rb"[A-J](?:[1-9][0-9]{0,4}|[1-4][0-9]{5})"), 499_999, 10),
    (re.compile(_NOT_PLAIN % rb"[A-Y](?:[1-9][0-9]{0,4}|1[0-9]{5})"), 199_999, 25),
    (re.compile(_NOT_PLAIN % rb"(?:[A-Z]|A[A-X])[1-9][0-9]{0,4}"), 99_999, 50),
)


class ExtentEstimate:
    """Upper bound of a sheet's extent, found in its bytes, which are fed in pieces that cut no cell."""

    def __init__(self) -> None:
        self._scan = QuickScan()
        self._rows, self._columns, self._cells, self._size = 0, 0, 0, 0

    def feed(self, piece: bytes) -> bool:
        """Scan the next piece; return whether all of its cells are plain.

        Raises :class:`~batchbook.tables.errors.LimitExceeded` once there are more plain cells than a sheet may have.
        """
        if b":c" not in piece:
            for unlike, rows, columns in _BOUNDS:
                if not unlike.search(piece):
                    self._add(piece.count(b"<c "), rows, columns)
                    return True
        self._size += len(piece)
        self._scan.feed(piece)
        return False

    @property
    def most_cells(self) -> int:
        """The largest possible number of cells."""
        return self._cells + self._size // _SHORTEST_CELL

    @property
    def extent(self) -> Extent | None:
        """The largest possible extent; None where a closer look is needed."""
        if self._scan.unsure:
            return None
        found = self._scan.extent
        rows, columns = max(self._rows, found.rows), max(self._columns, found.columns)
        return Extent(rows, columns, self._cells + found.cells)

    def _add(self, cells: int, rows: int, columns: int) -> None:
        self._cells += cells
        if cells:
            self._rows, self._columns = max(self._rows, rows), max(self._columns, columns)
        if self._cells > MAX_CELLS:
            raise LimitExceeded(f"has more than {MAX_CELLS:,} cells. Save its table as CSV, and upload that")


_TEXT_REFERENCE = re.compile(rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:\w+:)?v>\s*([0-9]{1,10})""")
_LONGEST_REFERENCE = 256


class TextVolumeCheck:
    """Check of a workbook's shared texts while they pass."""

    def __init__(self) -> None:
        self._longest, self._count, self._open = 0, 0, 0

    def passed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces; raise :class:`LimitExceeded` where a text is too long, or where there are too many."""
        for piece in pieces:
            # Each text ends with </si>, with or without a prefix; what lies between is at least as long as it is.
            lengths = list(map(len, piece.split(b"si>")))
            lengths[0] += self._open
            self._open = lengths[-1]
            self._longest = max(self._longest, *lengths)
            self._count += (len(lengths) - 1) // 2 + piece.count(b"si/>")
            self._check()
            yield piece

    def may_be_too_much(self, cells: int) -> bool:
        """Return whether this number of cells would hold too much text if all had the longest one."""
        return self._longest * cells > MAX_TEXT

    def refuse_too_much(self, texts: Iterable[bytes], sheet: Iterable[bytes]) -> None:
        """Raise :class:`LimitExceeded` where the cells of ``sheet`` do hold too much text, counted one by one."""
        counts, unknown = _references(sheet)
        if not self.may_be_too_much(counts.total() + unknown):
            return
        lengths = _lengths(texts)
        total = sum(lengths[number] * count for number, count in counts.items() if number < len(lengths))
        total += unknown * max(lengths, default=0)
        if total > MAX_TEXT:
            raise LimitExceeded(
                f"repeats its texts so often that its cells hold {total:,} characters, more than {MAX_TEXT:,}"
            )

    def _check(self) -> None:
        if self._longest > 8 * MAX_CELL:  # A character may be written as an escape of some bytes.
            raise LimitExceeded(TEXT_TOO_LONG)
        if self._count > MAX_CELLS:
            raise LimitExceeded(f"has more than {MAX_CELLS:,} texts")


def _lengths(pieces: Iterable[bytes]) -> array[int]:
    lengths = array("L")

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if tag == "si":
            lengths.append(0)

    def text(data: str) -> None:
        if lengths:
            lengths[-1] += len(data)

    feed_xml(pieces, SPREADSHEET, start, text=text)
    return lengths


def _references(pieces: Iterable[bytes]) -> tuple[Counter[int], int]:
    """Return the number of references to each text, and the number of cells whose text was not found by the search."""
    counts: Counter[int] = Counter()
    marks, rest = 0, b""
    for piece in chain(pieces, [b""]):
        data = rest + piece
        cut = max(0, data.rfind(b"<", 0, max(0, len(data) - _LONGEST_REFERENCE))) if piece else len(data)
        found = _TEXT_REFERENCE.findall(data[:cut])
        counts.update(map(int, found))
        marks += data[:cut].count(b'"s"') + data[:cut].count(b"'s'") - len(found)
        rest = data[cut:]
    return counts, max(0, marks)
