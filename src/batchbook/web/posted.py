"""Reading a posted form once, for everybody: afterwards each of its values is a text that can be stored, or a file."""

from __future__ import annotations

import re
from email.parser import HeaderParser
from functools import partial
from typing import Any, BinaryIO

from batchbook.errors import BadInput, TooLarge
from batchbook.web.request import Request

#: More fields than any form has; parsing millions of empty ones would take the server's memory.
MOST_FIELDS = 20_000

MULTIPART = "multipart/form-data"
_URL_ENCODED = ("", "application/x-www-form-urlencoded")

# As browsers and scripts write it. Readers do not agree on anything stranger, such as two boundaries.
_BOUNDARY = r"[!#-:<-\[\]-~]{1,70}"
_KIND = re.compile(
    rf'{MULTIPART}; *boundary=(?:"({_BOUNDARY})"|({_BOUNDARY}))(?:; *charset="?utf-8"?)?', re.I
)

# Some encodings that Python knows take hours to decode, or make text of what is none.
_CHARSET = re.compile(r'charset="?(?:utf-?8|us-ascii|iso-8859-[0-9]+|windows-[0-9]+)"?(?=;|$)')
_NESTED = ("multipart/", "application/x-www-form-urlencoded")

_LONGEST_HEADER, _LINE = 8_192, 65_536
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Upload(str):
    """A file that was sent: its ``filename``, and ``file``, open for reading bytes.

    Where a text is expected it is an empty one. So nobody who reads a text need think of files, which anybody may
    send in its place.
    """

    filename: str
    file: BinaryIO

    def __new__(cls, part: Any) -> Upload:
        """Make it of the parser's part, which is kept, because it closes its file when it goes."""
        upload = super().__new__(cls)
        upload.filename, upload.file, upload._part = part.filename, part.file, part
        return upload

    _part: Any


def read_form(request: Request) -> None:
    """Read ``request.POST``, whose values are then texts or each an :class:`Upload`.

    Raises ``TooLarge`` for more fields than any form has, and ``BadInput`` for a form that cannot be read, or has
    texts that cannot be stored.
    """
    _check_count(request)
    try:
        # WebOb raises a warning for a charset other than UTF-8, and the parser these errors for a broken body.
        posted = request.POST
    except (ValueError, LookupError, DeprecationWarning) as error:
        raise _unreadable() from error
    if posted:
        pairs = [(_storable(name), _value(value)) for name, value in posted.items()]
        posted.clear()
        posted.extend(pairs)
        uploads = [value for _, value in pairs if isinstance(value, Upload)]
        request.add_finished_callback(partial(_close, uploads))


def _close(uploads: list[Upload], request: Request) -> None:
    # Larger files lie in temporary ones, which are gone when they are closed. A second attempt at the same request
    # must not find the closed ones, but read the form again.
    for upload in uploads:
        upload.file.close()
    request.environ.pop("webob._parsed_post_vars", None)


def _check_count(request: Request) -> None:
    if request.content_type == MULTIPART:
        kind = _KIND.fullmatch(request.headers["Content-Type"].strip())
        if kind is None:
            raise _unreadable()
        request.make_body_seekable()
        request.body_file_raw.seek(0)
        _check_parts(request.body_file_raw, b"--" + (kind[1] or kind[2]).encode())
    elif request.content_type in _URL_ENCODED:
        _check_number(request.body.count(b"&"))


def _check_parts(file: BinaryIO, delimiter: bytes) -> None:
    """Look at the parts before they are parsed: how many there are, and that each is one field."""
    parts, header = 0, None
    for line in iter(partial(file.readline, _LINE), b""):
        starts = line.startswith(delimiter)
        parts += starts
        _check_number(parts - 1)  # The last delimiter ends the form.
        if header is None:
            header = b"" if starts else None
        elif line.strip():
            header += line
            if len(header) > _LONGEST_HEADER:
                raise _unreadable()
        else:
            _check_header(header)
            header = None


def _check_header(header: bytes) -> None:
    if b"content-type" not in header.lower():
        return
    # The parser takes a part for a form of its own if this says so, without counting its fields.
    kind = HeaderParser().parsestr(header.decode("utf-8", "replace")).get("Content-Type", "").strip().lower()
    if kind.startswith(_NESTED) or "charset" in _CHARSET.sub("", kind):
        raise _unreadable()


def _check_number(fields: int) -> None:
    if fields > MOST_FIELDS:
        raise TooLarge(f"The form has more than {MOST_FIELDS} fields. Nothing was saved. Send less at once.")


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _storable(value)
    # A file field in which no file was chosen is sent as a file without a name.
    filename = getattr(value, "filename", None)
    return Upload(value) if filename and _storable(filename) else ""


def _storable(text: Any) -> str:
    if not isinstance(text, str):
        raise _unreadable()
    if _UNSTORABLE.search(text):
        raise BadInput(
            "The form holds a character that cannot be stored, such as a null character. Nothing was saved."
            " Remove it and try again."
        )
    return text


def _unreadable() -> BadInput:
    return BadInput("The form that was sent can't be read. Nothing was saved. Reload the page and try again.")
