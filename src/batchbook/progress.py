"""What takes time tells how far it is, and asks whether to go on."""

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
