"""Messages shown once, after a redirect. They are kept in a signed cookie, so that a GET changes nothing on the server."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from batchbook.security.settings import SecuritySettings
from batchbook.web.request import Request

Kind = Literal["success", "info", "warning", "error"]

# A cookie holds 4093 bytes after base64; the signature takes 64 before it.
_ROOM = 2900
_LONGEST = 1000


class FlashMessage(NamedTuple):
    """A message and its kind, for templates, and the address of what it is about, which may be empty."""

    kind: str
    message: str
    url: str = ""


class FlashQueue:
    """The messages that wait for a visitor, oldest first."""

    def __init__(self, request: Request) -> None:
        settings = request.services.get(SecuritySettings)
        self._profile = settings.cookie("batchbook_flash").bind(request)
        value = self._profile.get_value()
        found = value if isinstance(value, list) else []
        self._waiting = [FlashMessage(*map(str, parts)) for parts in found]
        self._new: list[FlashMessage] = []
        self._received = bool(self._waiting)
        request.add_response_callback(self._write)

    def add(self, message: str, kind: Kind = "success", url: str = "") -> None:
        """Queue ``message``, cut if it is too long for a cookie."""
        cut = message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"
        self._new.append(FlashMessage(kind, cut, url))

    def take(self) -> list[FlashMessage]:
        """Return all messages and remove them from the queue."""
        taken = self._waiting + self._new
        self._waiting, self._new = [], []
        return taken

    def discard_new(self) -> None:
        """Drop the messages of this request: it failed, so they would not be true."""
        self._new.clear()

    def _write(self, _request: Request, response: Any) -> None:
        waiting = _fitting(self._waiting + self._new)
        if waiting or self._received:
            # A value of None tells the browser to drop the cookie.
            self._profile.set_cookies(response, waiting or None)


def flash(request: Request, message: str, kind: Kind = "success", url: str = "") -> None:
    """Show ``message`` once, on the visitor's next page, with a link to ``url`` if there is one."""
    request.flash_queue.add(message, kind, url)


def flash_messages(request: Request) -> list[FlashMessage]:
    """Return the waiting messages, oldest first, and remove them from the queue."""
    messages: list[FlashMessage] = request.flash_queue.take()
    return messages


def _fitting(messages: list[FlashMessage]) -> list[FlashMessage]:
    # The oldest are dropped first: the newest message is about the latest action.
    while len(messages) > 1 and len(json.dumps(messages)) > _ROOM:
        messages = messages[1:]
    return [_shortened(message) for message in messages]


def _shortened(message: FlashMessage) -> FlashMessage:
    # JSON writes a character outside ASCII as six or twelve bytes, so a message of permitted length may be too long.
    while len(json.dumps(message)) > _ROOM:
        message = message._replace(message=message.message[: len(message.message) // 2] + "…")
    return message


def includeme(config: Any) -> None:
    """Add ``request.flash_queue`` and ``request.flash(message, kind)``."""
    config.add_request_method(FlashQueue, "flash_queue", reify=True)
    config.add_request_method(flash)
