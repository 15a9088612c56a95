"""Taking a multipart form apart, as browsers and programs write it (RFC 7578), and refusing whatever is stranger.

The parts are found by searching the body for its boundary, so that a body of nothing but line ends costs no more than
any other. What a part says about its own encoding is not listened to: a text is UTF-8, a file is bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from tempfile import TemporaryFile
from typing import BinaryIO

from batchbook.errors import TooLarge
from batchbook.web.formats import bytesize

#: More files than any form has; each of them is open for as long as the request takes.
MOST_FILES = 20

# As browsers and scripts write it. Readers do not agree on anything stranger, such as two boundaries.
_BOUNDARY = r"[!#-:<-\[\]-~]{1,70}"
_KIND = re.compile(
    rf'multipart/form-data; *boundary=(?:"({_BOUNDARY})"|({_BOUNDARY}))(?:; *charset="?utf-8"?)?', re.I
)
# Browsers escape the quotes in a file's name, some programs do not: the last one is that which a parameter follows.
_QUOTED = r'"((?:[^"\\]|\\.|"(?! *(?:;|$)))*)"'
_PARAMETER = rf'; *([a-z*0-9]+)=(?:{_QUOTED}|([^;"\s]+))'
_DISPOSITION = re.compile(rf"content-disposition: *form-data((?:{_PARAMETER})*)", re.I)

_NEWLINE, _END = b"\r\n", b"--"
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
        self._mark = _NEWLINE + b"--" + boundary_of(content_type)
        self._most_fields = most_fields
        self._most_bytes = self._left = most_bytes
        self.uploads: list[Upload] = []

    def fields(self) -> list[tuple[str, str]]:
        """Return name and value of each field; the value of a file is an :class:`Upload`.

        Raises ``ValueError`` for a form that cannot be read, and ``TooLarge`` for one with more fields, files or
        bytes in texts than it may have.
        """
        return [self._field(start, end) for start, end in self._bounds()]

    def _bounds(self) -> list[tuple[int, int]]:
        marks: list[int] = []
        for mark in self._marks():
            marks.append(mark)
            if len(marks) > self._most_fields + 1:  # The last mark ends the form.
                raise TooLarge(
                    f"The form has more than {self._most_fields} fields. Nothing was saved. Send less at once."
                )
        if not marks or marks[0] != -len(_NEWLINE) or self._read(marks[-1] + len(self._mark), 2) != _END:
            raise ValueError("The form does not begin and end with its boundary.")
        return [(start + len(self._mark), end) for start, end in pairwise(marks)]

    def _marks(self) -> Iterator[int]:
        # The first mark has no line end before it, so one is put there.
        held, position = _NEWLINE, -len(_NEWLINE)
        self._body.seek(0)
        while chunk := self._body.read(_CHUNK):
            held += chunk
            at = held.find(self._mark)
            while at >= 0:
                yield position + at
                at = held.find(self._mark, at + len(self._mark))
            rest = held[-len(self._mark) + 1 :]
            position += len(held) - len(rest)
            held = rest

    def _field(self, start: int, end: int) -> tuple[str, str]:
        head, separator, _ = self._read(start, min(end - start, _LONGEST_HEADER)).partition(_NEWLINE * 2)
        if not separator or not head.startswith(_NEWLINE):
            raise ValueError("A part has no header, or one that is too long.")
        self._count(len(head))
        name, filename = _names(head.decode())
        start += len(head) + len(separator)
        if filename is None:
            self._count(end - start)
            return name, self._read(start, end - start).decode()
        # A file field in which no file was chosen is sent as a file without a name.
        return name, self._upload(filename, start, end) if filename else ""

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            most = bytesize(self._most_bytes)
            raise TooLarge(
                f"The form has more than {most} beside its file. Nothing was saved. Send less at once, or as a file."
            )

    def _upload(self, filename: str, start: int, end: int) -> Upload:
        if len(self.uploads) == MOST_FILES:
            raise TooLarge(
                f"The form has more than {MOST_FILES} files. Nothing was saved. Send less at once."
            )
        upload = Upload(filename, TemporaryFile())  # noqa: SIM115 - Who reads the form closes it.
        self.uploads.append(upload)
        for position in range(start, end, _CHUNK):
            upload.file.write(self._read(position, min(_CHUNK, end - position)))
        upload.file.seek(0)
        return upload

    def _read(self, position: int, count: int) -> bytes:
        self._body.seek(position)
        return self._body.read(count)


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that the header names; raise ``ValueError`` unless it names exactly one."""
    kind = _KIND.fullmatch(content_type.strip())
    if kind is None:
        raise ValueError("The form names no boundary.")
    return (kind[1] or kind[2]).encode()


def _names(head: str) -> tuple[str, str | None]:
    found = next(filter(None, map(_DISPOSITION.fullmatch, head.split("\r\n"))), None)
    parameters = re.finditer(_PARAMETER, found[1], re.I) if found else ()
    given = {match[1].lower(): _unescaped(match[2] or match[3] or "") for match in parameters}
    if "name" not in given:
        raise ValueError("A part has no name.")
    return given["name"], given.get("filename")


def _unescaped(text: str) -> str:
    return text.replace("\\\\", "\\").replace('\\"', '"')
