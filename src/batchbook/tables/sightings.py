"""Where something was seen in a column: how often, and in which of the first rows, for sentences with evidence."""

from __future__ import annotations

from collections.abc import Iterable

from batchbook.grid.conventions import quoted

#: How many of the rows are kept.
KEPT = 5


class Sightings:
    """How often something was seen, and the first of the rows with the texts that stood there."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        """Tell whether it was seen at all."""
        return self.count > 0

    @property
    def wanted(self) -> int:
        """How many more rows are to be kept."""
        return KEPT - len(self.first)

    @property
    def rows(self) -> tuple[int, ...]:
        """The first rows, in order."""
        return tuple(row for row, _ in self.first)

    @property
    def example(self) -> str:
        """The first text and its row, as part of a sentence."""
        row, text = self.first[0]
        return f"{quoted(text.strip())} in row {row}"

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the first rows, each once."""
        return tuple(dict.fromkeys(text.strip() for _, text in self.first))

    def keep(self, row: int, text: str) -> None:
        """Keep the row and text of something that was counted, where more are wanted."""
        if self.wanted:
            self.first.append((row, text))


def together(several: Iterable[Sightings]) -> Sightings:
    """Return several as one, with the first of their rows."""
    whole = Sightings()
    kept = []
    for sightings in several:
        whole.count += sightings.count
        kept += sightings.first
    whole.first = sorted(kept)[:KEPT]
    return whole
