"""One look at all of a text, piece by piece, before it is taken for a table: can it be decoded, and how do lines end."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from batchbook.errors import BadInput

#: How long a line may be, in characters. Whoever reads a line holds all of it.
MAX_LINE = 4 * 1024 * 1024

_PIECE = 1024 * 1024
_AROUND = 16


class Undecodable(Exception):  # noqa: N818 - Another encoding is tried then; else it becomes a sentence.
    """Bytes that are no text in the encoding that was tried."""

    def __init__(self, position: int, line: int, data: bytes, at: int, reason: str) -> None:
        super().__init__(reason)
        self.position, self.line = position, line
        self.byte = data[at] if at < len(data) else 0
        self.is_half = "surrogate" in reason or (
            self.byte == 0xED
            and data[at + 1 : at + 2] >= b"\xa0"  # UTF-8 as some programs write half characters.
        )
        start = max(0, at - _AROUND)
        self.around = (
            data[start : at + _AROUND]
            .replace(b"\r", b"\n")
            .split(b"\n")[data[start:at].replace(b"\r", b"\n").count(b"\n")]
        )

    @property
    def where(self) -> str:
        """The byte and its place, for a sentence."""
        return f"byte 0x{self.byte:02X} at position {self.position + 1:,}, in line {self.line:,}"


@dataclass(frozen=True)
class Survey:
    """How many lines a text has, and how often they end in which way."""

    lines: int
    crlf: int
    lf: int
    cr: int


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of ``file`` from its start, in pieces."""
    file.seek(0)
    return iter(partial(file.read, _PIECE), b"")


def survey(name: str, file: BinaryIO, codec: str, errors: str = "strict") -> Survey:
    """Return what the text in ``file``, called ``name``, is made of when it is decoded by ``codec``.

    Raises :class:`Undecodable`, and ``BadInput`` for what no text has: NUL bytes, and lines without an end.
    """
    text = _Surveyor(name)
    decoder = codecs.getincrementaldecoder(codec)(errors)
    wide, position = codec.startswith(("utf-16", "utf-32")), 0
    for piece in pieces_of(file):
        if not wide and b"\x00" in piece:
            text.refuse_nul(piece.index(b"\x00"), piece)
        text.feed(_decoded(decoder, piece, position, text))
        position += len(piece)
    text.feed(_decoded(decoder, b"", position, text, final=True))
    return text.result()


def _decoded(
    decoder: codecs.IncrementalDecoder, piece: bytes, position: int, text: _Surveyor, *, final: bool = False
) -> str:
    """Return ``piece``, which begins at ``position`` in the file, as text."""
    waiting = len(decoder.getstate()[0])
    try:
        return decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        line = text.lines + _ends(error.object[: error.start].decode("latin-1")) + 1
        raise Undecodable(
            position - waiting + error.start, line, error.object, error.start, error.reason
        ) from None


class _Surveyor:
    """Counts line ends in a text that comes in pieces."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._crlf, self._lf, self._cr = 0, 0, 0
        self._waiting, self._open = "", 0

    @property
    def lines(self) -> int:
        """How many lines came to an end so far."""
        return self._crlf + self._lf + self._cr

    def feed(self, piece: str) -> None:
        """Count what is in the next piece."""
        text = self._waiting + piece
        # A return at the end of a piece may be the first half of a line's end.
        self._waiting = "\r" if text.endswith("\r") and piece else ""
        text = text[: len(text) - len(self._waiting)]
        if "\x00" in text:
            self.refuse_nul(text.index("\x00"), text.encode("latin-1", "replace"))
        self._measure(text)
        crlf = text.count("\r\n")
        self._crlf, self._lf = self._crlf + crlf, self._lf + text.count("\n") - crlf
        self._cr += text.count("\r") - crlf

    def result(self) -> Survey:
        """Return what was counted; a last line needs no end."""
        return Survey(self.lines + (self._open > 0), self._crlf, self._lf, self._cr)

    def refuse_nul(self, at: int, data: bytes) -> None:
        """Raise the sentence about a NUL byte at a place of what comes next."""
        line = self.lines + _ends(data[:at].decode("latin-1")) + 1
        raise BadInput(
            f"“{self._name}” is not text: it holds NUL bytes, the first of them in line {line:,}. Expected a table"
            " as CSV, or a workbook (XLSX, XLS, ODS)."
        )

    def _measure(self, text: str) -> None:
        ends = [end for end in (text.find("\n"), text.find("\r")) if end >= 0]
        if self._open + min(ends, default=len(text)) > MAX_LINE:
            raise BadInput(
                f"“{self._name}” is not a table: line {self.lines + 1:,} has more than {MAX_LINE // 2**20} million"
                " characters and no end. Nothing was taken from it."
            )
        last = max(text.rfind("\n"), text.rfind("\r"))
        self._open = self._open + len(text) if last < 0 else len(text) - last - 1


def _ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")
