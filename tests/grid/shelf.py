"""Many articles on a shelf, and their windows as pages ask for them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from batchbook.grid import Grid, KeyCache, RowWindow, Snapshot, Windows

from .harness import article_grid

ARTICLES = 1_200
PRICES = (None, 4, 2, 9, 2)


class Shelf:
    """The articles as their pages see them: what is kept, and how they are now."""

    def __init__(self, session: Session) -> None:
        self.cache = KeyCache()
        self.now = Snapshot("shelf", "1", "7")
        self.session = session

    def windows(
        self, grid: Grid | None = None, known_total: int | None = ARTICLES, user: str = "ann"
    ) -> Windows:
        return Windows(
            grid or article_grid(),
            self.session,
            user,
            cache=self.cache,
            snapshot=lambda _session: self.now,
            known_total=lambda state: None if state.is_narrowed else known_total,
        )


def codes(window: RowWindow) -> list[str]:
    return [row.code for _, row in window.rows]
