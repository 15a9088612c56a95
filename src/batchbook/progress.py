"""Progress of work that takes time: how far it is, and whether to go on."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where something that takes time reports to."""

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Note that ``done`` of ``total`` rows (``None`` if unknown) of ``phase`` are done.

        Called after each chunk. It may raise to stop the work, which is then undone.
        """


class NoProgress:
    """Reports to nobody; for what runs while its caller waits."""

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Do nothing."""


#: The highest count that is told; more rows than that nobody has.
_HIGHEST = 2**31 - 1


class CheckedProgress:
    """Passes on to ``inner`` what can be shown of a report: no phase that is no text, no count below zero or not finite."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Pass it on."""
        said = phase if isinstance(phase, str) else ""
        said = "".join(letter for letter in said[:80] if letter.isprintable())
        self._inner.report(said, _count(done) or 0, _count(total))


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and 0 <= value <= _HIGHEST else None
