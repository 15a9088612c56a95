"""Numbers of things in words, so that no sentence says “1 rows”."""

from __future__ import annotations

from collections.abc import Sequence


def noun(count: int, one: str, many: str = "") -> str:
    """Return ``one`` for a count of 1, else ``many``, which is ``one`` with an s behind it unless it is given."""
    return one if count == 1 else many or f"{one}s"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun, thousands grouped: ``1 row``, ``2 rows``, ``1,234 boxes``.

    More than a noun may change with the count: ``counted(count, "row matches", "rows match")``.
    """
    return f"{count:,} {noun(count, one, many)}"


def quoted_list(names: Sequence[str]) -> str:
    """Return ``names`` in quotation marks, for a sentence; of a long one, its beginning."""
    return ", ".join(f"“{name[:60]}”" for name in names)
