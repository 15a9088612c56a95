"""Parsing of submitted forms within limits (RFC 7578), into texts that can be stored, and files."""

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

#: The limit for files in a form, more than any form has; each stays open for as long as the request takes.
MOST_FILES = 20

# The header as browsers and scripts write it. Parsers disagree about anything unusual, such as two boundaries.
_BOUNDARY = r"[!#-:<-\[\]-~]{1,70}"
_KIND = re.compile(
    rf'multipart/form-data; *boundary=(?:"({_BOUNDARY})"|({_BOUNDARY}))(?:; *charset="?utf-8"?)?', re.I
)

_LONGEST_HEADER, _CHUNK = 8_192, 1_048_576


class Upload(str):
    """An uploaded file: its ``filename``, and ``file``, open for reading bytes.

    It is also an empty text, so that code which reads a text need not handle files, which anybody may send instead.
    """

    filename: str
    file: BinaryIO

    def __new__(cls, filename: str, file: BinaryIO) -> Upload:
        """Return an upload of a ``file`` at its beginning."""
        upload = super().__new__(cls)
        upload.filename, upload.file = filename, file
        return upload


class Parts:
    """The parts of the multipart form in ``body``, in order, and its ``uploads`` as far as they were read.

    ``content_type`` is the request's header. ``most_bytes`` is the limit for everything but files: texts, and the
    headers of all parts.
    """

    def __init__(self, body: BinaryIO, content_type: str, most_fields: int, most_bytes: int) -> None:
        self._body = body
        self._boundary = boundary_of(content_type)
        self._most_fields = most_fields
        self._most_bytes = self._left = most_bytes
        self.uploads: list[Upload] = []

    def fields(self) -> list[tuple[str, str]]:
        """Return name and value of each field; the value of a file is an :class:`Upload`.

        Raises ``ValueError`` for a form that cannot be parsed, and ``TooLarge`` for one with too many fields, files or
        bytes of text.
        """
        fields: list[tuple[str, str]] = []
        for event in self._events():
            if isinstance(event, MultipartSegment):
                part = self._start_part(event, len(fields))
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

    def _start_part(self, segment: MultipartSegment, before: int) -> _Empty:
        if before == self._most_fields:
            raise TooLarge(
                f"The form has more than {self._most_fields} fields. Nothing was saved. Send less at a time."
            )
        self._count(sum(len(name) + len(value) for name, value in segment.headerlist))
        if segment.name is None:
            raise ValueError("A part has no name.")
        if segment.filename is None:
            return _Text(segment.name)
        # A file field in which no file was chosen is sent as a file without a name.
        return (
            _File(segment.name, self._upload(segment.filename)) if segment.filename else _Empty(segment.name)
        )

    def _upload(self, filename: str) -> Upload:
        if len(self.uploads) == MOST_FILES:
            raise TooLarge(
                f"The form has more than {MOST_FILES} files. Nothing was saved. Send less at a time."
            )
        upload = Upload(filename, TemporaryFile())  # noqa: SIM115 - A callback of the request closes it.
        self.uploads.append(upload)
        return upload

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            most = bytesize(self._most_bytes)
            raise TooLarge(
                f"The form has more than {most} besides its file. Nothing was saved. Send less at a time, or as a file."
            )


class _Empty:
    """An empty field."""

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, _data: bytes | bytearray, /) -> int:
        """Add the next bytes; return how many of them are kept in memory."""
        return 0

    def value(self) -> str:
        """Return the value of the field."""
        return ""


class _Text(_Empty):
    """A text field."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._data = bytearray()

    def write(self, data: bytes | bytearray, /) -> int:
        self._data += data
        return len(data)

    def value(self) -> str:
        return self._data.decode()


class _File(_Empty):
    """A file field."""

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
    """Return the boundary in the header; raise ``ValueError`` unless it names exactly one."""
    kind = _KIND.fullmatch(content_type.strip())
    if kind is None:
        raise ValueError("The form names no boundary.")
    return (kind[1] or kind[2]).encode()


__all__ = ["MOST_FIELDS", "MULTIPART", "PARSED", "Upload", "read_form"]

#: The limit for fields in a form, more than any form has; parsing millions of empty ones would use up the server's memory.
MOST_FIELDS = 20_000

MULTIPART = "multipart/form-data"
_URL_ENCODED = ("", "application/x-www-form-urlencoded")

#: The key in the environment under which WebOb keeps a parsed form, together with its body.
PARSED = "webob._parsed_post_vars"


def read_form(request: Request) -> None:
    """Parse ``request.POST``, whose values are then texts or :class:`Upload` objects.

    Raises ``TooLarge`` for a form over a limit, and ``BadInput`` for one that cannot be parsed, or whose texts cannot
    be stored.
    """
    try:
        if request.content_type == MULTIPART:
            _read_multipart(request)
        elif request.content_type in _URL_ENCODED and request.body.count(b"&") > MOST_FIELDS:
            raise TooLarge(
                f"The form has more than {MOST_FIELDS} fields. Nothing was saved. Send less at a time."
            )
        # WebOb raises a warning for a charset other than UTF-8.
        texts = [text for pair in request.POST.items() for text in pair]
    except (ValueError, LookupError, DeprecationWarning) as error:
        raise BadInput(
            "The form that was sent can't be read. Nothing was saved. Reload the page and try again."
        ) from error
    texts += [text.filename for text in texts if isinstance(text, Upload)]
    if not all(map(is_storable, texts)):
        raise BadInput(
            "The form contains a character that cannot be stored, such as a null character. Nothing was saved."
            " Remove it and try again."
        )


def _read_multipart(request: Request) -> None:
    request.make_body_seekable()
    body, most_bytes = request.body_file_raw, request.services.get(WebSettings).max_form_bytes
    # A form that is refused stays empty, so that WebOb's own parser, which is slow and easily misled, never runs.
    posted: MultiDict[str, str] = MultiDict()
    request.environ[PARSED] = (posted, body)
    parts = Parts(body, request.headers["Content-Type"], MOST_FIELDS, most_bytes)
    request.add_finished_callback(partial(_close, parts.uploads))
    posted.extend(parts.fields())


def _close(uploads: list[Upload], request: Request) -> None:
    # Closing deletes the files. A second attempt at the same request must parse the form again instead of finding them
    # closed.
    for upload in uploads:
        upload.file.close()
    request.environ.pop(PARSED, None)
