"""The time budget of a run: works begin only if they are expected to end in time, and what is left out is told."""

from __future__ import annotations

from time import monotonic


class Budget:
    """The time of a run of so many ``seconds``, and the sentences on what was ``left_out`` to keep it."""

    def __init__(self, seconds: float) -> None:
        self._start, self.seconds = monotonic(), seconds
        self.left_out: list[str] = []

    @property
    def spent(self) -> float:
        """The seconds since the start."""
        return monotonic() - self._start

    def part(self, share: float) -> Budget:
        """Return a budget that begins now and has a ``share`` of what is left of this one; both tell what was left out."""
        part = Budget(max(self.seconds - self.spent, 0.0) * share)
        part.left_out = self.left_out
        return part

    def allows(self, expected: float, what: str = "") -> bool:
        """Return whether work of so many ``expected`` seconds ends in time; note ``what`` as left out if it does not."""
        allowed = self.spent + expected <= self.seconds
        if not allowed and what:
            self.left_out.append(f"{what}, for which about {max(expected, 1):.0f} s were needed")
        return allowed
