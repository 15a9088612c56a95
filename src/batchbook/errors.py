"""The errors that every room may raise; each message is a sentence for the person who asked."""

# ruff: noqa: N818 - The names say what happened; "Error" would not add to it.
from __future__ import annotations


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
    """The person may not do this. Pages answer 403."""


class Missing(BatchbookError):
    """There is no such thing. Pages answer 404."""


class Conflict(BatchbookError):
    """The state forbids it: stale, doubled, or no longer allowed. Pages answer 409."""


class Busy(BatchbookError):
    """Something else is being done just now. Pages answer 503, and say when to try again."""


class TooLarge(BatchbookError):
    """What was sent is over a size limit. Pages answer 413."""
