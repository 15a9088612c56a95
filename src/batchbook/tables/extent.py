"""How far a worksheet reaches, told from its XML before anything makes room for its cells.

A sheet of a few hundred bytes may name the last cell that there can be, and whoever lays out the rectangle up to it
needs more memory than there is. What a sheet says of its own size (``<dimension>``) proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from string import ascii_letters, digits
from xml.parsers import expat

from batchbook.tables.namespaces import SPREADSHEET, Namespaces, OwnElements

_LETTERS, _DIGITS = ascii_letters.encode(), digits.encode()

# The start of a cell as nearly every program writes it, with its reference first; any other start gives nothing.
_CELL = re.compile(rb'<c(?: r="([A-Z]{1,3}[0-9]{1,7})"|(?=[\s/>]))')
_REFERENCE = re.compile("([A-Za-z]{1,3})([0-9]{1,7})")

# More bytes than the longest match of _CELL has.
_HELD_BACK = 32


class NotASheet(Exception):  # noqa: N818 - What is read is none; who reads it says so in a sentence.
    """The XML is damaged, or says what no worksheet says."""


@dataclass(frozen=True)
class Extent:
    """The lowest row and the rightmost column of a sheet that are in use, counted from 1, and how many cells are."""

    rows: int = 0
    columns: int = 0
    cells: int = 0


class QuickScan:
    """Finds the extent in the sheet's bytes, fed piece by piece, without taking them for XML.

    It is right, or too large where cells without a value lie outside, or ``unsure``: then :func:`exact_extent` tells.
    """

    def __init__(self) -> None:
        self.unsure = False
        self._rows, self._columns, self._cells = 0, 0, 0
        self._rest = b""

    @property
    def extent(self) -> Extent:
        """What was found so far."""
        return Extent(self._rows, self._columns, self._cells)

    def feed(self, piece: bytes) -> None:
        """Look at the next piece."""
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
    """Return the extent of a sheet's cells that hold something; one without a reference follows its neighbour.

    Raises :class:`NotASheet` for what is no XML in UTF-8, for entities, and for references that are none.
    """
    cells = _Cells()
    feed_xml(pieces, SPREADSHEET, cells.start, cells.end)
    return Extent(cells.rows, cells.columns, cells.count)


def feed_xml(
    pieces: Iterable[bytes],
    namespaces: Namespaces,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Call ``start(tag, attributes)``, ``end(tag)`` and ``text(part)`` for what belongs to ``namespaces`` in a document.

    Tags and attributes are called by the prefixes that ``namespaces`` gives them. Raises :class:`NotASheet` for what is no XML in UTF-8, and for a document type, which could define entities.
    """
    for _ in parsed_xml(pieces, namespaces, start, end, text):
        pass


def parsed_xml(
    pieces: Iterable[bytes],
    namespaces: Namespaces,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Do what :func:`feed_xml` does, and pause after each piece."""
    feed = XmlFeed(namespaces, start, end, text)
    for piece in pieces:
        feed.feed(piece)
        yield
    feed.close()


class XmlFeed:
    """Does what :func:`feed_xml` does with pieces that are given to it one by one."""

    def __init__(
        self,
        namespaces: Namespaces,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        own = OwnElements(namespaces, start, end, text)
        # The encoding is given, so that the document cannot mean another one than its next reader takes it for.
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler, self._parser.EndElementHandler = own.start, own.end
        if text is not None:
            self._parser.CharacterDataHandler = own.text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        self._parse(piece, is_last=False)

    def close(self) -> None:
        """Take the end of the document."""
        self._parse(b"", is_last=True)

    def _parse(self, piece: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            raise NotASheet(str(error)) from None


def without_doctype(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a document; raise :class:`NotASheet` where it begins with a document type."""
    for number, piece in enumerate(pieces):
        if not number and b"<!DOCTYPE" in piece:
            _refuse_doctype()
        yield piece


class _Cells:
    """Follows the elements of a sheet as a reader of its cells does."""

    def __init__(self) -> None:
        self.rows, self.columns, self.count = 0, 0, 0
        self._row, self._column = 1, 1
        self._waiting = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self._row = _number(attributes["r"]) if "r" in attributes else self._row
            self._waiting = False
        elif tag == "c":
            if "r" in attributes:
                self._row, self._column = _position(attributes["r"])
            self._waiting = True
        elif self._waiting:  # What is in a cell makes it one; without, it has a format at most.
            self._waiting = False
            self.count += 1
            self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)

    def end(self, tag: str) -> None:
        if tag == "c":
            self._column += 1
            self._waiting = False
        elif tag == "row":
            self._row, self._column = self._row + 1, 1


def _position(reference: str) -> tuple[int, int]:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise NotASheet(f"a cell is called {reference[:40]!r}")
    return int(match[2]), _column(match[1].upper().encode())


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise NotASheet(f"a row is called {text[:40]!r}")
    return int(text)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _refuse_doctype(*_parts: object) -> None:
    raise NotASheet("it has a document type, which no workbook has")
