"""Scan of a whole text before it is taken for a table, and reading of a text whose lines are in two encodings."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, BinaryIO

from batchbook.errors import BadInput

# The number of lines that are kept as samples, the bytes of each, and the number of odd lines whose numbers are kept.
_SAMPLES, _LONGEST, _NUMBERS = 40, 400, 10


# The number of odd lines that show that a text is in another encoding, and the bytes that are then scanned of each piece.
_ENOUGH_ODD_LINES, _BYTES_SCANNED = 300, 4_000


@dataclass
class LineStatistics:
    """Statistics of the lines with bytes beyond ASCII: whether they are valid UTF-8, and samples of them.

    ``odd`` counts invalid lines, ``numbers`` are the first of their line numbers; ``samples`` are taken from all over the file.
    """

    valid: int = 0
    odd: int = 0
    sequences: int = 0
    wrong_bytes: int = 0
    numbers: list[int] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)
    odd_samples: list[bytes] = field(default_factory=list)

    @property
    def mostly_utf8(self) -> bool:
        """Whether at least as many characters are valid as bytes are not, or at least as many lines.

        In other encodings hardly a word is valid UTF-8 by chance.
        """
        return self.valid > 0 and (self.sequences >= self.wrong_bytes or self.valid >= self.odd)

    @property
    def is_another_encoding(self) -> bool:
        """Whether so many lines are not UTF-8 that the rest cannot change the verdict."""
        return (
            self.odd >= _ENOUGH_ODD_LINES
            and self.odd > 10 * self.valid
            and self.wrong_bytes > 10 * self.sequences
        )

    def take(self, number: int, line: bytes) -> None:
        """Count a line."""
        text = line.decode("utf-8", "ignore")
        right = len(text.encode())
        self.sequences += len(text) - len(text.encode("ascii", "ignore"))
        _keep_sample(self.samples, self.valid + self.odd, line)
        if right == len(line):
            self.valid += 1
            return
        self.wrong_bytes += len(line) - right
        _keep_sample(self.odd_samples, self.odd, line)
        self.odd += 1
        if len(self.numbers) < _NUMBERS:
            self.numbers.append(number)


#: The longest line, in characters. A line is read as a whole.
MAX_LINE = 4 * 1024 * 1024

_PIECE = 1024 * 1024
_AROUND = 16


class Undecodable(Exception):  # noqa: N818 - Another encoding is tried then; else it becomes a sentence.
    """Bytes that are invalid in the encoding that was tried."""

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
        """The byte and its position, as part of a sentence."""
        return f"byte 0x{self.byte:02X} at position {self.position + 1:,}, in line {self.line:,}"


@dataclass(frozen=True)
class TextStatistics:
    """The number of lines of a text, and of line ends of each kind."""

    lines: int
    crlf: int
    lf: int
    cr: int


def file_pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of ``file`` from its start, in pieces."""
    file.seek(0)
    return iter(partial(file.read, _PIECE), b"")


def scan_text(name: str, file: BinaryIO, codec: str, errors: str = "strict") -> TextStatistics:
    """Return the statistics of the text in ``file``, called ``name``, decoded by ``codec``.

    Raises :class:`Undecodable`; and ``BadInput`` for NUL bytes and for lines without an end, which no text has.
    """
    text = _TextScanner(name)
    decoder = codecs.getincrementaldecoder(codec)(errors)
    wide, position = codec.startswith(("utf-16", "utf-32")), 0
    for piece in file_pieces(file):
        if (
            not wide and b"\x00" in piece
        ):  # Before decoding, so that binary data is not taken for another encoding.
            text.refuse_nul(piece.decode("latin-1"))
        text.feed(_decode(decoder, piece, position, text))
        position += len(piece)
    text.feed(_decode(decoder, b"", position, text, final=True))
    return text.result()


def _decode(
    decoder: codecs.IncrementalDecoder,
    piece: bytes,
    position: int,
    text: _TextScanner,
    *,
    final: bool = False,
) -> str:
    """Return ``piece``, which begins at ``position`` in the file, as text."""
    waiting = len(decoder.getstate()[0])
    try:
        return decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        line = text.lines + _count_line_ends(error.object[: error.start].decode("latin-1")) + 1
        raise Undecodable(
            position - waiting + error.start, line, error.object, error.start, error.reason
        ) from None


