"""What a running action tells about how far it is, and asks about whether to go on."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where the engine reports to. Whoever runs an action outside the request passes one of its own."""

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Note that ``done`` of ``total`` rows (``None`` if unknown) of ``phase`` are done.

        Called after each chunk. It may raise to stop the action, which is then undone.
        """


class NoProgress:
    """Reports to nobody; for actions that run while their caller waits."""

    def report(self, phase: str, done: int, total: int | None) -> None:
        """Do nothing."""
