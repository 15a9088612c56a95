"""The audit log of security: one line each by the logger ``batchbook.security``, never with a password."""

from __future__ import annotations

import logging
from typing import Any

_LOG = logging.getLogger("batchbook.security")

_LONGEST = 80


def record_event(request: Any, event: str, target: str, detail: str = "") -> None:
    """Write down at once that ``event`` happened to ``target``, whom a stranger may have named: it is quoted."""
    _LOG.info("%s", _line(request, event, target, detail))


def record_change(request: Any, event: str, target: str, detail: str = "") -> None:
    """Write down, once the request's transaction is committed, that ``event`` happened to ``target``.

    A change that is rolled back did not happen, and one that is tried again happened once.
    """
    line = _line(request, event, target, detail)
    request.tm.get().addAfterCommitHook(_write, args=(line,))


def _write(committed: bool, line: str) -> None:
    if committed:
        _LOG.info("%s", line)


def _line(request: Any, event: str, target: str, detail: str) -> str:
    actor = request.identity.name if request.identity else "nobody"
    request_id = getattr(request, "request_id", "-")
    line = f"{event}: {_short(target)} by {_short(actor)} from {_short(request.remote_addr or '')}"
    return f"{line}, request {request_id}" + (f" ({detail})" if detail else "")


def _short(text: str) -> str:
    # Quoted, so that a line break in a name cannot begin a line of its own.
    return ascii(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
