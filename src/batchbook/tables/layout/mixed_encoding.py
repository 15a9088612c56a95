"""Text in UTF-8 in which some lines are in another encoding, as in files put together from several."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from functools import cache
from typing import Any, BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.layout.text_scan import MAX_LINE, _end_of_lines

_ASCII = bytes(range(128))
_PIECE = 256 * 1024


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
