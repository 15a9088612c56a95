"""Reports on the progress of long-running work, which can also stop it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """The receiver of reports on progress."""

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Record that ``done`` of ``total`` rows (``None`` if unknown) of ``phase`` are done.

        Called after each chunk. It may raise an error to stop the work, which is then rolled back.
        """


class NoProgress:
    """A receiver that ignores all reports, for work that its caller waits for."""

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Ignore the report."""


#: The highest count that is passed on; no batch has more rows.
_HIGHEST = 2**31 - 1


class CheckedProgress:
    """A receiver that passes on to ``inner`` only what can be shown: phases that are texts, and counts from 0 that are finite."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Pass the report on, cleaned."""
        text = phase[:80] if isinstance(phase, str) else ""
        text = "".join(letter for letter in text if letter.isprintable())
        self._inner.report(text, _count(done) or 0, _count(total))


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and 0 <= value <= _HIGHEST else None
