"""A bad network for edits of cells: the server is late or away, or its answers are lost."""

from __future__ import annotations

import time
from collections.abc import Iterable
from threading import Event
from typing import Any

_BROKEN = ("502 Bad Gateway", [("Content-Type", "text/html")])


class Detour:
    """A WSGI application in front of ``app``; what it does to edits of cells can be changed at any time."""

    def __init__(self, app: Any) -> None:
        self.app = app
        #: How many seconds an edit is under way, besides what it takes.
        self.delay = 0.0
        #: Edits are answered with 502: before they reach the application, or after it has stored them.
        self.away = self.loses_answers = False
        #: Edits wait while this is not set.
        self.open = Event()
        self.open.set()
        #: How many edits have come so far.
        self.edits = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ["PATH_INFO"].endswith("/cell"):
            answer: Iterable[bytes] = self.app(environ, start_response)
            return answer
        self.edits += 1
        assert self.open.wait(120)
        time.sleep(self.delay)
        if not self.away:
            answer = self.app(environ, start_response if not self.loses_answers else _unheard)
        if self.away or self.loses_answers:
            start_response(*_BROKEN)
            return [b"<h1>Bad gateway</h1>"]
        return answer


def _unheard(*_arguments: Any) -> None:
    """Take the beginning of an answer that is not sent."""
