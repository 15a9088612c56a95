"""Forms that were sent, parsed within limits (RFC 7578): texts that can be stored, or files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from tempfile import TemporaryFile
from typing import BinaryIO

from multipart import MultipartSegment, PushMultipartParser
from webob.multidict import MultiDict

from batchbook.errors import BadInput, TooLarge
from batchbook.web import WebSettings
from batchbook.web.formatting import bytesize
from batchbook.web.request import Request
from batchbook.words import is_storable

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


__all__ = ["MOST_FIELDS", "MULTIPART", "Upload", "read_form"]

#: More fields than any form has; parsing millions of empty ones would take the server's memory.
MOST_FIELDS = 20_000

MULTIPART = "multipart/form-data"
_URL_ENCODED = ("", "application/x-www-form-urlencoded")

# Where WebOb keeps a form that was read, beside the body that it was read from.
_KEPT = "webob._parsed_post_vars"


def read_form(request: Request) -> None:
    """Read ``request.POST``, whose values are then texts or each an :class:`Upload`.

    Raises ``TooLarge`` for more than any form has, and ``BadInput`` for a form that cannot be read, or has texts that
    cannot be stored.
    """
    try:
        if request.content_type == MULTIPART:
            _read_multipart(request)
        elif request.content_type in _URL_ENCODED:
            _check_number(request.body.count(b"&"))
        # WebOb raises a warning for a charset other than UTF-8.
        texts = [text for pair in request.POST.items() for text in pair]
    except (ValueError, LookupError, DeprecationWarning) as error:
        raise BadInput(
            "The form that was sent can't be read. Nothing was saved. Reload the page and try again."
        ) from error
    texts += [text.filename for text in texts if isinstance(text, Upload)]
    if not all(map(is_storable, texts)):
        raise BadInput(
            "The form holds a character that cannot be stored, such as a null character. Nothing was saved."
            " Remove it and try again."
        )


def _read_multipart(request: Request) -> None:
    request.make_body_seekable()
    body, most_bytes = request.body_file_raw, request.services.get(WebSettings).max_form_bytes
    # A form that is refused stays empty, so that WebOb's own parser, which is slow and easily misled, never sees it.
    posted: MultiDict[str, str] = MultiDict()
    request.environ[_KEPT] = (posted, body)
    parts = Parts(body, request.headers["Content-Type"], MOST_FIELDS, most_bytes)
    request.add_finished_callback(partial(_close, parts.uploads))
    posted.extend(parts.fields())


def _close(uploads: list[Upload], request: Request) -> None:
    # The files are gone when they are closed. A second attempt at the same request must not find the closed ones, but
    # read the form again.
    for upload in uploads:
        upload.file.close()
    request.environ.pop(_KEPT, None)


def _check_number(fields: int) -> None:
    if fields > MOST_FIELDS:
        raise TooLarge(f"The form has more than {MOST_FIELDS} fields. Nothing was saved. Send less at once.")
