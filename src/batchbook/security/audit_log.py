"""The audit log of security: one line each by the logger ``batchbook.security``, never with a password."""

from __future__ import annotations

import logging
import os
from getpass import getuser
from typing import Any

_LOG = logging.getLogger("batchbook.security")

_LONGEST = 80


def record_event(request: Any, event: str, target: str, detail: str = "") -> None:
    """Log at once that ``event`` happened to ``target``. It is quoted, since a stranger may have typed it."""
    _LOG.info("%s", _line(request, event, target, detail))


def record_change(request: Any, event: str, target: str, detail: str = "") -> None:
    """Log that ``event`` happened to ``target`` once the request's transaction is committed.

    A change that is rolled back leaves no line, and one that is tried again leaves one.
    """
    line = _line(request, event, target, detail)

    def write(committed: bool) -> None:
        if committed:
            _LOG.info("%s", line)

    request.tm.get().addAfterCommitHook(write)


def record_command(event: str, target: str, detail: str = "") -> None:
    """Log that ``event``, which is committed, happened to ``target`` by a command of the system's user."""
    by = _short(_system_user())
    more = f" ({detail})" if detail else ""
    _LOG.info("%s: %s by the system's user %s on the command line%s", event, _short(target), by, more)


def _system_user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # In a container, the user may have no name.
        return f"number {os.getuid()}"


def _line(request: Any, event: str, target: str, detail: str) -> str:
    actor = request.identity.name if request.identity else "nobody"
    request_id = getattr(request, "request_id", "-")
    line = f"{event}: {_short(target)} by {_short(actor)} from {_short(request.remote_addr or '')}"
    return f"{line}, request {request_id}" + (f" ({detail})" if detail else "")


def _short(text: str) -> str:
    # Quoted, so that a line break in a name cannot start a new line in the log.
    return ascii(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