class _TextScanner:
    """Counter of line ends in a text that comes in pieces."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._crlf, self._lf, self._cr = 0, 0, 0
        self._waiting, self._open = "", 0

    @property
    def lines(self) -> int:
        """The number of complete lines so far."""
        return self._crlf + self._lf + self._cr

    def feed(self, piece: str) -> None:
        """Count the line ends of the next piece."""
        text = self._waiting + piece
        # A return at the end of a piece may be the first half of a line's end.
        self._waiting = "\r" if text.endswith("\r") and piece else ""
        text = text[: len(text) - len(self._waiting)]
        self.refuse_nul(text)
        self._measure(text)
        crlf = text.count("\r\n")
        self._crlf, self._lf = self._crlf + crlf, self._lf + text.count("\n") - crlf
        self._cr += text.count("\r") - crlf

    def result(self) -> TextStatistics:
        """Return the statistics; a last line needs no end."""
        return TextStatistics(self.lines + (self._open > 0), self._crlf, self._lf, self._cr)

    def refuse_nul(self, piece: str) -> None:
        """Raise ``BadInput`` where the next piece has a NUL byte."""
        before, nul, _ = piece.partition("\x00")
        if nul:
            line = self.lines + _count_line_ends(before) + 1
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


def _count_line_ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def scan_lines(file: BinaryIO) -> LineStatistics:
    """Return the statistics of the lines of ``file`` with bytes beyond ASCII."""
    found, number, rest = LineStatistics(), 0, b""
    for piece in file_pieces(file):
        if found.is_another_encoding:
            for line in piece[:_BYTES_SCANNED].splitlines()[1:-1]:
                if not line.isascii():
                    found.take(0, line)
            rest = b""
            continue
        data = rest + piece
        end = _end_of_lines(data)
        if not end and len(data) > MAX_LINE:
            end = len(data)
        number = _take_lines(found, data[:end], number)
        rest = data[end:]
    _take_lines(found, rest, number)
    return found


def _end_of_lines(data: bytes) -> int:
    """Return the end of the last complete line of ``data``, or 0; a CR at the very end is not yet clear."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _take_lines(found: LineStatistics, data: bytes, before: int) -> int:
    """Count the lines of ``data``, which follow ``before`` others; return the new total."""
    lines = data.splitlines()
    if not data.isascii():
        for number, line in enumerate(lines, before + 1):
            if not line.isascii():
                found.take(number, line)
                if found.is_another_encoding:
                    break
    return before + len(lines)


def _keep_sample(samples: list[bytes], seen: int, line: bytes) -> None:
    """Keep ``line`` as one of the samples: of the first lines each, then one of twice as many each time they are full."""
    step = 1 << max(0, (seen // _SAMPLES).bit_length())
    if len(samples) < _SAMPLES:
        samples.append(_start_of_line(line))
    elif seen % step == 0:
        samples[seen // step % _SAMPLES] = _start_of_line(line)


def _start_of_line(line: bytes) -> bytes:
    if len(line) <= _LONGEST:
        return line
    # No character of several bytes has a blank or one of these marks among them.
    return line[: max(line.rfind(mark, 0, _LONGEST) for mark in b" ,;\t") + 1] or line[:_LONGEST]


_PIECE_DECODED = 256 * 1024


def odd_line_decoder(encoding: str) -> Callable[[bytes], str]:
    """Return a function that decodes a line that is not valid UTF-8; it may raise ``UnicodeDecodeError``."""
    if len(bytes(range(128, 256)).decode(encoding, "replace")) != 128:
        return lambda line: line.decode(encoding)
    handler = _handler(encoding)
    return lambda line: line.decode("utf-8", handler)


@cache
def _handler(encoding: str) -> str:
    """Return the name of the codec error handler that decodes invalid UTF-8 as ``encoding``."""

    def replaced(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        return error.object[error.start : error.end].decode(encoding), error.end

    name = f"batchbook-{encoding}"
    codecs.register_error(name, replaced)
    return name


class MixedEncodingFile(io.RawIOBase):
    """A file as valid UTF-8: ``file``, called ``name``, with its odd lines read as ``encoding``."""

    def __init__(self, name: str, file: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._name, self._file, self._encoding = name, file, encoding
        self._read_odd = odd_line_decoder(encoding)
        self._rest, self._ready, self._lines = b"", memoryview(b""), 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Return to the start; no other position is supported."""
        if offset or whence:
            raise io.UnsupportedOperation("seek")
        self._file.seek(0)
        self._rest, self._ready, self._lines = b"", memoryview(b""), 0
        return 0

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        while not self._ready:
            piece = self._file.read(_PIECE_DECODED)
            if not piece and not self._rest:
                return 0
            data = self._rest + piece
            # Lines are read as a whole; one that is far too long is refused by the scan of the text.
            end = _end_of_lines(data)
            end = len(data) if not piece or (not end and len(data) > 4 * MAX_LINE) else end
            self._rest = data[end:]
            self._ready = memoryview(self._valid(data[:end]))
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _valid(self, data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        try:
            data.decode()
        except UnicodeDecodeError:
            data = b"".join([self._line(number, line) for number, line in enumerate(lines, self._lines + 1)])
        self._lines += len(lines)
        return data

    def _line(self, number: int, line: bytes) -> bytes:
        try:
            line.decode()
        except UnicodeDecodeError:
            try:
                return self._read_odd(line).encode()
            except UnicodeDecodeError as error:
                raise BadInput(
                    f"Line {number:,} of “{self._name}” is not text in UTF-8, and not in {self._encoding}: byte"
                    f" 0x{error.object[error.start]:02X} is no character there. Choose another encoding for such lines."
                ) from None
        return line
