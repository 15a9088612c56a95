"""Texts of old Excel workbooks: Unicode in BIFF8; in BIFF5 bytes in the code page of the workbook, or in that of a font."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from batchbook.statuses import Severity
from batchbook.tables.errors import InvalidWorkbook
from batchbook.tables.formats import biff
from batchbook.tables.report import ASSUMED_PAGE, Note

_CODEPAGE, _FONT = 0x0042, 0x0031
# Code pages that are not called cp and their number; the last two are what programs write for those of Macintosh and Windows.
_PAGES = {
    367: "ascii", 1361: "johab", 10000: "mac_roman", 10006: "mac_greek", 10007: "mac_cyrillic", 10029: "mac_latin2",
    10079: "mac_iceland", 10081: "mac_turkish", 65001: "utf-8", 32768: "mac_roman", 32769: "cp1252",
}  # fmt: skip
# The code pages of the character sets that a font may have. Others are those of the system, which is the workbook's.
_PAGE_OF_CHARSET = {
    77: 10000, 128: 932, 129: 949, 130: 1361, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256,
    186: 1257, 204: 1251, 222: 874, 238: 1250,
}  # fmt: skip
_USUAL_PAGE = 1252


class BookTexts(Protocol):
    """Decoding of the texts of a workbook."""

    def name(self, data: memoryview, start: int) -> str:
        """Return the text at ``start`` with a length of one byte, such as the name of a sheet."""
        ...

    def code(self, data: memoryview) -> str:
        """Return the code of a format."""
        ...

    def cell(self, parts: list[memoryview], style: int) -> str:
        """Return the text of a cell with the format ``style``."""
        ...

    def rich(self, parts: list[memoryview], style: int) -> str:
        """Return the text of a cell with the format ``style``, parts of which have fonts of their own."""
        ...

    def notes(self) -> Iterator[Note]:
        """Yield notes about texts that were read without being told how."""
        ...


def book_texts(stream: memoryview) -> BookTexts:
    """Return the decoding of the texts of the workbook in ``stream``, by its version."""
    begin = next(biff.all_records(stream, 0), None)
    if begin is None or begin.kind != biff.BOF:
        raise InvalidWorkbook("it does not begin as a workbook")
    return ByteTexts(stream) if biff.version(begin.data) == biff.BIFF5 else WideTexts()


class WideTexts:
    """Decoding of texts that are Unicode."""

    def name(self, data: memoryview, start: int) -> str:
        """Return the text at ``start`` with a length of one byte, such as the name of a sheet."""
        return biff.BiffTexts([data[start + 1 :]]).characters(data[start], data[start + 1], 1)

    def code(self, data: memoryview) -> str:
        """Return the code of a format."""
        return biff.BiffTexts([data]).text()

    def cell(self, parts: list[memoryview], style: int) -> str:
        """Return the text of a cell, whatever its format."""
        del style
        return biff.BiffTexts(parts).text()

    def rich(self, parts: list[memoryview], style: int) -> str:
        """Return the text of a cell, whatever its fonts."""
        return self.cell(parts, style)

    def notes(self) -> Iterator[Note]:
        """Yield nothing: the texts tell how they are to be read."""
        return iter(())


@dataclass(frozen=True)
class _Fonts:
    """The code pages of fonts, where a font has its own, and the font of each format of cells."""

    pages: tuple[int, ...]
    of_style: tuple[int, ...]

    def page(self, font: int) -> int:
        # No font has the number 4; those behind it count on.
        place = font - (font > 4)
        return self.pages[place] if font != 4 and place < len(self.pages) else 0

    def page_of_style(self, style: int) -> int:
        return self.page(self.of_style[style]) if style < len(self.of_style) else 0


class ByteTexts:
    """Decoding of the texts of the workbook in ``stream``; it notes where their code page is not the one that is stated."""

    def __init__(self, stream: memoryview) -> None:
        self._stated: int | None = None
        self._is_assumed = False
        self._of_fonts: set[str] = set()
        pages: list[int] = []
        of_style: list[int] = []
        for record in biff.records(stream, 0):
            if record.kind == biff.FILEPASS:  # What follows cannot be read.
                break
            if record.kind == _CODEPAGE:
                (self._stated,) = struct.unpack_from("<H", record.data)
            elif record.kind == _FONT:
                pages.append(_PAGE_OF_CHARSET.get(record.data[12], 0))
            elif record.kind == biff.XF:
                of_style.append(struct.unpack_from("<H", record.data)[0])
        self._fonts = _Fonts(tuple(pages), tuple(of_style))

    def name(self, data: memoryview, start: int) -> str:
        """Return the text at ``start`` with a length of one byte, such as the name of a sheet."""
        return self._decoded(bytes(data[start + 1 : start + 1 + data[start]]), 0)

    def code(self, data: memoryview) -> str:
        """Return the code of a format, whose symbols are ASCII in each code page."""
        return bytes(data[1 : 1 + data[0]]).decode("latin-1")

    def cell(self, parts: list[memoryview], style: int) -> str:
        """Return the text of a cell with the format ``style``."""
        text, _ = _split(parts)
        return self._decoded(text, self._fonts.page_of_style(style))

    def rich(self, parts: list[memoryview], style: int) -> str:
        """Return the text of a cell with the format ``style``, parts of which have fonts of their own."""
        text, behind = _split(parts)
        runs = [*zip(behind[1::2], behind[2::2], strict=False)][: behind[0]] if behind else []
        starts = [0, *(start for start, _ in runs), len(text)]
        pages = [self._fonts.page_of_style(style), *(self._fonts.page(font) for _, font in runs)]
        return "".join(
            self._decoded(text[start:end], page)
            for start, end, page in zip(starts, starts[1:], pages, strict=False)
        )

    def notes(self) -> Iterator[Note]:
        """Yield notes about code pages that texts were read in without being told so by the workbook as a whole."""
        if self._is_assumed:
            message = (
                "The workbook does not state the code page of its texts. They were read as Windows-1252, that of Western Europe:"
                " compare some texts with accents or other special characters."
            )
            yield Note(ASSUMED_PAGE, message, Severity.WARNING)
        if self._of_fonts:
            which = " and ".join(sorted(self._of_fonts))
            message = (
                f"Some cells have fonts of another character set, and were read in its code page: {which}."
            )
            yield Note("font-code-page", message)

    def _decoded(self, text: bytes, page: int) -> str:
        if text.isascii():
            return text.decode("ascii")
        if page and page != self._stated:
            self._of_fonts.add(_encoding(page))
        elif self._stated is None:
            self._is_assumed = True
        encoding = _encoding(page or self._stated or _USUAL_PAGE)
        try:
            return text.decode(encoding)
        except UnicodeDecodeError:
            raise InvalidWorkbook(f"a text is not in {encoding}, the code page that it states") from None


def _split(parts: list[memoryview]) -> tuple[bytes, bytes]:
    """Return the text that ``parts`` begin with, and what stands behind it."""
    data = b"".join(parts)
    (length,) = struct.unpack_from("<H", data)
    if 2 + length > len(data):
        raise InvalidWorkbook("a text is cut")
    return data[2 : 2 + length], data[2 + length :]


def _encoding(page: int) -> str:
    name = _PAGES.get(page, f"cp{page}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise InvalidWorkbook(f"its texts are in the code page {page}, which is not known here") from None
