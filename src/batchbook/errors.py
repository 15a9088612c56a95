"""The errors that every room may raise; each message is a sentence for the person who asked."""

# ruff: noqa: N818 - The names say what happened; "Error" would not add to it.
from __future__ import annotations

import threading

from batchbook.words import storable

#: How long a reason may be that an error gives.
_LONGEST_REASON = 500


class BatchbookError(Exception):
    """Something a person asked for was not done.

    ``message`` says in whole sentences what happened, what was kept and what to do; it is shown as it is.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(BatchbookError):
    """What was sent cannot be used. Pages answer 400."""


class Refused(BatchbookError):
    """The person may not do this. Pages answer 403. Without a ``message`` it is that the roles do not permit it."""

    def __init__(
        self,
        message: str = "Your roles don't permit this. Nothing was changed. If you need it for your work, ask an administrator.",
    ) -> None:
        super().__init__(message)


class Missing(BatchbookError):
    """There is no such thing. Pages answer 404."""


class Conflict(BatchbookError):
    """The state forbids it: stale, doubled, or no longer allowed. Pages answer 409."""


class Busy(BatchbookError):
    """Something else is being done just now. Pages answer 503, and say when to try again."""


class TooLarge(BatchbookError):
    """What was sent is over a size limit. Pages answer 413."""


class Misuse(BatchbookError):
    """A batch type's code did what only the framework may do: an error of its author, kept in the log. Pages answer 500."""


def reason_of(error: BaseException) -> str:
    """Return what ``error`` says, for people: one line that any database stores, without what belongs into the log only.

    Never raises, whatever the error is.
    """
    if isinstance(error, BatchbookError):
        return _one_line(error.message)
    # The statement and its values, which SQLAlchemy adds, belong into the log, not onto a page.
    cause = getattr(error, "orig", None) or error
    try:
        said = str(cause)
    except Exception:  # noqa: BLE001 - It is somebody's code.
        said = "what it says cannot be read"
    if isinstance(cause, MemoryError):
        said = said or "there was not enough memory"
    return _one_line(f"{type(cause).__name__}: {said}" if said else type(cause).__name__)


def is_interrupt(error: BaseException) -> bool:
    """Return whether ``error`` is somebody's Ctrl-C, which only the main thread gets."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def _one_line(text: str) -> str:
    line = storable(text[: _LONGEST_REASON + 1].strip().partition("\n")[0])
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"
