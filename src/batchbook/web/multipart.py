"""Taking a multipart form apart, as browsers and programs write it (RFC 7578), within limits.

The library ``multipart`` finds the parts. What a part says about its own encoding is not listened to: a text is UTF-8,
a file is bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import BinaryIO

from multipart import MultipartSegment, PushMultipartParser

from batchbook.errors import TooLarge
from batchbook.web.formats import bytesize

#: More files than any form has; each of them is open for as long as the request takes.
MOST_FILES = 20

# As browsers and scripts write it. Readers do not agree on anything stranger, such as two boundaries.
_BOUNDARY = r"[!#-:<-\[\]-~]{1,70}"
_KIND = re.compile(
    rf'multipart/form-data; *boundary=(?:"({_BOUNDARY})"|({_BOUNDARY}))(?:; *charset="?utf-8"?)?', re.I
)

_LONGEST_HEADER, _CHUNK = 8_192, 1_048_576


class Upload(str):
    """A file that was sent: its ``filename``, and ``file``, open for reading bytes.

    Where a text is expected it is an empty one. So nobody who reads a text need think of files, which anybody may
    send in its place.
    """

    filename: str
    file: BinaryIO

    def __new__(cls, filename: str, file: BinaryIO) -> Upload:
        """Make it of a file that is read from its beginning."""
        upload = super().__new__(cls)
        upload.filename, upload.file = filename, file
        return upload


class Parts:
    """The fields of the multipart form in ``body``, in order, and its ``uploads`` as far as they were read.

    ``content_type`` is the request's header. What is in no file, texts and the headers of all parts, may have
    ``most_bytes``.
    """

    def __init__(self, body: BinaryIO, content_type: str, most_fields: int, most_bytes: int) -> None:
        self._body = body
        self._boundary = boundary_of(content_type)
        self._most_fields = most_fields
        self._most_bytes = self._left = most_bytes
        self.uploads: list[Upload] = []

    def fields(self) -> list[tuple[str, str]]:
        """Return name and value of each field; the value of a file is an :class:`Upload`.

        Raises ``ValueError`` for a form that cannot be read, and ``TooLarge`` for one with more fields, files or
        bytes in texts than it may have.
        """
        fields: list[tuple[str, str]] = []
        for event in self._events():
            if isinstance(event, MultipartSegment):
                part = self._begun(event, len(fields))
            elif event:
                self._count(part.write(event))
            else:
                fields.append((part.name, part.value()))
        return fields

    def _events(self) -> Iterator[MultipartSegment | bytes | bytearray | None]:
        self._body.seek(0)
        with PushMultipartParser(self._boundary, max_header_size=_LONGEST_HEADER, strict=True) as parser:
            while not parser.closed:
                yield from parser.parse(self._body.read(_CHUNK))

    def _begun(self, segment: MultipartSegment, before: int) -> _Nothing:
        if before == self._most_fields:
            raise TooLarge(
                f"The form has more than {self._most_fields} fields. Nothing was saved. Send less at once."
            )
        self._count(sum(len(name) + len(value) for name, value in segment.headerlist))
        if segment.name is None:
            raise ValueError("A part has no name.")
        if segment.filename is None:
            return _Text(segment.name)
        # A file field in which no file was chosen is sent as a file without a name.
        return (
            _File(segment.name, self._upload(segment.filename))
            if segment.filename
            else _Nothing(segment.name)
        )

    def _upload(self, filename: str) -> Upload:
        if len(self.uploads) == MOST_FILES:
            raise TooLarge(
                f"The form has more than {MOST_FILES} files. Nothing was saved. Send less at once."
            )
        upload = Upload(filename, TemporaryFile())  # noqa: SIM115 - Who reads the form closes it.
        self.uploads.append(upload)
        return upload

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            most = bytesize(self._most_bytes)
            raise TooLarge(
                f"The form has more than {most} beside its file. Nothing was saved. Send less at once, or as a file."
            )


class _Nothing:
    """A field that says nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, _data: bytes | bytearray, /) -> int:
        """Take the next bytes; return how many of them are kept in memory."""
        return 0

    def value(self) -> str:
        """Return what was taken."""
        return ""


class _Text(_Nothing):
    """A field that is a text."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._data = bytearray()

    def write(self, data: bytes | bytearray, /) -> int:
        self._data += data
        return len(data)

    def value(self) -> str:
        return self._data.decode()


class _File(_Nothing):
    """A field that is a file."""

    def __init__(self, name: str, upload: Upload) -> None:
        super().__init__(name)
        self._upload = upload

    def write(self, data: bytes | bytearray, /) -> int:
        self._upload.file.write(data)
        return 0

    def value(self) -> str:
        self._upload.file.seek(0)
        return self._upload


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that the header names; raise ``ValueError`` unless it names exactly one."""
    kind = _KIND.fullmatch(content_type.strip())
    if kind is None:
        raise ValueError("The form names no boundary.")
    return (kind[1] or kind[2]).encode()
