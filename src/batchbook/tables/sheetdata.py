"""The cells of a sheet, and the texts of a workbook, for a reader that goes by bare names: nothing else is left to it.

Nearly all parts are plain: no element below their root has a prefix, and none declares a namespace. What is in these
passes as it is. Others are written anew, element by element, which takes several times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from xml.sax.saxutils import escape, quoteattr

from batchbook.tables.extent import NotASheet, XmlFeed, parsed_xml
from batchbook.tables.namespaces import SPREADSHEET

CELLS, TEXTS = ("worksheet", "sheetData"), ("sst",)

_MAIN = next(iter(SPREADSHEET))
_PREFIX = re.compile(rb"""\sxmlns:([^\s=<>"']+)\s*=""")
# What stands before the cells has thousands of bytes: widths of columns, most of them.
_LONGEST_HEAD = 4 * 1024 * 1024
# More bytes than a mark has that is looked for; a longer prefix is none.
_HELD_BACK = 64


class NotPlain(NotASheet):
    """A part in which elements of other namespaces may stand, so that it must be written anew."""


class PlainPart:
    """The content of the element at ``path`` of a part, in a new root element; what stands around it is parsed as XML."""

    def __init__(self, path: tuple[str, ...]) -> None:
        #: The ranges of merged cells, such as A1:C1, known once all has passed.
        self.merged: list[str] = []
        self._path, self._open = path, list[str]()

    def passed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield it in pieces; raise :class:`NotPlain` once an element may be one of another namespace."""
        pieces = iter(pieces)
        head, rest = self._head(pieces)
        around = XmlFeed(SPREADSHEET, self._start, self._end)
        around.feed(head)
        is_empty = head.endswith(b"/>")
        if not is_empty and tuple(self._open) != self._path:
            raise NotPlain("it has no cells where they are looked for")
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
        raise NotPlain("it has no cells where they are looked for")

    def _inside(self, marks: tuple[bytes, ...], pieces: Iterator[bytes], around: XmlFeed) -> Iterator[bytes]:
        closing, data = b"</%s" % self._path[-1].encode(), b""
        for piece in pieces:
            data += piece
            end = data.find(closing)
            inside = data if end < 0 else data[:end]
            if any(mark in inside for mark in marks):
                raise NotPlain("it has elements of other namespaces")
            if end >= 0:
                yield inside
                around.feed(data[end:])
                return
            yield data[:-_HELD_BACK]
            data = data[-_HELD_BACK:]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "mergeCell" and self._open == ["worksheet", "mergeCells"]:
            self.merged.append(attributes.get("ref", "")[:30])
        self._open.append(tag)

    def _end(self, _tag: str) -> None:
        self._open.pop()


def _marks(head: bytes) -> tuple[bytes, ...]:
    """Return what shows, behind ``head``, that an element may be of another namespace, or be none."""
    prefixes = set(_PREFIX.findall(head))
    if any(len(prefix) > _HELD_BACK - 2 for prefix in prefixes):
        raise NotPlain("it has elements of other namespaces")
    return (b"xmlns", b"<!", *(b"<%s:" % prefix for prefix in prefixes))


def own_elements(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a part of a workbook anew, with nothing but its own elements, none of which has a prefix."""
    written = _Written()
    for _ in parsed_xml(pieces, SPREADSHEET, written.start, written.end, written.text):
        yield written.taken()
    yield written.taken()


class _Written:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._namespace = f' xmlns="{_MAIN}"'

    def taken(self) -> bytes:
        """Return what was written since this was asked last."""
        data, self._parts = "".join(self._parts).encode(), []
        return data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        plain = (f" {name}={quoteattr(value)}" for name, value in attributes.items() if _is_own(name))
        self._parts.append(f"<{tag}{self._namespace}{''.join(plain)}>")
        self._namespace = ""

    def end(self, tag: str) -> None:
        self._parts.append(f"</{tag}>")

    def text(self, part: str) -> None:
        self._parts.append(escape(part, {"\r": "&#13;"}))


def _is_own(name: str) -> bool:
    return ":" not in name or name == "xml:space"
