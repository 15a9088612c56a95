"""Rewriting of an XLSX workbook's sheet, texts and styles into what the fast reader reads correctly."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from xml.sax.saxutils import escape, quoteattr

from batchbook.tables.errors import MAX_CELL, InvalidWorkbook
from batchbook.tables.formats.archive import SPREADSHEET, XmlFeed, feed_xml, parsed_xml
from batchbook.tables.formats.cell_values import SheetFindings, percent_text
from batchbook.tables.formats.sheet_extent import ExtentEstimate
from batchbook.tables.layout.merged_cells import range_of

CELLS, TEXTS = ("worksheet", "sheetData"), ("sst",)

_TRUE, _LONGEST_RANGE = ("1", "true", "on"), 20
_MAIN = next(iter(SPREADSHEET))
_PREFIX = re.compile(rb"""\sxmlns:([^\s=<>"']+)\s*=""")
# The part before the cells has thousands of bytes, mostly widths of columns.
_LONGEST_HEAD = 4 * 1024 * 1024
# More bytes than a mark has that is looked for; a longer prefix is none.
_HELD_BACK = 64


class NeedsRewriting(InvalidWorkbook):
    """The part may have elements of other namespaces, so that it must be rewritten."""


class PlainPart:
    """The content of the element at ``path`` of a part, in a new root element; the rest of the part is parsed as XML.

    Merged cells and hidden columns are noted in ``findings``.
    """

    def __init__(self, path: tuple[str, ...], findings: SheetFindings) -> None:
        self._findings = findings
        self._path, self._open = path, list[str]()

    def passed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield it in pieces; raise :class:`NeedsRewriting` where an element may belong to another namespace."""
        pieces = iter(pieces)
        head, rest = self._head(pieces)
        around = XmlFeed(SPREADSHEET, self._start, self._end)
        around.feed(head)
        is_empty = head.endswith(b"/>")
        if not is_empty and tuple(self._open) != self._path:
            raise NeedsRewriting("it has no cells where they are looked for")
        yield f'<{self._path[0]} xmlns="{_MAIN}">'.encode() + b"".join(
            b"<%s>" % tag.encode() for tag in self._path[1:]
        )
        if not is_empty:
            yield from self._inside(_marks(head), chain([rest], pieces), around)
        else:
            around.feed(rest)
        for piece in pieces:
            around.feed(piece)
        around.close()
        yield b"".join(b"</%s>" % tag.encode() for tag in reversed(self._path))

    def _head(self, pieces: Iterator[bytes]) -> tuple[bytes, bytes]:
        """Return the beginning of the part up to the tag that opens the element, and what was read behind it."""
        tag = re.compile(rb"<%s(?:\s[^<>]*)?>" % self._path[-1].encode())
        head = b""
        for piece in pieces:
            head += piece
            found = tag.search(head)
            if found:
                return head[: found.end()], head[found.end() :]
            if len(head) > _LONGEST_HEAD:
                break
        raise NeedsRewriting("it has no cells where they are looked for")

    def _inside(self, marks: tuple[bytes, ...], pieces: Iterator[bytes], around: XmlFeed) -> Iterator[bytes]:
        closing, data = b"</%s" % self._path[-1].encode(), b""
        for piece in pieces:
            data += piece
            end = data.find(closing)
            inside = data if end < 0 else data[:end]
            if any(mark in inside for mark in marks):
                raise NeedsRewriting("it has elements of other namespaces")
            if end >= 0:
                yield inside
                around.feed(data[end:])
                return
            yield data[:-_HELD_BACK]
            data = data[-_HELD_BACK:]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "mergeCell" and self._open == ["worksheet", "mergeCells"]:
            self._findings.merge(range_of(attributes.get("ref", "").upper()))
        elif tag == "col" and self._open == ["worksheet", "cols"] and attributes.get("hidden") in _TRUE:
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if first.isdecimal() and last.isdecimal() and len(first + last) < _LONGEST_RANGE:
                self._findings.hide_columns(int(first) - 1, int(last) - 1)
        self._open.append(tag)

    def _end(self, _tag: str) -> None:
        self._open.pop()


def _marks(head: bytes) -> tuple[bytes, ...]:
    """Return the byte strings behind ``head`` that show elements of other namespaces, comments and the like."""
    prefixes = set(_PREFIX.findall(head))
    if any(len(prefix) > _HELD_BACK - 2 for prefix in prefixes):
        raise NeedsRewriting("it has elements of other namespaces")
    return (b"xmlns", b"<!", *(b"<%s:" % prefix for prefix in prefixes))


def own_elements(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a part of a workbook rewritten, with its own elements only, none of which has a prefix."""
    written = XmlWriter()
    for _ in parsed_xml(pieces, SPREADSHEET, written.start, written.end, written.text):
        yield written.take()
    yield written.take()


class XmlWriter:
    """Writer of the elements of a part, in its own namespace and without prefixes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._namespace = f' xmlns="{_MAIN}"'

    def take(self) -> bytes:
        """Return the text written since the last call."""
        data, self._parts = "".join(self._parts).encode(), []
        return data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Write the start of an element."""
        plain = (
            f" {name}={quoteattr(value)}"
            for name, value in attributes.items()
            if ":" not in name or name == "xml:space"
        )
        self._parts.append(f"<{tag}{self._namespace}{''.join(plain)}>")
        self._namespace = ""

    def end(self, tag: str) -> None:
        """Write the end of an element."""
        self._parts.append(f"</{tag}>")

    def text(self, part: str) -> None:
        """Write a part of a text."""
        self._parts.append(escape(part, {"\r": "&#13;"}))


_ERROR = re.compile(rb"""(<c\s(?:[^<>]*?\s)?t\s*=\s*["'])e(["'])""")
_ERROR_AT = re.compile(
    rb"""<c\s(?:[^<>]*?\s)?r\s*=\s*["'][A-Za-z]+([0-9]{1,7})["'](?:[^<>]*?\s)?t\s*=\s*["']e["']"""
)

_KIND, _STYLE = re.compile(rb"""\st\s*=\s*["'](\w*)["']"""), re.compile(rb"""\ss\s*=\s*["']([0-9]+)["']""")
_HIDDEN_ROW = re.compile(rb"""<row(\s[^<>]*\bhidden\s*=\s*["'](?:1|true|on)["'][^<>]*)>""")
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["']([0-9]{1,7})["']""")
_MOST_DIGITS = 15
_NO_VALUE = (b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />")

# The most bytes that are held back to find the end of a cell.
_LONGEST_CELL = 8 * MAX_CELL


class CellRewriter:
    """Rewriter of a sheet's pieces into numbers as their cells show them.

    ``padded`` has the width of padded numbers by the number of their style, ``percent`` the styles of percentages.
    """

    def __init__(self, padded: Mapping[int, int], percent: Collection[int] = ()) -> None:
        #: The upper bound of its extent.
        self.reach = ExtentEstimate()
        #: Counts of what was noticed in its cells.
        self.findings = SheetFindings()
        self._padded = padded
        styles = b"|".join(b"%d" % style for style in sorted({*padded, *percent}, reverse=True))
        self._shown = (
            re.compile(
                rb"""<c((?=\s)[^<>]*?\ss\s*=\s*["'](?:"""
                + styles
                + rb""")["'][^<>/]*)>(<f[^<>]*>(?:[^<>]*</f>)?)?"""
                rb"<v>([-+.0-9eE]{1,30})</v></c>"
            )
            if styles
            else None
        )

    def rewritten(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces, cut between cells."""
        rest = b""
        for piece in pieces:
            data = rest + piece
            end = _end_of_cells(data)
            rest = data[end:]
            if len(rest) > _LONGEST_CELL:  # No cell is that long; a later reader refuses it.
                end, rest = len(data), b""
            if end:
                yield self._cells(data[:end])
        if rest:
            yield self._cells(rest)

    def _cells(self, data: bytes) -> bytes:
        found = self.findings
        if self._shown:
            data = self._shown.sub(self._as_shown, data)
        if b"hidden" in data:
            self._note_hidden(data)
        if self.reach.feed(data):
            return data
        if formulas := data.count(b"<f>") + data.count(b"<f "):
            found.formulas += formulas
            found.without_value += sum(map(data.count, _NO_VALUE))
        found.error_rows.update(map(int, _ERROR_AT.findall(data)))
        data, errors = _ERROR.subn(rb"\1str\2", data)
        found.errors += errors
        return data

    def _note_hidden(self, data: bytes) -> None:
        for row in _HIDDEN_ROW.findall(data):
            if number := _ROW_NUMBER.search(row):
                self.findings.hide_rows(int(number[1]), int(number[1]))

    def _as_shown(self, match: re.Match[bytes]) -> bytes:
        """Return the cell of a number that its format pads with zeros, or shows as a percentage, as a text."""
        attributes, formula, number = match[1], match[2] or b"", match[3]
        kind, style = _KIND.search(attributes), _STYLE.search(attributes)
        if style is None or (kind is not None and kind[1] != b"n"):
            return match[0]
        width = self._padded.get(int(style[1]))
        if width is None:
            try:
                text = percent_text(float(number)).encode()
            except ValueError:
                return match[0]
        elif number.isdigit() and len(number) <= _MOST_DIGITS:
            text = number.rjust(width, b"0")
            self.findings.zeros += len(number) < width
        else:
            return match[0]
        return b'<c%s t="str">%s<v>%s</v></c>' % (_KIND.sub(b"", attributes), formula, text)


def _end_of_cells(data: bytes) -> int:
    """Return the position up to which ``data`` cuts no cell."""
    start = data.rfind(b"<c")
    start = max(start, data.rfind(b":c", max(0, start)))
    closed = data.rfind(b"c>")
    if closed > start:
        return closed + 2
    if start >= 0:
        return data.rfind(b"<", 0, start + 1)
    return data.rfind(b"<") if b"<" in data[-64:] else len(data)


_ZEROS = re.compile(r"(?:\[\$[^\]]*\])?(0{2,15})(?:;.*)?")


def leading_zeros_shown(code: str) -> int:
    """Return the least number of digits that a number format shows; 0 if it does not consist of zeros alone."""
    match = _ZEROS.fullmatch(code)
    return len(match[1]) if match else 0


_NOT_SHOWN_AS_IS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
#: The numbers of the formats 0% and 0.00%, which every program knows.
PERCENT_FORMATS = frozenset({"9", "10"})


def is_percent(code: str) -> bool:
    """Return whether a number format shows percentages."""
    return "%" in _NOT_SHOWN_AS_IS.sub("", code.split(";")[0])


class Styles:
    """The number formats of a workbook, by the number of the cells' style, from its part for styles.

    Raises :class:`~batchbook.tables.errors.InvalidWorkbook` for invalid XML.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._codes: dict[str, str] = {}
        self._cells: list[str] = []
        self._open: list[str] = []
        feed_xml(pieces, SPREADSHEET, self._start, self._end)

    @property
    def padded(self) -> dict[int, int]:
        """The least number of digits that a style shows, by its number."""
        zeros = {format_id: leading_zeros_shown(code) for format_id, code in self._codes.items()}
        return {number: zeros[key] for number, key in enumerate(self._cells) if zeros.get(key)}

    @property
    def percent(self) -> frozenset[int]:
        """The numbers of the styles that show percentages."""
        formats = {format_id for format_id, code in self._codes.items() if is_percent(code)} | (
            PERCENT_FORMATS - self._codes.keys()
        )
        return frozenset(number for number, key in enumerate(self._cells) if key in formats)

    def xml(self) -> str:
        """Return the formats as a part of a workbook without any other styles."""
        formats = (
            f"<numFmt numFmtId={quoteattr(key)} formatCode={quoteattr(code)}/>"
            for key, code in self._codes.items()
        )
        cells = (f"<xf numFmtId={quoteattr(key)}/>" for key in self._cells)
        return (
            f'<styleSheet xmlns="{next(iter(SPREADSHEET))}"><numFmts>{"".join(formats)}</numFmts>'
            f"<cellXfs>{''.join(cells)}</cellXfs></styleSheet>"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        # Formats that are only applied under a condition are elsewhere, and have numbers of their own.
        if self._open == ["styleSheet", "numFmts"] and tag == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif self._open == ["styleSheet", "cellXfs"] and tag == "xf":
            self._cells.append(attributes.get("numFmtId", "0"))
        self._open.append(tag)

    def _end(self, _tag: str) -> None:
        self._open.pop()
