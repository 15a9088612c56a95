"""Text in UTF-8 in which some lines are in another encoding, as files are that were put together from several.

What is valid UTF-8 stays so. Of an odd line in an encoding of one byte for each character only the bytes that are not valid
are read in it; in one of several bytes nobody can tell which bytes belong together, so the whole line is.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.survey import MAX_LINE, pieces_of

_ASCII = bytes(range(128))
_PIECE = 256 * 1024
# How many lines are kept as samples, how much of each, and how many numbers of odd ones.
_SAMPLES, _LONGEST, _NUMBERS = 40, 400, 10
# How many odd lines show that a text is in another encoding, and how many bytes are then looked at of each piece.
_ENOUGH, _LOOKED_AT = 300, 4_000


@dataclass
class Lines:
    """The lines of a text that have bytes beyond ASCII: whether they are valid UTF-8, and some of them.

    ``odd`` counts lines that are not, ``numbers`` are the first of those; ``samples`` are taken from all over the file.
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
        """True if at least as many characters are valid as bytes are not, or at least as many lines.

        In other encodings hardly a word is valid UTF-8 by chance.
        """
        return self.valid > 0 and (self.sequences >= self.wrong_bytes or self.valid >= self.odd)

    @property
    def is_another_encoding(self) -> bool:
        """True once so many lines are not UTF-8 that the rest cannot change the verdict."""
        return self.odd >= _ENOUGH and self.odd > 10 * self.valid and self.wrong_bytes > 10 * self.sequences

    def take(self, number: int, line: bytes) -> None:
        """Take a line with its number."""
        text = line.decode("utf-8", "ignore")
        right = len(text.encode())
        self.sequences += len(text) - len(text.encode("ascii", "ignore"))
        _keep(self.samples, self.valid + self.odd, line)
        if right == len(line):
            self.valid += 1
            return
        self.wrong_bytes += len(line) - right
        _keep(self.odd_samples, self.odd, line)
        self.odd += 1
        if len(self.numbers) < _NUMBERS:
            self.numbers.append(number)


def lines_of(file: BinaryIO) -> Lines:
    """Return the lines of ``file`` with bytes beyond ASCII."""
    found, number, rest = Lines(), 0, b""
    for piece in pieces_of(file):
        if found.is_another_encoding:
            for line in piece[:_LOOKED_AT].splitlines()[1:-1]:
                if not line.isascii():
                    found.take(0, line)
            rest = b""
            continue
        data = rest + piece
        end = _end_of_lines(data)
        if not end and len(data) > MAX_LINE:
            end = len(data)
        number = _take(found, data[:end], number)
        rest = data[end:]
    _take(found, rest, number)
    return found


def _end_of_lines(data: bytes) -> int:
    """Return where the last whole line of ``data`` ends, or 0; what a CR at the very end means is not known yet."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _take(found: Lines, data: bytes, before: int) -> int:
    """Take the lines of ``data``, which follow as many ``before``; return how many lines there are by now."""
    lines = data.splitlines()
    if not data.isascii():
        for number, line in enumerate(lines, before + 1):
            if not line.isascii():
                found.take(number, line)
                if found.is_another_encoding:
                    break
    return before + len(lines)


def _keep(samples: list[bytes], seen: int, line: bytes) -> None:
    """Keep ``line`` as one of the samples: of the first lines each, then one of twice as many each time they are full."""
    step = 1 << max(0, (seen // _SAMPLES).bit_length())
    if len(samples) < _SAMPLES:
        samples.append(_start(line))
    elif seen % step == 0:
        samples[seen // step % _SAMPLES] = _start(line)


def _start(line: bytes) -> bytes:
    if len(line) <= _LONGEST:
        return line
    # No character of several bytes has a blank or one of these marks among them.
    return line[: max(line.rfind(mark, 0, _LONGEST) for mark in b" ,;\t") + 1] or line[:_LONGEST]


def odd_reader(encoding: str) -> Callable[[bytes], str]:
    """Return what reads a line that is not valid UTF-8; it raises ``UnicodeDecodeError`` for what ``encoding`` has not."""
    if len(bytes(range(128, 256)).decode(encoding, "replace")) != 128:
        return lambda line: line.decode(encoding)
    handler = _handler(encoding)
    return lambda line: line.decode("utf-8", handler)


@cache
def _handler(encoding: str) -> str:
    """Return the name of the error handler that reads what is no UTF-8 as ``encoding``."""

    def replaced(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        return error.object[error.start : error.end].decode(encoding), error.end

    name = f"batchbook-{encoding}"
    codecs.register_error(name, replaced)
    return name


class OddLinesFile(io.RawIOBase):
    """A file as valid UTF-8: ``file``, called ``name``, with its odd lines read as ``encoding``."""

    def __init__(self, name: str, file: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._name, self._file, self._encoding = name, file, encoding
        self._read_odd = odd_reader(encoding)
        self._rest, self._ready, self._lines = b"", memoryview(b""), 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go back to the start, which is all that is asked for."""
        if offset or whence:
            raise io.UnsupportedOperation("seek")
        self._file.seek(0)
        self._rest, self._ready, self._lines = b"", memoryview(b""), 0
        return 0

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        while not self._ready:
            piece = self._file.read(_PIECE)
            if not piece and not self._rest:
                return 0
            data = self._rest + piece
            # Lines are read as a whole; one that is far too long is refused by whoever looks at lines.
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
