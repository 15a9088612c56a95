"""Reading a posted form once, for everybody: afterwards each of its values is a text that can be stored, or a file."""

from __future__ import annotations

import re
from functools import partial

from webob.multidict import MultiDict

from batchbook.errors import BadInput, TooLarge
from batchbook.web.multipart import Parts, Upload
from batchbook.web.request import Request
from batchbook.web.settings import WebSettings

__all__ = ["MOST_FIELDS", "MULTIPART", "Upload", "read_form"]

#: More fields than any form has; parsing millions of empty ones would take the server's memory.
MOST_FIELDS = 20_000

MULTIPART = "multipart/form-data"
_URL_ENCODED = ("", "application/x-www-form-urlencoded")

# Where WebOb keeps a form that was read, beside the body that it was read from.
_KEPT = "webob._parsed_post_vars"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


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
    if any(map(_UNSTORABLE.search, texts)):
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
